import type { GraphBuilder, Value } from "../../onnx/index.js";
import type { Random } from "../../random.js";
import { float32, sizeOf } from "../../tensor.js";

/** What the layers of a network are written to. */
export interface Layers {
  readonly graph: GraphBuilder;
  /** Each weight draws from a stream of its own, named as the weight is: a change of one layer leaves the others as they were. */
  readonly random: Random;
}

/** The layers of a network without its last one: image `[N, C, H, W]` → feature maps `[N, D, H′, W′]`. */
export type Architecture = (layers: Layers, image: Value) => Value;

/** A nonlinearity: writes one node and names its output. */
export type Activation = (input: Value, output: Value) => Value;

export interface ConvOptions {
  /** Output channels. */
  readonly filters: number;
  /** Side of the kernel. */
  readonly kernelPx: number;
  readonly stride?: number | undefined;
  /** The input channels are dealt to this many groups; as many as there are channels make a depthwise convolution. */
  readonly groups?: number | undefined;
  /** Zeros around the image; by default as many as leave its size at stride 1. */
  readonly padPx?: number | undefined;
}

/** What the two layers are called; the output is named as the second of them unless told otherwise. */
export interface ConvNormNames {
  readonly conv: string;
  readonly norm: string;
  readonly output?: string | undefined;
}

/** A convolution without bias, then batch normalisation, whose shift takes the place of the bias. */
export function convNorm(layers: Layers, input: Value, { conv, norm, output }: ConvNormNames, options: ConvOptions): Value {
  return batchNorm(layers, convolution(layers, input, conv, options), norm, output);
}

/**
 * A convolution without bias. Weights `<name>.weight` `[filters, C / groups, K, K]` are normal with variance 2 / fan-out (He et al.
 * 2015), where fan-out = filters · K², of which a group sees but a part: as `kaiming_normal_(mode="fan_out")` of PyTorch counts.
 */
function convolution(
  { graph, random }: Layers,
  input: Value,
  name: string,
  { filters, kernelPx, stride = 1, groups = 1, padPx = Math.floor((kernelPx - 1) / 2) }: ConvOptions,
): Value {
  const shape = [filters, channelsOf(graph, input) / groups, kernelPx, kernelPx];
  const deviation = Math.sqrt(2 / (filters * kernelPx * kernelPx));
  const weight = `${name}.weight`;
  const stream = random.fork(weight);
  const values = Float32Array.from({ length: sizeOf(shape) }, () => deviation * stream.normal());
  const attributes = {
    kernel_shape: [kernelPx, kernelPx],
    strides: [stride, stride],
    pads: [padPx, padPx, padPx, padPx],
    group: groups,
  };
  return graph.op("Conv", [input, graph.constant(float32(shape, values), weight)], attributes, name);
}

/**
 * Batch normalisation in the form for inference, with the operator's own ε = 1e-5 and momentum = 0.9 (what PyTorch calls 0.1). It
 * begins as the identity: scale 1, bias 0, running mean 0, running variance 1.
 */
function batchNorm({ graph }: Layers, input: Value, name: string, output = name): Value {
  const channels = channelsOf(graph, input);
  const parameters = Object.entries({ scale: 1, bias: 0, mean: 0, variance: 1 }).map(([parameter, value]) =>
    graph.constant(float32([channels], new Float32Array(channels).fill(value)), `${name}.${parameter}`),
  );
  return graph.op("BatchNormalization", [input, ...parameters], {}, output);
}

/** max(x, 0). */
export function relu({ graph }: Layers): Activation {
  return (input, output) => graph.op("Relu", [input], {}, output);
}

/** min(max(x, 0), 6) (Sandler et al. 2018). The two bounds are shared by all nodes, so call it once for a graph. */
export function relu6({ graph }: Layers): Activation {
  const bounds = [graph.constant(float32([], [0]), "relu6/low"), graph.constant(float32([], [6]), "relu6/high")];
  return (input, output) => graph.op("Clip", [input, ...bounds], {}, output);
}

/** C of `[N, C, …]`. @throws RangeError when it is not known */
export function channelsOf(graph: GraphBuilder, value: Value): number {
  const channels = graph.shapeOf(value)?.[1];
  if (typeof channels !== "number") throw new RangeError(`the number of channels of ${value} is not known`);
  return channels;
}
