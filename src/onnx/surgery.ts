import { UserError } from "../errors.js";
import type { Head } from "../task.js";
import { float32, int64, type Tensor } from "../tensor.js";
import { GraphBuilder, type Value } from "./builder.js";
import { graphOf, type Model, opsetOf } from "./model.js";
import { tensorFrom } from "./tensors.js";
import { type Shape, shapeText, tensorTypeOf } from "./types.js";

/** Names that every embedding model and classifier uses. */
export const IMAGE = "image";
export const EMBEDDING = "embedding";
export const LOGITS = "logits";
export const FINAL_RESULT = "final_result";

/** The last layer's tensors `[K, D]` and `[K]`. */
export const HEAD_WEIGHTS = "head/weights";
export const HEAD_BIAS = "head/bias";

/** How pixels become what a network was trained on: (pixel · scale − mean) / std, per channel. */
export interface Normalization {
  readonly scale: number;
  /** One per channel, in the network's channel order. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** The network wants the channels in reverse: RGB pixels, BGR network. */
  readonly reverseChannels: boolean;
  /** The network wants `[N, H, W, C]`. */
  readonly channelsLast: boolean;
  /** Before all of it. */
  readonly bands?: BandNormalization | undefined;
}

/** (pixel − mean) / std, in the order of the image's bands; `cut`: what is below 0 becomes 0, what is above 1 becomes 1. */
export interface BandNormalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly cut: boolean;
}

/**
 * An embedding model around a cut network with one input and one output: input `image` float32 `[N, C, H, W]` in the range
 * of the pixels, normalisation inside, output `embedding` `[N, D]`. Feature maps `[N, D, H, W]` are averaged over H and W.
 * Written in operators that mean the same in every opset from 7 on.
 */
export function embeddingModel(
  network: Model,
  {
    normalization,
    widthPx,
    heightPx,
  }: { readonly normalization: Normalization; readonly widthPx: number; readonly heightPx: number },
): Model {
  const { input, output } = graphOf(network);
  const { mean, std, scale, reverseChannels, channelsLast, bands } = normalization;
  const channels = mean.length;
  const graph = new GraphBuilder();
  let value: Value = graph.input(IMAGE, "float32", ["N", channels, heightPx, widthPx]);
  if (bands) value = normalized(graph, value, { ...bands, scale: 1 }, "bands");
  // Clip takes its ends in another way from opset 11 on; max(0, min(1, 1 · x + 0)) means the same in all.
  if (bands?.cut) value = graph.op("HardSigmoid", [value], { alpha: 1, beta: 0 }, "bands/cut");
  if (reverseChannels) {
    value = graph.op("Gather", [value, graph.constant(reversed(channels), "input/channels")], { axis: 1 }, "input/reversed");
  }
  value = normalized(graph, value, { mean, std, scale });
  if (channelsLast) value = graph.op("Transpose", [value], { perm: [0, 2, 3, 1] }, "input/channels_last");
  graph.inline(network, { [input[0].name]: value }, "network/");
  let result: Value = `network/${output[0].name}`;
  const shape = graph.shapeOf(result);
  if (shape?.length === 4 && !(shape[2] === 1 && shape[3] === 1)) result = graph.op("GlobalAveragePool", [result], {}, "pooled");
  // Flatten of [N, D] is the identity, so it also serves to name the output.
  graph.output(graph.op("Flatten", [result], { axis: 1 }, EMBEDDING));
  return graph.build({ name: "embedding", opset: opsetOf(network) });
}

/**
 * (x · scale − mean) / std of `[N, C, H, W]`, per channel: a Mul by `input/factor` and an Add of `input/shift`, and neither where
 * it would do nothing. Another `name` stands in place of `input`.
 */
export function normalized(
  graph: GraphBuilder,
  image: Value,
  { mean, std, scale }: Pick<Normalization, "mean" | "std" | "scale">,
  name = "input",
): Value {
  const shape = [mean.length, 1, 1];
  // (x · scale − mean) / std = x · (scale / std) − mean / std
  const factor = std.map((deviation) => scale / deviation);
  const shift = std.map((deviation, channel) => -mean[channel] / deviation);
  let value = image;
  if (factor.some((item) => item !== 1)) {
    value = graph.op("Mul", [value, graph.constant(float32(shape, factor), `${name}/factor`)], {}, `${name}/scaled`);
  }
  if (shift.some((item) => item !== 0)) {
    value = graph.op("Add", [value, graph.constant(float32(shape, shift), `${name}/shift`)], {}, `${name}/normalized`);
  }
  return value;
}

/** The trained last layer. */
export interface HeadLayer {
  /** `[K, D]`. */
  readonly weights: Tensor<"float32">;
  /** `[K]`. */
  readonly bias: Tensor<"float32">;
  readonly head: Head;
}

/** The operator of each head; on `[N, K]` both mean the same in every opset (Softmax before 13 flattens from axis 1). */
const ACTIVATIONS: Readonly<Record<Head, { op: string; attributes: Record<string, number> }>> = {
  softmax: { op: "Softmax", attributes: { axis: 1 } },
  sigmoid: { op: "Sigmoid", attributes: {} },
};

/**
 * A classifier: an embedding model with its head. Outputs `final_result` (probabilities `[N, K]`), `logits` `[N, K]` and
 * `embedding` `[N, D]`, in this order.
 *
 * @throws RangeError when weights, bias and embedding do not fit together
 */
