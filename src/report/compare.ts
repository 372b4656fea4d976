import { HEADS, type Head, type Task } from "../task.js";
import { type ComparedHead, type ComparedMetric, type CompareReport, type DecisionRule, metricSections } from "./compare-data.js";
import type { ImageRole } from "./compare-images.js";
import { count, fixed, plural, short, signed, signedInterval } from "./format.js";
import { type Html, html, name } from "./html.js";
import { imageCard } from "./image-card.js";
import { lowerNote, scoresHead, scoresNote, wordsOf } from "./metric-words.js";
import { page } from "./page.js";
import { playground, playgroundScript } from "./playground.js";
import { probabilityBars } from "./plots/bars.js";
import { reliabilityDiagram } from "./plots/reliability.js";

/** `compare.html`: one offline file with the playground, the images, and both heads side by side. */
export function renderCompareReport(
  data: CompareReport,
  { script = playgroundScript() }: { readonly script?: string } = {},
): string {
  const { dataset, classes, counts, backbone } = data;
  const body = html`<header><h1>softmax or sigmoid?</h1>
<p class="lead">Both heads, trained on the same ${plural(counts.train + counts.validation, "image")} of ${name(dataset)}
(${plural(classes.length, "class", "classes")}, features from ${name(backbone)}), and asked about the same ${plural(counts.test, "test image")} that neither has seen.</p>
<nav aria-label="Contents"><a href="#playground">Playground</a><a href="#words">In plain words</a><a href="#metrics">Metrics</a><a href="#images">Images</a><a href="#calibration">Calibration</a><a href="#disagreement">Disagreement</a><a href="#which">Which one?</a></nav></header>
<main>
${playground({ classes })}
${plainWords(data)}
${metricsSection(data)}
${imageSections(data)}
${calibrationSection(data)}
${disagreementSection(data)}
${whichSection(data)}
</main>
<footer class="quiet"><p>Made by sigmax ${data.version}, seed ${data.seed}. Again: <code>${data.command}</code></p></footer>`;
  return page({
    title: `softmax or sigmoid? ${dataset}`,
    description: `Both heads on ${dataset}, side by side`,
    body,
    scripts: [script],
  });
}

const TASK_WORDS: Readonly<Record<Task, Html>> = {
  multiclass: html`In this data every image has exactly one label, which is the promise that <span class="softmax-text">softmax</span> is built on.
<span class="sigmoid-text">Sigmoid</span> does not know of the promise: it learned each class as a question of its own. For a decision both take the
highest probability.`,
  multilabel: html`In this data an image may have several labels, or none, which is what <span class="sigmoid-text">sigmoid</span> is built for.
<span class="softmax-text">Softmax</span> had to be taught with a trick: the labels of an image share a total of 1, so an image with two labels is to give ½ to each.`,
};

function plainWords({ task, testLabels, leftOutOfSoftmaxLoss, counts }: CompareReport): Html {
  const { none, one, several } = testLabels;
  return html`<section id="words"><h2>In plain words</h2>
<p>The network turns an image into one number per class, its <b>logit</b>; larger means “more like it”. The last layer turns logits into probabilities.</p>
<ul><li><span class="softmax-text">softmax</span>: pₖ = exp(zₖ) / Σ exp(zⱼ). The probabilities <b>always sum to 1</b>. The question is “<i>which one</i> is it?”; “none” and “two of them” are not possible answers.</li>
<li><span class="sigmoid-text">sigmoid</span>: pₖ = 1 / (1 + exp(−zₖ)), one class at a time. The sum can be <b>anything from 0 to K</b>. The question is “<i>is it there?</i>”, once per class.</li></ul>
<p>${TASK_WORDS[task]}</p>
<p>Of the ${plural(counts.test, "test image")}, ${count(none)} ${none === 1 ? "has" : "have"} no label, ${count(one)} exactly one, ${count(several)} several.
${
  leftOutOfSoftmaxLoss > 0
    ? html`<b>${plural(leftOutOfSoftmaxLoss, "training image")}</b> without any label ${leftOutOfSoftmaxLoss === 1 ? "was" : "were"} left out of softmax’s loss: there is no way to tell softmax “nothing is here”. Both heads are still tested on such images.`
    : "No training image had to be left out of softmax’s loss."
}</p></section>`;
}

