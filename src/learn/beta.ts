import type { Random } from "../random.js";

/** Draws from the gamma distribution of scale 1 (Marsaglia and Tsang 2000). @throws RangeError unless 0 < shape < ∞ */
export function drawGamma(random: Random, shape: number): number {
  return Math.exp(logGamma(random, shape));
}

/** Draws from Beta(a, b), as the share of one gamma draw in two. @throws RangeError unless both are positive and finite */
export function drawBeta(random: Random, a: number, b: number): number {
  // X / (X + Y) in logarithms: small shapes give draws below the smallest float64.
  const x = logGamma(random, a);
  const y = logGamma(random, b);
  return 1 / (1 + Math.exp(y - x));
}

/** The logarithm of a gamma draw. */
function logGamma(random: Random, shape: number): number {
  if (!(shape > 0 && shape < Number.POSITIVE_INFINITY))
    throw new RangeError(`the shape of a gamma distribution cannot be ${shape}`);
  // Gamma(shape) = Gamma(shape + 1) · U^(1 / shape); the method itself needs a shape of at least 1.
  if (shape < 1) return logGamma(random, shape + 1) + Math.log(1 - random.next()) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = random.normal();
    const v = (1 + c * x) ** 3;
    if (v <= 0) continue;
    const logV = Math.log(v);
    if (Math.log(1 - random.next()) < (x * x) / 2 + d - d * v + d * logV) return Math.log(d) + logV;
  }
}
