import { VERSION } from "../version.js";
import type { AreaEstimates } from "./area-estimates.js";
import { bundledScript } from "./bundled-script.js";
import { areasSection, transitionsSection } from "./change/areas.js";
import { mapSection, mapShape } from "./change/map.js";
import { againSection, methodSection } from "./change/method.js";
import type { ChangePictures } from "./change/pictures.js";
import { CHANGE_STYLE } from "./change/style.js";
import { summarySection } from "./change/summary.js";
import type { ChangeReportData } from "./change-data.js";
import { plural } from "./format.js";
import { type Html, html, name } from "./html.js";
import { page } from "./page.js";
import { RUN_STYLE } from "./run/style.js";
import { STYLE } from "./style.js";

/** What the report of a change is made of. */
export interface ChangeReport {
  readonly data: ChangeReportData;
  /** The files of `pictures/` by their names. */
  readonly pictures: ChangePictures;
  /** Names of the files that stand beside the page. */
  readonly files: readonly string[];
  /** What a checked sample says of the areas; without it the page says that counts are no estimates. */
  readonly estimates?: AreaEstimates | undefined;
}

/** The sections in their order; one that has nothing to show gives false. */
const SECTIONS: readonly { readonly id: string; readonly title: string; render(report: ChangeReport): Html | false }[] = [
  { id: "summary", title: "What changed", render: ({ data, estimates }) => summarySection(data, estimates) },
  { id: "map", title: "Before and after", render: ({ data, pictures }) => mapSection(data, pictures) },
  { id: "areas", title: "Hectares", render: ({ data, estimates }) => areasSection(data, estimates) },
  { id: "transitions", title: "Transitions", render: ({ data }) => transitionsSection(data) },
  { id: "method", title: "Method", render: ({ data }) => methodSection(data) },
  { id: "again", title: "Again", render: ({ data, files }) => againSection(data, files) },
];

/**
 * `change.html`: one offline file.
 *
 * @throws RangeError where a picture of the data is missing or no picture
 */
export function renderChange(report: ChangeReport, { script }: { readonly script?: string } = {}): string {
  const { title, dates, classifier, cells, generated } = report.data;
  const sections = SECTIONS.flatMap(({ id, title: heading, render }) => {
    const content = render(report);
    return content === false ? [] : [{ id, heading, content }];
  });
  const body = html`<a class="skip" href="#main">Skip to the content</a>
<div class="layout"><nav class="contents" aria-label="Contents"><ol>${sections.map(({ id, heading }) => html`<li><a href="#${id}">${heading}</a></li>`)}</ol></nav>
<div class="content"><header><p class="eyebrow">Change between dates${generated && ": generated data"}</p><h1>${name(title)}</h1>
<p class="lead">${plural(dates.length, "scene")}, ${dates.map(({ label }, i) => html`${i > 0 && (i === dates.length - 1 ? " and " : ", ")}${name(label)}`)}, seen by one classifier (${name(classifier.file)}) in ${plural(cells.columns * cells.rows, "cell")}.</p></header>
<main id="main">
${sections.map(({ id, content }) => html`<section id="${id}">${content}</section>\n`)}</main>
<footer class="quiet"><p>Made by sigmax ${VERSION}. This page is one file, loads nothing and sends nothing; only the links to OpenStreetMap lead elsewhere, if you follow them.</p></footer></div></div>`;
  return page({
    title,
    description: `What changed from ${dates[0].label} to ${dates[dates.length - 1].label}`,
    body,
    styles: [STYLE, RUN_STYLE, CHANGE_STYLE, mapShape(report.data)],
    scripts: [script ?? bundledScript("change")],
  });
}
