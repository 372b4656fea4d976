/** What a noise field looks like: a sum of octaves, each half as large and half as strong as the one before. */
export interface NoiseShape {
  /** Position of the field among all possible ones: the same seed gives the same field. */
  readonly seed: number;
  /** Lattice spacing of the coarsest octave. */
  readonly scalePx: number;
  readonly octaves: number;
}

/** Fractal value noise `[H, W]`, row-major, in (-1, 1): of the window whose upper left pixel is at `leftPx`, `topPx` of the field. */
export function noiseGrid(shape: NoiseShape, widthPx: number, heightPx: number, leftPx = 0, topPx = 0): Float32Array {
  const out = new Float32Array(widthPx * heightPx);
  const column = new Int32Array(widthPx);
  const fraction = new Float32Array(widthPx);
  for (const { seed, cellPx, amplitude } of octavesOf(shape)) {
    const first = Math.floor(leftPx / cellPx);
    for (let x = 0; x < widthPx; x++) {
      const at = (leftPx + x) / cellPx;
      column[x] = Math.floor(at) - first;
      fraction[x] = smooth(at - Math.floor(at));
    }
    const cells = column[widthPx - 1] + 2;
    let above = new Float32Array(cells);
    let below = new Float32Array(cells);
    const blended = new Float32Array(cells);
    let latticeRow: number | undefined;
    for (let y = 0; y < heightPx; y++) {
      const at = (topPx + y) / cellPx;
      const row = Math.floor(at);
      if (row !== latticeRow) {
        if (latticeRow !== undefined && row === latticeRow + 1) [above, below] = [below, above];
        else for (let i = 0; i < cells; i++) above[i] = latticeValue(first + i, row, seed);
        for (let i = 0; i < cells; i++) below[i] = latticeValue(first + i, row + 1, seed);
        latticeRow = row;
      }
      const t = smooth(at - row);
      for (let i = 0; i < cells; i++) blended[i] = amplitude * (above[i] + (below[i] - above[i]) * t);
      for (let x = 0, pixel = y * widthPx; x < widthPx; x++, pixel++) {
        const i = column[x];
        out[pixel] += blended[i] + (blended[i + 1] - blended[i]) * fraction[x];
      }
    }
  }
  return out;
}

/** Sampled points of `smoothGrid`, in pixels of the field. */
export const KNOT_PX = 8;

/**
 * A field whose finest octave is some dozens of pixels wide, as `noiseGrid` gives it but for what lies between every eighth pixel of
 * the field: that is interpolated, at a fraction of the work.
 */
export function smoothGrid(shape: NoiseShape, widthPx: number, heightPx: number, leftPx: number, topPx: number): Float32Array {
  const [left, top] = [Math.floor(leftPx / KNOT_PX), Math.floor(topPx / KNOT_PX)];
  const columns = Math.floor((leftPx + widthPx - 1) / KNOT_PX) - left + 2;
  const rows = Math.floor((topPx + heightPx - 1) / KNOT_PX) - top + 2;
  // Eight times coarser pixels make lattice cells of an eighth.
  const knots = noiseGrid({ ...shape, scalePx: shape.scalePx / KNOT_PX }, columns, rows, left, top);
  return interpolateKnots(knots, columns, { widthPx, heightPx, leftPx, topPx });
}

/** Values at every eighth pixel of a field, `[rows, columns]` from the knot at or before a window's corner, for every pixel between. */
export function interpolateKnots(
  knots: Float32Array,
  columns: number,
  { widthPx, heightPx, leftPx, topPx }: { widthPx: number; heightPx: number; leftPx: number; topPx: number },
): Float32Array {
  const out = new Float32Array(widthPx * heightPx);
  const [left, top] = [Math.floor(leftPx / KNOT_PX), Math.floor(topPx / KNOT_PX)];
  const row = new Float32Array(columns);
  for (let y = 0, at = 0; y < heightPx; y++) {
    const j = Math.floor((topPx + y) / KNOT_PX);
    const t = (topPx + y) / KNOT_PX - j;
    const from = (j - top) * columns;
    for (let i = 0; i < columns; i++) row[i] = knots[from + i] + (knots[from + columns + i] - knots[from + i]) * t;
    for (let x = 0; x < widthPx; x++, at++) {
      const i = Math.floor((leftPx + x) / KNOT_PX);
      const s = (leftPx + x) / KNOT_PX - i;
      const here = row[i - left];
      out[at] = here + (row[i - left + 1] - here) * s;
    }
  }
  return out;
}

/** The same field at one place: equal to `noiseGrid` at whole pixels up to float32 rounding. */
export function noiseAt(shape: NoiseShape, x: number, y: number): number {
  let sum = 0;
  for (const { seed, cellPx, amplitude } of octavesOf(shape)) {
    const i = Math.floor(x / cellPx);
    const j = Math.floor(y / cellPx);
    const s = smooth(x / cellPx - i);
    const t = smooth(y / cellPx - j);
    const above = mix(latticeValue(i, j, seed), latticeValue(i + 1, j, seed), s);
    const below = mix(latticeValue(i, j + 1, seed), latticeValue(i + 1, j + 1, seed), s);
    sum += amplitude * mix(above, below, t);
  }
  return sum;
}

/** A number in [-1, 1) that depends on nothing but a lattice point and a seed (finaliser of MurmurHash3). */
export function latticeValue(i: number, j: number, seed: number): number {
  let h = Math.imul(i, 0x27d4eb2d) ^ Math.imul(j, 0x165667b1) ^ seed;
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) / 2147483648;
}

function octavesOf({ seed, scalePx, octaves }: NoiseShape) {
  const total = 2 - 2 ** (1 - octaves);
  return Array.from({ length: octaves }, (_, k) => ({
    seed: (seed + Math.imul(k, 0x9e3779b9)) | 0,
    cellPx: scalePx / 2 ** k,
    amplitude: 2 ** -k / total,
  }));
}

function smooth(t: number): number {
  return t * t * (3 - 2 * t);
}

function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}
