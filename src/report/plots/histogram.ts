import { short } from "../format.js";
import { type Html, html } from "../html.js";
import { at, linear, svg } from "./axes.js";

const WIDTH = 300;
const HEIGHT = 96;
const BASE = 74;
const TOP = 6;

/**
 * How often each value occurs, as an area over its range; the range where values are expected is shaded, the mean marked.
 *
 * @param options.shares of all pixels, in equal steps from `from` to `to`
 */
export function valueHistogram(options: {
  readonly title: string;
  /** "red", "green", "blue" have their colours; others are grey. */
  readonly band: string;
  readonly from: number;
  readonly to: number;
  readonly shares: readonly number[];
  readonly mean: number;
  readonly expected?: readonly [lowest: number, highest: number] | undefined;
}): Html {
  const { title, band, from, to, shares, mean, expected } = options;
  const low = Math.min(from, expected?.[0] ?? from);
  const high = Math.max(to, expected?.[1] ?? to);
  const x = linear(low, high, 4, WIDTH - 4);
  // The square root keeps rare values visible beside a peak.
  const highest = Math.sqrt(shares.reduce((most, share) => Math.max(most, share), 0)) || 1;
  const y = (share: number) => BASE - ((BASE - TOP) * Math.sqrt(share)) / highest;
  const edge = (i: number) => at(x(from + ((to - from) * i) / shares.length));
  const path = shares.map((share, i) => `L${edge(i)},${at(y(share))}L${edge(i + 1)},${at(y(share))}`).join("");
  const tone = Object.hasOwn(TONES, band) ? TONES[band] : "band-other";
  const numbers = expected ? [...new Set([...expected])] : [from, to];
  return svg(
    { width: WIDTH, height: HEIGHT, title },
    html`${expected && html`<rect class="expected" x="${at(x(expected[0]))}" y="${TOP}" width="${at(x(expected[1]) - x(expected[0]))}" height="${BASE - TOP}" rx="3"/>`}
<path class="${tone}" d="M${at(x(from))},${BASE}${path}L${at(x(to))},${BASE}Z"/>
<line class="axis" x1="4" x2="${WIDTH - 4}" y1="${BASE}" y2="${BASE}"/>
${Number.isFinite(mean) && html`<line class="mean" x1="${at(x(mean))}" x2="${at(x(mean))}" y1="${TOP}" y2="${BASE}"/>`}
${numbers.map((value) => html`<text class="quiet ${anchor(x(value))}" x="${at(Math.min(WIDTH - 4, Math.max(4, x(value))))}" y="${BASE + 16}">${brief(value)}</text>`)}`,
  );
}

const TONES: Readonly<Record<string, string>> = { red: "band-red", green: "band-green", blue: "band-blue" };

function anchor(x: number): string {
  if (x > WIDTH - 30) return "end";
  return x < 30 ? "" : "middle";
}

/** A number with three digits and a minus sign that is one, a dash where there is none: −0.485. */
export function brief(value: number): string {
  return Number.isFinite(value) ? short(value).replace("-", "−") : "–";
}
