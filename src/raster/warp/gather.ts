import type { Raster, RasterDType } from "../raster.js";
import type { PixelWindow } from "../resample.js";
import { besides, integerRange, newSamples } from "../samples.js";
import { isInside, type Kernel } from "./kernels.js";
import type { Places } from "./mesh.js";

/** Pixels that are being made. */
export interface Gathering {
  readonly places: Places;
  readonly kernel: Kernel;
  /** The whole source's size. */
  readonly source: { readonly widthPx: number; readonly heightPx: number };
  readonly bands: number;
  readonly dtype: RasterDType;
  /** Counts for nothing in each band, where a number says so. */
  readonly nodata: number | undefined;
  /** Where nothing was measured. */
  readonly fill: number;
  /** Whether a pixel was measured only where the source's pixel that its middle lies in was. */
  readonly byMiddle: boolean;
}

/** Pixels `[C, H, W]` and where they are. */
export interface Gathered {
  readonly data: Raster["data"];
  /** `[H, W]` */
  readonly valid: Uint8Array;
}

/** Takes a source part by part, so that however large it is only a part is in memory. */
export interface Gatherer {
  /** Each pixel of the source once. */
  add(part: Pick<Raster, "data" | "valid">, window: PixelWindow): void;
  finish(): Gathered;
}

/** Pixels of which less than this share was measured were not. */
const LEAST_WEIGHT = 1e-5;

/** Copies the pixel of the source that each pixel's middle lies in. */
export function gatherNearest({ places, source, bands, dtype, fill }: Gathering): Gatherer {
  const { columns, rows } = places;
  const pixels = columns.length;
  const data = newSamples(dtype, bands * pixels).fill(fill);
  const valid = new Uint8Array(pixels);
  return {
    add(part, { leftPx, topPx, widthPx, heightPx }) {
      const plane = widthPx * heightPx;
      for (let at = 0; at < pixels; at++) {
        if (!isInside(columns[at], rows[at], source)) continue;
        const column = Math.floor(columns[at]) - leftPx;
        const row = Math.floor(rows[at]) - topPx;
        if (column < 0 || column >= widthPx || row < 0 || row >= heightPx) continue;
        const from = row * widthPx + column;
        if (part.valid?.[from] === 0) continue;
        valid[at] = 1;
        for (let band = 0; band < bands; band++) data[band * pixels + at] = part.data[band * plane + from];
      }
    },
    finish: () => ({ data, valid }),
  };
}

/**
 * Means of the pixels around each pixel's place, weighted by the kernel: what was not measured counts for nothing, the others for more.
 */
export function gatherWeighted(gathering: Gathering): Gatherer {
  const { places, kernel, source, bands, nodata, byMiddle } = gathering;
  const { columns, rows, widths, heights } = places;
  const pixels = columns.length;
  const sums = new Float64Array(bands * pixels);
  const weights = new Float64Array(bands * pixels);
  const measured = new Uint8Array(pixels).fill(byMiddle ? 0 : 1);
  let taps = newTaps(16);
  let across = new Float64Array(4);
  return {
    add(part, { leftPx, topPx, widthPx, heightPx }) {
      const { data, valid } = part;
      const plane = widthPx * heightPx;
      for (let at = 0; at < pixels; at++) {
        const column = columns[at];
        const row = rows[at];
        if (!isInside(column, row, source)) continue;
        const firstRow = Math.max(kernel.first(row, heights[at]), topPx);
        const endRow = Math.min(kernel.end(row, heights[at]), topPx + heightPx);
        if (endRow <= firstRow) continue;
        const firstColumn = Math.max(kernel.first(column, widths[at]), leftPx);
        const endColumn = Math.min(kernel.end(column, widths[at]), leftPx + widthPx);
        const most = (endRow - firstRow) * (endColumn - firstColumn);
        if (taps.weights.length < most) taps = newTaps(2 * most);
        const { froms, weights: shares } = taps;
        if (across.length < endColumn - firstColumn) across = new Float64Array(2 * (endColumn - firstColumn));
        for (let x = firstColumn; x < endColumn; x++) across[x - firstColumn] = kernel.weight(x, column, widths[at]);
        let count = 0;
        for (let y = firstRow; y < endRow; y++) {
          const down = kernel.weight(y, row, heights[at]);
          const start = (y - topPx) * widthPx - leftPx;
          if (byMiddle && y === Math.floor(row)) measured[at] = valid?.[start + Math.floor(column)] ?? 1;
          for (let x = firstColumn; x < endColumn; x++) {
            const weight = down * across[x - firstColumn];
            if (weight === 0 || (valid !== undefined && valid[start + x] === 0)) continue;
            froms[count] = start + x;
            shares[count++] = weight;
          }
        }
        for (let band = 0; band < bands; band++) {
          let sum = 0;
          let total = 0;
          for (let tap = 0; tap < count; tap++) {
            const value = data[band * plane + froms[tap]];
            if (nodata !== undefined && (value === nodata || Number.isNaN(value))) continue;
            sum += shares[tap] * value;
            total += shares[tap];
          }
          sums[band * pixels + at] += sum;
          weights[band * pixels + at] += total;
        }
      }
    },
    finish: () => means(gathering, { sums, weights, measured }),
  };
}

/** Pixels of a part that one pixel is made of. */
interface Taps {
  readonly froms: Int32Array;
  readonly weights: Float64Array;
}

function newTaps(count: number): Taps {
  return { froms: new Int32Array(count), weights: new Float64Array(count) };
}

/** What has come together so far: `[C, H, W]`, `[C, H, W]` and `[H, W]`. */
interface Sums {
  readonly sums: Float64Array;
  readonly weights: Float64Array;
  readonly measured: Uint8Array;
}

function means({ places, bands, dtype, nodata, fill }: Gathering, { sums, weights, measured }: Sums): Gathered {
  const pixels = places.columns.length;
  const data = newSamples(dtype, bands * pixels).fill(fill);
  const valid = new Uint8Array(pixels);
  const range = integerRange(dtype);
  const round = (value: number) =>
    range === undefined ? value : Math.min(Math.max(Math.floor(value + 0.5), range[0]), range[1]);
  for (let at = 0; at < bands * pixels; at++) {
    if (weights[at] < LEAST_WEIGHT || measured[at % pixels] === 0) continue;
    const value = round(sums[at] / weights[at]);
    data[at] = value;
    // A mean that happens to be the number for "not measured" is moved off it, as GDAL does.
    if (data[at] === nodata) data[at] = besides(nodata, range);
    valid[at % pixels] = 1;
  }
  return { data, valid };
}
