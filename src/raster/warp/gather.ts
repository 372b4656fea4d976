import type { Raster, RasterDType } from "../raster.js";
import type { PixelWindow } from "../resample.js";
import { integerRange, newSamples } from "../samples.js";
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
  let scratch = new Float64Array(16);
  return {
    add(part, { leftPx, topPx, widthPx, heightPx }) {
      const plane = widthPx * heightPx;
      for (let at = 0; at < pixels; at++) {
        if (!isInside(columns[at], rows[at], source)) continue;
        const rowRange = kernel.range(rows[at], heights[at]);
        const firstRow = Math.max(rowRange[0], topPx);
        const endRow = Math.min(rowRange[1], topPx + heightPx);
        if (endRow <= firstRow) continue;
        const columnRange = kernel.range(columns[at], widths[at]);
        const firstColumn = Math.max(columnRange[0], leftPx);
        const endColumn = Math.min(columnRange[1], leftPx + widthPx);
        if (scratch.length < endColumn - firstColumn) scratch = new Float64Array(2 * (endColumn - firstColumn));
        for (let column = firstColumn; column < endColumn; column++) {
          scratch[column - firstColumn] = kernel.weight(column, columns[at], widths[at]);
        }
        for (let row = firstRow; row < endRow; row++) {
          const down = kernel.weight(row, rows[at], heights[at]);
          const start = (row - topPx) * widthPx - leftPx;
          if (byMiddle && row === Math.floor(rows[at])) measured[at] = part.valid?.[start + Math.floor(columns[at])] ?? 1;
          for (let column = firstColumn; column < endColumn; column++) {
            const weight = down * scratch[column - firstColumn];
            if (weight === 0 || part.valid?.[start + column] === 0) continue;
            for (let band = 0; band < bands; band++) {
              const value = part.data[band * plane + start + column];
              if (value === nodata || (nodata !== undefined && Number.isNaN(value))) continue;
              sums[band * pixels + at] += weight * value;
              weights[band * pixels + at] += weight;
            }
          }
        }
      }
    },
    finish: () => means(gathering, { sums, weights, measured }),
  };
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

/** The number next to one. */
function besides(value: number, range: readonly [number, number] | undefined): number {
  if (range !== undefined) return value === range[0] ? value + 1 : value - 1;
  return value === 0 ? 2 ** -126 : value * (1 + 2 ** -22);
}
