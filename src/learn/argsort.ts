/** In an entry of {@link sortCells}, whether the label is true; the bits below are the position. */
export const TRUE_BIT = 2 ** 30;

/** Cells in order. */
export interface SortedCells {
  /** Equal where scores are equal; only the first `entries.length` count. */
  readonly keys: Int32Array;
  /** Position, and {@link TRUE_BIT} where the label is 1. */
  readonly entries: Int32Array;
}

/** Cells are first dealt to groups by this many high bits, so that each group is sorted within the processor's cache. */
const GROUP_BITS = 12;
const GROUP_SHIFT = 32 - GROUP_BITS;
const MIN_GROUP = 2 ** 15;
const MAX_GROUPS = 256;
const DIGIT_BITS = 11;

/**
 * Sorts scores, the highest first, equal ones in their order, in linear time: a stable radix sort of the bits of float32 numbers,
 * which order as whole numbers do. −0 equals 0.
 *
 * @param labels 1, 0 or −1 (left out), as long as the scores
 * @throws RangeError for a score that is NaN, unless its label is unknown, and for 2³⁰ scores
 */
export function sortCells(scores: Float32Array, labels: Int8Array): SortedCells {
  if (scores.length >= TRUE_BIT) throw new RangeError(`${scores.length} scores are too many to sort, 2^30 is the limit`);
  const bits = new Int32Array(scores.buffer, scores.byteOffset, scores.length);
  const counts = new Uint32Array(2 ** GROUP_BITS);
  let known = 0;
  for (let i = 0; i < bits.length; i++) {
    if (labels[i] < 0) continue;
    if ((bits[i] & 0x7fffffff) > 0x7f800000) throw new RangeError(`score ${i} is not a number`);
    counts[descending(bits[i]) >>> GROUP_SHIFT]++;
    known++;
  }
  const groups = groupsOf(counts, Math.max(MIN_GROUP, known / MAX_GROUPS));
  const groupOfBin = new Uint16Array(counts.length);
  const next = new Uint32Array(groups.length);
  for (const [g, { firstBin, from }] of groups.entries()) {
    groupOfBin.fill(g, firstBin);
    next[g] = from;
  }
  const keys = new Int32Array(known);
  const entries = new Int32Array(known);
  for (let i = 0; i < bits.length; i++) {
    if (labels[i] < 0) continue;
    const key = descending(bits[i]);
    const at = next[groupOfBin[key >>> GROUP_SHIFT]]++;
    keys[at] = key;
    entries[at] = i | (labels[i] << 30);
  }
  const scratch = createScratch(groups.reduce((most, { from, to }) => Math.max(most, to - from), 0));
  for (const { from, to, firstBin } of groups) {
    sortGroup(keys.subarray(from, to), entries.subarray(from, to), firstBin << GROUP_SHIFT, scratch);
  }
  return { keys, entries };
}

/**
 * Positions `[N]` from the largest value to the smallest, equal values in their order; exact for float64, −0 equals 0. O(N).
 *
 * @throws RangeError for a value that is NaN
 */
export function argsort(values: ArrayLike<number>): Uint32Array {
  return new Uint32Array(sortCells(sameOrder(values), new Int8Array(values.length)).entries.buffer);
}

/**
 * Numbers of 32 bits that are in the order of the values, equal where those are: the values themselves where they are float32, else
 * their dense ranks, read as the bits of a float32. NaN stays NaN.
 */
export function sameOrder(values: ArrayLike<number>): Float32Array {
  if (values instanceof Float32Array) return values;
  const exact = new Float64Array(values.length);
  for (let i = 0; i < exact.length; i++) exact[i] = values[i] + 0; // −0 + 0 = 0
  const order = argsortExact(exact);
  const ranks = new Float32Array(exact.length);
  const bits = new Int32Array(ranks.buffer);
  let rank = 0;
  for (let n = order.length - 1; n >= 0; n--) {
    if (n + 1 < order.length && exact[order[n]] !== exact[order[n + 1]]) rank++;
    bits[order[n]] = rank;
  }
  for (let i = 0; i < exact.length; i++) if (Number.isNaN(exact[i])) ranks[i] = Number.NaN;
  return ranks;
}

