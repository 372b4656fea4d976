import type { ChangeReportData } from "../change-data.js";
import { count, fixed } from "../format.js";
import { type Html, html, name } from "../html.js";
import { coordinates, swatch, transition, withUnit } from "./words.js";

/** Places that are listed before the reader asks for more. */
const SHOWN = 20;

type Place = ChangeReportData["places"][number];

/** The changed places, largest first; each a button that shows it on the map. */
export function placesList(data: ChangeReportData): Html {
  const { places, settings } = data;
  if (places.length === 0) return html`<p>Nothing changed in a region of at least ${withUnit(settings.unitHectares)}.</p>`;
  const items = places.map((place) => item(place, data));
  return html`<p class="quiet small script">Choose one to see it on the map.</p>
<ol class="place-list">${items.slice(0, SHOWN)}</ol>${
    items.length > SHOWN &&
    html`<p class="in-print">${count(items.length - SHOWN)} smaller places stand on the page itself, and all of them in <code>changes.geojson</code>.</p><details class="more-places"><summary>${count(items.length - SHOWN)} smaller places</summary><ol class="place-list" start="${SHOWN + 1}">${items.slice(SHOWN)}</ol></details>`
  }`;
}

/** Disabled until a script can show it. Between two dates nobody has to be told when. */
function item(place: Place, { rules, dates }: ChangeReportData): Html {
  const { id, before, after, hectares, when, score, box } = place;
  const named = rules.filter((rule) => place.rules.includes(rule.name));
  return html`<li class="place"><button type="button" disabled data-place="${id}" data-box="${box.join(" ")}"><span>${transition(before, after)}</span> <b>${withUnit(hectares)}</b></button>
<div class="about">${named.map((rule) => html`<span class="part">${swatch(rule.colour)}${name(rule.name)}</span>`)}${when !== null && dates.length > 2 && html`<span class="part">${name(when)}</span>`}<span class="part" title="How sure the comparison is of the cells of this place, on average: 1 is certain">evidence ${fixed(score, 2)}</span>
${where(place)}</div></li>`;
}

function where({ longitude, latitude }: Place): Html | false {
  if (longitude === null || latitude === null) return false;
  const address = `https://www.openstreetmap.org/?mlat=${latitude.toFixed(5)}&mlon=${longitude.toFixed(5)}#map=15/${latitude.toFixed(5)}/${longitude.toFixed(5)}`;
  return html`<span class="part where"><span class="coordinates" title="latitude, longitude">${coordinates({ longitude, latitude })}</span> <a href="${address}" rel="noreferrer" target="_blank">OpenStreetMap</a></span>`;
}
