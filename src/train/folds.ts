import { createRandom } from "../random.js";
import { countPositives } from "./parts.js";

/** How rows are dealt into folds. */
export interface FoldOptions {
  readonly classes: number;
  readonly folds: number;
  readonly seed: number;
  /** Rows of one group stay together; a row without one stands alone. */
  readonly groups?: readonly (string | undefined)[] | undefined;
}

/**
 * Deals rows into folds so that every fold gets its share of every label: groups, largest first, each go to the fold that lacks
 * their labels most (after Sechidis et al. 2011). Labels `[N, K]` are 1, 0 or −1; rows index labels and groups.
 * Fewer groups than folds give fewer folds.
 */
export function dealFolds(rows: readonly number[], labels: Int8Array, { classes, folds, seed, groups }: FoldOptions): number[][] {
  const units = new Map<string, number[]>();
  for (const row of rows) {
    const key = groups?.[row] === undefined ? `row ${row}` : `group ${groups[row]}`;
    const unit = units.get(key);
    if (unit) unit.push(row);
    else units.set(key, [row]);
  }
  const counted = createRandom(seed, "folds")
    .shuffle([...units.values()])
    .map((unit) => ({ unit, counts: countPositives(labels, unit, classes) }));
  const totals = countPositives(labels, rows, classes);
  // Rare labels first, so that common ones can even out what is left.
  const rarest = (counts: Float64Array) =>
    counts.reduce((least, count, k) => (count > 0 ? Math.min(least, totals[k]) : least), Number.POSITIVE_INFINITY);
  counted.sort((a, b) => b.unit.length - a.unit.length || rarest(a.counts) - rarest(b.counts));

  const dealt = Array.from({ length: Math.min(folds, units.size) }, () => ({
    rows: [] as number[],
    counts: new Float64Array(classes),
  }));
  for (const { unit, counts } of counted) {
    const load = (fold: (typeof dealt)[number]) =>
      counts.reduce(
        (sum, count, k) => sum + (count * fold.counts[k]) / Math.max(1, totals[k]),
        fold.rows.length / rows.length / rows.length,
      );
    const target = dealt.reduce((best, fold) => (load(fold) < load(best) ? fold : best));
    for (const row of unit) target.rows.push(row);
    for (let k = 0; k < classes; k++) target.counts[k] += counts[k];
  }
  return dealt.map((fold) => fold.rows.sort((a, b) => a - b));
}
