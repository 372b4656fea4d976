import { topClaims, trueClasses } from "../../learn/metrics/multiclass.js";
import type { Task } from "../../task.js";
import { count, fixed, perCent } from "../format.js";
import { type Html, html, name } from "../html.js";
import type { LabelScore, RunReport } from "../run-data.js";
import { MAX_CELLS } from "./embedded.js";
import { MAX_LABELS } from "./mix-ups.js";
import { rulesNote } from "./rules-note.js";
import { type Answer, answeredFrom, LIVE_SCORES, liveScores, outcomesAt } from "./thresholds.js";

/** Every label with its scores; multilabel ones with their thresholds, which a reader may move. */
export function labelsSection(data: RunReport): Html | false {
  const { perLabel, classes, task } = data;
  if (perLabel === undefined) return false;
  const rows = perLabel.slice(0, MAX_LABELS);
  const hidden = classes.length - rows.length;
  return html`<h2>Label by label</h2>${rulesNote(data)}${TABLES[task](data, rows)}${hidden > 0 && html`<p class="quiet">${count(hidden)} more labels are not shown.</p>`}`;
}

const TABLES: Readonly<Record<Task, (data: RunReport, rows: readonly LabelScore[]) => Html>> = {
  multiclass: (data, rows) => html`${scoresTable(data, rows)}${abstention(data)}`,
  multilabel: (data, rows) =>
    data.predictions !== undefined && data.predictions.labels.length <= MAX_CELLS
      ? thresholdsTable(data, rows)
      : scoresTable(data, rows),
};

function scoresTable({ classes }: RunReport, rows: readonly LabelScore[]): Html {
  const aucs = rows.some(({ auc }) => auc !== undefined);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Scores of every class"><table><caption>On the test part, each class against all others</caption>
<thead><tr><th scope="col">class</th><th scope="col">images</th><th scope="col">average precision</th>${aucs && html`<th scope="col">AUC</th>`}<th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th></tr></thead>
<tbody>${rows.map(
    ({ positives, averagePrecision, auc, precision, recall, f1 }, k) =>
      html`<tr><th scope="row">${name(classes[k])}</th><td>${count(positives)}</td><td>${fixed(averagePrecision)}</td>${aucs && html`<td>${fixed(auc)}</td>`}${[precision, recall, f1].map((value) => html`<td>${fixed(value)}</td>`)}</tr>`,
  )}</tbody></table></div>`;
}

function thresholdsTable(data: RunReport, rows: readonly LabelScore[]): Html {
  const { classes, predictions, thresholdGoal } = data;
  const { labels, probabilities } = predictions!;
  const tuned = rows.some(({ threshold }) => threshold !== undefined);
  const body = rows.map(({ positives, averagePrecision, threshold = 0.5, thresholdInterval }, k) => {
    const scores = liveScores(outcomesAt({ labels, values: probabilities, classes: classes.length }, k, threshold));
    return html`<tr data-label="${k}"><th scope="row">${name(classes[k])}</th><td data-name="images">${count(positives)}</td><td data-name="AP">${fixed(averagePrecision)}</td>
<td class="slider"><div class="marks">${thresholdTrack(threshold, thresholdInterval)}<input class="script" type="range" min="0" max="1" step="0.001" value="${threshold}" data-threshold="${k}" aria-label="Threshold of ${classes[k]}"></div></td>
<td><output data-value>${fixed(threshold)}</output></td>${LIVE_SCORES.map((key) => html`<td data-score="${key}">${fixed(scores[key])}</td>`)}</tr>`;
  });
  return html`<p>A label is given from its threshold on. ${tuned && html`The thresholds were tuned${thresholdGoal !== undefined && html` for ${thresholdGoal}`} on other images, by a head that had not seen them.`}
<span class="script">Move one, and precision, recall, F1 and F2 on the test images follow. To choose by them is to look at the test: do so to understand, and tune again on other images.</span></p>
<p class="legend quiet small"><svg class="key" viewBox="0 0 30 14" aria-hidden="true"><rect class="interval" x="3" y="4" width="24" height="6"/><line class="tuned" x1="15" x2="15" y1="1" y2="13"/></svg> tuned, with its 95 % interval
<svg class="key" viewBox="0 0 30 14" aria-hidden="true"><line class="half" x1="15" x2="15" y1="1" y2="13"/></svg> 0.5</p>
<div class="scroll" tabindex="0" role="region" aria-label="Thresholds and scores of every label"><table class="thresholds"><thead><tr><th scope="col">label</th><th scope="col">images</th><th scope="col"><abbr title="average precision">AP</abbr></th><th scope="col" class="slider">threshold</th><th scope="col"><span class="hidden">value</span></th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th><th scope="col">F2</th></tr></thead>
<tbody>${body}</tbody>
<tfoot class="script"><tr><th scope="row">mean</th><td></td><td></td><td class="slider"></td><td></td>${LIVE_SCORES.map((key) => html`<td data-mean="${key}"></td>`)}</tr></tfoot></table></div>
<div class="script tools"><button type="button" data-set="tuned">${tuned ? "Tuned thresholds" : "Reset"}</button> <button type="button" data-set="half">All at 0.5</button> <button type="button" data-copy="#chosen-thresholds">Copy</button>
<pre id="chosen-thresholds" tabindex="0" aria-label="The chosen thresholds as JSON"></pre></div>`;
}

/** The marks under a slider: the tuned threshold, its interval, and 0.5. */
function thresholdTrack(threshold: number, interval: LabelScore["thresholdInterval"]): Html {
  return html`<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">${
    interval &&
    html`<rect class="interval" x="${100 * interval[0]}" y="2" width="${Math.max(0.5, 100 * (interval[1] - interval[0]))}" height="6"/>`
  }<line class="half" x1="50" x2="50" y1="0" y2="10"/><line class="tuned" x1="${100 * threshold}" x2="${100 * threshold}" y1="0" y2="10"/></svg>`;
}

const ABSTAIN_AT = [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99];

/** How much is answered, and how rightly, if the classifier answers only above a probability. */
function abstention({ predictions, classes }: RunReport): Html | false {
  if (predictions === undefined) return false;
  const { labels, probabilities } = predictions;
  const K = classes.length;
  const { confidences, correct } = topClaims(trueClasses(labels, K), probabilities, K);
  const answers: Answer[] = [];
  for (const [row, right] of correct.entries())
    if (right >= 0) answers.push({ confidence: confidences[row], right: right === 1 });
  return html`<h3>Answer only when sure</h3>
<p>If images whose best probability is lower go to a person, fewer are answered, and more of the answers are right.</p>
<div class="abstain script"><label for="abstain">answer only from</label><input type="range" id="abstain" min="0" max="1" step="0.001" value="0"><output for="abstain" data-abstain="at">0.000</output>
<span><b data-abstain="answered"></b> of the images answered, <b data-abstain="accuracy"></b> of them right</span></div>
<div class="scroll"><table><thead><tr><th scope="col">answer only from</th><th scope="col">images answered</th><th scope="col">of them right</th></tr></thead>
<tbody>${ABSTAIN_AT.map((at) => {
    const { answered, accuracy } = answeredFrom(answers, at);
    return html`<tr><th scope="row">${at === 0 ? "always" : fixed(at, 2)}</th><td>${perCent(answered)}</td><td>${perCent(accuracy)}</td></tr>`;
  })}</tbody></table></div>`;
}
