import { count, fixed, perCent } from "../format.js";
import { type Html, html, name } from "../html.js";

/** What changed and is named by no rule, in legends of pages and pictures. */
export const OTHER_CHANGE = { name: "other change", colour: "#ffbf00" } as const;

/** What a place without an answer is called. */
export const NO_ANSWER = "no answer";

/** Hectares in digits that the eye can use: 12 345, 123, 12.3, 1.23; "< 0.01" where rounding would hide it. */
export function hectares(value: number): string {
  const size = Math.abs(value);
  if (size > 0 && size < 0.005) return "< 0.01";
  if (size >= 99.5) return `${value < 0 ? "−" : ""}${count(Math.round(size))}`;
  return fixed(value, size === 0 ? 0 : size >= 9.95 ? 1 : 2);
}

/** Sums of the same cells in another order differ by less. */
const NO_DIFFERENCE = 1e-6;

/** A difference of hectares with its sign, "−< 0.01" where rounding would hide it; "0" where there is none. */
export function signedHectares(value: number): string {
  if (Math.abs(value) < NO_DIFFERENCE) return hectares(0);
  return `${value < 0 ? "−" : "+"}${hectares(Math.abs(value))}`;
}

/** Hectares with their unit, which stays on their line. */
export function withUnit(value: number): string {
  return `${hectares(value)}\u202fha`;
}

/** A part of a whole in per cent; "< 0.1 %" where rounding would hide it, a dash without a whole. */
export function partOf(part: number, whole: number): string {
  const share = whole > 0 ? part / whole : Number.NaN;
  return share > 0 && share < 0.0005 ? "< 0.1\u202f%" : perCent(share);
}

/** Latitude and longitude as every map takes them when pasted: "-8.38123, -74.53421". */
export function coordinates({ longitude, latitude }: { readonly longitude: number; readonly latitude: number }): string {
  return `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
}

/** A transition in words: both names isolated, the arrow told to those who do not see it. */
export function transition(before: string, after: string): Html {
  return html`${name(before)} <span role="img" aria-label="to">→</span> ${name(after)}`;
}

/** A square of colour beside a name. @param colour #rrggbb */
export function swatch(colour: string): Html {
  return html`<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" rx="1.5" fill="${colour}"/></svg>`;
}

/** The square of places without an answer: hatched, as the pictures are. */
export function hatchedSwatch(): Html {
  return html`<svg class="swatch" viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" rx="1.5" fill="#eceef0"/><path d="M-1 4 4 -1M-1 11 11 -1M6 11 11 6" stroke="#9297a0" stroke-width="1.4"/></svg>`;
}
