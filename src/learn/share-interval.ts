/** Halvings until two bounds are one float64. */
const HALVINGS = 52;
/** Terms of a sum below this share of the first add nothing. */
const LEAST_TERM = 1e-18;

/**
 * Where the share lies of which `hits` of `count` independent draws are a sample: the shares under which as few hits, or as many, have a
 * probability of (1 − level) / 2 or more, hits themselves counting half (mid-P; Lancaster 1961). In between Wilson's interval, which is longer near 0
 * and 1, and the exact one, which is longer everywhere.
 */
export function midPInterval(hits: number, count: number, level = 0.95): readonly [low: number, high: number] {
  return [1 - upperBound(count - hits, count, level), upperBound(hits, count, level)];
}

function upperBound(hits: number, count: number, level: number): number {
  const tail = (1 - level) / 2;
  if (hits === count) return 1;
  // ½ (1 − p)ⁿ = tail
  if (hits === 0) return 1 - (2 * tail) ** (1 / count);
  const ways = logWays(hits, count);
  let [inside, outside] = [hits / count, 1];
  for (let i = 0; i < HALVINGS; i++) {
    const middle = (inside + outside) / 2;
    if (lowerTail(hits, count, middle, ways) >= tail) inside = middle;
    else outside = middle;
  }
  return inside;
}

/** P(X < hits) + P(X = hits) / 2 of a binomial X, for p above hits / count, so that terms fall from the first on. */
function lowerTail(hits: number, count: number, p: number, ways: number): number {
  let term = Math.exp(ways + hits * Math.log(p) + (count - hits) * Math.log1p(-p));
  const least = term * LEAST_TERM;
  let sum = term / 2;
  for (let x = hits; x > 0 && term > least; x--) {
    // C(n, x − 1) / C(n, x) = x / (n − x + 1)
    term *= (x / (count - x + 1)) * ((1 - p) / p);
    sum += term;
  }
  return sum;
}

/** ln C(count, hits) */
function logWays(hits: number, count: number): number {
  let sum = 0;
  for (let i = 1; i <= Math.min(hits, count - hits); i++) sum += Math.log((count - i + 1) / i);
  return sum;
}

/**
 * Where the share Σ W p lies of a stratified sample: the distances of the strata's own bounds from their estimates add up as standard errors do,
 * low = θ − √ Σ W² (p̂ − l)², high = θ + √ Σ W² (u − p̂)² (Zou, Huang and Zhang 2009). Unlike θ ± z SE it knows that a stratum in which no
 * sample was of a class may have some of it all the same.
 *
 * @param weights of strata; those of weight 0 need no samples
 * @param left share of each stratum that was not drawn, whose root shortens its distances; 1 by default, as if there were no end of it
 */
export function stratifiedInterval(
  weights: ArrayLike<number>,
  hits: ArrayLike<number>,
  counts: ArrayLike<number>,
  { level = 0.95, left }: { readonly level?: number | undefined; readonly left?: ArrayLike<number> | undefined } = {},
): readonly [low: number, high: number] {
  let [share, below, above] = [0, 0, 0];
  for (let h = 0; h < weights.length; h++) {
    if (weights[h] === 0) continue;
    const own = hits[h] / counts[h];
    const [low, high] = midPInterval(hits[h], counts[h], level);
    share += weights[h] * own;
    below += (left?.[h] ?? 1) * (weights[h] * (own - low)) ** 2;
    above += (left?.[h] ?? 1) * (weights[h] * (high - own)) ** 2;
  }
  return [Math.max(0, share - Math.sqrt(below)), Math.min(1, share + Math.sqrt(above))];
}
