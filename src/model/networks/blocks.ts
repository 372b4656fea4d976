import type { Value } from "../../onnx/index.js";
import { type Activation, type ConvOptions, channelsOf, convNorm, type Layers, relu } from "./layers.js";

/** What a stage of a network asks of each of its blocks. The output bears the block's name. */
export interface BlockOptions {
  readonly filters: number;
  readonly stride: number;
}

/**
 * The basic block of ResNet (He et al. 2016), named as in torchvision: relu(f(x) + x), where f is two 3 × 3 convolutions and x goes
 * through a 1 × 1 convolution if the shape changes.
 */
export function basicBlock(layers: Layers, input: Value, name: string, { filters, stride }: BlockOptions): Value {
  const { graph } = layers;
  const act = relu(layers);
  const names = (index: number) => ({ conv: `${name}.conv${index}`, norm: `${name}.bn${index}` });
  let value = convNorm(layers, input, names(1), { filters, kernelPx: 3, stride });
  value = act(value, `${name}.relu1`);
  value = convNorm(layers, value, names(2), { filters, kernelPx: 3 });
  const shortcut = keepsShape(layers, input, { filters, stride })
    ? input
    : convNorm(
        layers,
        input,
        { conv: `${name}.downsample.0`, norm: `${name}.downsample.1` },
        { filters, kernelPx: 1, stride, padPx: 0 },
      );
  return act(graph.op("Add", [value, shortcut], {}, `${name}.add`), name);
}

/** A block that widens the channels before it narrows them. */
export interface BottleneckOptions extends BlockOptions {
  /** Channels inside ÷ channels of the input. */
  readonly expansion: number;
  readonly activation: Activation;
}

/**
 * The inverted residual of MobileNetV2 (Sandler et al. 2018), named as in torchvision: a 1 × 1 convolution that expands (none if
 * the expansion is 1), a depthwise one of 3 × 3, a 1 × 1 one that projects and has no activation; plus x where the shape stays.
 */
export function invertedBlock(layers: Layers, input: Value, name: string, options: BottleneckOptions): Value {
  const { expansion, stride } = options;
  const hidden = expansion * channelsOf(layers.graph, input);
  const expand = { filters: hidden, kernelPx: 1 };
  const depthwise = { filters: hidden, kernelPx: 3, stride, groups: hidden };
  return linearBottleneck(layers, input, name, expansion === 1 ? [depthwise] : [expand, depthwise], options);
}

/**
 * The fused inverted residual of EfficientNetV2 (Tan and Le 2021): one dense 3 × 3 convolution in place of the expanding and the
 * depthwise one.
 */
export function fusedBlock(layers: Layers, input: Value, name: string, options: BottleneckOptions): Value {
  const { expansion, stride } = options;
  const expand = { filters: expansion * channelsOf(layers.graph, input), kernelPx: 3, stride };
  return linearBottleneck(layers, input, name, [expand], options);
}

function linearBottleneck(
  layers: Layers,
  input: Value,
  name: string,
  activated: readonly ConvOptions[],
  { filters, stride, activation }: BottleneckOptions,
): Value {
  let value = input;
  activated.forEach((options, index) => {
    const inner = `${name}.conv.${index}`;
    value = convNorm(layers, value, { conv: `${inner}.0`, norm: `${inner}.1` }, options);
    value = activation(value, `${inner}.2`);
  });
  const residual = keepsShape(layers, input, { filters, stride });
  const norm = `${name}.conv.${activated.length + 1}`;
  const names = { conv: `${name}.conv.${activated.length}`, norm, output: residual ? norm : name };
  value = convNorm(layers, value, names, { filters, kernelPx: 1 });
  return residual ? layers.graph.op("Add", [value, input], {}, name) : value;
}

function keepsShape({ graph }: Layers, input: Value, { filters, stride }: BlockOptions): boolean {
  return stride === 1 && channelsOf(graph, input) === filters;
}
