import { createRandom, type Random } from "../random.js";
import { pickRows } from "./parts.js";
import { eachRowOfProducts } from "./products.js";
import { spreadIndices } from "./spread.js";
import { standardised, unitRows } from "./unit-rows.js";

/** How images are grouped. */
export interface LikenessOptions {
  readonly seed: number;
  /** Most groups. Default 8. */
  readonly most?: number | undefined;
}

/** Starts of k-means; the tightest result is kept. */
const STARTS = 3;
const MOST_ROUNDS = 50;

/**
 * Groups images that look alike to the backbone: spherical k-means (Dhillon and Modha 2001) on standardised features, started
 * as k-means++ does. Meant for up to about 2,000 images. Same input and seed, same groups.
 *
 * @param features `[n, D]`
 * @returns row indices of each group, the one nearest to its centre first; the largest group first
 * @throws UserError `numeric` for a number that is not finite
 */
export function groupByLikeness(features: Float32Array, size: number, { seed, most = 8 }: LikenessOptions): number[][] {
  const rows = unitRows(standardised(features, size), size);
  const count = rows.length / size;
  // As many groups as members of each, roughly: fewer and larger ones say more than many small ones.
  const groups = Math.min(most, Math.ceil(Math.sqrt(count)));
  const random = createRandom(seed, "likeness");
  let best: Clustering = { groupOf: new Int32Array(count), nearness: new Float64Array(count), total: Number.NEGATIVE_INFINITY };
  for (let start = 0; start < STARTS; start++) {
    const clustering = cluster(rows, size, groups, random);
    if (clustering.total > best.total) best = clustering;
  }
  const members = Array.from({ length: groups }, (): number[] => []);
  for (let row = 0; row < count; row++) members[best.groupOf[row]].push(row);
  for (const group of members) group.sort((a, b) => best.nearness[b] - best.nearness[a] || a - b);
  return members.filter((group) => group.length > 0).sort((a, b) => b.length - a.length || a[0] - b[0]);
}

/** Which group each row is in, and the product with its centre. */
interface Clustering {
  readonly groupOf: Int32Array;
  readonly nearness: Float64Array;
  readonly total: number;
}

function cluster(rows: Float32Array, size: number, groups: number, random: Random): Clustering {
  let centres = spreadCentres(rows, size, groups, random);
  let clustering = assign(rows, size, centres);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    centres = centresOf(rows, size, clustering.groupOf, centres);
    const next = assign(rows, size, centres);
    const settled = next.total <= clustering.total;
    clustering = next;
    if (settled) break;
  }
  return clustering;
}

/** Rows as first centres, each drawn with a chance in proportion to its unlikeness to those before (Arthur and Vassilvitskii 2007). */
function spreadCentres(rows: Float32Array, size: number, groups: number, random: Random): Float64Array[] {
  const count = rows.length / size;
  const rowAt = (row: number) => Float64Array.from(rows.subarray(row * size, (row + 1) * size));
  const centres: Float64Array[] = count === 0 ? [] : [rowAt(random.int(count))];
  const unlike = new Float64Array(count).fill(Number.POSITIVE_INFINITY);
  while (centres.length < groups) {
    const newest = centres[centres.length - 1];
    let sum = 0;
    for (let row = 0; row < count; row++) {
      unlike[row] = Math.min(unlike[row], Math.max(0, 1 - product(rows, row * size, newest)));
      sum += unlike[row];
    }
    let left = random.next() * sum;
    let chosen = 0;
    while (chosen < count - 1 && left >= unlike[chosen]) left -= unlike[chosen++];
    centres.push(rowAt(chosen));
  }
  return centres;
}

function assign(rows: Float32Array, size: number, centres: readonly Float64Array[]): Clustering {
  const count = rows.length / size;
  const groupOf = new Int32Array(count);
  const nearness = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  let total = 0;
  for (let row = 0; row < count; row++) {
    for (const [group, centre] of centres.entries()) {
      const near = product(rows, row * size, centre);
      if (near > nearness[row]) [nearness[row], groupOf[row]] = [near, group];
    }
    total += nearness[row];
  }
  return { groupOf, nearness, total };
}

