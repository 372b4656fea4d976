import type { ReliabilityBin } from "../../learn/metrics/calibration.js";
import { fixed, plural } from "../format.js";
import { type Html, html } from "../html.js";
import { at, axes, linear, points, svg } from "./axes.js";
import type { Tone } from "./bars.js";

/** How often a probability comes true: on the diagonal it means what it says. The area of a dot is the share of predictions. */
export function reliabilityDiagram(options: {
  readonly title: string;
  readonly tone: Tone;
  readonly bins: readonly ReliabilityBin[];
}): Html {
  const { title, tone } = options;
  const bins = options.bins.filter(({ count }) => count > 0);
  const frame = { left: 46, top: 26, width: 300, height: 300 };
  const x = linear(0, 1, frame.left, frame.left + frame.width);
  const y = linear(0, 1, frame.top + frame.height, frame.top);
  const steps = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const total = bins.reduce((sum, { count }) => sum + count, 0);
  const dots = bins.map(
    ({ meanConfidence, accuracy, count }) =>
      html`<circle class="${tone}" cx="${at(x(meanConfidence))}" cy="${at(y(accuracy))}" r="${at(3 + 11 * Math.sqrt(count / total))}" fill-opacity="0.75"><title>${`predicted ${fixed(meanConfidence, 2)}, came true ${fixed(accuracy, 2)} (${plural(count, "prediction")})`}</title></circle>`,
  );
  return svg(
    { width: 370, height: 370, title },
    html`${axes({ frame, x, y, xTicks: steps, yTicks: steps, xLabel: "predicted probability", yLabel: "came true" })}
<line class="dashed" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>
<polyline class="line ${tone}" points="${points(bins.map(({ meanConfidence, accuracy }) => [x(meanConfidence), y(accuracy)]))}"/>${dots}`,
  );
}
