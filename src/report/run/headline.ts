import type { Task } from "../../task.js";
import { count, fixed, perCent, plural, signed } from "../format.js";
import { type Html, html } from "../html.js";
import { bestOf, HEADLINES, lowerNote, scoresHead, scoresNote, wordsOf } from "../metric-words.js";
import type { Tone } from "../plots/bars.js";
import { dotPlot } from "../plots/dots.js";
import type { LeakageFindings, RunReport } from "../run-data.js";

const CARDS = 3;

/** A source of metrics beside the run itself. */
interface Column {
  readonly name: string;
  readonly short: string;
  readonly tone: Tone;
  readonly metrics: RunReport["test"];
  readonly intervals?: RunReport["intervals"];
}

function columnsOf({ head, test, intervals, atHalf, frozen, baseline, chance }: RunReport): Column[] {
  const columns: (Column | undefined)[] = [
    { name: "this classifier", short: "this classifier", tone: head, metrics: test, intervals },
    atHalf && { name: "thresholds at 0.5", short: "at 0.5", tone: "other", metrics: atHalf },
    frozen && { name: "the backbone, not fine-tuned", short: "not fine-tuned", tone: "other", metrics: frozen },
    { name: "baseline “stats”", short: "colours alone", tone: "other", metrics: baseline },
    { name: "guessing", short: "guessing", tone: "other", metrics: chance },
  ];
  return columns.filter((column) => column !== undefined && Object.keys(column.metrics).length > 0) as Column[]; // undefined is filtered out
}

/** The headline numbers: large, each with its interval and what it is to be compared with; every metric in a table below. */
export function headlineSection(data: RunReport): Html {
  const { task, test, intervals, counts, labelsFrom } = data;
  const columns = columnsOf(data);
  if (Object.keys(test).length === 0) return html`<h2>${title(data)}</h2><p>Nobody knows: there was no image to test on.</p>`;
  const keys = HEADLINES[task].filter((key) => test[key] !== undefined).slice(0, CARDS);
  const shown = keys.length > 0 ? keys : Object.keys(test).slice(0, 1);
  return html`<h2>${title(data)}</h2>
${verdict(data)}${labelsFrom && html`<p>${scoresNote(labelsFrom)}</p>`}
<div class="headlines">${shown.map((key) => card(key, columns, labelsFrom))}</div>
${
  intervals &&
  html`<p class="quiet small">The lines through the dots are 95 % intervals: had other ${plural(counts.test, "test image")} of the same kind been drawn,
95 times in 100 the number would lie within them. They say nothing of images of another kind: another season, sensor or region.
${shown.some((key) => isPoint(intervals[key])) && html`A line without length says only that these images all went the same way: after ${count(counts.test)} without a mistake, up to ${perCent(unseenMistakes(counts.test))} of others may still be wrong.`}</p>`
}
<details><summary>All metrics</summary>${metricsTable(data, columns)}</details>`;
}

function title({ labelsFrom }: RunReport): string {
  const head = scoresHead(labelsFrom);
  return head === undefined ? "How good is it?" : `${head[0].toUpperCase()}${head.slice(1)}`;
}

function isPoint(interval: readonly [number, number] | undefined): boolean {
  return interval !== undefined && interval[0] === interval[1];
}

/** The share of mistakes that n images without one leave possible with 95 % confidence: (1 − p)ⁿ = 0.05. */
function unseenMistakes(images: number): number {
  return 1 - 0.05 ** (1 / images);
}

/** One sentence for whoever reads no further. */
function verdict({ task, test, intervals, counts, frozen, baseline, labelsFrom, unseen = true }: RunReport): Html | false {
  const [key] = HEADLINES[task];
  const value = test[key];
  if (value === undefined) return false;
  const interval = isPoint(intervals?.[key]) ? undefined : intervals?.[key];
  const beside = baseline[key];
  const before = frozen?.[key];
  return html`<p class="verdict">${VERDICTS[task](`${plural(counts.test, "image")}${unseen ? " that it had never seen" : ""}`, value, { interval, agreement: scoresHead(labelsFrom) })}${
    beside !== undefined && html` Colours alone would reach ${MEASURES[task](beside)}.`
  }${before !== undefined && html` The same backbone, not fine-tuned, reaches ${MEASURES[task](before)}.`}</p>`;
}

const MEASURES: Readonly<Record<Task, (value: number) => string>> = {
  multiclass: (value) => `${Math.round(100 * value)} in 100`,
  multilabel: (value) => fixed(value),
};

interface Verdict {
  readonly interval: readonly [number, number] | undefined;
  /** What was agreed with, where no person gave the labels. */
  readonly agreement: string | undefined;
}

