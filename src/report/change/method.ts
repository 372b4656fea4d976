import { oddsOfStaying } from "../../learn/staying-odds.js";
import type { Task } from "../../task.js";
import { VERSION } from "../../version.js";
import type { ChangeReportData } from "../change-data.js";
import { count, fixed, plural } from "../format.js";
import { type Html, html, name } from "../html.js";
import { hectares, partOf, withUnit } from "./words.js";

/** How the answers came about, in plain words. */
export function methodSection(data: ChangeReportData): Html {
  const { dates, settings, counts, cells, rules, task, classifier } = data;
  const several = dates.length > 2;
  return html`<h2>How change was found</h2>
<ol class="steps">
<li><b>What was compared.</b> ${plural(dates.length, "scene")} of the same place, brought to one grid: ${dates.map(({ label, scene }, i) => html`${i > 0 && ", "}${name(label)} (${name(scene)})`)}.
The map has ${count(cells.columns)} × ${count(cells.rows)} cells${
    cells.metersWide > 0 &&
    html` of ${fixed(cells.metersWide, digits(cells.metersWide))} × ${fixed(cells.metersHigh, digits(cells.metersHigh))} m`
  }, ${withUnit(cells.hectares)} each (those that the edge of a scene cuts off are smaller). ${
    settings.match
      ? "Colours were matched to those of the scene that is most like what the classifier learned from, band by band, on pixels that did not change: haze and another sun should not pass for change."
      : "Colours of the scenes were not matched to each other."
  }</li>
<li><b>What is there, on each date.</b> The same classifier looked at every cell of every date and gave ${TASK_WORDS[task]}. Its probabilities are those it was calibrated to give on images with known labels; whether they hold for a scene of another year, nobody can know without checking.</li>
<li><b>What changed.</b> All dates of a cell are decided together: from the first date to the last, ${CHANGE_WORDS[task].what} takes ${oddsOf(data)} times the evidence of ${CHANGE_WORDS[task].than} (<code>--stay ${fixed(settings.stay, decimalsOf(settings.stay))}</code> from one date to the next, which is no share of the land), so a single odd date does not make a change. ${
    several && "Where the class changes and stays changed, the dates tell between which two it happened. "
  }A change is shown only if its probability is at least ${fixed(settings.confidence, decimalsOf(settings.confidence))}, and one change is more probable than any way to stay.
${plural(counts.undecided, "cell")} looked different without so much evidence, and ${counts.undecided === 1 ? "is" : "are"} shown as unchanged.</li>
<li><b>The smallest change that counts</b> is a connected region of ${plural(settings.unitCells, "cell")}, ${withUnit(settings.unitHectares)}. ${plural(counts.belowUnit, "cell")} in smaller regions ${counts.belowUnit === 1 ? "is" : "are"} shown as unchanged.</li>
<li><b>No answer.</b> ${plural(counts.noAnswer, "cell")} of ${count(counts.cells)} (${partOf(counts.noAnswer, counts.cells)}) ${counts.noAnswer === 1 ? "was" : "were"} not seen on the first or the last date: clouds, shadows, gaps or the edge of a scene. They count neither as changed nor as unchanged.</li>
${rules.length > 0 && html`<li><b>Names.</b> ${rules.map((rule, i) => html`${i > 0 && "; "}${name(rule.name)} is <code>${name(rule.rule)}</code>`)}. A changed cell that fits no rule is “other change”.</li>`}
<li><b>Hectares</b> are those of the ellipsoid WGS 84 under each cell, not squares of the projection.</li>
${classifier.agreementWith !== null && html`<li><b>Labels.</b> No person gave the labels behind the classifier: they come from ${name(classifier.agreementWith)}. Everything here says where two dates differ in the eyes of ${name(classifier.agreementWith)}.</li>`}
</ol>
${settings.notes.length > 0 && html`<div class="card"><h3>Worth knowing</h3><ul>${settings.notes.map((note) => html`<li>${name(note)}</li>`)}</ul></div>`}`;
}

