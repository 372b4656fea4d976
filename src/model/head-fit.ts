import { UserError } from "../errors.js";
import { type MinimizeOptions, type Minimum, minimize } from "../learn/lbfgs.js";
import { throwIfAborted } from "../progress.js";
import { openSession } from "../runtime/open.js";
import type { Session } from "../runtime/session.js";
import type { Head, HeadLoss } from "../task.js";
import { float32 } from "../tensor.js";
import { HEAD_ROWS, headModel, lossGraph } from "./head.js";
import { type Curvature, correctionModel, covarianceModel, inverseHessian, measureCurvature } from "./head-curvature.js";
import { CELL_WEIGHTS, type LossWeighting } from "./head-weights.js";

/** A linear head: logits = features · weightsᵀ + bias. */
export interface LinearHead {
  /** `[K, D]` */
  readonly weights: Float32Array;
  /** `[K]` */
  readonly bias: Float32Array;
}

/** What a head learns from. */
export interface HeadData {
  /** `[N, D]` */
  readonly features: Float32Array;
  /** The features may be overwritten, which saves a copy of them. Default false. */
  readonly disposable?: boolean;
  /** `[N, K]` of 1, 0 and −1 (unknown). */
  readonly labels: Int8Array;
  /** Names a row in messages: the file it came from. */
  readonly nameOf?: (row: number) => string;
}

/** A head fitted to the minimum of mean loss + (l2/2)(‖W‖² + share·‖b‖²) over standardised features. */
export interface FittedHead extends LinearHead {
  /** The minimum, penalty included. */
  readonly loss: number;
  /** Its part without the penalty. */
  readonly dataLoss: number;
  readonly iterations: number;
  readonly evaluations: number;
  readonly reason: Minimum["reason"];
  /** Where the next fit of the same data, with another penalty, starts best. */
  readonly parameters: Float64Array;
}

type Limits = Pick<MinimizeOptions, "maxIterations" | "lossTolerance" | "signal" | "onIteration">;

/** A loss tolerance that is close enough to compare fits with each other, in a fraction of the steps. */
export const ROUGH = 1e-5;

/** Data made ready for a trainer: standardised once, fitted many times. */
export interface Lesson {
  readonly scale: Scale;
  /** Rows that teach nothing: no known label, or (softmax) no positive one. */
  readonly leftOut: number;
  fit(l2: number, options?: { readonly start?: Float64Array | undefined } & Limits): Promise<FittedHead>;
}

/** Fits heads of one kind and shape in ONNX Runtime. */
export interface HeadTrainer {
  prepare(data: HeadData, weighting?: LossWeighting): Lesson;
  close(): Promise<void>;
}

/** Features are centred by their mean and divided by their standard deviation. */
export interface Scale {
  readonly mean: Float64Array;
  readonly spread: Float64Array;
}

/** Bytes of features that one run of the graph reads: few enough to stay in the cache from the forward to the backward pass. */
const BLOCK_BYTES = 10 * 2 ** 20;
/** A spread below this share of the mean is float32 rounding. */
const CONSTANT = 1e-6;
/** Float32 sums of products are good to about this share of the loss. */
const FLOAT32_NOISE = 1e-7;

/** A fit that is kept. */
const TIGHT = { gradientTolerance: 1e-7, lossTolerance: 1e-10, lossNoise: FLOAT32_NOISE } as const;

/** What a trainer does to features and bias. */
export interface HeadTrainerOptions {
  /** What is made small. Default cross-entropy. */
  readonly loss?: HeadLoss | undefined;
  /** Divide centred features by their spread, so that the penalty weighs them alike. Default true. */
  readonly standardise?: boolean;
  /** The penalty on the bias as a share of that on the weights; the head's own by default. */
  readonly biasPenalty?: number;
}

/**
 * Opens a trainer for heads with K classes on features of width D. Close it.
 *
 * Focal and asymmetric losses are not convex: where a descent ends depends on where it begins. Each of their fits begins at the
 * minimum of cross-entropy under the same penalty, which is unique, so that `start` only saves time.
 *
 * @throws UserError `usage` where the head has no such loss
 */
export async function openHeadTrainer(
  head: Head,
  width: number,
  classes: number,
  { loss = "cross-entropy", standardise = true, biasPenalty = HEAD_ROWS[head].biasPenalty }: HeadTrainerOptions = {},
): Promise<HeadTrainer> {
  // Descended one after the other.
  const stages: readonly HeadLoss[] = lossGraph(head, loss).convex ? [loss] : ["cross-entropy", loss];
  const sessions: Session[] = [];
  for (const stage of stages)
    sessions.push(await openSession(headModel(head, width, classes, stage), { file: `the ${head} head` }));
  const covariance = await openSession(covarianceModel(width), { file: "the covariance" });
  const correction = await openSession(correctionModel(width), { file: "the correction" });
  return {
    prepare(data, weighting) {
      const scale = measure(data, width, standardise);
      const features = rescale(data, scale);
      const { positive, negative, leftOut } = CELL_WEIGHTS[head](data.labels, classes, weighting);
      const rows = features.length / width;
      if (leftOut === rows) {
        throw new UserError("bad-data", `none of ${rows} training images has a label to learn from`, {
          hint: "Check the label file and the split.",
        });
      }
      const weights = { features, positive, negative: HEAD_ROWS[head].negatives ? negative : undefined };
      const descents = sessions.map((session) => lossOf(session, weights, width, classes));
      let curvature: Promise<Curvature> | undefined;
      return {
        scale,
        leftOut,
        async fit(l2, { start = new Float64Array(classes * (width + 1)), ...limits } = {}) {
          throwIfAborted(limits.signal);
          curvature ??= measureCurvature(covariance, features, width);
          const shares = Float64Array.from(start, (_, i) => (i < classes * width ? 1 : biasPenalty));
          const precondition = inverseHessian(correction, await curvature, l2, biasPenalty);
          const minima: Minimum[] = [];
          for (const evaluate of descents) {
            const from = minima.at(-1)?.parameters ?? start;
            minima.push(await minimize(penalised(evaluate, l2, shares), from, { ...TIGHT, precondition, ...limits }));
          }
          const { parameters, ...minimum } = minima[minima.length - 1];
          const dataLoss = minimum.loss - (l2 / 2) * squaresOf(parameters, shares);
          return { ...unscale(parameters, scale, classes), ...minimum, dataLoss, parameters: minima[0].parameters };
        },
      };
    },
    async close() {
      for (const session of sessions) await session.close();
      await covariance.close();
      await correction.close();
    },
  };
}