const VERDICTS: Readonly<Record<Task, (images: string, value: number, verdict: Verdict) => Html>> = {
  multiclass: (images, value, { interval, agreement }) =>
    html`Of ${images}, the classifier names <b>${MEASURES.multiclass(value)}</b> ${agreement === undefined ? "rightly" : `in ${agreement}`}${interval && html`, likely between ${Math.round(100 * interval[0])} and ${Math.round(100 * interval[1])}`}.`,
  multilabel: (images, value, { interval, agreement }) =>
    html`On ${images}, the classifier ranks the labels with a mean average precision of <b>${fixed(value)}</b>${agreement !== undefined && ` in ${agreement}`}${interval && html`, likely between ${fixed(interval[0])} and ${fixed(interval[1])}`}; 1 would be perfect${agreement !== undefined && " agreement"}.`,
};

function card(key: string, columns: readonly Column[], labelsFrom: RunReport["labelsFrom"]): Html {
  const { label } = wordsOf(key, labelsFrom);
  const [own] = columns;
  const interval = own.intervals?.[key];
  const rows = columns.flatMap(({ short, tone, metrics, intervals }) =>
    metrics[key] === undefined ? [] : [{ name: short, tone, value: metrics[key], interval: intervals?.[key] }],
  );
  return html`<div class="card headline"><h3>${label}${lowerNote(key)}</h3>
<p class="number ${own.tone}-text">${fixed(own.metrics[key])}</p>
${interval && html`<p class="interval">95 %: ${range(interval)}</p>`}
${dotPlot({ title: `${label}: ${rows.map(({ name, value }) => `${name} ${fixed(value)}`).join(", ")}`, rows })}</div>`;
}

function metricsTable({ test, intervals, frozen, labelsFrom }: RunReport, columns: readonly Column[]): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="All metrics"><table><caption>On the test images, beside ${frozen && "the backbone as it came under a last layer of its own, "}what the colours of an image alone achieve, and guessing</caption>
<thead><tr><th scope="col">metric</th><th scope="col">${columns[0].name}</th>${intervals && html`<th scope="col">95 % interval</th>`}${columns.slice(1).map(({ name }) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${Object.keys(test).map((key) => {
    const best = bestOf(
      key,
      columns.map(({ metrics }) => metrics[key]),
    );
    const cells = columns.map(({ metrics }, i) => html`<td class="${best.includes(i) && "best"}">${fixed(metrics[key])}</td>`);
    return html`<tr><th scope="row">${wordsOf(key, labelsFrom).label}${lowerNote(key)}</th>${cells[0]}${intervals && html`<td class="quiet">${range(intervals[key])}</td>`}${cells.slice(1)}</tr>`;
  })}</tbody></table></div>`;
}

/** An interval in words: "0.81 to 0.86"; a dash where there is none. */
function range(interval: readonly [number, number] | undefined): string {
  return interval === undefined ? "–" : `${fixed(interval[0])} to ${fixed(interval[1])}`;
}

/** What a random split promises, and how much of that is leakage. */
export function leakageSection({ leakage, task, labelsFrom }: RunReport): Html | false {
  if (leakage === undefined) return false;
  const { by, honest, random, difference } = leakage;
  const keys = Object.keys(difference).filter((key) => honest[key] !== undefined && random[key] !== undefined);
  const first = keys.filter((key) => HEADLINES[task].includes(key));
  const rest = keys.filter((key) => !first.includes(key));
  return html`<h2>Leakage</h2>
<p>The scores of this page come from a split that keeps apart ${by}. With a random split, images that resemble the test images stand in training, and
the scores look better than they will be in use. The difference is <b>leakage</b>.</p>
${leakageTable(leakage, first, labelsFrom)}${rest.length > 0 && html`<details><summary>Leakage of the other metrics</summary>${leakageTable(leakage, rest, labelsFrom)}</details>`}`;
}

function leakageTable(
  { honest, random, difference, intervals }: LeakageFindings,
  keys: readonly string[],
  labelsFrom: RunReport["labelsFrom"],
): Html {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Leakage"><table><thead><tr><th scope="col">metric</th><th scope="col">honest split</th><th scope="col">random split</th><th scope="col">leakage</th><th scope="col">95 % interval</th></tr></thead>
<tbody>${keys.map(
    (key) =>
      html`<tr><th scope="row">${wordsOf(key, labelsFrom).label}${lowerNote(key)}</th><td>${fixed(honest[key])}</td><td>${fixed(random[key])}</td><td><b>${signed(difference[key])}</b></td><td class="quiet">${range(intervals[key])}</td></tr>`,
  )}</tbody></table></div>`;
}
