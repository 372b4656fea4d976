import { DECIDE } from "../../learn/decide.js";
import { coOccurrence } from "../../learn/metrics/co-occurrence.js";
import type { Task } from "../../task.js";
import { count } from "../format.js";
import { type Html, html, name } from "../html.js";
import { confusionTable } from "../plots/confusion.js";
import type { RunReport } from "../run-data.js";
import { rulesNote } from "./rules-note.js";
import { type Outcomes, outcomesAt, thresholdsOf } from "./thresholds.js";

/** Rows of a table of labels; further ones would make a page that nobody reads. */
export const MAX_LABELS = 200;

const MAX_FREQUENT = 6;

/** What was taken for what. */
export const MIX_UPS: Readonly<Record<Task, (data: RunReport) => Html | false>> = {
  multiclass(data) {
    const { confusion: matrix } = data;
    if (matrix === undefined) return false;
    return html`<h2>What is taken for what</h2>${matrixControls(data)}
<p class="quiet small">Rows: what the image is. Columns: what was decided. Darker: a larger share of the row. Outlined: right.</p>
<div class="beside"><div>${confusionTable({ classes: data.classes, matrix, ...(data.predictions && { cell: "pair" }) })}</div>${frequent(data.classes, matrix)}</div>`;
  },
  multilabel(data) {
    const { predictions, classes } = data;
    if (predictions === undefined) return false;
    const K = classes.length;
    const thresholds = thresholdsOf(data);
    const at = (k: number) =>
      outcomesAt({ labels: predictions.labels, values: predictions.probabilities, classes: K }, k, thresholds[k]);
    return html`<h2>What is seen, missed and imagined</h2>${rulesNote(data)}
<p class="script">Click a number, or press Enter on it, to see its images. Arrow keys move between the cells.</p>
${outcomesTable(
  classes,
  classes.slice(0, MAX_LABELS).map((_, k) => at(k)),
)}
<h3>Labels together</h3>
<p>An image with the label of the row: how often is the label of the column given to it? Off the diagonal stand labels that truly go together, and
labels that are mistaken for each other.</p>${matrixControls(data)}
<p class="quiet small">Rows: images that have the label. Columns: the label given. Darker: a larger share of the row. Outlined: the label itself.</p>
${confusionTable({ classes, ...together(data, thresholds), cell: "together", label: "Labels together", words: ["has", "was given"] })}`;
  },
};

/** The mix-ups that cost most, in words. */
function frequent(classes: readonly string[], matrix: readonly (readonly number[])[]): Html | false {
  const pairs = matrix.flatMap((row, truth) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    return row.flatMap((value, decided) => (value > 0 && truth !== decided ? [{ truth, decided, value, total }] : []));
  });
  pairs.sort((a, b) => b.value - a.value);
  return (
    pairs.length > 0 &&
    html`<div><h3>Most frequent</h3><ol>${pairs
      .slice(0, MAX_FREQUENT)
      .map(
        ({ truth, decided, value, total }) =>
          html`<li>${name(classes[truth])} taken for ${name(classes[decided])}: <b>${count(value)}</b> of ${count(total)}</li>`,
      )}</ol></div>`
  );
}

function matrixControls({ predictions }: RunReport): Html {
  return html`<p class="script tools">${predictions && "Click a cell, or press Enter on it, to see its images. "}<button type="button" data-shares aria-pressed="false">Show shares of the row in %</button></p>`;
}

/** How often a label of the row comes with a given label of the column, `[K][K]`, and how often it comes at all `[K]`. */
function together({ predictions, classes }: RunReport, thresholds: readonly number[]) {
  const { labels, probabilities } = predictions!;
  const K = classes.length;
  const counts = coOccurrence(labels, DECIDE.multilabel(probabilities, K, thresholds), K);
  const totals = new Array<number>(K).fill(0);
  for (let i = 0; i < labels.length; i++) if (labels[i] === 1) totals[i % K]++;
  return { matrix: classes.map((_, k) => Array.from(counts.subarray(k * K, (k + 1) * K))), totals };
}

/** The columns of a label's 2×2, as the page calls them. */
export const OUTCOMES: readonly { readonly key: keyof Outcomes; readonly name: string; readonly hint: string }[] = [
  { key: "tp", name: "seen", hint: "given and there" },
  { key: "fn", name: "missed", hint: "there and not given" },
  { key: "fp", name: "imagined", hint: "given and not there" },
  { key: "tn", name: "rightly left out", hint: "neither given nor there" },
];

function outcomesTable(classes: readonly string[], outcomes: readonly Outcomes[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Outcomes of every label"><table class="outcomes"><caption>Images of the test part, label by label</caption>
<thead><tr><th scope="col">label</th>${OUTCOMES.map(({ name, hint }) => html`<th scope="col" title="${hint}">${name}</th>`)}</tr></thead>
<tbody>${outcomes.map(
    (row, k) =>
      html`<tr><th scope="row">${name(classes[k])}</th>${OUTCOMES.map(({ key }) => html`<td class="${key}" data-cell="${key}:${k}:0">${count(row[key])}</td>`)}</tr>`,
  )}</tbody></table></div>${classes.length > outcomes.length && html`<p class="quiet">${count(classes.length - outcomes.length)} more labels are not shown.</p>`}`;
}
