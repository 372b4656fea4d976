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

/** Metrics of several runs side by side, three digits. */
export function metricTable(columns: Readonly<Record<string, Readonly<Record<string, number>>>>): string {
  const names = Object.keys(columns);
  const metrics = [...new Set(names.flatMap((name) => Object.keys(columns[name])))];
  return alignColumns([
    ["", ...names],
    ...metrics.map((metric) => [metric, ...names.map((name) => columns[name][metric]?.toFixed(3) ?? "–")]),
  ]);
}
