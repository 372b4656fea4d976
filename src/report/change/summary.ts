import type { AreaEstimates } from "../area-estimates.js";
import type { ChangeReportData } from "../change-data.js";
import { count, plural } from "../format.js";
import { type Html, html, name } from "../html.js";
import { estimateOfRule, range } from "./areas.js";
import { hectares, partOf, swatch, transition, withUnit } from "./words.js";

/** Rules that get a card of their own. */
const MOST_CARDS = 4;

/** The answer for whoever reads no further: one sentence, then a large number for each named change. */
export function summarySection(data: ChangeReportData, estimates: AreaEstimates | undefined): Html {
  const { counts, rules, dates, classifier } = data;
  const answered = Math.max(0, counts.cells - counts.noAnswer);
  return html`<h2>What changed?</h2>
${data.generated && html`<p class="card warning"><b>Generated data.</b> A scene of this comparison was made by a program: no place on earth looks like this.</p>`}
${sentence(data)}
${classifier.agreementWith !== null && html`<p>No person gave the labels that the classifier learned from: they come from ${name(classifier.agreementWith)}. What is called change here is change as ${name(classifier.agreementWith)} would see it: agreement with ${name(classifier.agreementWith)}, mistakes included, and not the truth.</p>`}
<div class="headlines">${rules.slice(0, MOST_CARDS).map((rule) => card(rule, estimates))}
<div class="card headline"><h3>without an answer</h3><p class="number">${partOf(counts.noAnswer, counts.cells)}</p>
<p class="interval">${counts.noAnswer === 0 ? `all ${plural(counts.cells, "cell")} were seen on the first and the last date` : `${count(counts.noAnswer)} of ${plural(counts.cells, "cell")}: clouds or gaps on the first or the last date`}</p></div></div>
${rules.length > MOST_CARDS && html`<p class="quiet">${count(rules.length - MOST_CARDS)} more named changes stand in <a href="#areas">the table of areas</a>.</p>`}
${answered === 0 && html`<p><b>No cell has an answer on the dates that matter</b>, from ${name(dates[0].label)} to ${name(dates[dates.length - 1].label)}.</p>`}`;
}

function sentence({ counts, dates, transitions }: ChangeReportData): Html | false {
  const answered = counts.cells - counts.noAnswer;
  if (answered <= 0) return false;
  const [first, last] = [dates[0].label, dates[dates.length - 1].label];
  const changes = transitions.filter(({ before, after }) => before !== after);
  const [largest] = [...changes].sort((a, b) => b.hectares - a.hectares);
  // Cells at the edge are smaller: their number says less than their hectares.
  const hectaresOf = (some: typeof transitions) => some.reduce((sum, one) => sum + one.hectares, 0);
  return html`<p class="verdict">From ${name(first)} to ${name(last)}, <b>${partOf(counts.changed, answered)}</b> of the area with an answer changed: ${withUnit(hectaresOf(changes))} of ${withUnit(hectaresOf(transitions))}, as counted on the map.${
    largest && html` The largest transition is ${transition(largest.before, largest.after)} with ${withUnit(largest.hectares)}.`
  }</p>`;
}

function card(rule: ChangeReportData["rules"][number], estimates: AreaEstimates | undefined): Html {
  const found = estimateOfRule(estimates, rule.name);
  const estimated = found?.interval === null ? null : found?.hectares;
  return html`<div class="card headline"><h3>${swatch(rule.colour)}${name(rule.name)}</h3>
<p class="number">${hectares(estimated ?? rule.hectares)}<span class="unit"> ha</span></p>
<p class="interval">${
    found === undefined || typeof estimated !== "number"
      ? "counted, not an estimate"
      : html`95 %: ${range(found.interval)}; counted ${withUnit(rule.hectares)}`
  }</p></div>`;
}
