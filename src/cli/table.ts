import type { LabelsFrom } from "../data/provenance.js";
import { printable } from "../printable.js";
import { metricKey, scoresHead } from "../report/metric-words.js";

/** Rows of text as aligned columns: words to the left, and numbers, in all columns but the first, to the right. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  { numbers = true }: { readonly numbers?: boolean } = {},
): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, j) => {
      widths[j] = Math.max(widths[j] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row
        .map((cell, j) => (j > 0 && numbers ? cell.padStart(widths[j]) : cell.padEnd(widths[j])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * Metrics of several runs side by side, three digits; the first column with its intervals. Above them, what they are agreement with
 * where no person gave the labels.
 */
export function metricTable(
  columns: Readonly<Record<string, Readonly<Record<string, number>>>>,
  {
    intervals = {},
    labelsFrom,
  }: {
    readonly intervals?: Readonly<Record<string, readonly [low: number, high: number]>>;
    readonly labelsFrom?: LabelsFrom | undefined;
  } = {},
): string {
  const names = Object.keys(columns);
  const metrics = [...new Set(names.flatMap((name) => Object.keys(columns[name])))];
  const digits = (value: number | undefined) => value?.toFixed(3) ?? "–";
  const between = ([low, high]: readonly [number, number]) => `[${digits(low)}, ${digits(high)}]`;
  const some = metrics.some((metric) => intervals[metric] !== undefined);
  const head = scoresHead(labelsFrom);
  const table = alignColumns([
    ["", ...names.flatMap((name, i) => (some && i === 0 ? [name, ""] : [name]))],
    ...metrics.map((metric) => [
      metricKey(metric, labelsFrom),
      ...names.flatMap((name, i) => {
        const own = intervals[metric];
        return some && i === 0 ? [digits(columns[name][metric]), own ? between(own) : ""] : [digits(columns[name][metric])];
      }),
    ]),
  ]);
  return head === undefined ? table : `${printable(head)}\n${table}`;
}
