import { quantiles } from "../../learn/quantiles.js";
import type { Pairs, RobustLines } from "../../learn/robust-lines.js";
import type { PixelWindow } from "../../raster/resample.js";
import type { PairedBlocks } from "./paired-blocks.js";

/** Offsets that change slowly from place to place: haze is thicker here than there. */
export interface Veil {
  /** Of the places, in pixels of the raster, ascending. */
  readonly columns: readonly number[];
  readonly rows: readonly number[];
  /** At each place, by band `[rows · columns]`, in stored numbers. */
  readonly offsets: readonly Float32Array[];
}

/** A window with fewer unchanged blocks has no say. */
const LEAST_BLOCKS = 64;
/** Of a place's neighbours on a side, and of itself: [1, 2, 1] both ways. */
const SMOOTHING = [1, 2, 1] as const;

/** The median of what lines leave in the unchanged blocks of each window, smoothed over its neighbours; 0 where nobody knows. */
export function veilOver({ x, y }: Pairs, { lines, kept }: RobustLines, { windows, lattice }: PairedBlocks): Veil {
  const { columns, rows } = lattice;
  const places = columns.length * rows.length;
  const members = Array.from({ length: places }, (): number[] => []);
  for (let at = 0; at < windows.length; at++) if (kept[at] === 1) members[windows[at]].push(at);
  const offsets = lines.map(({ gain, offset }, band) => {
    const medians = members.map((blocks) => {
      if (blocks.length < LEAST_BLOCKS) return Number.NaN;
      return quantiles(Float64Array.from(blocks, (at) => y[band][at] - gain * x[band][at] - offset).sort(), [0.5])[0];
    });
    return smoothed(medians, columns.length);
  });
  const [across, down] = [columns, rows].map((parts) => parts.map(({ startPx, lengthPx }) => startPx + lengthPx / 2));
  return { columns: across, rows: down, offsets };
}

/** Weighted means of the places around each that are known. */
function smoothed(values: readonly number[], columns: number): Float32Array {
  const rows = values.length / columns;
  return Float32Array.from(values, (_, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    let [sum, total] = [0, 0];
    for (let down = -1; down <= 1; down++) {
      for (let across = -1; across <= 1; across++) {
        const [r, c] = [row + down, column + across];
        if (r < 0 || c < 0 || r >= rows || c >= columns || Number.isNaN(values[r * columns + c])) continue;
        const weight = SMOOTHING[down + 1] * SMOOTHING[across + 1];
        sum += weight * values[r * columns + c];
        total += weight;
      }
    }
    return total === 0 ? 0 : sum / total;
  });
}

/** The reference without what the veil adds to the other date, `[K][n]`. */
export function withoutVeil(y: readonly Float32Array[], veil: Veil, { windows }: PairedBlocks): readonly Float32Array[] {
  return y.map((values, band) => values.map((value, at) => value - veil.offsets[band][windows[at]]));
}

/**
 * What the veil adds to each row of a window, bilinear between its places and as at the outermost beyond them.
 *
 * @param window in pixels of a level
 * @param pixel how many pixels of the raster one of the level is
 * @returns of the row of the window, `[W]`; the same memory every time
 */
export function veilRows(
  { columns, rows, offsets }: Veil,
  band: number,
  window: PixelWindow,
  { columnPx, rowPx }: { readonly columnPx: number; readonly rowPx: number },
): (row: number) => Float32Array {
  const plane = offsets[band];
  const added = new Float32Array(window.widthPx);
  const across = Array.from(added, (_, x) => between(columns, (window.leftPx + x + 0.5) * columnPx));
  return (row) => {
    const { first, next, share } = between(rows, (window.topPx + row + 0.5) * rowPx);
    const nodes = columns.map(
      (_, column) => (1 - share) * plane[first * columns.length + column] + share * plane[next * columns.length + column],
    );
    for (let x = 0; x < added.length; x++) {
      const place = across[x];
      added[x] = nodes[place.first] * (1 - place.share) + nodes[place.next] * place.share;
    }
    return added;
  };
}

/** The two of ascending places that one lies between, and how much the second counts. */
function between(
  places: readonly number[],
  at: number,
): { readonly first: number; readonly next: number; readonly share: number } {
  const above = places.findIndex((place) => place > at);
  if (above === 0) return { first: 0, next: 0, share: 0 };
  if (above < 0) return { first: places.length - 1, next: places.length - 1, share: 0 };
  return { first: above - 1, next: above, share: (at - places[above - 1]) / (places[above] - places[above - 1]) };
}
