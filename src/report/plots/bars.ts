import { clip, fixed } from "../format.js";
import { type Html, html } from "../html.js";
import { at, svg } from "./axes.js";

/** The colour of a series, by meaning. */
export type Tone = "softmax" | "sigmoid" | "truth" | "other";

/** One number in [0, 1] as a bar on a track, to stand in a table cell beside its digits. */
export function bar(value: number, tone: Tone): Html {
  const width = at(100 * Math.min(1, Math.max(0, Number.isFinite(value) ? value : 0)));
  return html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"/><rect class="${tone}" width="${width}" height="10"/></svg>`;
}

const ROW = 22;
const LABELS = 130;
const BARS = 380;
const NUMBERS = 60;

/** Probabilities as horizontal bars, one series or several in groups, each bar with its number. */
export function probabilityBars(options: {
  readonly title: string;
  readonly labels: readonly string[];
  readonly series: readonly { readonly name: string; readonly tone: Tone; readonly values: readonly number[] }[];
  /** A dashed line: the probability at which a label is given. */
  readonly threshold?: number;
  /** A line of text under the bars of a series: "sum 1.000". */
  readonly decimals?: number;
}): Html {
  const { title, labels, series, threshold, decimals = 3 } = options;
  const top = series.length > 1 ? 26 : 8;
  const group = ROW * series.length + (series.length > 1 ? 10 : 0);
  const height = top + labels.length * group + 6;
  const legend = series.map(
    ({ name, tone }, s) =>
      html`<rect class="${tone}" x="${LABELS + s * 130}" y="4" width="11" height="11" rx="2"/><text x="${LABELS + s * 130 + 17}" y="14">${name}</text>`,
  );
  const rows = labels.map((label, k) => {
    const y = top + k * group;
    const bars = series.map(({ tone, values }, s) => {
      const width = at(BARS * Math.min(1, Math.max(0, values[k] || 0)));
      const text = y + s * ROW + 15;
      return html`<rect class="track" x="${LABELS}" y="${y + s * ROW + 3}" width="${BARS}" height="${ROW - 6}" rx="2"/><rect class="${tone}" x="${LABELS}" y="${y + s * ROW + 3}" width="${width}" height="${ROW - 6}" rx="2"/><text x="${LABELS + BARS + 10}" y="${text}">${fixed(values[k], decimals)}</text>`;
    });
    return html`<text class="end" x="${LABELS - 10}" y="${at(y + (ROW * series.length) / 2 + 4)}">${clip(label, 18)}</text>${bars}`;
  });
  const x = LABELS + BARS * (threshold ?? 0);
  const line =
    threshold !== undefined && html`<line class="dashed" x1="${at(x)}" x2="${at(x)}" y1="${top - 2}" y2="${height - 4}"/>`;
  return svg({ width: LABELS + BARS + NUMBERS, height, title }, html`${series.length > 1 && legend}${rows}${line}`);
}
