import type { Value } from "../../onnx/index.js";
import { type Architecture, convNorm, type Layers, relu } from "./layers.js";

/** Stages after the first convolution, each with twice the channels of the one before; some end in a residual of two layers. */
const STAGES = [{ residual: true }, { residual: false }, { residual: true }] as const;

/**
 * ResNet-9 as the DAWNBench entries for CIFAR-10 made it known (Page 2018, "How to train your ResNet"): `width`, then 2, 4 and 8 times
 * as many channels, 8 convolutions before the last layer. Where the original convolves and then takes the maximum of
 * 2 × 2, the convolution here has stride 2: a quarter of the work, and no gradient of MaxPool. D = 8 · width.
 */
export function resnet9({ width }: { readonly width: number }): Architecture {
  return (layers, image) => {
    let value = layer(layers, image, "prep", { filters: width });
    STAGES.forEach(({ residual }, stage) => {
      const name = `layer${stage + 1}`;
      const filters = width * 2 ** (stage + 1);
      const input = layer(layers, value, residual ? `${name}.prep` : name, { filters, stride: 2 });
      value = residual ? twoLayers(layers, input, name, filters) : input;
    });
    return value;
  };
}

/** x + f(x) without an activation after the sum, as in the original. */
function twoLayers(layers: Layers, input: Value, name: string, filters: number): Value {
  const first = layer(layers, input, `${name}.res1`, { filters });
  const second = layer(layers, first, `${name}.res2`, { filters });
  return layers.graph.op("Add", [input, second], {}, name);
}

/** Convolution 3 × 3, batch normalisation, ReLU; the output bears the layer's name. */
function layer(
  layers: Layers,
  input: Value,
  name: string,
  options: { readonly filters: number; readonly stride?: number },
): Value {
  const names = { conv: `${name}.conv`, norm: `${name}.bn` };
  return relu(layers)(convNorm(layers, input, names, { kernelPx: 3, ...options }), name);
}
