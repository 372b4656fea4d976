import {
  type ImbalanceReport,
  LABEL_METRICS,
  type Remedy,
  type RemedyId,
  SHOWN_METRICS,
  verdictOf,
} from "./compare-imbalance-data.js";
import { between, count, fixed, plural, short, signed, signedInterval } from "./format.js";
import { type Html, html, name } from "./html.js";
import { lowerNote, scoresNote, wordsOf } from "./metric-words.js";
import { page } from "./page.js";
import { differencePlot } from "./plots/differences.js";

/** `compare.html` of remedies for imbalance: one offline file with what each did to every label, rarest first. */
export function renderImbalanceReport(report: ImbalanceReport): string {
  const { dataset, head, labels, counts, backbone, version, seed, command } = report;
  const body = html`<header><h1>What helps the rare labels?</h1>
<p class="lead">The same <span class="${head}-text">${head}</span> head on the same ${plural(counts.train + counts.validation, "image")} of ${name(dataset)}
(${plural(labels.length, "label")}, features from ${name(backbone)}), trained ${plural(report.remedies.length, "time")}, and asked about the same ${plural(counts.test, "test image")} that none has seen.</p>
<nav aria-label="Contents"><a href="#verdict">In short</a><a href="#labels">Label by label</a><a href="#metrics">All metrics</a><a href="#words">The remedies</a></nav></header>
<main>${shortSection(report)}${labelSection(report)}${metricSection(report)}${wordsSection(report)}</main>
<footer class="quiet"><p>Made by sigmax ${version}, seed ${seed}. Again: <code>${command}</code></p></footer>`;
  return page({ title: `rare labels: ${dataset}`, description: `Remedies for imbalance on ${dataset}, side by side`, body });
}

/** What is drawn: how well rare labels are found, and what it costs the probabilities. */
const DRAWN: readonly string[] = ["mapRare", "f1Rare", "recallRare", "ece"];

function shortSection({ labels, remedies, labelsFrom }: ImbalanceReport): Html {
  const [, ...others] = remedies;
  const rare = labels.filter((label) => label.rare);
  return html`<section id="verdict"><h2>In short</h2>
${labelsFrom && html`<p>${scoresNote(labelsFrom)}</p>`}<p>Rare are here ${rare.map((label, i) => html`${i > 0 && ", "}${name(label.name)} (${count(label.training)})`)}: the rarer half, with the training images that have them.
Each row is what a remedy changes against plain cross-entropy, with the interval in which 95 % of resampled test parts put it.
<b>A row that touches the dashed line has shown nothing</b>, however far its dot lies from it; green is better, orange worse.</p>
<div class="pair">${DRAWN.map((metric) => {
    const rows = others.flatMap((remedy) => {
      if (!Object.hasOwn(remedy.differences, metric)) return [];
      const { difference, interval } = remedy.differences[metric];
      const tone = TONES[verdictOf(remedy, remedy.differences, metric) ?? "no difference shown"];
      return [{ label: remedy.name, difference, interval, tone }];
    });
    const { label, better } = wordsOf(metric, labelsFrom);
    const towards = `${better === "higher" ? "right" : "left"} of the line is better`;
    return (
      rows.length > 0 &&
      html`<figure>${differencePlot({ title: `${label}: difference from cross-entropy`, rows })}<figcaption>${label}: ${towards}</figcaption></figure>`
    );
  })}</div></section>`;
}

const TONES = { better: "truth", worse: "sigmoid", "no difference shown": "other" } as const;

