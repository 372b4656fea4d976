import type { Head, Task } from "../task.js";
import { sigmoid, softplus } from "./activations.js";

/** Ways to calibrate. */
export const CALIBRATION_METHODS = ["none", "temperature", "platt"] as const;
export type CalibrationMethod = (typeof CALIBRATION_METHODS)[number];

/** An affine map of logits: z′ₖ = scaleₖ zₖ + shiftₖ. Scales are above zero, so no ranking within a label changes. */
export interface Calibration {
  readonly method: CalibrationMethod;
  /** `[K]`. */
  readonly scale: readonly number[];
  /** `[K]`. */
  readonly shift: readonly number[];
}

type Fit = (labels: Int8Array, logits: ArrayLike<number>, classes: number) => Calibration;

/** Scales beyond these say that the labels have nothing to do with the logits, or are separated by them. */
const SCALES: readonly [least: number, most: number] = [1 / 32, 32];
/** 1 / variance of the normal prior around "as it is": what a calibration has to outweigh. Chosen in docs/decisions/0005. */
const STRENGTH = 100;
const MAX_STEPS = 100;

/** The calibration that changes nothing. */
export function identityCalibration(classes: number): Calibration {
  return { method: "none", scale: new Array<number>(classes).fill(1), shift: new Array<number>(classes).fill(0) };
}

/** Calibrated logits of logits `[N, K]`. */
export function calibrate({ scale, shift }: Calibration, logits: Float32Array): Float32Array {
  const classes = scale.length;
  return logits.map((logit, j) => scale[j % classes] * logit + shift[j % classes]);
}

/** One temperature for all classes, by the slope of the head's loss + strength/2 · (scale − 1)². */
function temperature(slopes: (labels: Int8Array, logits: ArrayLike<number>, classes: number, scale: number) => Slope): Fit {
  return (labels, logits, classes) => {
    if (!labels.includes(1)) return identityCalibration(classes);
    const scale = rootOf((at) => {
      const { first, second } = slopes(labels, logits, classes, at);
      return { first: first + STRENGTH * (at - 1), second: second + STRENGTH };
    });
    return { method: "temperature", scale: new Array<number>(classes).fill(scale), shift: new Array<number>(classes).fill(0) };
  };
}

/**
 * Fits a calibration to labels `[N, K]` of 1, 0 and −1 (unknown, left out) and logits `[N, K]` of samples that the head has not seen.
 * Multiclass decisions compare classes, so all of them share one temperature (Guo et al. 2017), which leaves the decisions alone;
 * so do the classes of a softmax. Independent labels have their own affine map each (Platt 1999).
 */
export const CALIBRATE: Readonly<Record<Task, Readonly<Record<Head, Fit>>>> = {
  multiclass: { softmax: temperature(softmaxSlope), sigmoid: temperature(sigmoidSlope) },
  multilabel: { softmax: temperature(softmaxSlope), sigmoid: platt },
};

/** First and second derivative of a convex loss. */
interface Slope {
  readonly first: number;
  readonly second: number;
}

/** Of Σₙ −Σₖ tₙₖ log softmax(s zₙ)ₖ, targets the row's positive labels in equal shares. */
function softmaxSlope(labels: Int8Array, logits: ArrayLike<number>, classes: number, scale: number): Slope {
  let first = 0;
  let second = 0;
  for (let start = 0; start < labels.length; start += classes) {
    let positives = 0;
    let said = 0;
    let top = Number.NEGATIVE_INFINITY;
    for (let j = start; j < start + classes; j++) {
      top = Math.max(top, logits[j]);
      if (labels[j] !== 1) continue;
      positives++;
      said += logits[j];
    }
    if (positives === 0) continue;
    let [sum, mean, square] = [0, 0, 0];
    for (let j = start; j < start + classes; j++) {
      const weight = Math.exp(scale * (logits[j] - top));
      sum += weight;
      mean += weight * logits[j];
      square += weight * logits[j] ** 2;
    }
    mean /= sum;
    // dL/ds = E[z] − z̄ over the positives, d²L/ds² = Var[z]
    first += mean - said / positives;
    second += square / sum - mean ** 2;
  }
  return { first, second };
}