/** Float64: stable sorts by the low word, then by the high one. */
function argsortExact(exact: Float64Array): Int32Array {
  const words = new Int32Array(exact.buffer);
  const scratch = createScratch(exact.length);
  const order = new Int32Array(exact.length);
  const keys = new Int32Array(exact.length);
  const [low, high] = LITTLE_ENDIAN ? [0, 1] : [1, 0];
  for (let n = 0; n < keys.length; n++) {
    order[n] = n;
    keys[n] = words[2 * n + high] < 0 ? words[2 * n + low] : ~words[2 * n + low];
  }
  sortGroup(keys, order, 0, scratch);
  for (let n = 0; n < keys.length; n++) keys[n] = inverted(words[2 * order[n] + high]);
  sortGroup(keys, order, 0, scratch);
  return order;
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Bits of a float32 as a whole number (unsigned, kept in an int32) that is the smaller the larger the float; −0 is 0. */
function descending(bits: number): number {
  return inverted(bits === NEGATIVE_ZERO ? 0 : bits);
}

const NEGATIVE_ZERO = -(2 ** 31);

/** Of numbers with a sign bit and a magnitude: those of the sign bit come last, the largest magnitude at the very end. */
function inverted(bits: number): number {
  return bits >= 0 ? 0x7fffffff - bits : bits;
}

/** Neighbouring bins together until they hold `size`. */
function groupsOf(counts: Uint32Array, size: number): { firstBin: number; from: number; to: number }[] {
  const groups: { firstBin: number; from: number; to: number }[] = [];
  let group: { firstBin: number; from: number; to: number } | undefined;
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) {
    if (counts[bin] === 0) continue;
    if (group === undefined || group.to - group.from + counts[bin] > size) {
      group = { firstBin: bin, from: total, to: total };
      groups.push(group);
    }
    total += counts[bin];
    group.to = total;
  }
  return groups;
}

interface Scratch {
  readonly keys: Int32Array;
  readonly entries: Int32Array;
  readonly next: Uint32Array;
}

function createScratch(length: number): Scratch {
  return { keys: new Int32Array(length), entries: new Int32Array(length), next: new Uint32Array(2 ** DIGIT_BITS) };
}

/** Stable, in place, by unsigned keys of at least `base`: least significant digit first, only as many digits as differ. */
function sortGroup(keys: Int32Array, entries: Int32Array, base: number, scratch: Scratch): void {
  const length = keys.length;
  let used = 0;
  for (let i = 0; i < length; i++) used |= keys[i] - base;
  const bits = 32 - Math.clz32(used);
  const passes = Math.ceil(bits / DIGIT_BITS);
  const digit = Math.ceil(bits / Math.max(1, passes));
  const mask = 2 ** digit - 1;
  const { next } = scratch;
  let [fromKeys, fromEntries, toKeys, toEntries] = [keys, entries, scratch.keys, scratch.entries];
  for (let shift = 0; shift < passes * digit; shift += digit) {
    next.fill(0, 0, mask + 1);
    for (let i = 0; i < length; i++) next[((fromKeys[i] - base) >>> shift) & mask]++;
    let total = 0;
    for (let d = 0; d <= mask; d++) {
      const count = next[d];
      next[d] = total;
      total += count;
    }
    for (let i = 0; i < length; i++) {
      const key = fromKeys[i];
      const at = next[((key - base) >>> shift) & mask]++;
      toKeys[at] = key;
      toEntries[at] = fromEntries[i];
    }
    [fromKeys, fromEntries, toKeys, toEntries] = [toKeys, toEntries, fromKeys, fromEntries];
  }
  if (passes % 2 === 1) {
    keys.set(fromKeys.subarray(0, length));
    entries.set(fromEntries.subarray(0, length));
  }
}
