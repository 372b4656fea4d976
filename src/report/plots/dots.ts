import { clip, fixed } from "../format.js";
import { type Html, html } from "../html.js";
import { at, linear, svg, ticks } from "./axes.js";
import type { Tone } from "./bars.js";

/** One value, with the interval that it may lie in. */
export interface DotRow {
  readonly name: string;
  readonly tone: Tone;
  readonly value: number;
  readonly interval?: readonly [low: number, high: number] | undefined;
}

const ROW = 26;
const LEFT = 96;
const RIGHT = 240;
const WIDTH = 286;
const CAP = 4;

/** Values as dots on one axis, with whiskers where an interval is known. The axis starts at 0 and ends at 1, or further where needed. */
export function dotPlot({ title, rows }: { readonly title: string; readonly rows: readonly DotRow[] }): Html {
  const known = rows.filter(({ value }) => Number.isFinite(value));
  const high = Math.max(...known.flatMap(({ value, interval }) => [value, interval?.[1] ?? value]), 0);
  const end = high <= 1 ? 1 : high * 1.02;
  const x = linear(0, end, LEFT, RIGHT);
  const bottom = known.length * ROW + 6;
  const grid = ticks(0, end, 4).map(
    (tick) =>
      html`<line class="axis" x1="${at(x(tick))}" x2="${at(x(tick))}" y1="4" y2="${bottom}"/><text class="quiet middle" x="${at(x(tick))}" y="${bottom + 15}">${tick}</text>`,
  );
  const drawn = known.map(({ name, tone, value, interval }, i) => {
    const y = i * ROW + 17;
    return html`<text class="end${i > 0 ? " quiet" : ""}" x="${LEFT - 10}" y="${y + 4}">${clip(name, 16)}</text>${
      interval && html`<path class="whisker ${tone}" d="${whisker(x(Math.max(0, interval[0])), x(interval[1]), y)}"/>`
    }<circle class="${tone}" cx="${at(x(value))}" cy="${y}" r="${i === 0 ? 4.5 : 3.5}"/><text class="${i > 0 && "quiet"}" x="${RIGHT + 10}" y="${y + 4}">${fixed(value)}</text>`;
  });
  return svg({ width: WIDTH, height: bottom + 22, title }, html`${grid}${drawn}`);
}

/** A line with a cap at each end. */
function whisker(from: number, to: number, y: number): string {
  const cap = (x: number) => `M${at(x)} ${y - CAP}v${2 * CAP}`;
  return `M${at(from)} ${y}H${at(to)}${cap(from)}${cap(to)}`;
}