/** Of Σ softplus(s z) − t s z over all known cells. */
function sigmoidSlope(labels: Int8Array, logits: ArrayLike<number>, _classes: number, scale: number): Slope {
  let first = 0;
  let second = 0;
  for (let j = 0; j < labels.length; j++) {
    if (labels[j] < 0) continue;
    const p = sigmoid(scale * logits[j]);
    first += (p - labels[j]) * logits[j];
    second += p * (1 - p) * logits[j] ** 2;
  }
  return { first, second };
}

/** Where the slope of a convex loss is zero, within {@link SCALES}: Newton's method, halving the bracket where it would leave it. */
function rootOf(slopeAt: (scale: number) => Slope): number {
  let [low, high] = SCALES;
  let scale = 1;
  for (let step = 0; step < MAX_STEPS && high - low > 1e-12 * high; step++) {
    const { first, second } = slopeAt(scale);
    if (first === 0) break;
    if (first > 0) high = scale;
    else low = scale;
    const next = scale - first / second;
    const moved = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(moved - scale) <= 1e-12 * scale) break;
    scale = moved;
  }
  return scale;
}

/** A line αz + β; α is above zero. */
type Line = readonly [scale: number, shift: number];

/** Known cells of one label, or of all together. */
interface Cells {
  readonly logits: Float64Array;
  readonly labels: Uint8Array;
  /** The row of each cell. */
  readonly rows: Uint32Array;
}

/** The lines of labels `[K]`, and the one of all labels together. */
export interface PlattLines {
  readonly pooled: Line;
  readonly lines: readonly Line[];
}

/**
 * Platt's calibration of labels and logits `[N, K]`, made ready to be fitted many times under other weights of the rows `[N]`.
 * A line for all labels together, and for each label one of its own on top of it, both held back by a normal prior around (1, 0):
 * few samples stay as they are, rare labels stay with the others, and one without a positive or without a negative entirely.
 * Undefined where no label is mixed at all.
 */
export function openPlatt(
  labels: Int8Array,
  logits: ArrayLike<number>,
  classes: number,
  { strength = STRENGTH }: { readonly strength?: number } = {},
): (weights?: Float64Array) => PlattLines | undefined {
  const all = cellsOf(labels, logits, classes);
  const columns = Array.from({ length: classes }, (_, k) => cellsOf(labels, logits, classes, k));
  let start: Line = [1, 0];
  let starts = columns.map((): Line => [1, 0]);
  return (weights) => {
    const pooled = fitLine(all, { weights, strength, start });
    if (pooled === undefined) return undefined;
    const own = columns.map((column, k) => fitLine(column, { weights, strength, start: starts[k], within: pooled }));
    if (weights === undefined) {
      start = pooled;
      starts = own.map((line) => line ?? [1, 0]);
    }
    return { pooled, lines: own.map((line) => (line === undefined ? pooled : compose(line, pooled))) };
  };
}

function platt(labels: Int8Array, logits: ArrayLike<number>, classes: number): Calibration {
  const fitted = openPlatt(labels, logits, classes)();
  if (fitted === undefined) return identityCalibration(classes);
  return { method: "platt", scale: fitted.lines.map(([a]) => a), shift: fitted.lines.map(([, b]) => b) };
}

/** outer(inner(z)). */
function compose([a, b]: Line, [c, d]: Line): Line {
  return [a * c, a * d + b];
}

/** The known cells of column k of matrices `[N, K]`, or of all columns. */
function cellsOf(labels: Int8Array, logits: ArrayLike<number>, classes: number, k?: number): Cells {
  const known: number[] = [];
  for (let j = k ?? 0; j < labels.length; j += k === undefined ? 1 : classes) if (labels[j] >= 0) known.push(j);
  return {
    logits: Float64Array.from(known, (j) => logits[j]),
    labels: Uint8Array.from(known, (j) => labels[j]),
    rows: Uint32Array.from(known, (j) => Math.floor(j / classes)),
  };
}

