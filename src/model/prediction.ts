/** What a classifier says of one image. */
export interface Prediction {
  /** One per class `[K]`, after the activation and in class order. */
  readonly probabilities: readonly number[];
  /** One per class `[K]`, before the activation. */
  readonly logits: readonly number[];
  /** The labels decided on: exactly one for multiclass, any number for multilabel. */
  readonly labels: readonly string[];
}
