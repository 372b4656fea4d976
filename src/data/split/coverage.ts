import type { Random } from "../../random.js";
import type { Unit } from "./units.js";

/** Moves after which the search for full coverage gives up: there may be none. */
const MAX_MOVES = 20_000;

/**
 * Moves units between parts until every label with at least `partCount` units reaches every part: min-conflicts local search with a
 * short memory of moved units. Changes `parts` (part index per unit) to the best arrangement found.
 */
export function repairCoverage(
  units: readonly Unit[],
  unitsOfLabel: readonly (readonly number[])[],
  parts: Int8Array,
  partCount: number,
  random: Random,
): void {
  const at = (k: number, p: number) => k * partCount + p;
  const reached = new Uint32Array(unitsOfLabel.length * partCount);
  units.forEach(({ labels }, u) => {
    for (const k of labels) reached[at(k, parts[u])]++;
  });
  const counted = unitsOfLabel.map((members) => members.length >= partCount);
  const gaps = new Set<number>();
  for (let i = 0; i < reached.length; i++) if (reached[i] === 0 && counted[Math.floor(i / partCount)]) gaps.add(i);
  if (gaps.size === 0) return;

  /** Gaps that a move opens minus gaps that it closes. */
  const cost = (u: number, to: number) =>
    units[u].labels.reduce((sum, k) => {
      if (!counted[k]) return sum;
      return sum + (reached[at(k, parts[u])] === 1 ? 1 : 0) - (reached[at(k, to)] === 0 ? 1 : 0);
    }, 0);
  const move = (u: number, to: number) => {
    for (const k of units[u].labels) {
      const from = at(k, parts[u]);
      if (--reached[from] === 0 && counted[k]) gaps.add(from);
      reached[at(k, to)]++;
      gaps.delete(at(k, to));
    }
    parts[u] = to;
  };

  const movedAt = new Map<number, number>();
  const best = parts.slice();
  let fewest = gaps.size;
  for (let step = 1; step <= MAX_MOVES && gaps.size > 0; step++) {
    const gap = [...gaps][random.int(gaps.size)];
    const to = gap % partCount;
    const label = Math.floor(gap / partCount);
    const rested = unitsOfLabel[label].filter((u) => step - (movedAt.get(u) ?? -1000) > 3 + random.int(5));
    const candidates = rested.length > 0 ? rested : unitsOfLabel[label];
    const costs = candidates.map((u) => cost(u, to));
    const cheapest = Math.min(...costs);
    const choice = candidates.filter((_, i) => costs[i] === cheapest);
    // Among equals, take from the part where the label is most frequent.
    const richest = Math.max(...choice.map((u) => reached[at(label, parts[u])]));
    const rich = choice.filter((u) => reached[at(label, parts[u])] === richest);
    const chosen = rich[random.int(rich.length)];
    move(chosen, to);
    movedAt.set(chosen, step);
    if (gaps.size < fewest) {
      fewest = gaps.size;
      best.set(parts);
    }
  }
  parts.set(best);
}
