import { type Html, html } from "../html.js";
import { axes, linear, points, svg, ticks } from "./axes.js";
import type { Tone } from "./bars.js";

/** One curve: values over training steps. Values that are not finite are left out. */
export interface Curve {
  readonly name: string;
  readonly tone: Tone;
  readonly points: readonly (readonly [step: number, value: number])[];
}

const DASHES = ["", " second", " third"];

/** Learning curves: one or several quantities over the steps of training, each with its name in the legend. */
export function learningCurves(options: {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly xLabel: string;
  readonly yLabel: string;
}): Html {
  const curves = options.curves.map((curve) => ({
    ...curve,
    points: curve.points.filter((point) => point.every(Number.isFinite)),
  }));
  const all = curves.flatMap((curve) => curve.points);
  const frame = { left: 58, top: 46, width: 560, height: 250 };
  const [left, right] = extent(all.map(([step]) => step));
  const [low, high] = extent(all.map(([, value]) => value));
  const x = linear(left, right, frame.left, frame.left + frame.width);
  const y = linear(low, high, frame.top + frame.height, frame.top);
  const { title, xLabel, yLabel } = options;
  const drawn = curves.map((curve, i) => {
    const dash = DASHES[curves.slice(0, i).filter(({ tone }) => tone === curve.tone).length % DASHES.length];
    const legend = frame.left + i * 140;
    return html`<polyline class="line ${curve.tone}${dash}" points="${points(curve.points.map(([step, value]) => [x(step), y(value)]))}"/>
<line class="line ${curve.tone}${dash}" x1="${legend}" x2="${legend + 22}" y1="12" y2="12"/><text x="${legend + 28}" y="16">${curve.name}</text>`;
  });
  const grid = axes({ frame, x, y, xTicks: ticks(left, right, 6), yTicks: ticks(low, high), xLabel, yLabel });
  return svg({ width: 640, height: 340, title }, html`${grid}${drawn}`);
}

function extent(values: readonly number[]): readonly [number, number] {
  // A loop and not Math.min(...values): training can have more steps than a call may have arguments.
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}
