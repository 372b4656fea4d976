import type { Task } from "../../task.js";
import type { AccuracyEstimate, AreaEstimates, EstimatedArea } from "../area-estimates.js";
import type { ChangeReportData } from "../change-data.js";
import { count, perCent, plural } from "../format.js";
import { type Html, html, name } from "../html.js";
import { mergeSmallFlows, sankey } from "../plots/sankey.js";
import { hectares, partOf, signedHectares, swatch, transition, withUnit } from "./words.js";

/** Rows of a table before the others are folded. */
const MOST_ROWS = 100;

/** Hectares per rule, per class and date, and what a checked sample says of them. */
export function areasSection(data: ChangeReportData, estimates: AreaEstimates | undefined): Html {
  return html`<h2>How many hectares?</h2>
${
  estimates === undefined
    ? notEstimated()
    : html`<p>Two numbers stand beside each other. <b>Counted</b> is the sum of the cells of the map, mistakes included. <b>Estimated</b> is what a random sample,
checked by people, makes of it: it is unbiased, and 95 of 100 such samples give an interval that holds the true area. Quote the estimate.</p>`
}
${rulesTable(data, estimates)}
${classesTable(data, estimates)}
${estimates !== undefined && estimatesTable(estimates)}`;
}

function notEstimated(): Html {
  return html`<div class="card warning"><h3>Counted, not estimated</h3>
<p>The hectares below are counted: cells of a classified map, mistakes included. Such counts are biased, by any amount and in either direction, because what the classifier
takes for forest is not all forest, and some forest is taken for something else. They are <b>no estimate of the area</b> and have no margin of error. For an estimate with a 95 % interval, a random sample of places has to be
checked by people:</p>
<pre>sigmax area design &lt;this folder&gt; --out &lt;sample folder&gt;
sigmax area estimate &lt;sample folder&gt;/sample.csv --change &lt;this folder&gt;</pre>
<p>The first draws the sample and says what to fill in; the second turns the filled table into areas with intervals, and writes them into this page.</p></div>`;
}

/** Columns that an estimate adds to a row. */
const ESTIMATE_HEAD = html`<th scope="col">estimated ha</th><th scope="col">95 % interval</th><th scope="col">user’s accuracy</th><th scope="col">producer’s accuracy</th><th scope="col">checked</th>`;

function estimateCells(found: EstimatedArea | undefined): Html {
  if (found === undefined) return html`${[1, 2, 3, 4, 5].map(() => html`<td class="quiet">–</td>`)}`;
  const { hectares: estimated, interval, users, producers, samples, why } = found;
  return html`<td${why !== null && html` title="${why}"`}><b>${maybe(estimated)}</b></td><td>${range(interval)}</td><td>${accuracy(users)}</td><td>${accuracy(producers)}</td><td class="quiet">${count(samples)}</td>`;
}

function maybe(value: number | null): string {
  return value === null ? "–" : hectares(value);
}

/** An area is never below nothing, whatever the formula of an interval says. */
export function range(interval: readonly [number, number] | null): string {
  return interval === null ? "–" : `${hectares(Math.max(0, interval[0]))}\u00a0to\u00a0${hectares(interval[1])}`;
}

/** A share with ± 1.96 standard errors, in percentage points. */
function accuracy(share: AccuracyEstimate | null): Html {
  if (share === null) return html`–`;
  const { value, standardError } = share;
  return html`${perCent(value)}${standardError !== null && html`\u00a0<span class="quiet">±\u00a0${(196 * standardError).toFixed(1)}</span>`}`;
}

/** The estimate of a named change. */
export function estimateOfRule(estimates: AreaEstimates | undefined, rule: string): EstimatedArea | undefined {
  return estimates?.classes.find((one) => one.of === "rule" && one.name === rule);
}

