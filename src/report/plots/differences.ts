import { clip, fixed, signed } from "../format.js";
import { type Html, html } from "../html.js";
import { at, linear, svg, ticks } from "./axes.js";
import type { Tone } from "./bars.js";

/** A difference and the interval it lies in. */
export interface DrawnDifference {
  readonly label: string;
  readonly difference: number;
  readonly interval: readonly [low: number, high: number];
  /** `other` for what is not told apart from 0: it is drawn pale. */
  readonly tone: Tone;
}

const ROW = 26;
const LABELS = 110;
const WIDTH = 270;
const NUMBERS = 60;

/** Differences as dots on their intervals, beside a line at 0: what crosses the line is not told apart. */
export function differencePlot({ title, rows }: { readonly title: string; readonly rows: readonly DrawnDifference[] }): Html {
  const edges = rows.flatMap(({ interval }) => interval).filter(Number.isFinite);
  const [low, high] = [Math.min(0, ...edges), Math.max(0, ...edges)];
  const x = linear(low, high, LABELS + 8, LABELS + WIDTH - 8);
  const height = rows.length * ROW + 30;
  const bottom = rows.length * ROW + 6;
  const marks = ticks(low, high, 4).map(
    (tick) => html`<line class="axis" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="4" y2="${bottom}"/>
<text class="quiet middle" x="${at(x(tick))}" y="${bottom + 16}">${signed(tick, 2)}</text>`,
  );
  const drawn = rows.map(({ label, difference, interval: [from, to], tone }, i) => {
    const y = i * ROW + ROW / 2 + 4;
    return html`<text class="end" x="${LABELS - 10}" y="${y + 4}">${clip(label, 16)}</text>
<line class="line ${tone}" x1="${at(x(from))}" x2="${at(x(to))}" y1="${y}" y2="${y}"/><circle class="${tone}" cx="${at(x(difference))}" cy="${y}" r="4.5" fill-opacity="${tone === "other" ? 0.4 : 1}"><title>${`${signed(difference)}, 95 % interval ${fixed(from)} to ${fixed(to)}`}</title></circle>
<text x="${LABELS + WIDTH + 10}" y="${y + 4}">${signed(difference)}</text>`;
  });
  return svg(
    { width: LABELS + WIDTH + NUMBERS, height, title },
    html`${marks}<line class="dashed" x1="${at(x(0))}" x2="${at(x(0))}" y1="2" y2="${bottom}"/>${drawn}`,
  );
}
