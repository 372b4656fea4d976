import { Z95 } from "./wilson.js";

/** Halvings until two bounds are one float64. */
const HALVINGS = 52;

/**
 * Where the share lies of which `hits` of `count` independent draws are a sample: the shares whose likelihood is not too far below that of
 * hits / count, 2 ln(L(p̂) / L(p)) ≤ z² (Wilks 1938).
 */
export function likelihoodInterval(hits: number, count: number, z = Z95): readonly [low: number, high: number] {
  const best = hits / count;
  const misses = count - hits;
  const term = (n: number, p: number) => (n === 0 ? 0 : n * Math.log(p));
  const most = term(hits, best) + term(misses, 1 - best);
  const isWithin = (p: number) => 2 * (most - term(hits, p) - term(misses, 1 - p)) <= z * z;
  const bound = (end: 0 | 1) => {
    let [inside, outside] = [best, Number(end)];
    if (isWithin(outside)) return outside;
    for (let i = 0; i < HALVINGS; i++) {
      const middle = (inside + outside) / 2;
      if (isWithin(middle)) inside = middle;
      else outside = middle;
    }
    return inside;
  };
  return [bound(0), bound(1)];
}

/**
 * Where the share Σ W p lies of a stratified sample: the distances of the strata's own bounds from their estimates add up as standard errors do,
 * low = θ − √ Σ W² (p̂ − l)², high = θ + √ Σ W² (u − p̂)² (Zou, Huang and Zhang 2009). Unlike θ ± z SE it knows that a stratum in which no
 * sample was of a class may have some of it all the same.
 *
 * @param weights of strata; those of weight 0 need no samples
 */
export function stratifiedInterval(
  weights: ArrayLike<number>,
  hits: ArrayLike<number>,
  counts: ArrayLike<number>,
  z = Z95,
): readonly [low: number, high: number] {
  let [share, below, above] = [0, 0, 0];
  for (let h = 0; h < weights.length; h++) {
    if (weights[h] === 0) continue;
    const own = hits[h] / counts[h];
    const [low, high] = likelihoodInterval(hits[h], counts[h], z);
    share += weights[h] * own;
    below += (weights[h] * (own - low)) ** 2;
    above += (weights[h] * (high - own)) ** 2;
  }
  return [Math.max(0, share - Math.sqrt(below)), Math.min(1, share + Math.sqrt(above))];
}
