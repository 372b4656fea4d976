import { clip, count, plural } from "./format.js";
import { type Html, html, name } from "./html.js";
import { labelList, picture } from "./image-card.js";
import type { BandHistogram, InspectionReport, PicturePairs } from "./inspect-data.js";
import { INSPECT_STYLE } from "./inspect-style.js";
import { page } from "./page.js";
import { bar } from "./plots/bars.js";
import { confusionTable } from "./plots/confusion.js";
import { brief, valueHistogram } from "./plots/histogram.js";
import { STYLE } from "./style.js";

const SHOWN_CLASSES = 60;
const SHOWN_FILES = 20;
/** The table of pairs says something up to this many classes. */
const MOST_PAIRS = 30;

/** The page of `data inspect`: what happens to the images before the network sees them, in one offline file. */
export function renderInspection(data: InspectionReport): string {
  const { name: dataset, source, task, samples, labelled, classes, sizes, version } = data;
  const body = html`<header><h1>${name(dataset)}</h1>
<p class="lead">${plural(samples, "image")} (${source}, ${task}), ${count(labelled)} of them labelled, ${plural(classes.length, "class", "classes")}.${sizes !== "" && html` Of those looked at, ${name(sizes)}.`}</p></header>
<main>
${chainSection(data)}
${findingsSection(data)}
${sheetSection(data)}
${valuesSection(data)}
${classesSection(data)}
${pairsSection(data)}
</main>
<footer class="quiet"><p>Made by sigmax ${version}. Pixels of ${plural(data.lookedAt, "image")}, evenly spread over the data, were looked at.</p></footer>`;
  return page({
    title: `Images of ${dataset}`,
    description: `What happens to the images of ${dataset} before a network sees them`,
    body,
    styles: [STYLE, INSPECT_STYLE],
  });
}

function chainSection({ after }: InspectionReport): Html | undefined {
  if (after === undefined) return undefined;
  return html`<section><h2>From the file to the network</h2>
<ol class="chain">${after.steps.map((step) => html`<li><span>${name(step)}</span></li>`)}</ol></section>`;
}

function findingsSection({ findings, unreadable, lookedAt }: InspectionReport): Html {
  const files = (list: readonly string[]) =>
    list.length > 0 &&
    html`<details><summary>${plural(list.length, "file")}</summary><ul>${list.slice(0, SHOWN_FILES).map((file) => html`<li>${name(file)}</li>`)}${list.length > SHOWN_FILES && html`<li>and ${count(list.length - SHOWN_FILES)} more</li>`}</ul></details>`;
  const items = findings.map(({ message, files: concerned }) => html`<li>${name(message)}${files(concerned)}</li>`);
  const bad =
    unreadable.length > 0 &&
    html`<li>${plural(unreadable.length, "image")} cannot be read and will be left out.${files(unreadable.map(({ file, reason }) => (reason.startsWith(file) ? reason : `${file}: ${reason}`)))}</li>`;
  return html`<section><h2>What deserves attention</h2>
${items.length > 0 || bad ? html`<ul class="findings">${bad}${items}</ul>` : html`<p class="fine">Nothing was found in ${plural(lookedAt, "image")}.</p>`}</section>`;
}

function sheetSection({ pictures, after }: InspectionReport): Html | undefined {
  if (pictures.length === 0) return undefined;
  return html`<section><h2>Before and after</h2>
<p>Above, the image as it was decoded${after && ", with a frame around what the network gets where something is cut away"}.
${after && "Below, the pixels that the network gets, before they are normalised."}</p>
<ul class="sheet">${pictures.map(pair)}</ul></section>`;
}

function pair({ file, labels, kind, before, after }: PicturePairs): Html {
  return html`<li><div class="shot">${picture(before, `${file} as decoded`)}</div>
${after !== undefined && html`<span class="down" aria-hidden="true">↓</span><div class="shot after">${picture(after, `${file} as the network gets it`)}</div>`}
<div>${labelList(labels)}</div><div class="kind">${name(clip(file, 40))}<br>${kind}</div></li>`;
}

function valuesSection({ before, after }: InspectionReport): Html | undefined {
  if (before.length === 0) return undefined;
  return html`<section><h2>Values, band by band</h2>
<p>How often each value occurs (square root of the share, so that rare values show); the dashed line is the mean.</p>
<h3>In the files</h3><div class="bands">${before.map((band) => histogramOf(band))}</div>
${
  after &&
  html`<h3>In the network</h3>
<p>Expected: ${after.expected.words}${after.expected.usual && " (shaded)"}.</p>
<div class="bands">${after.values.map((band) => histogramOf(band, after.expected.range))}</div>`
}</section>`;
}

function histogramOf(values: BandHistogram, expected?: readonly [number, number]): Html {
  const { band, dtype, images, lowest, highest, mean, deviation, zero, saturated, histogram } = values;
  const title = `Histogram of ${band}: mean ${brief(mean)}, deviation ${brief(deviation)}`;
  const edges = [
    ...(zero >= 0.005 ? [`${Math.round(100 * zero)} % zero`] : []),
    ...(saturated >= 0.005 ? [`${Math.round(100 * saturated)} % saturated`] : []),
  ];
  return html`<figure>${valueHistogram({ title, band, mean, expected, ...histogram })}
<figcaption><b>${name(band)}</b> ${expected ? "" : `${dtype}, ${plural(images, "image")}; `}${brief(lowest)} to ${brief(highest)}, mean ${brief(mean)}, deviation ${brief(deviation)}${edges.map((text) => `, ${text}`)}</figcaption></figure>`;
}

function classesSection({ classes }: InspectionReport): Html | undefined {
  if (classes.length === 0) return undefined;
  const largest = classes.reduce((most, { yes }) => Math.max(most, yes), 1);
  const parts = Object.keys(classes[0].parts ?? {});
  const rows = classes
    .slice(0, SHOWN_CLASSES)
    .map(
      ({ name: label, yes, parts: inPart }) =>
        html`<tr><th scope="row">${name(label)}</th><td class="wide">${bar(yes / largest, "truth")}</td><td>${count(yes)}</td>${parts.map((part) => html`<td>${count(inPart?.[part] ?? 0)}</td>`)}</tr>`,
    );
  return html`<section><h2>Classes</h2><div class="scroll"><table class="counts">
<thead><tr><th scope="col">class</th><th scope="col" colspan="2">images</th>${parts.map((part) => html`<th scope="col">${part}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>
${classes.length > SHOWN_CLASSES && html`<p class="quiet">and ${plural(classes.length - SHOWN_CLASSES, "more class", "more classes")}.</p>`}</section>`;
}

/** Which labels come together; nothing where every image has one. */
function pairsSection({ classes, together }: InspectionReport): Html | undefined {
  const pairs = together.some((row, a) => row.some((value, b) => a !== b && value > 0));
  if (!pairs || classes.length > MOST_PAIRS) return undefined;
  return html`<section><h2>Labels that come together</h2>
${confusionTable({
  classes: classes.map(({ name: label }) => label),
  matrix: together,
  caption:
    "Images with the label of the row and that of the column; on the diagonal all images with the label. Darker: a larger part of the row.",
})}</section>`;
}
