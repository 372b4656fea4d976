import { sigmoid } from "../../learn/activations.js";
import { clip, fixed } from "../format.js";
import { type Html, html } from "../html.js";
import { at, axes, linear, points, svg, ticks } from "./axes.js";

const LABEL_PX = 14;
const MAX_LABELS = 8;

/**
 * The S-curve σ(z/T) beside the step function that it becomes as T → 0, with logits marked on it.
 *
 * @param options.logits drawn as dots; labelled with their names while there are few
 */
export function sigmoidCurve(options: {
  readonly title: string;
  readonly logits?: readonly { readonly name: string; readonly logit: number }[];
  readonly temperature?: number;
  /** The largest |z| of the axis; default 8. */
  readonly range?: number;
}): Html {
  const { title, logits = [], temperature = 1, range = 8 } = options;
  const frame = { left: 46, top: 26, width: 560, height: 230 };
  const x = linear(-range, range, frame.left, frame.left + frame.width);
  const y = linear(0, 1, frame.top + frame.height, frame.top);
  const curve = Array.from({ length: 241 }, (_, i) => {
    const z = range * (i / 120 - 1);
    return [x(z), y(sigmoid(z / temperature))] as const;
  });
  const step = [
    [x(-range), y(0)],
    [x(0), y(0)],
    [x(0), y(1)],
    [x(range), y(1)],
  ] as const;
  const marks = logits.map(({ name, logit }) => {
    const p = sigmoid(logit / temperature);
    return { name, logit, p, cx: at(x(Math.min(range, Math.max(-range, logit)))), cy: at(y(p)) };
  });
  // Labels stand where the curve leaves room: above left of a dot in the lower half, below right of it in the upper.
  const low = marks.filter(({ p }) => p < 0.5);
  const high = marks.filter(({ p }) => p >= 0.5);
  const heights = new Map([...spread(low, -LABEL_PX), ...spread(high, LABEL_PX)]);
  const dots = marks.map((mark) => {
    const { name, logit, p, cx, cy } = mark;
    const place = p < 0.5 ? html`class="halo end" x="${cx - 5}"` : html`class="halo" x="${cx + 5}"`;
    return html`<line class="axis" x1="${cx}" x2="${cx}" y1="${at(y(0))}" y2="${cy}"/><circle class="sigmoid" cx="${cx}" cy="${cy}" r="5"><title>${`${name}: z = ${fixed(logit, 2)}, σ = ${fixed(p)}`}</title></circle>${marks.length <= MAX_LABELS && html`<text ${place} y="${at(heights.get(mark)! + 4)}">${clip(name, 16)}</text>`}`;
  });
  return svg(
    { width: 630, height: 300, title },
    html`${axes({ frame, x, y, xTicks: ticks(-range, range, 8), yTicks: [0, 0.25, 0.5, 0.75, 1], xLabel: "logit z: any real number", yLabel: "probability" })}
<polyline class="dashed" points="${points(step)}"/><polyline class="line sigmoid" points="${points(curve)}"/>${dots}
<text class="quiet end" x="${frame.left + frame.width}" y="${frame.top + frame.height - 10}">— σ(z/T), T = ${fixed(temperature, 2)}   ┄ step</text>`,
  );
}

/** Heights of labels, `gap` away from their dots and from each other: downwards (gap > 0) or upwards from the first. */
function spread<T extends { readonly cy: number }>(marks: readonly T[], gap: number): [T, number][] {
  const further = gap > 0 ? Math.max : Math.min;
  let last = gap > 0 ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return [...marks]
    .sort((a, b) => (a.cy - b.cy) * Math.sign(gap))
    .map((mark) => {
      last = further(mark.cy + gap, last + gap);
      return [mark, last];
    });
}
