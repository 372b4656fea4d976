import { PARTS, type Task } from "../task.js";
import { count, fixed, plural, short } from "./format.js";
import { type Html, html, name } from "./html.js";
import { labelList, picture } from "./image-card.js";
import { bestOf, lowerNote, wordsOf } from "./metric-words.js";
import { page } from "./page.js";
import { confusionTable } from "./plots/confusion.js";
import { learningCurves } from "./plots/lines.js";
import type { LabelScore, RunReport } from "./run-data.js";

export type { LabelScore, Mistake, RunReport } from "./run-data.js";

/** `report.html` of a run: one offline file. */
export function renderRunReport(data: RunReport): string {
  const { run, dataset, task, head, classes, backbone, seed, counts, command, version, warnings } = data;
  const body = html`<header><h1>${name(run)}</h1>
<p class="lead">A <span class="${head}-text">${head}</span> classifier for ${TASK_WORDS[task]}: ${plural(classes.length, "class", "classes")} of ${name(dataset)},
on features from ${name(backbone)}, trained on ${plural(counts.train + counts.validation, "image")}, tested on ${count(counts.test)} others.</p></header>
<main>
${metricsSection(data)}
${warnings.length > 0 && html`<section><h2>Worth knowing</h2><ul>${warnings.map((warning) => html`<li>${name(warning)}</li>`)}</ul></section>`}
${countsSection(data)}
${data.confusion && html`<section><h2>What was taken for what</h2>${confusionTable({ classes, matrix: data.confusion })}</section>`}
${data.perLabel && labelsSection(classes, data.perLabel)}
${curvesSection(data)}
${mistakesSection(data)}
${l2Section(data)}
<section><h2>Again</h2><p>The same command with the same seed (${seed}) on the same machine gives the same classifier, byte for byte.</p><pre>${command}</pre></section>
</main>
<footer class="quiet"><p>Made by sigmax ${version}.</p></footer>`;
  return page({ title: `${run}: ${head} on ${dataset}`, description: `Report of one training run on ${dataset}`, body });
}

const TASK_WORDS: Readonly<Record<Task, string>> = {
  multiclass: "images with exactly one label",
  multilabel: "images with any number of labels",
};

function metricsSection({ test, baseline, chance }: RunReport): Html {
  return html`<section><h2>On the test images</h2>
<div class="scroll"><table><caption>The classifier beside what the colours of an image alone achieve, and guessing</caption>
<thead><tr><th scope="col">metric</th><th scope="col">this run</th><th scope="col">baseline “stats”</th><th scope="col">guessing</th></tr></thead>
<tbody>${Object.keys(test).map((key) => {
    const values = [test[key], baseline[key]];
    const best = bestOf(key, values);
    return html`<tr><th scope="row">${wordsOf(key).label}${lowerNote(key)}</th>
${values.map((value, i) => html`<td class="${best.includes(i) && "best"}">${fixed(value)}</td>`)}<td>${fixed(chance[key])}</td></tr>`;
  })}</tbody></table></div></section>`;
}

function countsSection({ classes, counts, classCounts }: RunReport): Html {
  return html`<section><h2>The images</h2><div class="scroll"><table><caption>Images with each label, by part</caption>
<thead><tr><th scope="col">class</th>${PARTS.map((part) => html`<th scope="col">${part}</th>`)}</tr></thead>
<tbody>${classes.map((label, k) => html`<tr><th scope="row">${name(label)}</th>${PARTS.map((part) => html`<td>${count(classCounts[part][k])}</td>`)}</tr>`)}</tbody>
<tfoot><tr><th scope="row">images</th>${PARTS.map((part) => html`<td>${count(counts[part])}</td>`)}</tr></tfoot></table></div></section>`;
}

function labelsSection(classes: readonly string[], scores: readonly LabelScore[]): Html {
  return html`<section><h2>Class by class</h2><div class="scroll"><table><caption>On the test part</caption>
<thead><tr><th scope="col">class</th><th scope="col">images</th><th scope="col">average precision</th><th scope="col">precision</th><th scope="col">recall</th><th scope="col">F1</th></tr></thead>
<tbody>${scores.map(
    ({ positives, averagePrecision, precision, recall, f1 }, k) =>
      html`<tr><th scope="row">${name(classes[k])}</th><td>${count(positives)}</td>${[averagePrecision, precision, recall, f1].map((value) => html`<td>${fixed(value)}</td>`)}</tr>`,
  )}</tbody></table></div></section>`;
}

function curvesSection({ curves = [], head }: RunReport): Html | false {
  return (
    curves.length > 0 &&
    html`<section><h2>Learning curves</h2>${curves.map(
      ({ quantity, train, validation }) =>
        html`<figure>${learningCurves({
          title: `${quantity} on train and validation over the steps of training`,
          curves: [
            { name: "train", tone: "other", points: train },
            { name: "validation", tone: head, points: validation },
          ],
          xLabel: "step",
          yLabel: quantity,
        })}</figure>`,
    )}</section>`
  );
}

function mistakesSection({ mistakes }: RunReport): Html {
  if (mistakes.length === 0) return html`<section><h2>Mistakes</h2><p>None on the test images.</p></section>`;
  return html`<section><h2>Most confident mistakes</h2><p>Look at these first: they show what the classifier does not see, and sometimes a label that is wrong.</p>
<ul class="mistakes">${mistakes.map(
    ({ file, thumbnail, truth, decided, confidence }) =>
      html`<li>${picture(thumbnail, `Test image ${file}`)}<div>${name(file)}</div><div>is <span class="truth-text">${labelList(truth)}</span></div><div>decided ${labelList(decided)} at ${fixed(confidence, 2)}</div></li>`,
  )}</ul></section>`;
}

function l2Section({ l2 }: RunReport): Html {
  const { chosen, grid } = l2;
  if (grid.length === 0) return html`<section><h2>Strength of the L2 penalty</h2><p>${short(chosen)}, as asked.</p></section>`;
  return html`<section><h2>Strength of the L2 penalty</h2>
<table><caption>Loss for each strength on images that the head had not seen. The lowest was taken, or the next stronger one if it cannot be told apart, and the head fitted again on train and validation together</caption>
<thead><tr><th scope="col">L2</th><th scope="col">loss on unseen images</th></tr></thead>
<tbody>${grid.map(
    ({ l2: strength, validationLoss }) =>
      html`<tr class="${strength === chosen && "true"}"><th scope="row">${short(strength)}${strength === chosen && " (taken)"}</th><td>${fixed(validationLoss, 4)}</td></tr>`,
  )}</tbody></table></section>`;
}