/** Adds (l2/2) Σ shareᵢ pᵢ² to a loss. */
function penalised(evaluate: (parameters: Float64Array) => Promise<SumOfLosses>, l2: number, shares: Float64Array) {
  return async (parameters: Float64Array) => {
    const { loss, gradient } = await evaluate(parameters);
    for (let i = 0; i < gradient.length; i++) gradient[i] += l2 * shares[i] * parameters[i];
    return { loss: loss + (l2 / 2) * squaresOf(parameters, shares), gradient };
  };
}

function squaresOf(parameters: Float64Array, shares: Float64Array): number {
  let squares = 0;
  for (let i = 0; i < parameters.length; i++) squares += shares[i] * parameters[i] * parameters[i];
  return squares;
}

interface SumOfLosses {
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** The weighted loss and its gradient by W `[K, D]`, then b `[K]`: block by block in float32, summed in float64. */
function lossOf(
  session: Session,
  data: { features: Float32Array; positive: Float32Array; negative: Float32Array | undefined },
  width: number,
  classes: number,
) {
  const rows = data.features.length / width;
  const blockRows = Math.max(1, Math.floor(BLOCK_BYTES / 4 / width));
  return async (parameters: Float64Array): Promise<SumOfLosses> => {
    const weights = float32([classes, width], Float32Array.from(parameters.subarray(0, classes * width)));
    const bias = float32([classes], Float32Array.from(parameters.subarray(classes * width)));
    const gradient = new Float64Array(parameters.length);
    let loss = 0;
    for (let from = 0; from < rows; from += blockRows) {
      const to = Math.min(rows, from + blockRows);
      const slice = (array: Float32Array, columns: number) =>
        float32([to - from, columns], array.subarray(from * columns, to * columns));
      const { losses, weightsGradient, biasGradient } = await session.run(
        {
          features: slice(data.features, width),
          weights,
          bias,
          positive: slice(data.positive, classes),
          ...(data.negative && { negative: slice(data.negative, classes) }),
        },
        ["losses", "weightsGradient", "biasGradient"],
      );
      // The graph declares all three as float32.
      for (const value of losses.data as Float32Array) loss += value;
      add(gradient, weightsGradient.data as Float32Array, 0);
      add(gradient, biasGradient.data as Float32Array, classes * width);
    }
    return { loss, gradient };
  };
}

function add(sums: Float64Array, values: Float32Array, at: number): void {
  for (let i = 0; i < values.length; i++) sums[at + i] += values[i];
}

/** Mean and spread of every feature. @throws UserError `numeric` naming the row that holds a number that is not finite */
function measure({ features, nameOf = (row) => `row ${row}` }: HeadData, width: number, standardise: boolean): Scale {
  const rows = features.length / width;
  const mean = new Float64Array(width);
  for (let i = 0, j = 0; i < features.length; i++, j = j + 1 === width ? 0 : j + 1) {
    if (!Number.isFinite(features[i])) {
      throw new UserError("numeric", `${nameOf(Math.floor(i / width))}: feature ${j} is ${features[i]}`, {
        hint: "The image or the backbone is broken: leave the image out, or choose another backbone.",
      });
    }
    mean[j] += features[i] / rows;
  }
  const spread = new Float64Array(width);
  for (let i = 0, j = 0; i < features.length; i++, j = j + 1 === width ? 0 : j + 1)
    spread[j] += (features[i] - mean[j]) ** 2 / rows;
  return {
    mean,
    // A feature that never changes teaches nothing; what rounding leaves of its spread must not be blown up.
    spread: spread.map((variance, d) =>
      standardise && Math.sqrt(variance) > CONSTANT * Math.abs(mean[d]) ? Math.sqrt(variance) : 1,
    ),
  };
}

function rescale({ features, disposable = false }: HeadData, { mean, spread }: Scale): Float32Array {
  const width = mean.length;
  const scaled = disposable ? features : new Float32Array(features.length);
  for (let i = 0, j = 0; i < features.length; i++, j = j + 1 === width ? 0 : j + 1)
    scaled[i] = (features[i] - mean[j]) / spread[j];
  return scaled;
}

/** Folds the scale into the head: w·(x − μ)/σ + b = (w/σ)·x + (b − Σ wμ/σ). */
function unscale(parameters: Float64Array, { mean, spread }: Scale, classes: number): LinearHead {
  const width = mean.length;
  const weights = new Float32Array(classes * width);
  const bias = new Float32Array(classes);
  for (let k = 0; k < classes; k++) {
    let shift = 0;
    for (let j = 0; j < width; j++) {
      const weight = parameters[k * width + j] / spread[j];
      weights[k * width + j] = weight;
      shift += weight * mean[j];
    }
    bias[k] = parameters[classes * width + k] - shift;
  }
  return { weights, bias };
}