/** How a line is fitted. */
interface LineOptions {
  readonly weights: Float64Array | undefined;
  readonly strength: number;
  readonly start: Line;
  /** A line that is applied first. */
  readonly within?: Line;
}

/**
 * The line of least cross-entropy + strength/2 · ((α − 1)² + β²); undefined without positives or without negatives.
 * Targets are Platt's: (N₊ + 1)/(N₊ + 2) for positives, 1/(N₋ + 2) for negatives, so that separable labels keep finite lines.
 */
function fitLine(cells: Cells, { weights, strength, start, within: [scale, shift] = [1, 0] }: LineOptions): Line | undefined {
  const weightOf = (i: number) => weights?.[cells.rows[i]] ?? 1;
  let [positives, negatives] = [0, 0];
  for (let i = 0; i < cells.labels.length; i++) {
    if (cells.labels[i] === 1) positives += weightOf(i);
    else negatives += weightOf(i);
  }
  if (positives === 0 || negatives === 0) return undefined;
  const targets = [1 / (negatives + 2), (positives + 1) / (positives + 2)];
  const stateAt = ([a, b]: Line): State => {
    const state = { loss: (strength / 2) * ((a - 1) ** 2 + b ** 2), ga: strength * (a - 1), gb: strength * b };
    // A little above zero, so that equal logits have a solution too.
    let [haa, hab, hbb] = [strength + 1e-9, 0, strength + 1e-9];
    for (let i = 0; i < cells.logits.length; i++) {
      const weight = weightOf(i);
      if (weight === 0) continue;
      const z = scale * cells.logits[i] + shift;
      const x = a * z + b;
      const p = sigmoid(x);
      const target = targets[cells.labels[i]];
      state.loss += weight * (softplus(x) - target * x);
      state.ga += weight * (p - target) * z;
      state.gb += weight * (p - target);
      const curve = weight * p * (1 - p);
      haa += curve * z * z;
      hab += curve * z;
      hbb += curve;
    }
    return { ...state, haa, hab, hbb };
  };
  const free = newton(stateAt, start, true);
  const [least, most] = SCALES;
  // The loss is convex: beyond a bound, the best scale within is the bound itself.
  if (free[0] < least || free[0] > most) return newton(stateAt, [Math.min(Math.max(free[0], least), most), free[1]], false);
  return free;
}

/** The loss of a line with gradient and Hessian. */
interface State {
  readonly loss: number;
  readonly ga: number;
  readonly gb: number;
  readonly haa: number;
  readonly hab: number;
  readonly hbb: number;
}

/** Newton's method with steps halved until the loss falls (Lin, Lin and Weng 2007). */
function newton(stateAt: (line: Line) => State, start: Line, scaleIsFree: boolean): Line {
  let line = start;
  let state = stateAt(line);
  for (let step = 0; step < MAX_STEPS; step++) {
    const { loss, ga, gb, haa, hab, hbb } = state;
    const determinant = haa * hbb - hab * hab;
    // −H⁻¹ g
    const da = scaleIsFree ? (hab * gb - hbb * ga) / determinant : 0;
    const db = scaleIsFree ? (hab * ga - haa * gb) / determinant : -gb / hbb;
    const decrease = -(ga * da + gb * db);
    if (!(decrease > 1e-10 * (1 + Math.abs(loss)))) break;
    let length = 1;
    let next = stateAt([line[0] + da, line[1] + db]);
    while (!(next.loss <= loss - 1e-4 * length * decrease) && length > 1e-10) {
      length /= 2;
      next = stateAt([line[0] + length * da, line[1] + length * db]);
    }
    if (!(next.loss < loss)) break;
    line = [line[0] + length * da, line[1] + length * db];
    state = next;
  }
  return line;
}
