import { type Html, html } from "../html.js";

/** A rectangle of a figure, in SVG units, that data is drawn into. */
export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Maps [from, to] linearly onto [start, end]; a range of zero length maps to the middle. */
export function linear(from: number, to: number, start: number, end: number): (value: number) => number {
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((value - from) / (to - from)) * (end - start);
}

/** Round numbers (1, 2 or 5 times a power of ten) that cover a range with about `about` steps. */
export function ticks(from: number, to: number, about = 5): readonly number[] {
  if (!(to > from) || !Number.isFinite(to - from)) return [from];
  const raw = (to - from) / about;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw * 0.999) ?? raw;
  const list: number[] = [];
  for (let i = Math.ceil(from / step - 1e-9); i * step <= to + step * 1e-9; i++) list.push(Number((i * step).toPrecision(12)));
  return list;
}

/** Grid lines with numbers at the left and below, and the names of both axes. */
export function axes(options: {
  readonly frame: Frame;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly xTicks: readonly number[];
  readonly yTicks: readonly number[];
  readonly xLabel: string;
  readonly yLabel: string;
}): Html {
  const { frame, x, y, xTicks, yTicks, xLabel, yLabel } = options;
  const bottom = frame.top + frame.height;
  const right = frame.left + frame.width;
  return html`<g>
${yTicks.map(
  (tick) => html`<line class="axis" x1="${frame.left}" x2="${right}" y1="${at(y(tick))}" y2="${at(y(tick))}"/>
<text class="quiet end" x="${frame.left - 7}" y="${at(y(tick) + 4)}">${String(tick).replace("-", "−")}</text>`,
)}
${xTicks.map((tick) => html`<text class="quiet middle" x="${at(x(tick))}" y="${bottom + 17}">${String(tick).replace("-", "−")}</text>`)}
<text class="quiet middle" x="${at(frame.left + frame.width / 2)}" y="${bottom + 35}">${xLabel}</text>
<text class="quiet" x="${frame.left}" y="${frame.top - 10}">${yLabel}</text>
</g>`;
}

/** An SVG that grows with its column; `title` is what a screen reader says. */
export function svg(size: { readonly width: number; readonly height: number; readonly title: string }, content: Html): Html {
  return html`<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${size.title}"><title>${size.title}</title>
${content}
</svg>`;
}

/** The `points` of a polyline. */
export function points(list: readonly (readonly [number, number])[]): string {
  return list.map(([x, y]) => `${at(x)},${at(y)}`).join(" ");
}

/** A coordinate with two decimals: enough for print, small in the file. */
export function at(value: number): number {
  return Math.round(value * 100) / 100;
}
