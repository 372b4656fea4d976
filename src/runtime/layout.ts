import { GraphBuilder } from "../onnx/builder.js";
import { gradient, gradientName } from "../onnx/gradient.js";
import { blockedLayout, type Layout, PORTABLE } from "../onnx/layouts.js";
import { type Model, writeModel } from "../onnx/model.js";
import { NCHWC_DOMAIN } from "../onnx/ops/runtime.js";
import { float32, sizeOf, type Tensor } from "../tensor.js";
import { type OpenSessionOptions, openSession } from "./open.js";

/** The block sizes that ONNX Runtime has for its own layout: 16 with AVX-512, 8 with AVX. Both divide this number of channels. */
const BLOCKS = [8, 16];
const CHANNELS = 16;

/** Relative to the largest number; the same convolution in another order of sums differs by 1e-6. */
const TOLERANCE = 1e-4;

/**
 * Finds the layout to train in: the blocked one where this build of ONNX Runtime on this machine has it and a small network and its
 * gradients come out of it as they do from the portable one, else the portable one. The operators of the blocked layout are internal to
 * ONNX Runtime, and how many channels are in a block depends on the machine.
 */
export async function probeLayout(options: Pick<OpenSessionOptions, "runtime" | "threads"> = {}): Promise<Layout> {
  if (options.runtime === "wasm") return PORTABLE;
  try {
    const block = await probeBlock(options);
    if (block === undefined) return PORTABLE;
    const layout = blockedLayout(block);
    const [blocked, portable] = [await derive(layout, options), await derive(PORTABLE, options)];
    const agrees = Object.keys(portable).every((name) => agree(blocked[name], portable[name]));
    return agrees ? layout : PORTABLE;
  } catch {
    // An operator that is not there, or is no longer what it was.
    return PORTABLE;
  }
}

/** How many channels ONNX Runtime puts side by side: of two pixels `[1, 16, 1, 2]`, the second starts after one block. */
async function probeBlock(options: OpenSessionOptions): Promise<number | undefined> {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [1, CHANNELS, 1, 2]);
  graph.output(graph.op("ReorderInput", [x], {}, "y", NCHWC_DOMAIN));
  const values = Float32Array.from({ length: 2 * CHANNELS }, (_, i) => i);
  const { y } = await run(graph.build(), { x: float32([1, CHANNELS, 1, 2], values) }, options);
  return BLOCKS.find((block) =>
    values.every((_, i) => {
      const [group, pixel, channel] = [Math.floor(i / (2 * block)), Math.floor(i / block) % 2, i % block];
      return y.data[i] === 2 * (group * block + channel) + pixel;
    }),
  );
}

/**
 * The gradients of a network with one of everything that the layout writes in operators of its own: a dense convolution with a stride and
 * a ReLU, a depthwise one with a Clip, a pointwise one with a normalisation, a sum and a pool.
 */
async function derive(layout: Layout, options: OpenSessionOptions): Promise<Record<string, Tensor>> {
  const graph = new GraphBuilder();
  const shapes = {
    x: [2, CHANNELS, 7, 8],
    dense: [CHANNELS, CHANNELS, 3, 3],
    depthwise: [CHANNELS, 1, 3, 3],
    pointwise: [CHANNELS, CHANNELS, 1, 1],
    scale: [CHANNELS],
    shift: [CHANNELS],
  };
  const [x, dense, depthwise, pointwise, scale, shift] = Object.entries(shapes).map(([name, shape]) =>
    graph.input(name, "float32", shape),
  );
  const pads = { pads: [1, 1, 1, 1] };
  const constants = (values: readonly number[]) => values.map((value) => graph.constant(float32([], [value])));
  const statistics = [0.5, 2].map((value) => graph.constant(float32([CHANNELS], new Array<number>(CHANNELS).fill(value))));
  const stem = graph.op("Relu", [graph.op("Conv", [x, dense], { ...pads, strides: [2, 2] })]);
  const middle = graph.op("Clip", [graph.op("Conv", [stem, depthwise], { ...pads, group: CHANNELS }), ...constants([0, 1])]);
  const normal = graph.op("BatchNormalization", [graph.op("Conv", [middle, pointwise]), scale, shift, ...statistics]);
  const sum = graph.op("Conv", [graph.op("Add", [normal, stem]), dense], pads);
  graph.output(graph.op("GlobalAveragePool", [sum], {}, "y"));
  const by = Object.keys(shapes);
  const feeds = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const values = Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(i * i));
      return [name, float32(shape, values)];
    }),
  );
  return run(gradient(graph.build(), { of: "y", by, layout }), feeds, options, ["y", ...by.map(gradientName)]);
}

async function run(
  model: Model,
  feeds: Record<string, Tensor>,
  options: OpenSessionOptions,
  fetches?: readonly string[],
): Promise<Record<string, Tensor>> {
  const session = await openSession(writeModel(model), options);
  try {
    return await session.run(feeds, fetches);
  } finally {
    await session.close();
  }
}

function agree(a: Tensor, b: Tensor): boolean {
  const [left, right] = [a, b].map(({ data }) => Array.from(data as ArrayLike<number | bigint>, Number)); // of any element type
  const largest = right.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return left.length === right.length && left.every((value, i) => Math.abs(value - right[i]) <= TOLERANCE * largest);
}
