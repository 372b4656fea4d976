import type { Raster, RasterDType } from "./raster.js";
import { integerRange } from "./samples.js";
import type { PlanePasses, Taps } from "./taps.js";

/** Resamples one plane of samples of any type in double precision; integers are rounded and clamped once, at the end. */
export function resamplePlane(source: Raster["data"], passes: PlanePasses, target: Raster["data"], dtype: RasterDType): void {
  const { widthPx, heightPx, horizontal, vertical } = passes;
  // One element type inside the loops keeps them fast whatever the raster holds.
  let plane = new Float64Array(source);
  if (horizontal !== undefined) plane = alongRows(plane, widthPx, heightPx, horizontal);
  if (vertical !== undefined) plane = alongColumns(plane, horizontal?.starts.length ?? widthPx, vertical);
  const range = integerRange(dtype);
  if (range !== undefined) {
    const [lowest, highest] = range;
    for (let i = 0; i < plane.length; i++) plane[i] = Math.min(highest, Math.max(lowest, Math.round(plane[i])));
  }
  target.set(plane);
}

/** out[y, x] = Σ_t w[x, t] · in[y, start[x] + t]. */
function alongRows(
  source: Float64Array,
  inPx: number,
  rows: number,
  { count, starts, weights }: Taps,
): Float64Array<ArrayBuffer> {
  const out = new Float64Array(rows * starts.length);
  for (let y = 0, base = 0, o = 0; y < rows; y++, base += inPx) {
    for (let x = 0, t = 0; x < starts.length; x++, o++) {
      let sum = 0;
      for (let s = base + starts[x], end = s + count; s < end; s++, t++) sum += source[s] * weights[t];
      out[o] = sum;
    }
  }
  return out;
}

/** out[y, x] = Σ_t w[y, t] · in[start[y] + t, x]. */
function alongColumns(source: Float64Array, widthPx: number, { count, starts, weights }: Taps): Float64Array<ArrayBuffer> {
  const out = new Float64Array(starts.length * widthPx);
  for (let y = 0, o = 0; y < starts.length; y++, o += widthPx) {
    for (let t = 0, s = starts[y] * widthPx; t < count; t++) {
      const weight = weights[y * count + t];
      for (let x = 0; x < widthPx; x++, s++) out[o + x] += source[s] * weight;
    }
  }
  return out;
}
