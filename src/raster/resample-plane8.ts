import { FIXED_BITS, type PlanePasses, type Taps } from "./taps.js";

const HALF = 1 << (FIXED_BITS - 1);

/** Resamples one plane of 8-bit samples in fixed point, rounding and clamping after each pass as Pillow does. */
export function resamplePlane8(source: Uint8Array, passes: PlanePasses, target: Uint8Array): void {
  const { widthPx, heightPx, horizontal, vertical } = passes;
  // Storing into a clamped view is the clamp: negative lobes overshoot on both sides.
  const clamped = new Uint8ClampedArray(target.buffer, target.byteOffset, target.length);
  if (horizontal === undefined) {
    if (vertical !== undefined) alongColumns(source, widthPx, vertical, clamped);
  } else if (vertical === undefined) {
    alongRows(source, widthPx, heightPx, horizontal, clamped);
  } else {
    const outWidthPx = horizontal.starts.length;
    const middle = new Uint8ClampedArray(outWidthPx * heightPx);
    alongRows(source, widthPx, heightPx, horizontal, middle);
    alongColumns(new Uint8Array(middle.buffer), outWidthPx, vertical, clamped);
  }
}

/** out[y, x] = Σ_t w[x, t] · in[y, start[x] + t]; four rows share every weight that is loaded. */
function alongRows(source: Uint8Array, inPx: number, rows: number, taps: Taps, out: Uint8ClampedArray): void {
  const { count, starts, fixedWeights: w } = taps;
  const outPx = starts.length;
  for (let y = 0; y < rows; y += 4) {
    // The last rows of a height that is no multiple of four are computed more than once, with the same result.
    const [y1, y2, y3] = [Math.min(y + 1, rows - 1), Math.min(y + 2, rows - 1), Math.min(y + 3, rows - 1)];
    const [in1, in2, in3] = [(y1 - y) * inPx, (y2 - y) * inPx, (y3 - y) * inPx];
    const [out1, out2, out3] = [(y1 - y) * outPx, (y2 - y) * outPx, (y3 - y) * outPx];
    for (let x = 0, t = 0, o = y * outPx; x < outPx; x++, o++) {
      let [a, b, c, d] = [HALF, HALF, HALF, HALF];
      for (let s = y * inPx + starts[x], end = s + count; s < end; s++, t++) {
        const weight = w[t];
        a = (a + Math.imul(source[s], weight)) | 0;
        b = (b + Math.imul(source[s + in1], weight)) | 0;
        c = (c + Math.imul(source[s + in2], weight)) | 0;
        d = (d + Math.imul(source[s + in3], weight)) | 0;
      }
      out[o] = a >> FIXED_BITS;
      out[o + out1] = b >> FIXED_BITS;
      out[o + out2] = c >> FIXED_BITS;
      out[o + out3] = d >> FIXED_BITS;
    }
  }
}

/** out[y, x] = Σ_t w[y, t] · in[start[y] + t, x]; four columns share every weight that is loaded. */
function alongColumns(source: Uint8Array, widthPx: number, taps: Taps, out: Uint8ClampedArray): void {
  const { count, starts, fixedWeights: w } = taps;
  const wholePx = widthPx - (widthPx % 4);
  for (let y = 0, o = 0; y < starts.length; y++) {
    const first = starts[y] * widthPx;
    const t0 = y * count;
    const end = t0 + count;
    for (let x = 0; x < wholePx; x += 4, o += 4) {
      let [a, b, c, d] = [HALF, HALF, HALF, HALF];
      for (let t = t0, s = first + x; t < end; t++, s += widthPx) {
        const weight = w[t];
        a = (a + Math.imul(source[s], weight)) | 0;
        b = (b + Math.imul(source[s + 1], weight)) | 0;
        c = (c + Math.imul(source[s + 2], weight)) | 0;
        d = (d + Math.imul(source[s + 3], weight)) | 0;
      }
      out[o] = a >> FIXED_BITS;
      out[o + 1] = b >> FIXED_BITS;
      out[o + 2] = c >> FIXED_BITS;
      out[o + 3] = d >> FIXED_BITS;
    }
    for (let x = wholePx; x < widthPx; x++, o++) {
      let a = HALF;
      for (let t = t0, s = first + x; t < end; t++, s += widthPx) a = (a + Math.imul(source[s], w[t])) | 0;
      out[o] = a >> FIXED_BITS;
    }
  }
}
