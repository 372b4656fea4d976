import { PARTS } from "../../task.js";
import { count, fixed, plural, short } from "../format.js";
import { type Html, html, name } from "../html.js";
import { learningCurves } from "../plots/lines.js";
import type { DataSummary, RunReport } from "../run-data.js";
import { MAX_LABELS } from "./mix-ups.js";

const MAX_SIZES = 12;
const MAX_UNREADABLE = 20;

/** Images per class and part, their sizes, and what was left out. */
export function dataSection({ classes, counts, classCounts, summary = {}, warnings }: RunReport): Html {
  const shown = classes.slice(0, MAX_LABELS);
  const parts = PARTS.filter((part) => classCounts[part].length > 0);
  return html`<h2>The images</h2>
${warnings.length > 0 && html`<div class="card"><h3>Worth knowing</h3><ul>${warnings.map((warning) => html`<li>${name(warning)}</li>`)}</ul></div>`}
<div class="scroll" tabindex="0" role="region" aria-label="Images with each label"><table><caption>Images with each label, by part</caption>
<thead><tr><th scope="col">class</th>${parts.map((part) => html`<th scope="col">${part}</th>`)}</tr></thead>
<tbody>${shown.map((label, k) => html`<tr><th scope="row">${name(label)}</th>${parts.map((part) => html`<td>${count(classCounts[part][k])}</td>`)}</tr>`)}</tbody>
<tfoot><tr><th scope="row">images</th>${parts.map((part) => html`<td>${count(counts[part])}</td>`)}</tr></tfoot></table></div>
${classes.length > shown.length && html`<p class="quiet">${count(classes.length - shown.length)} more classes are not shown.</p>`}
${sizesOf(summary)}${leftOutOf(summary)}`;
}

function sizesOf({ sizes = [] }: DataSummary): Html | false {
  if (sizes.length === 0) return false;
  const others = sizes.slice(MAX_SIZES).reduce((sum, { count }) => sum + count, 0);
  const looked = sizes.reduce((sum, { count }) => sum + count, 0);
  return html`<p>Sizes of ${plural(looked, "image")} looked at: ${sizes.slice(0, MAX_SIZES).map(({ width, height, count: images }, i) => html`${i > 0 && ", "}${width} × ${height} px (${count(images)})`)}${others > 0 && `, others (${count(others)})`}.</p>`;
}

function leftOutOf({ leftOut = [], unreadable = [] }: DataSummary): Html | false {
  if (leftOut.length + unreadable.length === 0) return false;
  return html`${leftOut.length > 0 && html`<p>Left out: ${leftOut.map(([reason, images], i) => html`${i > 0 && ", "}${name(reason)} (${count(images)})`)}.</p>`}${
    unreadable.length > 0 &&
    html`<details><summary>${plural(unreadable.length, "image")} could not be read</summary><ul>${unreadable.slice(0, MAX_UNREADABLE).map(({ file, reason }) => html`<li>${name(file)}: ${name(reason)}</li>`)}</ul>${unreadable.length > MAX_UNREADABLE && html`<p>… and ${count(unreadable.length - MAX_UNREADABLE)} more.</p>`}</details>`
  }`;
}

/** The choices that made the classifier, and its learning curves. */
export function makingSection(data: RunReport): Html {
  const { backbone, head, l2, choices = [], thresholdGoal, calibration } = data;
  const facts: readonly (readonly [string, string] | undefined)[] = [
    ["features", backbone],
    ["head", head],
    l2 && ["L2 penalty", `${short(l2.chosen)}, ${l2.grid.length > 0 ? `chosen among ${l2.grid.length}` : "as asked"}`],
    ...choices,
    calibration && ["calibration", calibration.method],
    thresholdGoal === undefined ? undefined : ["thresholds tuned for", thresholdGoal],
  ];
  return html`<h2>How it was made</h2>
<dl class="facts">${facts.map((fact) => fact && html`<div><dt>${name(fact[0])}</dt><dd>${name(fact[1])}</dd></div>`)}</dl>
${penaltyTable(data)}${learning(data)}`;
}

function penaltyTable({ l2 }: RunReport): Html | false {
  if (l2 === undefined || l2.grid.length === 0) return false;
  const { chosen, grid } = l2;
  return html`<details><summary>Strength of the L2 penalty</summary><div class="scroll">
<table><caption>Loss for each strength on images that the head had not seen. The lowest was taken, or the next stronger one if it cannot be told apart, and the head fitted again on train and validation together</caption>
<thead><tr><th scope="col">L2</th><th scope="col">loss on unseen images</th></tr></thead>
<tbody>${grid.map(
    ({ l2: strength, validationLoss }) =>
      html`<tr class="${strength === chosen && "true"}"><th scope="row">${short(strength)}${strength === chosen && " (taken)"}</th><td>${fixed(validationLoss, 4)}</td></tr>`,
  )}</tbody></table></div></details>`;
}

function learning({ curves = [], head }: RunReport): Html | false {
  return (
    curves.length > 0 &&
    html`<h3>Learning curves</h3><div class="pair">${curves.map(
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
    )}</div>`
  );
}

/** The command, the seed, the versions and the data that give the same classifier again. */
export function againSection({ command, seed, version, versions = {}, fingerprint }: RunReport): Html {
  const rows: readonly (readonly [string, string])[] = [
    ["seed", String(seed)],
    ["sigmax", version],
    ...Object.entries(versions),
    ...(fingerprint === undefined ? [] : [["data, sha256", fingerprint] as const]),
  ];
  return html`<h2>Again</h2><p>The same command with the same seed on the same machine gives the same result, byte for byte.</p>
<pre id="command">${command}</pre>${command !== "" && html`<p class="script tools"><button type="button" data-copy="#command">Copy</button></p>`}
<dl class="facts">${rows.map(([what, value]) => html`<div><dt>${name(what)}</dt><dd>${name(value)}</dd></div>`)}</dl>`;
}
