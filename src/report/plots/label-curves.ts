import type { Head } from "../../task.js";
import { type Html, html } from "../html.js";
import { at, axes, linear, points, svg } from "./axes.js";

/** One label's curve within the unit square. */
export interface LabelCurve {
  /** Which label it is: `data-curve` of its group. */
  readonly label: number;
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Where the classifier stands on it. */
  readonly mark?: readonly [x: number, y: number] | undefined;
}

/** What a kind of curve is drawn with. */
interface CurveKind {
  readonly xLabel: string;
  readonly yLabel: string;
  /** What guessing draws, where it is the same for every label. */
  readonly guess?: readonly (readonly [number, number])[];
}

/** Precision over recall, and the share of positives over the share of negatives that are given. */
export const CURVE_KINDS = {
  pr: { xLabel: "recall", yLabel: "precision" },
  roc: {
    xLabel: "false positive rate",
    yLabel: "true positive rate (recall)",
    guess: [
      [0, 0],
      [1, 1],
    ],
  },
} as const satisfies Readonly<Record<string, CurveKind>>;

const STEPS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** One curve per label in one square; a page can bring one of them forward by the class `chosen` on its group. */
export function labelCurves(options: {
  readonly kind: keyof typeof CURVE_KINDS;
  readonly title: string;
  readonly tone: Head;
  readonly curves: readonly LabelCurve[];
}): Html {
  const { title, tone, curves } = options;
  const { xLabel, yLabel, guess }: CurveKind = CURVE_KINDS[options.kind];
  const frame = { left: 38, top: 26, width: 264, height: 264 };
  const x = linear(0, 1, frame.left, frame.left + frame.width);
  const y = linear(0, 1, frame.top + frame.height, frame.top);
  const drawn = curves.map(({ label, name, points: list, mark }) => {
    const dot = mark && html`<circle class="${tone}" cx="${at(x(mark[0]))}" cy="${at(y(mark[1]))}" r="4"/>`;
    return html`<g class="label-curve" data-curve="${label}"><title>${name}</title><polyline class="line ${tone}" points="${points(list.map(([a, b]) => [x(a), y(b)]))}"/>${dot}</g>`;
  });
  return svg(
    { width: 316, height: 332, title },
    html`${axes({ frame, x, y, xTicks: STEPS, yTicks: STEPS, xLabel, yLabel })}${guess && html`<polyline class="dashed" points="${points(guess.map(([a, b]) => [x(a), y(b)]))}"/>`}${drawn}`,
  );
}
