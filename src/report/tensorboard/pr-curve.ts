import { decodePrCurveData, encodePrCurveData, type Tensor } from "./proto.js";
import { numbersOf, numberTensor } from "./tensor.js";

/** Counts and their ratios of "probability ≥ threshold" at thresholds evenly spaced from 0 to 1, each `[T]`. */
export interface PrCurve {
  readonly truePositives: Float32Array;
  readonly falsePositives: Float32Array;
  readonly trueNegatives: Float32Array;
  readonly falseNegatives: Float32Array;
  /** 1 where nothing is given. */
  readonly precision: Float32Array;
  /** 1 where nothing is to be found. */
  readonly recall: Float32Array;
}

/** As many as TensorBoard's own summaries have. */
const THRESHOLDS = 201;
/** The rows of the tensor. */
const ROWS = ["truePositives", "falsePositives", "trueNegatives", "falseNegatives", "precision", "recall"] as const;

/** The curve of class `k` from labels `[n, K]` of 1, 0 and −1 (unknown: not counted) and probabilities `[n, K]`. */
export function prCurveOf(labels: Int8Array, probabilities: ArrayLike<number>, k: number, classes: number): PrCurve {
  const positives = new Float64Array(THRESHOLDS);
  const negatives = new Float64Array(THRESHOLDS);
  for (let cell = k; cell < labels.length; cell += classes) {
    const probability = probabilities[cell];
    if (labels[cell] < 0 || Number.isNaN(probability)) continue;
    const highestPassed = Math.floor(Math.min(1, Math.max(0, probability)) * (THRESHOLDS - 1));
    (labels[cell] === 1 ? positives : negatives)[highestPassed]++;
  }
  const sum = (total: number, count: number) => total + count;
  const curve = blank();
  const allPositives = positives.reduce(sum, 0);
  const allNegatives = negatives.reduce(sum, 0);
  for (let t = THRESHOLDS - 1, hits = 0, alarms = 0; t >= 0; t--) {
    hits += positives[t];
    alarms += negatives[t];
    curve.truePositives[t] = hits;
    curve.falsePositives[t] = alarms;
    curve.trueNegatives[t] = allNegatives - alarms;
    curve.falseNegatives[t] = allPositives - hits;
    curve.precision[t] = hits + alarms === 0 ? 1 : hits / (hits + alarms);
    curve.recall[t] = allPositives === 0 ? 1 : hits / allPositives;
  }
  return curve;
}

/** `[6, T]`, and what the plugin is told of it. */
export function prCurveTensor(curve: PrCurve) {
  const thresholds = curve.truePositives.length;
  const data = new Float32Array(ROWS.length * thresholds);
  ROWS.forEach((row, i) => {
    data.set(curve[row], i * thresholds);
  });
  return {
    tensor: numberTensor([ROWS.length, thresholds], data),
    content: encodePrCurveData({ version: 0, numThresholds: thresholds }),
  };
}

/** What {@link prCurveTensor} wrote; undefined for any other tensor. @throws Error when the content is not protobuf */
export function readPrCurve(tensor: Tensor, content: Uint8Array): PrCurve | undefined {
  const numbers = numbersOf(tensor);
  if (numbers === undefined || numbers.shape.length !== 2 || numbers.shape[0] !== ROWS.length) return undefined;
  const { shape, data } = numbers;
  const thresholds = shape[1];
  // 0 is not written in protobuf: older files do not say how many there are.
  const told = decodePrCurveData(content).numThresholds;
  if (told !== 0 && told !== thresholds) return undefined;
  const row = (name: (typeof ROWS)[number]) => {
    const from = ROWS.indexOf(name) * thresholds;
    return Float32Array.from(data.subarray(from, from + thresholds));
  };
  return {
    truePositives: row("truePositives"),
    falsePositives: row("falsePositives"),
    trueNegatives: row("trueNegatives"),
    falseNegatives: row("falseNegatives"),
    precision: row("precision"),
    recall: row("recall"),
  };
}

function blank(): PrCurve {
  const row = () => new Float32Array(THRESHOLDS);
  return {
    truePositives: row(),
    falsePositives: row(),
    trueNegatives: row(),
    falseNegatives: row(),
    precision: row(),
    recall: row(),
  };
}
