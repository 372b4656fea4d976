import { precisionRecallCurve, rocCurve } from "../../learn/metrics/curves.js";
import type { Task } from "../../task.js";
import { fixed } from "../format.js";
import { type Html, html, name } from "../html.js";
import { wordsOf } from "../metric-words.js";
import { type CURVE_KINDS, type LabelCurve, labelCurves } from "../plots/label-curves.js";
import { reliabilityDiagram } from "../plots/reliability.js";
import type { CalibrationSide, RunReport } from "../run-data.js";
import { type Outcomes, outcomesAt, thresholdsOf } from "./thresholds.js";

/** More curves in one square cannot be told apart: of more labels, the hardest are drawn. */
const MAX_CURVES = 30;

type Kind = keyof typeof CURVE_KINDS;

/** Nearer points cannot be told apart in a figure. */
const PIXEL = 1 / 200;

type Pair = readonly [x: number, y: number];

/** What each kind of curve is made of. */
const KINDS: Readonly<
  Record<Kind, { points(labels: Float64Array, scores: Float64Array): readonly Pair[]; mark(outcomes: Outcomes): Pair }>
> = {
  pr: {
    points(labels, scores) {
      const { precision = [], recall = [] } = precisionRecallCurve(labels, scores) ?? {};
      return recall.map((x, i) => [x, precision[i]]);
    },
    mark: ({ tp, fp, fn }) => [tp / (tp + fn), tp / (tp + fp)],
  },
  roc: {
    points(labels, scores) {
      const { fpr = [], tpr = [] } = rocCurve(labels, scores) ?? {};
      return fpr.map((x, i) => [x, tpr[i]]);
    },
    mark: ({ tp, fp, fn, tn }) => [fp / (fp + tn), tp / (tp + fn)],
  },
};

/** Precision-recall and ROC curves of every label, and the list that brings one of them forward. */
export function curvesSection(data: RunReport): Html | false {
  const { predictions, perLabel, classes, head } = data;
  if (predictions === undefined || perLabel === undefined) return false;
  const order = [...classes.keys()]
    .filter((k) => Number.isFinite(perLabel[k].averagePrecision))
    .sort((a, b) => perLabel[a].averagePrecision - perLabel[b].averagePrecision);
  const drawn = order.slice(0, MAX_CURVES);
  const figure = (kind: Kind) =>
    html`<figure>${labelCurves({ kind, title: TITLES[kind], tone: head, curves: drawn.map((k) => curveOf(data, kind, k)) })}</figure>`;
  return html`<h2>How well each label is ranked</h2>
<p>Every threshold is a point on these curves${MARKED[data.task] && "; the dots are the thresholds in use"}. Top right is perfect for precision and recall, top left for the other.${order.length > drawn.length && ` Drawn are the ${MAX_CURVES} hardest of ${order.length} labels.`}
<span class="script">Point at a label, or move to it with Tab, to bring its curve forward.</span></p>
<div class="curves"><div class="squares">${figure("pr")}${figure("roc")}</div>
<ul class="curve-list" aria-label="Labels, hardest first">${drawn.map(
    (k) =>
      html`<li><button type="button" data-pick="${k}" aria-pressed="false">${name(classes[k])} <span class="quiet">AP ${fixed(perLabel[k].averagePrecision, 2)}${perLabel[k].auc !== undefined && ` · AUC ${fixed(perLabel[k].auc, 2)}`}</span></button></li>`,
  )}</ul></div>`;
}

const TITLES: Readonly<Record<Kind, string>> = {
  pr: "Precision over recall for every label",
  roc: "True positive rate over false positive rate for every label",
};

function curveOf(data: RunReport, kind: Kind, k: number): LabelCurve {
  const { labels, probabilities } = data.predictions!;
  const K = data.classes.length;
  const column = (values: ArrayLike<number>) => Float64Array.from({ length: labels.length / K }, (_, row) => values[row * K + k]);
  return {
    label: k,
    name: data.classes[k],
    points: thinned(KINDS[kind].points(column(labels), column(probabilities))),
    mark: markOf(data, kind, k),
  };
}

/** Keeps both ends and every point that is a pixel away from the one kept before it. */
function thinned(points: readonly Pair[]): readonly Pair[] {
  const kept: Pair[] = [];
  for (const [i, point] of points.entries()) {
    const last = kept.at(-1);
    const far = last === undefined || point.some((value, axis) => Math.abs(value - last[axis]) >= PIXEL);
    if (far || i === points.length - 1) kept.push(point);
  }
  return kept;
}

/** Where the threshold in use stands; a multiclass decision is not a threshold. */
const MARKED: Readonly<Record<Task, boolean>> = { multiclass: false, multilabel: true };

function markOf(data: RunReport, kind: Kind, k: number): Pair | undefined {
  if (!MARKED[data.task]) return undefined;
  const { labels, probabilities } = data.predictions!;
  const mark = KINDS[kind].mark(
    outcomesAt({ labels, values: probabilities, classes: data.classes.length }, k, thresholdsOf(data)[k]),
  );
  return mark.every(Number.isFinite) ? mark : undefined;
}

/** Whether a probability of 0.8 comes true in 80 of 100 cases, before and after calibration. */
export function calibrationSection({ calibration, head, labelsFrom }: RunReport): Html | false {
  if (calibration === undefined) return false;
  const { method, before, after } = calibration;
  const same = Object.keys(after.ranking).filter((key) => before.ranking[key] !== undefined);
  const measures = SIDE_MEASURES.filter(({ of }) => of(before) !== undefined && of(after) !== undefined);
  const square = (title: string, { ece, bins }: CalibrationSide, tone: "other" | typeof head) =>
    html`<figure><h3>${title}: ECE ${fixed(ece)}</h3>${reliabilityDiagram({ title: `Reliability ${title}`, tone, bins })}</figure>`;
  return html`<h2>Do the probabilities mean what they say?</h2>
<p>Of images given a label at 80 %, about 80 in 100 should have it: then the dots lie on the diagonal. Calibration (${method}) was fitted on images that are not in this test.
The expected calibration error (ECE) goes from ${fixed(before.ece)} to <b>${fixed(after.ece)}</b>.</p>
<div class="pair squares">${square("before calibration", before, "other")}${square("after calibration", after, head)}</div>
<div class="scroll"><table><thead><tr><th scope="col">measure</th><th scope="col">before</th><th scope="col">after</th></tr></thead>
<tbody>${measures.map(({ label, of }) => html`<tr><th scope="row">${label}</th><td>${fixed(of(before), 4)}</td><td>${fixed(of(after), 4)}</td></tr>`)}
${same.map((key) => html`<tr><th scope="row">${wordsOf(key, labelsFrom).label}</th><td>${fixed(before.ranking[key], 4)}</td><td>${fixed(after.ranking[key], 4)}</td></tr>`)}</tbody></table></div>
${same.length > 0 && html`<p>${same.every((key) => fixed(before.ranking[key], 4) === fixed(after.ranking[key], 4)) ? html`<b>The ranking did not change</b>: calibration stretches the probabilities and keeps their order, as ${wordsOf(same[0], labelsFrom).label} before and after shows.` : "The ranking changed slightly, see above."}</p>`}`;
}

const SIDE_MEASURES: readonly { readonly label: string; of(side: CalibrationSide): number | undefined }[] = [
  { label: "calibration error (ECE)", of: ({ ece }) => ece },
  { label: "Brier score", of: ({ brier }) => brier },
  { label: "log loss", of: ({ logLoss }) => logLoss },
];
