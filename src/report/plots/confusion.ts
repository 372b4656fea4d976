import { clip, count } from "../format.js";
import { type Html, html, name } from "../html.js";

/** Above this many classes the whole table says nothing; the largest confusions are listed instead. */
const MAX_CLASSES = 30;
const LISTED = 20;

/**
 * Who was taken for whom: rows are the truth, columns the decision, shades the share of the row.
 *
 * @param matrix `[K][K]` counts
 */
export function confusionTable({
  classes,
  matrix,
  caption = "Rows: what the image is. Columns: what was decided. Darker: a larger share of the row. Outlined: right.",
}: {
  readonly classes: readonly string[];
  readonly matrix: readonly (readonly number[])[];
  readonly caption?: string;
}): Html {
  if (classes.length > MAX_CLASSES) return largestConfusions(classes, matrix);
  const rows = classes.map((label, truth) => {
    const total = matrix[truth].reduce((sum, value) => sum + value, 0);
    const cells = matrix[truth].map((value, decided) => {
      const share = total > 0 ? Math.round((10 * value) / total) : 0;
      return html`<td class="share-${share}${truth === decided ? " right" : ""}">${value > 0 ? count(value) : ""}</td>`;
    });
    return html`<tr><th scope="row">${name(clip(label, 24))}</th>${cells}</tr>`;
  });
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><table class="heat">
<caption>${caption}</caption>
<thead><tr><td></td>${classes.map((label) => html`<th class="column" scope="col">${name(clip(label, 24))}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function largestConfusions(classes: readonly string[], matrix: readonly (readonly number[])[]): Html {
  const pairs = matrix.flatMap((row, truth) =>
    row.map((value, decided) => ({ value, truth, decided })).filter(({ value, decided }) => value > 0 && decided !== truth),
  );
  pairs.sort((a, b) => b.value - a.value);
  return html`<table>
<caption>The largest confusions</caption>
<thead><tr><th scope="col">what it is</th><th scope="col">taken for</th><th scope="col">images</th></tr></thead>
<tbody>${pairs
    .slice(0, LISTED)
    .map(
      ({ value, truth, decided }) =>
        html`<tr><th scope="row">${name(classes[truth])}</th><td>${name(classes[decided])}</td><td>${count(value)}</td></tr>`,
    )}</tbody></table>`;
}
