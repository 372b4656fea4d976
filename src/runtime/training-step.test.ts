// One step of training in either layout, natively and in WebAssembly, must be the derivative of the formula it stands for.
import { expect, it } from "vitest";
import { GraphBuilder, type Value } from "../onnx/builder.js";
import { checkGradient, type NamedTensors, type RunModel } from "../onnx/gradcheck.js";
import { gradient, gradientName } from "../onnx/gradient.js";
import { blockedLayout, PORTABLE } from "../onnx/layouts.js";
import { graphOf, type Model, writeModel } from "../onnx/model.js";
import { drawn, drawnValue, fixed, ints, scalar } from "../onnx/ops/op.cases.js";
import { NCHWC_DOMAIN } from "../onnx/ops/runtime.js";
import { LOSS, trainingStep } from "../onnx/training-step.js";
import { TRAINING_OPSET } from "../onnx/upgrade.js";
import type { Tensor } from "../tensor.js";
import { probeLayout } from "./layout.js";
import { openSession } from "./open.js";

/** Batch statistics of few numbers are steep: what float32 loses is divided by small deviations. Relative to the largest number. */
const TOLERANCE = 2e-5;

const blocked = await probeLayout();
const hasBlocks = blocked.name === "blocked";
/** A machine without blocks has one layout: two equal ones would agree for nothing. */
const layouts = hasBlocks ? [PORTABLE, blocked] : [PORTABLE];

const runner =
  (runtime: "native" | "wasm"): RunModel =>
  async (model, feeds, outputs) => {
    const session = await openSession(writeModel(model), { runtime, threads: 1 });
    try {
      const results: Record<string, Tensor>[] = [];
      for (const feed of feeds) results.push(await session.run(feed, outputs));
      return results;
    } finally {
      await session.close();
    }
  };
const native = runner("native");

type Rectify = "Relu" | "Clip" | "Softplus";
type Shapes = Readonly<Record<string, readonly number[]>>;

const IMAGE = [4, 3, 7, 6];
const EPSILON = 1e-3;

/** Weights by name; 16 channels fill blocks, 12 do not. */
const PARAMETERS: Shapes = {
  stem: [16, 3, 3, 3],
  stem_bias: [16],
  spatial: [16, 1, 3, 3],
  narrow: [12, 16, 1, 1],
  wide: [16, 12, 3, 3],
  ...Object.fromEntries(
    ["stem", "spatial", "narrow", "wide"].flatMap((name) => {
      const channels = name === "narrow" ? 12 : 16;
      return [`${name}_scale`, `${name}_shift`].map((key) => [key, [channels]] as const);
    }),
  ),
  head: [5, 16],
  head_bias: [5],
};

const valueOfParameter = (name: string, index: number): Tensor<"float32"> =>
  drawnValue(drawn(PARAMETERS[name], name.endsWith("_scale") ? [0.5, 1.5] : [-0.6, 0.6]), 40 + index);
const VALUES: NamedTensors = Object.fromEntries(Object.keys(PARAMETERS).map((name, i) => [name, valueOfParameter(name, i)]));
const RUNNING: Readonly<Record<string, Tensor<"float32">>> = Object.fromEntries(
  ["stem", "spatial", "narrow", "wide"].flatMap((name) => {
    const channels = PARAMETERS[`${name}_scale`];
    return [
      [`${name}_mean`, fixed(channels)],
      [`${name}_variance`, fixed(channels, [0.5, 1.5])],
    ];
  }),
);

type Normalize = (graph: GraphBuilder, x: Value, name: string) => Value;

/** A network with all a MobileNet has: strides, depthwise and pointwise convolutions, a residual, and a last layer. */
function network(graph: GraphBuilder, image: Value, normalize: Normalize, rectify: Rectify): Value {
  const active = (x: Value) =>
    rectify === "Clip" ? graph.op("Clip", [x, graph.constant(scalar(0)), graph.constant(scalar(6))]) : graph.op(rectify, [x]);
  const pads = { pads: [1, 1, 1, 1] };
  const stem = active(normalize(graph, graph.op("Conv", [image, "stem", "stem_bias"], { ...pads, strides: [2, 2] }), "stem"));
  const spatial = active(normalize(graph, graph.op("Conv", [stem, "spatial"], { ...pads, group: 16 }), "spatial"));
  const narrow = normalize(graph, graph.op("Conv", [spatial, "narrow"]), "narrow");
  const wide = normalize(graph, graph.op("Conv", [narrow, "wide"], pads), "wide");
  const sum = active(graph.op("Add", [wide, stem]));
  const pooled = graph.op("Flatten", [graph.op("GlobalAveragePool", [sum])]);
  return graph.op("Gemm", [pooled, "head", "head_bias"], { transB: 1 }, "logits");
}