export function appendHead(model: Model, layer: HeadLayer): Model {
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", imageShape(model));
  graph.inline(model, { [IMAGE]: image, [EMBEDDING]: EMBEDDING }, "backbone/");
  addHead(graph, layer);
  graph.output(EMBEDDING);
  return graph.build({ name: "classifier", opset: opsetOf(model) });
}

/**
 * The last layer alone, for embeddings whose network is not known: input `embedding` `[N, D]`, outputs `final_result` and
 * `logits` `[N, K]`.
 */
export function lastLayer(layer: HeadLayer): Model {
  const graph = new GraphBuilder();
  graph.input(EMBEDDING, "float32", ["N", layer.weights.shape[1]]);
  addHead(graph, layer);
  return graph.build({ name: "last-layer" });
}

/**
 * What is trained: an embedding model with a linear layer after it, input `image`, output `logits` `[N, K]`. The tensors of the
 * embedding model keep their names.
 *
 * @throws RangeError when the weights do not fit the embedding
 */
export function appendLogits(model: Model, layer: Omit<HeadLayer, "head">): Model {
  const graph = new GraphBuilder();
  graph.input(IMAGE, "float32", imageShape(model));
  graph.inline(model, { [IMAGE]: IMAGE }, "");
  graph.output(addLogits(graph, layer));
  return graph.build({ name: "logits", opset: opsetOf(model) });
}

/** The last layer of a classifier that {@link appendHead} or {@link lastLayer} made; undefined for any other model. */
export function headLayerOf(model: Model, head: Head): HeadLayer | undefined {
  const { initializer } = graphOf(model);
  const floats = (name: string): Tensor<"float32"> | undefined => {
    const found = initializer.find((tensor) => tensor.name === name);
    const tensor = found && tensorFrom(found);
    return tensor?.data instanceof Float32Array ? float32(tensor.shape, tensor.data) : undefined;
  };
  const [weights, bias] = [floats(HEAD_WEIGHTS), floats(HEAD_BIAS)];
  return weights?.shape.length === 2 && bias?.shape[0] === weights.shape[0] ? { weights, bias, head } : undefined;
}

function addHead(graph: GraphBuilder, layer: HeadLayer): void {
  const logits = addLogits(graph, layer);
  const { op, attributes } = ACTIVATIONS[layer.head];
  graph.output(graph.op(op, [logits], attributes, FINAL_RESULT));
  graph.output(logits);
}

function addLogits(graph: GraphBuilder, { weights, bias }: Omit<HeadLayer, "head">): Value {
  // logits = embedding Wᵀ + b
  const inputs = [EMBEDDING, graph.constant(weights, HEAD_WEIGHTS), graph.constant(bias, HEAD_BIAS)];
  return graph.op("Gemm", inputs, { transB: 1 }, LOGITS);
}

/**
 * An embedding model that averages over the 8 flips and rotations of each image (the dihedral group of the square), run as
 * one batch of 8·N.
 *
 * @throws UserError `bad-model` when the images are not square or their size is not fixed
 */
export function views(model: Model, count: 1 | 8): Model {
  if (count === 1) return model;
  const shape = imageShape(model);
  const [, , height, width] = shape;
  if (typeof height !== "number" || height !== width) {
    throw new UserError("bad-model", `8 views need square images of a fixed size; this model takes ${shapeText(shape)}`, {
      hint: "Use --views 1, or give a square size.",
    });
  }
  const graph = new GraphBuilder();
  let batch: Value = graph.input(IMAGE, "float32", shape);
  const backwards = graph.constant(reversed(height), "views/backwards");
  // {1, horizontal flip} × {1, vertical flip} × {1, transposition} = the 8 symmetries of the square
  const flipped = graph.op("Gather", [batch, backwards], { axis: 3 });
  batch = graph.op("Concat", [batch, flipped], { axis: 0 });
  const turned = graph.op("Gather", [batch, backwards], { axis: 2 });
  batch = graph.op("Concat", [batch, turned], { axis: 0 });
  const transposed = graph.op("Transpose", [batch], { perm: [0, 1, 3, 2] });
  batch = graph.op("Concat", [batch, transposed], { axis: 0 }, "views/images");
  graph.inline(model, { [IMAGE]: batch }, "view/");
  const embedding = `view/${EMBEDDING}`;
  const size = graph.shapeOf(embedding)?.[1];
  // The batch holds view 0 of all images, then view 1, …: [8·N, D] → [8, N, D] → mean over the views.
  const target = graph.constant(int64([3], [8, -1, typeof size === "number" ? size : 0]), "views/shape");
  const stacked = graph.op("Reshape", [embedding, target], {}, "views/embeddings");
  const opset = opsetOf(model);
  // ReduceMean takes its axes as an attribute before opset 18, as an input from then on.
  if (opset < 18) graph.output(graph.op("ReduceMean", [stacked], { axes: [0], keepdims: 0 }, EMBEDDING));
  else graph.output(graph.op("ReduceMean", [stacked, graph.constant(int64([1], [0]), "views/axes")], { keepdims: 0 }, EMBEDDING));
  return graph.build({ name: "views", opset });
}

function imageShape(model: Model): Shape {
  const image = graphOf(model).input.find(({ name }) => name === IMAGE);
  const shape = image && tensorTypeOf(image)?.shape;
  if (shape?.length !== 4) throw new RangeError('an embedding model has an input "image" [N, C, H, W]');
  return shape;
}

function reversed(count: number): Tensor<"int64"> {
  return int64(
    [count],
    Array.from({ length: count }, (_, i) => count - 1 - i),
  );
}
