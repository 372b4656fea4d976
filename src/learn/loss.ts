import { UserError } from "../errors.js";

/**
 * How the losses of rows (softmax) or cells (sigmoid) become one number.
 * `mean` follows torch: softmax with class indices divides by the summed weights of the targets, softmax with probabilities by
 * the number of rows, sigmoid by the number of known cells. `mean-over-n` follows Keras: divides by N whatever the weights.
 * The unreduced losses are in `LossResult.values`; their gradient is that of `sum`.
 */
export const REDUCTIONS = ["mean", "sum", "mean-over-n"] as const;
export type Reduction = (typeof REDUCTIONS)[number];

/** Logits and targets of N rows and K classes, flat and row-major. */
export interface LossBatch {
  /** `[N, K]` */
  readonly logits: ArrayLike<number>;
  /** Class indices `[N]`, or probabilities (0 and 1 included) `[N, K]`. NaN in a cell of a sigmoid loss means unknown. */
  readonly targets: ArrayLike<number>;
  readonly classes: number;
}

/** How a loss weighs, smooths and reduces; options that a loss does not know are ignored. */
export interface LossOptions {
  readonly reduction?: Reduction;
  /** Softmax losses only: what `targets` holds. Default `index`. */
  readonly targetKind?: "index" | "probability";
  /** `[K]`: multiplies the loss of each class. */
  readonly classWeights?: ArrayLike<number> | undefined;
  /** `[N]`: multiplies the loss of each row. */
  readonly sampleWeights?: ArrayLike<number> | undefined;
  /** In [0, 1]. Softmax: t(1−s) + s/K. Sigmoid: t(1−s) + s/2. */
  readonly labelSmoothing?: number;
  /** Softmax with indices: rows with this target are unknown. Default −100. */
  readonly ignoreIndex?: number;
  /** Sigmoid losses only, `[N, K]`: 0 marks an unknown cell. */
  readonly mask?: ArrayLike<number> | undefined;
  /** Sigmoid cross-entropy only, `[K]`: multiplies the loss of positives. */
  readonly posWeight?: ArrayLike<number> | undefined;
  /** Focal losses: the exponent γ that quiets easy samples. Default 2. */
  readonly gamma?: number;
  /** Sigmoid focal loss: weight of positives against 1 − α for negatives; negative means no weighting. Default 0.25. */
  readonly alpha?: number;
  /** Asymmetric loss: exponents for positives and negatives, and the probability below which a negative costs nothing. */
  readonly gammaPositive?: number;
  readonly gammaNegative?: number;
  readonly margin?: number;
}

/** A loss with its gradient. */
export interface LossResult {
  readonly loss: number;
  /** Weighted, unreduced: `[N]` for softmax losses, `[N, K]` for sigmoid losses. Zero where the target is unknown. */
  readonly values: Float64Array;
  /** Of `loss` with respect to the logits, `[N, K]`. Exactly zero where the target is unknown. */
  readonly gradient: Float64Array;
}

/** A loss of logits `[N, K]`, in float64. @throws UserError `bad-data` for impossible targets, `numeric` when it is not finite */
export type Loss = (batch: LossBatch, options?: LossOptions) => LossResult;

/** The number of rows. @throws UserError `bad-data` if logits do not fill rows of K */
export function rowsOf({ logits, classes }: LossBatch): number {
  if (!Number.isInteger(classes) || classes < 1 || logits.length % classes !== 0) {
    throw new UserError("bad-data", `${logits.length} logits do not make rows of ${classes} classes`);
  }
  return logits.length / classes;
}

/** @throws UserError `bad-data` if an array that goes with the batch has another size */
export function expectLength(what: string, array: ArrayLike<number> | undefined, length: number): void {
  if (array !== undefined && array.length !== length) {
    throw new UserError("bad-data", `${what}: ${array.length} numbers where ${length} are needed`);
  }
}

/** @throws UserError `bad-data` if smoothing lies outside [0, 1] */
export function expectSmoothing(smoothing: number): void {
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw new UserError("bad-data", `label smoothing ${smoothing} is outside 0 … 1`, { hint: "Usual values are 0 and 0.1." });
  }
}

/**
 * Divides loss and gradient (in place) by the denominator.
 *
 * @throws UserError `numeric` naming the first row whose loss is not finite, or when there is nothing to average
 */
export function reduce(
  values: Float64Array,
  gradient: Float64Array,
  denominator: number,
  rowOf: (index: number) => number,
): LossResult {
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) {
      throw new UserError("numeric", `the loss of row ${rowOf(i)} is ${values[i]}`, {
        hint: "Its logits are infinite or not numbers: lower the learning rate, and look for broken images or features in that row.",
      });
    }
    sum += values[i];
  }
  if (denominator === 0) {
    throw new UserError("numeric", "the mean loss is undefined: no row has a known target with a weight above zero", {
      hint: "Skip batches without known labels.",
    });
  }
  for (let i = 0; i < gradient.length; i++) gradient[i] /= denominator;
  return { loss: sum / denominator, values, gradient };
}