const byRunning: Normalize = (graph, x, name) =>
  graph.op("BatchNormalization", [x, ...["scale", "shift", "mean", "variance"].map((part) => `${name}_${part}`)], {
    epsilon: EPSILON,
  });

/** γ (x − mean x) / √(mean (x − mean x)² + ε) + β, spelled out. */
const spelledOut: Normalize = (graph, x, name) => {
  const axes = graph.constant(ints(0, 2, 3));
  const mean = graph.op("ReduceMean", [x, axes], {}, `${name}_batch_mean`);
  const centred = graph.op("Sub", [x, mean]);
  const variance = graph.op("ReduceMean", [graph.op("Mul", [centred, centred]), axes], {}, `${name}_batch_variance`);
  const deviation = graph.op("Sqrt", [graph.op("Add", [variance, graph.constant(scalar(EPSILON))])]);
  const [scale, shift] = ["scale", "shift"].map((part) =>
    graph.op("Reshape", [`${name}_${part}`, graph.constant(ints(-1, 1, 1))]),
  );
  return graph.op("Add", [graph.op("Mul", [graph.op("Div", [centred, deviation]), scale]), shift]);
};

const weigh = (graph: GraphBuilder): Value =>
  graph.op("ReduceSum", [graph.op("Mul", ["logits", graph.constant(fixed([4, 5]))])], { keepdims: 0 }, "weighted");

/** The network with normalisations spelled out, parameters fed. */
function formula(rectify: Rectify): Model {
  const graph = new GraphBuilder();
  const image = graph.input("image", "float32", IMAGE);
  for (const [name, shape] of Object.entries(PARAMETERS)) graph.input(name, "float32", shape);
  network(graph, image, spelledOut, rectify);
  graph.output(weigh(graph));
  for (const name of ["stem", "wide"]) for (const part of ["mean", "variance"]) graph.output(`${name}_batch_${part}`);
  return graph.build({ opset: TRAINING_OPSET });
}

function stepOf(rectify: Rectify, layout = PORTABLE, { givesSlopes = false } = {}) {
  const graph = new GraphBuilder();
  const image = graph.input("image", "float32", ["N", ...IMAGE.slice(1)]);
  for (const [name, value] of Object.entries({ ...VALUES, ...RUNNING })) graph.constant(value, name);
  graph.output(network(graph, image, byRunning, rectify));
  const loss = (graph: GraphBuilder) => ({
    loss: weigh(graph),
    ...(givesSlopes && { slopes: { logits: graph.constant(fixed([4, 5])) } }),
  });
  return trainingStep(graph.build({ opset: TRAINING_OPSET }), { inputs: { image: IMAGE }, loss, layout });
}

const image = drawnValue(drawn(IMAGE), 5);
const NAMES = Object.keys(PARAMETERS);
const GRADIENTS = NAMES.map(gradientName);

async function runStep({ model, states }: ReturnType<typeof stepOf>, run: RunModel): Promise<NamedTensors> {
  const feeds = { image, ...VALUES, ...Object.fromEntries(states.map(({ name, value }) => [name, value])) };
  const [result] = await run(model, [feeds], [LOSS, ...GRADIENTS, ...states.map(({ next }) => next)]);
  return result;
}

/** A bias before a normalisation has no gradient: what is left of it are rounding errors, to be measured by other gradients. */
function expectClose(actual: Tensor, expected: Tensor, what: string, least = 1e-2): void {
  expect(actual.shape, what).toEqual(expected.shape);
  const numbers = ({ data }: Tensor) => Array.from(data as Float32Array); // all are float32 here
  const largest = numbers(expected).reduce((most, value) => Math.max(most, Math.abs(value)), least);
  const [a, b] = [numbers(actual), numbers(expected)];
  const off = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
  expect(off / largest, what).toBeLessThan(TOLERANCE);
  expect(a.every(Number.isFinite), what).toBe(true);
}