/** The mean direction of each group; an empty group keeps the centre it had. */
function centresOf(rows: Float32Array, size: number, groupOf: Int32Array, before: readonly Float64Array[]): Float64Array[] {
  const centres = before.map(() => new Float64Array(size));
  for (const [row, group] of groupOf.entries()) {
    const centre = centres[group];
    for (let d = 0, at = row * size; d < size; d++, at++) centre[d] += rows[at];
  }
  return centres.map((centre, group) => {
    const length = Math.sqrt(centre.reduce((sum, value) => sum + value * value, 0));
    return length > 0 ? centre.map((value) => value / length) : before[group];
  });
}

function product(rows: Float32Array, start: number, centre: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < centre.length; d++) sum += rows[start + d] * centre[d];
  return sum;
}

/** Neighbours whose distance is averaged: one alone may be a freak. */
const NEIGHBOURS = 5;
/** Training images that are compared with; more would be slower and hardly nearer. */
export const MOST_REFERENCES = 5_000;
/** Training images whose own neighbours say what is usual. */
const MOST_USUAL = 1_000;

/**
 * How unlike anything in training each image is: its mean distance to the nearest training images, divided by the median of the
 * same distance among training images themselves (nearest neighbours of features of length 1; Sun et al. 2022).
 * 1 is usual, 2 twice as far away as usual.
 *
 * @param reference `[N, D]` features of training images; of more than 5,000 every so manieth is taken
 * @param queries `[n, D]`
 * @returns `[n]`; NaN where there are fewer than two training images
 * @throws UserError `numeric` for a number that is not finite, `aborted`
 */
export async function novelty(
  reference: Float32Array,
  queries: Float32Array,
  size: number,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Float64Array> {
  const thinned = evenly(reference, size, MOST_REFERENCES);
  if (thinned.length < 2 * size) return new Float64Array(queries.length / size).fill(Number.NaN);
  const known = unitRows(thinned, size);
  // Each of these is its own nearest neighbour, and that one does not count.
  const among = await meanDistances(evenly(known, size, MOST_USUAL), known, size, 1, signal);
  const usual = among.sort()[Math.floor(among.length / 2)];
  const distances = await meanDistances(unitRows(queries, size), known, size, 0, signal);
  // Training images that are all the same: the same again is usual, anything else is as new as can be.
  return distances.map((distance) => (usual > 0 ? distance / usual : distance > 0 ? Number.POSITIVE_INFINITY : 1));
}

/** Up to `most` rows of `[N, D]`, evenly spread. */
function evenly(features: Float32Array, size: number, most: number): Float32Array {
  const rows = features.length / size;
  return rows <= most ? features : pickRows(features, size, spreadIndices(rows, most));
}

/** Mean distance of each row to its nearest neighbours, the nearest `skip` left out. */
async function meanDistances(
  rows: Float32Array,
  known: Float32Array,
  size: number,
  skip: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const means = new Float64Array(rows.length / size);
  const count = Math.min(NEIGHBOURS + skip, known.length / size);
  const nearest = new Float64Array(count);
  const visit = (row: number, products: Float32Array) => {
    nearest.fill(Number.NEGATIVE_INFINITY);
    for (const value of products) {
      if (value <= nearest[count - 1]) continue;
      let at = count - 1;
      for (; at > 0 && nearest[at - 1] < value; at--) nearest[at] = nearest[at - 1];
      nearest[at] = value;
    }
    let sum = 0;
    // |a − b|² = 2 − 2 a·b for rows of length 1
    for (let i = skip; i < count; i++) sum += Math.sqrt(Math.max(0, 2 - 2 * nearest[i]));
    means[row] = sum / (count - skip);
  };
  await eachRowOfProducts(rows, known, size, visit, signal);
  return means;
}