function rulesTable({ rules, counts, dates }: ChangeReportData, estimates: AreaEstimates | undefined): Html | false {
  if (rules.length === 0) return false;
  const answered = counts.cells - counts.noAnswer;
  // There is no room for both.
  const counting = estimates === undefined;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Areas of the named changes"><table><caption>Named changes, ${name(dates[0].label)} to ${name(dates[dates.length - 1].label)}${rules.length > 1 && "; a cell may belong to several"}</caption>
<thead><tr><th scope="col">change</th><th scope="col" class="text">rule</th>${counting && html`<th scope="col">cells</th><th scope="col">share of answers</th>`}<th scope="col">counted ha</th>${estimates && ESTIMATE_HEAD}</tr></thead>
<tbody>${rules.map(
    (rule) =>
      html`<tr><th scope="row">${swatch(rule.colour)}${name(rule.name)}</th><td class="text"><code>${name(rule.rule)}</code></td>${counting && html`<td>${count(rule.cells)}</td><td>${partOf(rule.cells, answered)}</td>`}<td>${hectares(rule.hectares)}</td>${
        estimates && estimateCells(estimateOfRule(estimates, rule.name))
      }</tr>`,
  )}</tbody></table></div>`;
}

const CLASS_CAPTIONS: Readonly<Record<Task, string>> = {
  multiclass: "Counted hectares of each class on each date",
  multilabel: "Counted hectares of the cells on which each label is present; a cell counts for each of its labels",
};

function classesTable({ areas, dates, classes, task }: ChangeReportData, estimates: AreaEstimates | undefined): Html {
  const counted = new Map<string, Map<number, number>>();
  for (const { date, name: of, hectares: value } of areas) counted.set(of, (counted.get(of) ?? new Map()).set(date, value));
  const estimated = estimates?.classes.filter(({ of }) => of === "class" || of === "label") ?? [];
  // Estimates know the first and the last date only, and count their own.
  const estimatedAt = (one: EstimatedArea) => (one.date === null ? undefined : estimates?.dates[one.date]);
  const colours = new Map(classes.map((one) => [one.name, one.colour]));
  const rows = [...counted].map(([of, values]) => {
    const colour = colours.get(of);
    const cells = dates.map(({ label }, date) => {
      const value = values.get(date);
      const found = estimated.find((one) => one.name === of && estimatedAt(one) === label && one.hectares !== null);
      return html`<td>${value === undefined ? "–" : hectares(value)}${found && html`<div class="small"><b>${maybe(found.hectares)}</b></div><div class="small quiet">${range(found.interval)}</div>`}</td>`;
    });
    const [first, last] = [values.get(0), values.get(dates.length - 1)];
    return html`<tr><th scope="row">${colour !== undefined && swatch(colour)}${name(of)}</th>${cells}<td>${first === undefined || last === undefined ? "–" : signedHectares(last - first)}</td></tr>`;
  });
  return folded({
    rows,
    label: "Areas of the classes",
    caption: html`${CLASS_CAPTIONS[task]}${estimated.length > 0 && html`; below the count, <b>the estimate</b> and its 95 % interval`}`,
    head: html`<th scope="col">${task === "multilabel" ? "label" : "class"}</th>${dates.map(({ label }) => html`<th scope="col">${name(label)}</th>`)}<th scope="col">difference, counted</th>`,
  });
}

/** What an estimated area is of, beside its name. */
const KINDS: Readonly<Record<EstimatedArea["of"], string>> = {
  class: "class",
  label: "label",
  rule: "named change",
  transition: "transition",
};

function estimatesTable({ classes, overall, dates, strata, notes }: AreaEstimates): Html {
  const of = ({ name: called, of: kind, date }: EstimatedArea) =>
    html`<th scope="row">${name(called)} <span class="quiet">${date === null ? KINDS[kind] : name(dates[date] ?? "")}</span></th>`;
  const rows = classes.map((one) => html`<tr>${of(one)}<td>${maybe(one.countedHectares)}</td>${estimateCells(one)}</tr>`);
  const reasons = classes.filter(({ why }) => why !== null);
  const samples = strata.reduce((sum, stratum) => sum + stratum.samples, 0);
  const unanswered = strata.reduce((sum, stratum) => sum + stratum.unanswered, 0);
  const naive = classes.filter(({ countedInterval }) => countedInterval !== null);
  return html`<h3>All that the sample says</h3>
<p>${plural(samples, "place")} in ${plural(strata.length, "stratum", "strata")}${unanswered > 0 && `, ${count(unanswered)} of them without an answer`}. Overall accuracy ${accuracy(overall)}.
<b>User’s accuracy</b>: of what the map calls so, how much is so. <b>Producer’s accuracy</b>: of what is so, how much the map calls so. ± is 1.96 standard errors, in percentage points;
the last column is how many places were found to be so.</p>
${folded({
  rows,
  label: "Estimated areas",
  caption: html`Counted on the map, and estimated from the checked sample`,
  head: html`<th scope="col">area of</th><th scope="col">counted ha</th>${ESTIMATE_HEAD}`,
})}
${notes.length + reasons.length > 0 && html`<ul class="small">${reasons.map((one) => html`<li>${name(one.name)}: ${name(one.why ?? "")}</li>`)}${notes.map((note) => html`<li>${name(note)}</li>`)}</ul>`}
${
  naive.length > 0 &&
  html`<details><summary>Why not trust the count?</summary><p>If cells were drawn one by one and the map never wrong, the count would have the interval below. It is narrow because there are many cells,
not because the map is right: it leaves out all mistakes of the classifier, and seldom holds the true area.</p>
${folded({
  rows: naive.map(
    (one) =>
      html`<tr>${of(one)}<td>${maybe(one.countedHectares)}</td><td>${range(one.countedInterval)}</td><td>${maybe(one.hectares)}</td><td>${range(one.interval)}</td></tr>`,
  ),
  label: "Intervals of counts",
  caption: html`The interval of a count, beside that of the estimate`,
  head: html`<th scope="col">area of</th><th scope="col">counted ha</th><th scope="col">interval of the count</th><th scope="col">estimated ha</th><th scope="col">95 % interval</th>`,
})}</details>`
}`;
}

/** What became of each class, drawn and as a table. */
export function transitionsSection({ transitions, dates, classes, task }: ChangeReportData): Html | false {
  if (transitions.length === 0) return false;
  const [first, last] = [dates[0].label, dates[dates.length - 1].label];
  const flows = mergeSmallFlows(transitions.map(({ before, after, hectares: value }) => ({ before, after, value })));
  const mergedHectares = flows.others.reduce((sum, { value }) => sum + value, 0);
  const changes = transitions.filter(({ before, after }) => before !== after);
  const largest = [...changes].sort((a, b) => b.hectares - a.hectares);
  const description = `${largest
    .slice(0, 3)
    .map((one) => `${one.before} to ${one.after}: ${withUnit(one.hectares)}`)
    .join("; ")}. All transitions stand in the table below.`;
  const total = transitions.reduce((sum, one) => sum + one.hectares, 0);
  const sorted = [...transitions].sort(
    (a, b) => Number(a.before === a.after) - Number(b.before === b.after) || b.hectares - a.hectares,
  );
  const rows = sorted.map(
    ({ before, after, cells, hectares: value }) =>
      html`<tr class="${before === after && "quiet"}"><th scope="row">${before === after ? html`${name(before)} stayed` : transition(before, after)}</th><td>${count(cells)}</td><td>${hectares(value)}</td><td>${partOf(value, total)}</td></tr>`,
  );
  return html`<h2>What became of what</h2>
<p>${TRANSITION_WORDS[task]} Bands are as high as their counted hectares; what stayed as it was is pale.</p>
<figure class="scroll sankey" tabindex="0" role="region" aria-label="Transition diagram">${sankey({
    title: `From the classes of ${first} to those of ${last}, in hectares`,
    description,
    flows,
    order: classes.map((one) => one.name),
    colours: new Map(classes.map((one) => [one.name, one.colour])),
    sides: [first, last],
    words: withUnit,
  })}${flows.merged > 0 && html`<figcaption>${count(flows.merged)} transitions are too small to be drawn one by one, ${withUnit(mergedHectares)} together: they go to “other changes”, and the numbers beside the classes count them too. The table has each of them.</figcaption>`}</figure>
${folded({
  rows,
  label: "Transitions",
  caption: html`All transitions from ${name(first)} to ${name(last)}, counted: changes first, largest first`,
  head: html`<th scope="col">transition</th><th scope="col">cells</th><th scope="col">ha</th><th scope="col">share</th>`,
})}`;
}

const TRANSITION_WORDS: Readonly<Record<Task, string>> = {
  multiclass: "Every cell with an answer goes from its class on the first date to its class on the last.",
  multilabel:
    "Every cell with an answer goes from its most probable label on the first date to that on the last; the labels beside it show in the table of areas.",
};

interface Table {
  readonly rows: readonly Html[];
  readonly label: string;
  readonly caption: Html;
  readonly head: Html;
}

/** A table; its rows beyond a hundred are folded away. */
function folded({ rows, label, caption, head }: Table): Html {
  const table = (some: readonly Html[], title: Html, region: string) =>
    html`<div class="scroll" tabindex="0" role="region" aria-label="${region}"><table><caption>${title}</caption>
<thead><tr>${head}</tr></thead><tbody>${some}</tbody></table></div>`;
  const rest = rows.slice(MOST_ROWS);
  return html`${table(rows.slice(0, MOST_ROWS), caption, label)}${
    rest.length > 0 &&
    html`<details><summary>${plural(rest.length, "more row")}</summary>${table(rest, html`${caption}, continued`, `${label}, continued`)}</details>`
  }`;
}