it("the formula with batch statistics has the gradients that differences have", async () => {
  const feeds = { image, ...VALUES };
  const by = ["image", ...NAMES.filter((name) => name !== "stem_bias")];
  const checks = await checkGradient(formula("Softplus"), { of: "weighted", by, feeds, run: native, step: 1 / 64 });
  for (const check of checks) expect(check.error, JSON.stringify(check)).toBeLessThan(2e-3);
});

it.each(["Softplus", "Relu", "Clip"] as const)(
  "a step with %s has the gradients of the formula, in every layout of this machine",
  async (rectify) => {
    const [expected] = await native(
      gradient(formula(rectify), { of: "weighted", by: NAMES }),
      [{ image, ...VALUES }],
      ["weighted", ...GRADIENTS],
    );
    for (const layout of layouts) {
      const result = await runStep(stepOf(rectify, layout), native);
      expectClose(result[LOSS], expected.weighted, `${layout.name}: the loss`);
      for (const name of GRADIENTS) expectClose(result[name], expected[name], `${layout.name}: ${name}`);
    }
  },
);

it("a step whose loss brings its slopes has the same gradients as one whose loss is derived", async () => {
  const derived = await runStep(stepOf("Relu"), native);
  const given = await runStep(stepOf("Relu", PORTABLE, { givesSlopes: true }), native);
  for (const name of [LOSS, ...GRADIENTS]) expectClose(given[name], derived[name], name);
});

it("a step moves the running statistics by a tenth, the variance as that of a sample", async () => {
  const [batch] = await native(formula("Relu"), [{ image, ...VALUES }], ["stem_batch_mean", "stem_batch_variance"]);
  const count = 4 * 4 * 3; // images, rows and columns behind the stem
  const moved = (name: string, statistic: Tensor, factor: number) => {
    const running = RUNNING[name];
    return {
      ...running,
      data: running.data.map((value, i) => 0.9 * value + 0.1 * factor * Number(statistic.data[i])),
    };
  };
  for (const layout of layouts) {
    const result = await runStep(stepOf("Relu", layout), native);
    expectClose(result["next/stem_mean"], moved("stem_mean", batch.stem_batch_mean, 1), layout.name);
    expectClose(
      result["next/stem_variance"],
      moved("stem_variance", batch.stem_batch_variance, count / (count - 1)),
      layout.name,
    );
  }
});

it("the portable step gives in WebAssembly what it gives natively", async () => {
  const step = stepOf("Clip");
  const [expected, result] = [await runStep(step, native), await runStep(step, runner("wasm"))];
  for (const [name, tensor] of Object.entries(expected)) expectClose(result[name], tensor, name);
});

it.skipIf(!hasBlocks)("blocks are among the layouts of this machine", () => expect(layouts).toContain(blocked));

it.each([8, 16])("a step in blocks of %d is made of the operators that have them", (block) => {
  const { node } = graphOf(stepOf("Clip", blockedLayout(block)).model);
  const count = (opType: string, inBlocks: boolean) =>
    node.filter((item) => item.opType === opType && (item.domain === NCHWC_DOMAIN) === inBlocks).length;
  // Forward, mean, dX, dW, and what a normalisation and a Clip are written as, for each of four convolutions.
  expect(count("Conv", true)).toBeGreaterThan(20);
  // Plain ones are weight gradients of many taps.
  expect(count("Conv", false)).toBeLessThanOrEqual(3);
  expect(count("GlobalAveragePool", false)).toBe(0);
});

it("the layout is blocked where ONNX Runtime has its own, and portable in WebAssembly", async () => {
  expect((await probeLayout({ runtime: "wasm" })).name).toBe("portable");
  if (process.arch === "x64") expect([8, 16]).toContain(blocked.block);
  expect(await probeLayout({ threads: 1 })).toMatchObject({ name: blocked.name, block: blocked.block });
});
