import { UserError } from "../errors.js";

/**
 * Rows brought to length 1, so that the product of two of them says how alike they are (1: the same direction).
 * A row of zeros stays as it is: like nothing.
 *
 * @param features `[N, D]`
 * @throws UserError `numeric` for a number that is not finite
 */
export function unitRows(features: Float32Array, size: number): Float32Array {
  const rows = new Float32Array(features.length);
  for (let start = 0; start < features.length; start += size) {
    let square = 0;
    for (let at = start; at < start + size; at++) square += features[at] ** 2;
    if (!Number.isFinite(square)) {
      throw new UserError("numeric", `embedding ${start / size} holds a number that is not finite`, {
        hint: "The image or the backbone is broken: leave the image out, or choose another backbone.",
      });
    }
    const length = Math.sqrt(square) || 1;
    for (let at = start; at < start + size; at++) rows[at] = features[at] / length;
  }
  return rows;
}

/** A spread below this share of the mean is float32 rounding. */
const CONSTANT = 1e-6;

/** Features `[N, D]` centred by their mean and divided by their standard deviation; a feature that never changes becomes 0. */
export function standardised(features: Float32Array, size: number): Float32Array {
  const count = features.length / size;
  const mean = new Float64Array(size);
  const variance = new Float64Array(size);
  for (let i = 0, d = 0; i < features.length; i++, d = d + 1 === size ? 0 : d + 1) mean[d] += features[i] / count;
  for (let i = 0, d = 0; i < features.length; i++, d = d + 1 === size ? 0 : d + 1)
    variance[d] += (features[i] - mean[d]) ** 2 / count;
  const share = variance.map((value, d) => (Math.sqrt(value) > CONSTANT * Math.abs(mean[d]) ? 1 / Math.sqrt(value) : 0));
  const rows = new Float32Array(features.length);
  for (let i = 0, d = 0; i < features.length; i++, d = d + 1 === size ? 0 : d + 1) rows[i] = (features[i] - mean[d]) * share[d];
  return rows;
}
