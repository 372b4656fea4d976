import type { Task } from "../task.js";
import { bundledScript } from "./bundled-script.js";
import { count, plural } from "./format.js";
import { type Html, html, name } from "./html.js";
import { ISSUE_STYLE } from "./label-issue.js";
import { page } from "./page.js";
import { calibrationSection, curvesSection } from "./run/curves.js";
import { embedRun } from "./run/embedded.js";
import { headlineSection, leakageSection } from "./run/headline.js";
import { labelsSection } from "./run/labels.js";
import { againSection, dataSection, makingSection } from "./run/making.js";
import { MIX_UPS } from "./run/mix-ups.js";
import { collectSection, explainedSection, issuesSection, mistakesSection } from "./run/pictures.js";
import { RUN_STYLE } from "./run/style.js";
import { THUMBNAIL_BYTES } from "./run/thumbnail-order.js";
import type { RunReport } from "./run-data.js";
import { STYLE } from "./style.js";

export type { LabelScore, Mistake, RunReport } from "./run-data.js";

/** The sections in their order; one that has nothing to show gives false. */
const SECTIONS: readonly { readonly id: string; readonly title: string; render(data: RunReport): Html | false }[] = [
  { id: "scores", title: "Scores", render: headlineSection },
  { id: "leakage", title: "Leakage", render: leakageSection },
  { id: "mix-ups", title: "Mix-ups", render: (data) => MIX_UPS[data.task](data) },
  { id: "labels", title: "Labels", render: labelsSection },
  { id: "curves", title: "Curves", render: curvesSection },
  { id: "calibration", title: "Calibration", render: calibrationSection },
  { id: "mistakes", title: "Mistakes", render: mistakesSection },
  { id: "explained", title: "Explained", render: explainedSection },
  { id: "collect", title: "To collect next", render: collectSection },
  { id: "issues", title: "Label issues", render: issuesSection },
  { id: "data", title: "Data", render: dataSection },
  { id: "making", title: "How it was made", render: makingSection },
  { id: "again", title: "Again", render: againSection },
];

/** `report.html` of a run: one offline file. */
export function renderRunReport(data: RunReport, { script }: { readonly script?: string } = {}): string {
  const { run, dataset, task, head, classes, backbone, counts, version, unseen = true } = data;
  const sections = SECTIONS.flatMap(({ id, title, render }) => {
    const content = render(data);
    return content === false ? [] : [{ id, title, content }];
  });
  const main = html`${sections.map(({ id, content }) => html`<section id="${id}">${content}</section>\n`)}`;
  const body = html`<a class="skip" href="#main">Skip to the content</a>
<div class="layout"><nav class="contents" aria-label="Contents"><ol>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ol></nav>
<div class="content"><header><p class="eyebrow">Report of a classifier</p><h1>${name(run)}</h1>
<p class="lead">A <span class="${head}-text">${head}</span> classifier for ${TASK_WORDS[task]}: ${plural(classes.length, "class", "classes")} of ${name(dataset)},
on features from ${name(backbone)}, trained on ${plural(counts.train + counts.validation, "image")}, tested on ${count(counts.test)}${unseen && " others"}.</p></header>
<main id="main">
${main}</main>
<footer class="quiet"><p>Made by sigmax ${version}. This page is one file, loads nothing and sends nothing.</p></footer></div></div>`;
  // What stands in the page already is not embedded again.
  const pictures = [...main.markup.matchAll(/<img(?: data-row="(\d+)")? src="([^"]*)"/g)];
  const bytes = pictures.reduce((sum, [, , uri]) => sum + uri.length, 0);
  const shown = new Set(pictures.flatMap(([, row]) => (row === undefined ? [] : [Number(row)])));
  const embedded = embedRun(data, shown, THUMBNAIL_BYTES - bytes);
  return page({
    title: `${run}: ${head} on ${dataset}`,
    description: `Report of one training run on ${dataset}`,
    body,
    styles: [STYLE, RUN_STYLE, ISSUE_STYLE],
    scripts: [script ?? bundledScript("report")],
    ...(embedded && { data: { "run-data": embedded } }),
  });
}

const TASK_WORDS: Readonly<Record<Task, string>> = {
  multiclass: "images with exactly one label",
  multilabel: "images with any number of labels",
};