const RULE_NAMES: Readonly<Record<DecisionRule, string>> = {
  argmax: "the highest probability",
  half: "all ≥ 0.5",
  tuned: "tuned thresholds",
};

const EXPECTED: Readonly<Record<Task, string>> = {
  multiclass: "single-label data expect softmax",
  multilabel: "multi-label data expect sigmoid",
};

function metricsSection(data: CompareReport): Html {
  const { task, heads, classes, labelsFrom } = data;
  const sections = metricSections(data);
  return html`<section id="metrics"><h2>Metrics side by side${labelsFrom && `: ${scoresHead(labelsFrom)}`}</h2>
${labelsFrom && html`<p>${scoresNote(labelsFrom)}</p>`}<p>Both heads are calibrated, and their thresholds tuned, outside of the test part. First what needs no threshold: how well the probabilities <i>rank</i> images, and how far they can be believed. Then the decisions that are made of them.
On ${EXPECTED[task]} to lead, and look how far.</p>
<p>Another draw of test images would give other numbers. Each difference (softmax − sigmoid) therefore has the interval in which 95 % of resampled test parts put it,
both heads on the same images. One head is called better, and marked with a dot, <b>only where that interval does not hold 0</b>.</p>
<div class="scroll"><table><caption>On the test part</caption>
<thead><tr><th scope="col">metric</th>${HEADS.map(headColumn)}<th scope="col">difference</th><th scope="col">95 % interval</th><th scope="col">verdict</th></tr></thead>
${sections.map(
  ({
    rule,
    rows,
  }) => html`<tbody><tr><th scope="rowgroup" colspan="6"><b>${rule === undefined ? "Without a threshold" : `Decided by ${RULE_NAMES[rule]}`}</b></th></tr>
${rows.map((row) => metricRow(row, data))}</tbody>`,
)}</table></div>
<div class="scroll"><table><caption>Test images by how many of their probabilities reach 0.5</caption>
<thead><tr><th scope="col">labels given</th>${HEADS.map(headColumn)}</tr></thead>
<tbody>${(["none", "one", "several"] as const).map((size) => html`<tr><th scope="row">${size}</th>${HEADS.map((head) => html`<td>${count(heads[head].setsAtHalf[size])}</td>`)}</tr>`)}</tbody></table></div>
${averagePrecisionFigure(heads, classes)}</section>`;
}

function headColumn(head: Head): Html {
  return html`<th scope="col"><span class="${head}-text">${head}</span></th>`;
}

function metricRow({ metric, values, difference }: ComparedMetric, { labelsFrom }: CompareReport): Html {
  const better = difference?.better ?? undefined;
  const told = difference && html`<td>${signed(difference.difference)}</td><td>${signedInterval(difference.interval)}</td>`;
  return html`<tr><th scope="row">${wordsOf(metric, labelsFrom).label}${lowerNote(metric)}</th>${HEADS.map((head) => html`<td class="${better === head && "best"}">${fixed(values[head])}</td>`)}
${told ?? html`<td class="quiet">–</td><td class="quiet">–</td>`}<td>${difference && (better ? html`<span class="${better}-text">${better}</span> is better` : html`<span class="quiet">not told apart</span>`)}</td></tr>`;
}

/** More classes than this make a figure too long to read. */
const MAX_FIGURE_CLASSES = 40;

function averagePrecisionFigure(
  { softmax, sigmoid }: Readonly<Record<Head, ComparedHead>>,
  classes: readonly string[],
): Html | undefined {
  if (!softmax.averagePrecision || !sigmoid.averagePrecision || classes.length > MAX_FIGURE_CLASSES) return undefined;
  const series = [
    { name: "softmax", tone: "softmax", values: softmax.averagePrecision },
    { name: "sigmoid", tone: "sigmoid", values: sigmoid.averagePrecision },
  ] as const;
  return html`<figure>${probabilityBars({ title: "Average precision of each class, both heads", labels: classes, series })}
<figcaption>Average precision per class: how well the images that have the label are ranked above those that have not.</figcaption></figure>`;
}