function labelSection({ labels, remedies }: ImbalanceReport): Html {
  return html`<section id="labels"><h2>Label by label, rarest first</h2>
<p>All probabilities are calibrated. F1 and recall are of the decisions that a classifier would make: for several labels by thresholds tuned outside of the test part, for one by the
highest probability. ▲ is better and ▼ worse than cross-entropy, said only where the paired interval does not hold 0.
Of twenty such intervals one misses by chance: a single mark among many cells says little.</p>
${LABEL_METRICS.map(
  ([metric, title]) => html`<div class="scroll"><table><caption>${title}, on the test part</caption>
<thead><tr><th scope="col">label</th><th scope="col">training images</th><th scope="col">test images</th>${remedies.map((remedy) => html`<th scope="col">${remedy.name}</th>`)}</tr></thead>
<tbody>${labels.map(
    (label, place) =>
      html`<tr><th scope="row">${name(label.name)}</th><td>${count(label.training)}</td><td>${count(label.test)}</td>${remedies.map(
        (remedy) => {
          const { metrics, differences } = remedy.perLabel[place];
          return html`<td>${mark(remedy, differences, metric)}${fixed(metrics[metric])}</td>`;
        },
      )}</tr>`,
  )}</tbody></table></div>`,
)}</section>`;
}

const MARKS = {
  better: html`<b class="truth-text" role="img" aria-label="better">▲</b> `,
  worse: html`<b class="sigmoid-text" role="img" aria-label="worse">▼</b> `,
  "no difference shown": false,
} as const;

function mark(remedy: Remedy, differences: Remedy["differences"], metric: string): Html | false {
  return MARKS[verdictOf(remedy, differences, metric) ?? "no difference shown"];
}

function metricSection({ remedies, labelsFrom }: ImbalanceReport): Html {
  const metrics = SHOWN_METRICS.filter((metric) => remedies.some((remedy) => Object.hasOwn(remedy.metrics, metric)));
  return html`<section id="metrics"><h2>All metrics, with 95 % intervals</h2>
<div class="scroll"><table><thead><tr><th scope="col">remedy</th><th scope="col">value</th><th scope="col">95 % interval</th><th scope="col">difference</th><th scope="col">95 % interval</th><th scope="col">verdict</th></tr></thead>
${metrics.map(
  (
    metric,
  ) => html`<tbody><tr><th scope="rowgroup" colspan="6"><b>${wordsOf(metric, labelsFrom).label}</b>${lowerNote(metric)}</th></tr>
${remedies.map((remedy) => {
  const told = Object.hasOwn(remedy.differences, metric) ? remedy.differences[metric] : undefined;
  const interval = Object.hasOwn(remedy.intervals, metric) ? remedy.intervals[metric] : undefined;
  return html`<tr><th scope="row">${remedy.name}</th><td>${fixed(remedy.metrics[metric])}</td><td>${interval && between(interval)}</td>
<td>${told && signed(told.difference)}</td><td>${told && signedInterval(told.interval)}</td><td>${mark(remedy, remedy.differences, metric)}${verdictOf(remedy, remedy.differences, metric)}</td></tr>`;
})}</tbody>`,
)}</table></div></section>`;
}

const WORDS: Readonly<Record<RemedyId, Html>> = {
  none: html`Every image counts the same; the tuned thresholds alone make up for rare labels.`,
  balanced: html`Rare labels count more, in proportion to how rare they are. One number per label, no loss to learn about: try it first.
The probabilities of rare labels come out too high, which calibration takes back.`,
  focal: html`What the head already gets right counts little (Lin et al. 2017, γ = 2), so that hard images decide. The loss is not convex: the fit starts from cross-entropy.`,
  asymmetric: html`As focal, but for absent labels alone, and those that are surely absent cost nothing (Ridnik et al. 2021, γ⁻ = 4, γ⁺ = 0, margin 0.05).
Made for many labels of which an image has few.`,
};

function wordsSection({ remedies }: ImbalanceReport): Html {
  return html`<section id="words"><h2>The remedies</h2>
<div class="scroll"><table><thead><tr><th scope="col">remedy</th><th scope="col">sigmax train</th><th scope="col">L2 chosen</th></tr></thead>
<tbody>${remedies.map((remedy) => html`<tr><th scope="row">${remedy.name}</th><td><code>${remedy.flags || "–"}</code></td><td>${short(remedy.l2)}</td></tr>`)}</tbody></table></div>
${remedies.map((remedy) => html`<p><b>${remedy.name}</b>: ${WORDS[remedy.id]}</p>`)}</section>`;
}
