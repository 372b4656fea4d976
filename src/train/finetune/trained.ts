import { foldBatchNorm } from "../../onnx/fold-batch-norm.js";
import { withInitializers } from "../../onnx/initializers.js";
import type { Model } from "../../onnx/model.js";
import { namedWeights } from "../../onnx/named-weights.js";
import { appendLogits, HEAD_BIAS, HEAD_WEIGHTS, type HeadLayer } from "../../onnx/surgery.js";
import { float32 } from "../../tensor.js";
import type { Learned } from "./trainer.js";

/** A network after training, ready to be shipped. */
export interface Trained {
  /** From `image` to `embedding`, normalisation by the batch folded away. */
  readonly network: Model;
  /** The same with its normalisations, as it can learn on. */
  readonly unfolded: Model;
  readonly layer: HeadLayer;
}

/**
 * Puts what was learned where it came from.
 *
 * @param network the embedding model that was trained
 * @param start the last layer it began with
 * @throws RangeError when a tensor is not of this network
 */
export function trainedNetwork(network: Model, start: HeadLayer, learned: Learned): Trained {
  const body = new Map([...learned].filter(([name]) => name !== HEAD_WEIGHTS && name !== HEAD_BIAS));
  const { weights, bias, head } = start;
  const unfolded = withInitializers(namedWeights(network), body);
  return {
    network: foldBatchNorm(unfolded),
    unfolded,
    layer: {
      weights: float32(weights.shape, (learned.get(HEAD_WEIGHTS) ?? weights.data).slice()),
      bias: float32(bias.shape, (learned.get(HEAD_BIAS) ?? bias.data).slice()),
      head,
    },
  };
}

/** The forward pass of a trained network, from `image` to `logits`. */
export function logitsOf({ network, layer }: Pick<Trained, "network" | "layer">): Model {
  return appendLogits(network, layer);
}
