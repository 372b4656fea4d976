import type { Unit } from "./units.js";

/** Each sweep looks at every unit once; few are needed, as most units are in place already. */
const MAX_SWEEPS = 50;

/**
 * Moves single units between parts as long as that brings the shares of labels, and of samples, nearer to those asked for: descent
 * of χ² = Σ (count − expected)² / expected over labels and parts. No label is taken from a part that it reaches with one unit only.
 *
 * @param order units in the order in which they are looked at
 * @param fractions asked share of each part
 * @param parts part index per unit, changed in place
 */
export function balanceShares(
  units: readonly Unit[],
  order: readonly number[],
  labelCount: number,
  fractions: readonly number[],
  parts: Int8Array,
): void {
  const partCount = fractions.length;
  const { starts, rows, counts } = flatten(units, labelCount, partCount);
  const excess = new Float64Array((labelCount + 1) * partCount);
  const expected = new Float64Array(excess.length);
  const reached = new Uint32Array(excess.length);
  for (let u = 0; u < units.length; u++) {
    for (let i = starts[u]; i < starts[u + 1]; i++) {
      excess[rows[i] + parts[u]] += counts[i];
      reached[rows[i] + parts[u]]++;
      for (let p = 0; p < partCount; p++) expected[rows[i] + p] += counts[i] * fractions[p];
    }
  }
  for (let i = 0; i < excess.length; i++) excess[i] -= expected[i];

  /** Change of χ²: (e − c)² − e² = c (c − 2e) where the count c leaves, c (c + 2e) where it arrives. */
  const change = (u: number, from: number, to: number) => {
    let sum = 0;
    for (let i = starts[u]; i < starts[u + 1]; i++) {
      const [leaves, arrives] = [rows[i] + from, rows[i] + to];
      sum += (counts[i] * (counts[i] - 2 * excess[leaves])) / expected[leaves];
      sum += (counts[i] * (counts[i] + 2 * excess[arrives])) / expected[arrives];
    }
    return sum;
  };
  const move = (u: number, from: number, to: number) => {
    for (let i = starts[u]; i < starts[u + 1]; i++) {
      excess[rows[i] + from] -= counts[i];
      excess[rows[i] + to] += counts[i];
      reached[rows[i] + from]--;
      reached[rows[i] + to]++;
    }
    parts[u] = to;
  };
  const isLast = (u: number) => {
    for (let i = starts[u]; i < starts[u + 1]; i++) if (reached[rows[i] + parts[u]] === 1) return true;
    return false;
  };

  for (let sweep = 0, moved = true; moved && sweep < MAX_SWEEPS; sweep++) {
    moved = false;
    for (const u of order) {
      const from = parts[u];
      if (isLast(u)) continue;
      let [best, least] = [from, -1e-9];
      for (let to = 0; to < partCount; to++) {
        if (to === from) continue;
        const here = change(u, from, to);
        if (here < least) [best, least] = [to, here];
      }
      if (best === from) continue;
      move(u, from, best);
      moved = true;
    }
  }
}

/** Labels of all units one after another: where their row of a table `[labels, parts]` begins, and their counts. */
function flatten(units: readonly Unit[], labelCount: number, partCount: number) {
  const starts = new Uint32Array(units.length + 1);
  for (const [u, { labels }] of units.entries()) starts[u + 1] = starts[u] + labels.length + 1;
  const rows = new Uint32Array(starts[units.length]);
  const counts = new Float64Array(rows.length);
  for (const [u, unit] of units.entries()) {
    unit.labels.forEach((k, i) => {
      rows[starts[u] + i] = k * partCount;
      counts[starts[u] + i] = unit.counts[i];
    });
    // The last label is one that every sample has: how many samples there are.
    rows[starts[u + 1] - 1] = labelCount * partCount;
    counts[starts[u + 1] - 1] = unit.members.length;
  }
  return { starts, rows, counts };
}
