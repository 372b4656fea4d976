import { clip, count, wholePerCent } from "../format.js";
import { type Html, html, name } from "../html.js";

/** Above this many classes the whole table says nothing; the largest entries are listed instead. */
const MAX_CLASSES = 30;
const LISTED = 20;
/** Up to this many classes there is room for large cells. */
const ROOMY = 12;

/** What a table of classes against classes shows. */
export interface HeatOptions {
  readonly classes: readonly string[];
  /** `[K][K]` counts: row × column. */
  readonly matrix: readonly (readonly number[])[];
  /** `[K]`: what the shares of each row are taken of; the row's sum by default. */
  readonly totals?: readonly number[];
  /** Kind of cell, for the scripts of a page: each gets `data-cell="kind:row:column"`. */
  readonly cell?: string;
  readonly caption?: string;
  /** What a screen reader says of the table. */
  readonly label?: string;
  /** What rows and columns are called where the largest entries are listed. */
  readonly words?: readonly [row: string, column: string];
}

/**
 * Who was taken for whom: rows are the truth, columns the decision, shades the share of the row. Cells hold count and share; a page
 * shows one of them.
 */
export function confusionTable(options: HeatOptions): Html {
  const { classes, matrix, totals, cell, caption, label = "Confusion matrix" } = options;
  if (classes.length > MAX_CLASSES) return largestConfusions(options);
  const rows = classes.map((rowLabel, row) => {
    const total = totals?.[row] ?? matrix[row].reduce((sum, value) => sum + value, 0);
    const cells = matrix[row].map((value, column) => {
      const share = total > 0 ? value / total : 0;
      const place = cell !== undefined && html` data-cell="${cell}:${row}:${column}"`;
      return html`<td class="share-${Math.min(10, Math.round(10 * share))}${row === column ? " right" : ""}"${place}>${value > 0 && html`<span class="as-count">${count(value)}</span><span class="as-share">${wholePerCent(share)}</span>`}</td>`;
    });
    return html`<tr><th scope="row">${name(clip(rowLabel, 24))}</th>${cells}</tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${label}"><table class="heat${classes.length <= ROOMY && " roomy"}">${caption !== undefined && html`<caption>${caption}</caption>`}
<thead><tr><td></td>${classes.map((columnLabel) => html`<th class="column" scope="col">${name(clip(columnLabel, 24))}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function largestConfusions({ classes, matrix, cell, words = ["what it is", "taken for"] }: HeatOptions): Html {
  const pairs = matrix.flatMap((row, truth) =>
    row.flatMap((value, decided) => (value > 0 && decided !== truth ? [{ value, truth, decided }] : [])),
  );
  pairs.sort((a, b) => b.value - a.value);
  return html`<div class="scroll"><table>
<caption>The largest of ${count(pairs.length)} pairs</caption>
<thead><tr>${words.map((word) => html`<th scope="col">${word}</th>`)}<th scope="col">images</th></tr></thead>
<tbody>${pairs
    .slice(0, LISTED)
    .map(
      ({ value, truth, decided }) =>
        html`<tr><th scope="row">${name(classes[truth])}</th><td>${name(classes[decided])}</td><td${cell !== undefined && html` data-cell="${cell}:${truth}:${decided}"`}>${count(value)}</td></tr>`,
    )}</tbody></table></div>`;
}
