import type { ChangeReportData } from "../change-data.js";
import { type Html, html, name } from "../html.js";
import { type ChangePictures, pictureUri } from "./pictures.js";
import { placesList } from "./places.js";
import { hatchedSwatch, NO_ANSWER, OTHER_CHANGE, swatch, withUnit } from "./words.js";

/** Opacity of the change layer at first, in per cent. */
const OPACITY = 80;

/**
 * The pictures: with scripts two dates under one divider, the change layer over them and the list of places beside them; without, and in
 * print, all dates beside each other. Every picture stands in the file once, and is used where it is shown.
 */
export function mapSection(data: ChangeReportData, pictures: ChangePictures): Html {
  const { dates } = data;
  const [first, last] = [dates[0], dates[dates.length - 1]];
  return html`<h2>Before and after</h2>
${sharedPictures(data, pictures)}
<div class="map-and-places"><div class="map">
<div class="script">${controls(data)}${view(data)}
<p class="quiet small" data-hint>Drag the divider, or click the picture. Zoom with + and −, or with Ctrl and the wheel; then drag to move about.</p>
<p class="chosen" data-chosen aria-live="polite"></p></div>
<div class="sides">${dates.map((date, i) => html`<figure>${still(data, [html`<use href="#date-${i}"/>`], `The scene of ${date.label}`)}<figcaption>${name(date.label)}${date.day !== null && date.day !== date.label && html` <span class="quiet">${name(date.day)}</span>`}</figcaption></figure>`)}
<figure>${still(
    data,
    [html`<use href="#date-${dates.length - 1}" class="faded"/>`, html`<use href="#change-layer"/>`],
    `What changed from ${first.label} to ${last.label}`,
  )}<figcaption>What changed, ${name(first.label)} to ${name(last.label)}</figcaption></figure></div>
${legend(data)}</div>
<div class="places" id="places"><h3>Largest changed places</h3>${placesList(data)}</div></div>`;
}

/** The shape of the pictures, for the style sheet of the page: `style` attributes are not allowed in it. */
export function mapShape({ cells: { columns, rows } }: ChangeReportData): string {
  return `.view, .still { aspect-ratio: ${columns} / ${rows}; } .view { width: min(100%, calc(78vh * ${columns / rows})); }`;
}

function sharedPictures({ dates, changePicture, cells }: ChangeReportData, pictures: ChangePictures): Html {
  const size = html`width="${cells.columns}" height="${cells.rows}" preserveAspectRatio="none"`;
  return html`<svg class="shared" width="0" height="0" aria-hidden="true" focusable="false"><defs>
${dates.map(({ picture }, i) => html`<image id="date-${i}" ${size} href="${pictureUri(pictures, picture)}"/>\n`)}
<image id="change-layer" class="cells" ${size} href="${pictureUri(pictures, changePicture)}"/></defs></svg>`;
}

function still({ cells }: ChangeReportData, content: readonly Html[], label: string): Html {
  return html`<svg class="still" viewBox="0 0 ${cells.columns} ${cells.rows}" preserveAspectRatio="none" role="img" aria-label="${label}">${content}</svg>`;
}

function controls({ dates }: ChangeReportData): Html {
  const choice = (side: "before" | "after", chosen: number) =>
    html`<label>${side} <select data-choose="${side}">${dates.map(({ label }, i) => html`<option value="${i}"${i === chosen && html` selected`}>${label}</option>`)}</select></label>`;
  return html`<div class="map-tools">${dates.length > 2 && html`${choice("before", 0)}${choice("after", dates.length - 1)}`}
<label><input type="checkbox" data-layer-on checked> change layer</label>
<label class="opacity">opacity <input type="range" min="0" max="100" step="5" value="${OPACITY}" data-opacity> <output>${OPACITY} %</output></label></div>`;
}

function view({ cells: { columns, rows }, dates }: ChangeReportData): Html {
  const last = dates.length - 1;
  return html`<div class="view" data-view data-columns="${columns}" data-rows="${rows}" tabindex="0" role="group" aria-label="Map. Arrow keys move it, plus and minus zoom, 0 shows the whole">
<svg viewBox="0 0 ${columns} ${rows}" preserveAspectRatio="none" role="img" aria-label="Scenes of two dates under a divider, and what changed between them">
<clipPath id="after-side"><rect data-after-side x="${columns / 2}" y="0" width="${columns / 2}" height="${rows}"/></clipPath>
<use href="#date-0" data-shown="before"/>
<g clip-path="url(#after-side)"><use href="#date-${last}" data-shown="after"/></g>
<use href="#change-layer" data-layer opacity="${OPACITY / 100}"/>
<g data-outline visibility="hidden"><rect class="outer"/><rect class="inner"/></g></svg>
<span class="tag before" aria-hidden="true" data-tag="before">${name(dates[0].label)}</span><span class="tag after" aria-hidden="true" data-tag="after">${name(dates[last].label)}</span>
<span class="divider" data-divider></span>
<input class="divide" type="range" min="0" max="100" step="0.5" value="50" data-divide aria-label="Divider: the earlier picture is on its left, the later on its right">
<span class="zoom" role="group" aria-label="Zoom"><button type="button" data-zoom="out" aria-label="Zoom out">−</button><button type="button" data-zoom="in" aria-label="Zoom in">+</button><button type="button" data-zoom="whole">Whole</button></span></div>`;
}

function legend({ rules, dates, counts }: ChangeReportData): Html {
  const [first, last] = [dates[0], dates[dates.length - 1]];
  return html`<ul class="legend" aria-label="Colours of the change layer">${rules.map(({ name: rule, colour, hectares }) => html`<li>${swatch(colour)}${name(rule)} <span class="quiet">${withUnit(hectares)}</span></li>`)}
<li>${swatch(OTHER_CHANGE.colour)}${OTHER_CHANGE.name}</li>${counts.noAnswer > 0 && html`<li>${hatchedSwatch()}${NO_ANSWER}</li>`}</ul>
<p class="quiet small">The change layer shows what changed from ${name(first.label)} to ${name(last.label)}${dates.length > 2 && ", whichever dates are compared"}.${
    rules.length > 1 && " A cell that several rules name has the colour of the first of them."
  }</p>`;
}