const ROLE_WORDS: Readonly<Record<Exclude<ImageRole, "disagreement">, Readonly<Record<Task, { title: string; text: string }>>>> =
  {
    sum: same(
      "A sum of 1, and a sum of anything",
      "Softmax’s row adds up to exactly 1 on every image, whatever is on it. Sigmoid’s row adds up to about the number of labels it sees.",
    ),
    "no-label": {
      multilabel: {
        title: "An image with no label",
        text: "None of the classes is there. Sigmoid can say so: all its probabilities may be low at once. Softmax must share out 1 all the same, so something always stands out.",
      },
      multiclass: {
        title: "When sigmoid says: none of these",
        text: "No probability of sigmoid reaches 0.5. Softmax hides this kind of doubt: the same 1 is shared out on every image, even on one that fits no class.",
      },
    },
    several: {
      multilabel: {
        title: "An image with several labels",
        text: "Sigmoid can be sure of each label by itself. In softmax the labels take from each other: two that are both plain to see get about ½ each, so 0.5 means “surely there” here and “perhaps” elsewhere.",
      },
      multiclass: {
        title: "When sigmoid sees several",
        text: "More than one probability of sigmoid reaches 0.5: the image looks like both. The label says one; the decision takes the highest.",
      },
    },
    tie: same(
      "A tie",
      "Softmax’s two highest probabilities are nearly equal. It cannot say why: both there, or neither? Read sigmoid’s two numbers: both high, both low, or in between.",
    ),
  };

function same(title: string, text: string): Readonly<Record<Task, { title: string; text: string }>> {
  return { multiclass: { title, text }, multilabel: { title, text } };
}

function imageSections({ images, classes, task }: CompareReport): Html {
  const sections = (["sum", "no-label", "several", "tie"] as const).map((role) => {
    const chosen = images.filter((image) => image.role === role);
    const { title, text } = ROLE_WORDS[role][task];
    return chosen.length > 0 && html`<h3>${title}</h3><p>${text}</p>${chosen.map((image) => imageCard(image, classes))}`;
  });
  return html`<section id="images"><h2>On the test images</h2>${sections}</section>`;
}

function calibrationSection({ heads }: CompareReport): Html {
  return html`<section id="calibration"><h2>Can the probabilities be believed?</h2>
<p>Of all the times that a head said “70 %”, was it true 70 % of the time? On the dashed line, yes. Below it, the head promises too much; above, too little.
A probability is not calibrated because it lies between 0 and 1; it is calibrated if it keeps its word. Both heads are calibrated on training images, each by a model that had not seen them.</p>
<div class="pair">${HEADS.map(
    (
      head,
    ) => html`<figure>${reliabilityDiagram({ title: `Reliability of ${head} on the test part`, tone: head, bins: heads[head].reliability })}
<figcaption><span class="${head}-text">${head}</span>${heads[head].thresholdFree.ece !== undefined && `: calibration error ${fixed(heads[head].thresholdFree.ece)}, before calibration ${fixed(heads[head].uncalibrated.ece)}`}. Dots grow with the number of predictions.</figcaption></figure>`,
  )}</div></section>`;
}

function disagreementSection({ images, classes }: CompareReport): Html {
  const chosen = images.filter(({ role }) => role === "disagreement");
  return html`<section id="disagreement"><h2>Where they disagree most</h2>
<p>${chosen.length > 0 ? "The test images on which the two rows of probabilities lie furthest apart and the decisions differ most." : "The test part holds no image to compare."}</p>
${chosen.map((image) => imageCard(image, classes))}</section>`;
}

function whichSection({ heads }: CompareReport): Html {
  return html`<section id="which"><h2>Which one should I use?</h2>
<div class="scroll"><table><thead><tr><th scope="col">your images</th><th scope="col">head</th></tr></thead><tbody>
<tr><th scope="row">exactly one label each, and always one of the classes</th><td><span class="softmax-text">softmax</span></td></tr>
<tr><th scope="row">any number of labels</th><td><span class="sigmoid-text">sigmoid</span></td></tr>
<tr><th scope="row">at most one label, but some images show none of the classes</th><td><span class="sigmoid-text">sigmoid</span>, or softmax with a class “other”</td></tr>
<tr><th scope="row">some labels unknown</th><td><span class="sigmoid-text">sigmoid</span>: unknown cells are left out one by one</td></tr></tbody></table></div>
<p class="quiet">L2 penalty chosen on validation: softmax ${short(heads.softmax.l2)}, sigmoid ${short(heads.sigmoid.l2)}.</p></section>`;
}