const TASK_WORDS: Readonly<Record<Task, string>> = {
  multiclass: "a probability to each class, of which exactly one is true (softmax)",
  multilabel: "a probability to each label, of which any number may be true (sigmoid): each label is compared by itself",
};

/** What counts as a change of a cell. */
const CHANGE_WORDS: Readonly<Record<Task, { readonly what: string; readonly than: string }>> = {
  multiclass: { what: "becoming a given other class", than: "staying" },
  multilabel: { what: "gaining or losing a label", than: "keeping it as it is" },
};

function oddsOf({ settings: { stay }, task, classes, dates }: ChangeReportData): string {
  return String(Number(oddsOfStaying(task, classes.length, dates.length, stay).toPrecision(3)));
}

function digits(meters: number): number {
  return meters >= 10 ? 0 : meters >= 1 ? 1 : 2;
}

/** As many decimals as tell the number from 1: 0.95, 0.999. */
function decimalsOf(probability: number): number {
  return Math.max(2, Math.min(6, String(probability).split(".")[1]?.length ?? 0));
}

/** The command, the files and the hashes that give the same answers again. */
export function againSection({ command, classifier, dates, cells, rules }: ChangeReportData, files: readonly string[]): Html {
  const says = [FILES.rasters[0], ...rules.map(({ file }) => ({ file, says: "" })), ...FILES.rasters.slice(1), ...FILES.others];
  const beside = says.filter(({ file }) => files.includes(file));
  return html`<h2>Again</h2><p>The same command with the same files on the same machine gives the same rasters, byte for byte.</p>
<pre id="command">${command}</pre>${command !== "" && html`<p class="script tools"><button type="button" data-copy="#command">Copy</button></p>`}
<dl class="facts"><div><dt>sigmax</dt><dd>${VERSION}</dd></div><div><dt>classifier</dt><dd>${name(classifier.file)}</dd></div><div><dt>cells</dt><dd>${count(cells.columns)} × ${count(cells.rows)}, ${hectares(cells.hectares)}\u202fha each</dd></div></dl>
<div class="scroll" tabindex="0" role="region" aria-label="Files and their hashes"><table><caption>What was read</caption><thead><tr><th scope="col">date</th><th scope="col" class="text">file</th><th scope="col" class="text">sha256 of its content, or its version</th></tr></thead>
<tbody><tr><th scope="row">classifier</th><td class="text">${name(classifier.file)}</td><td class="text hash">${classifier.sha256}</td></tr>
${dates.map(({ label, day, scene, sha256 }) => html`<tr><th scope="row">${name(label)}${day !== null && day !== label && html` <span class="quiet">${name(day)}</span>`}</th><td class="text">${name(scene)}</td><td class="text hash">${sha256}</td></tr>`)}</tbody></table></div>
${beside.length > 0 && html`<p>Beside this page: ${beside.map(({ file, says: what }, i) => html`${i > 0 && ", "}<code>${name(file)}</code>${what !== "" && ` (${what})`}`)}.</p>`}`;
}

/** Files of the folder beside those of rules, and what they hold; which there are depends on the dates, the labels and the place. */
const FILES = {
  rasters: [
    { file: "change.tif", says: "every transition" },
    { file: "when.tif", says: "by which date a cell became what it is on the last" },
    { file: "confidence.tif", says: "the probability of a change" },
    { file: "labels.tif", says: "each label: kept, gained or lost" },
    { file: "alerts.tif", says: "deforestation in the coding of Global Forest Watch" },
  ],
  others: [
    { file: "changes.geojson", says: "the changed regions" },
    { file: "transitions.csv", says: "" },
    { file: "areas.csv", says: "" },
    { file: "side-by-side.png", says: "the dates beside each other" },
    { file: "animated.png", says: "the dates in turn" },
    { file: "change.json", says: "all numbers of this page" },
  ],
} as const;
