// One step of training in either layout, natively and in WebAssembly, must be the derivative of the formula it stands for.
import { expect, it } from "vitest";
import { GraphBuilder, type Value } from "../onnx/builder.js";
import { checkGradient, type NamedTensors, type RunModel } from "../onnx/gradcheck.js";
import { gradient, gradientName } from "../onnx/gradient.js";
import { blockedLayout, PORTABLE } from "../onnx/layouts.js";
import { graphOf, type Model } from "../onnx/model.js";
import { normalForm } from "../onnx/normal-form.js";
import { drawn, drawnValue, fixed, ints, scalar } from "../onnx/ops/op.cases.js";
import { NCHWC_DOMAIN } from "../onnx/ops/runtime.js";
import { changed } from "../onnx/proto.js";
import { LOSS, trainingStep } from "../onnx/training-step.js";
import { valueInfo } from "../onnx/types.js";
import { TRAINING_OPSET } from "../onnx/upgrade.js";
import { float32, type Tensor } from "../tensor.js";
import { probeLayout } from "./layout.js";
import { native, runner } from "./running.cases.js";

/** Batch statistics of few numbers are steep: what float32 loses is divided by small deviations. Relative to the largest number. */
const TOLERANCE = 2e-5;

const blocked = await probeLayout();
const hasBlocks = blocked.name === "blocked";
/** A machine without blocks has one layout: two equal ones would agree for nothing. */
const layouts = hasBlocks ? [PORTABLE, blocked] : [PORTABLE];

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

/** A network on `x` `[N, 4]` or on images, with a loss that is the weighted sum of one tensor. */
function simpleStep(
  shape: readonly number[],
  write: (graph: GraphBuilder, x: Value) => Value,
  options: Partial<Parameters<typeof trainingStep>[1]> = {},
) {
  const graph = new GraphBuilder();
  const y = write(graph, graph.input("x", "float32", ["N", ...shape.slice(1)]));
  graph.output(y);
  const loss = (graph: GraphBuilder) => {
    const weights = graph.constant(fixed((graph.shapeOf(y) ?? []).map(Number)));
    return { loss: graph.op("ReduceSum", [graph.op("Mul", [y, weights])], { keepdims: 0 }) };
  };
  return trainingStep(graph.build({ opset: TRAINING_OPSET }), { inputs: { x: shape }, loss, ...options });
}

/** Runs a step on noise, or on these numbers. */
async function stepped(step: ReturnType<typeof trainingStep>, outputs: readonly string[], x: Tensor): Promise<NamedTensors> {
  const given = [...step.parameters, ...step.states].map(({ name, value }) => [name, value] as const);
  const [result] = await native(step.model, [{ x, ...Object.fromEntries(given) }], outputs);
  return result;
}

it("a last layer of one class learns its bias", async () => {
  const step = simpleStep([4, 3], (graph, x) =>
    graph.op("Gemm", [x, graph.constant(fixed([1, 3]), "w"), graph.constant(fixed([1]), "b")], { transB: 1 }),
  );
  const result = await stepped(step, ["gradient/b"], fixed([4, 3]));
  const sum = fixed([4, 1]).data.reduce((a, b) => a + b, 0);
  expect(result["gradient/b"].data[0]).toBeCloseTo(sum, 6);
});

it("weights that are shown transposed and reshaped have gradients of their own shape", async () => {
  const x = fixed([4, 6], [-1, 2]);
  const plain = simpleStep([4, 6], (graph, x) => graph.op("Gemm", [x, graph.constant(fixed([5, 6]), "w")], { transB: 1 }));
  const viewed = simpleStep([4, 6], (graph, x) => {
    const rows = graph.op("Reshape", [graph.constant(float32([30], fixed([5, 6]).data), "w"), graph.constant(ints(5, 6))]);
    return graph.op("MatMul", [x, graph.op("Identity", [graph.op("Transpose", [rows], { perm: [1, 0] })])]);
  });
  const [expected, result] = [await stepped(plain, ["gradient/w"], x), await stepped(viewed, ["gradient/w"], x)];
  expectClose(result["gradient/w"], float32([30], expected["gradient/w"].data as Float32Array), "gradient/w"); // float32 by its name
});

/** Conv → BatchNormalization → Conv → BatchNormalization, whose statistics and scales may be the same tensors. */
function twoNorms(graph: GraphBuilder, x: Value, isShared: boolean): Value {
  const tensor = (layer: string, name: string, value: number) => {
    const shared = `${value}s`;
    if (isShared && graph.has(shared)) return shared;
    return graph.constant(float32([16], new Float32Array(16).fill(value)), isShared ? shared : `${layer}.${name}`);
  };
  const layer = (input: Value, name: string) => {
    const conv = graph.op("Conv", [input, graph.constant(fixed([16, graph.shapeOf(input)?.[1] as number, 1, 1]), `${name}.w`)]); // of images
    const scale = graph.constant(fixed([16], [0.5, 1.5]), `${name}.scale`);
    // Only statistics are the same ones, and a bias that is zeros as the means are.
    const bias = name === "a" ? tensor(name, "bias", 0) : graph.constant(fixed([16]), `${name}.bias`);
    const norm = [scale, bias, tensor(name, "mean", 0), tensor(name, "variance", 1)];
    return graph.op("BatchNormalization", [conv, ...norm], {}, `${name}.bn`);
  };
  return layer(layer(x, "a"), "b");
}

it("normalisations that share their statistics in the file move statistics of their own", async () => {
  const shape = [4, 3, 5, 5];
  const own = simpleStep(shape, (graph, x) => twoNorms(graph, x, false));
  const shared = simpleStep(shape, (graph, x) => twoNorms(graph, x, true));
  expect(shared.parameters.map(({ name }) => name)).toEqual(["a.w", "a.scale", "0s", "b.w", "b.scale", "b.bias"]);
  const nexts = (step: typeof own) => step.states.map(({ next }) => next);
  expect(new Set(nexts(shared)).size).toBe(4);
  const outputs = (step: typeof own) => [...nexts(step), ...step.parameters.map(({ name }) => gradientName(name))];
  const x = fixed(shape);
  const [expected, result] = [await stepped(own, outputs(own), x), await stepped(shared, outputs(shared), x)];
  outputs(own).forEach((name, i) => {
    expectClose(result[outputs(shared)[i]], expected[name], name);
  });
});

it("a convolution before a normalisation is what it was to a loss or an output that reads it", async () => {
  const shape = [4, 3, 5, 5];
  const write = (graph: GraphBuilder, x: Value) => {
    const conv = graph.op("Conv", [x, graph.constant(fixed([16, 3, 1, 1]), "w"), graph.constant(fixed([16]), "b")], {}, "conv");
    const norm = [fixed([16]), fixed([16]), fixed([16]), fixed([16], [0.5, 1.5])].map((value) => graph.constant(value));
    return graph.op("BatchNormalization", [conv, ...norm], {}, "y");
  };
  const x = fixed(shape, [0, 3]);
  const frozen = await stepped(simpleStep(shape, write, { batchNorm: "frozen", outputs: ["conv"] }), ["conv"], x);
  for (const layout of [PORTABLE, blocked]) {
    const asked = await stepped(simpleStep(shape, write, { outputs: ["conv"], layout }), ["conv", LOSS, "gradient/w"], x);
    expectClose(asked.conv, frozen.conv, `${layout.name}: conv`);
    const plain = await stepped(simpleStep(shape, write, { layout }), [LOSS, "gradient/w"], x);
    for (const name of [LOSS, "gradient/w"]) expectClose(asked[name], plain[name], `${layout.name}: ${name}`);
    const loss = (graph: GraphBuilder) => ({ loss: graph.op("ReduceMean", ["conv"], { keepdims: 0 }) });
    const read = await stepped(simpleStep(shape, write, { loss, layout }), [LOSS], x);
    const { data } = frozen.conv;
    let mean = 0;
    for (const value of data) mean += Number(value) / data.length;
    expect(read[LOSS].data[0], layout.name).toBeCloseTo(mean, 5);
  }
});

it("a loss is one number", () => {
  const write = (graph: GraphBuilder, x: Value) => graph.op("MatMul", [x, graph.constant(fixed([4, 5]), "w")], {}, "y");
  const step = () => simpleStep([2, 4], write, { loss: () => ({ loss: "y" }) });
  expect(step).toThrow(new RangeError('the loss "y" is [2, 5], not one number'));
});

it("a frozen operator that hides its shape is named, unless the file declares the shape for any batch", async () => {
  const graph = new GraphBuilder();
  const hidden = graph.op("Einsum", [graph.input("x", "float32", ["batch", 4])], { equation: "nc->nc" }, "hidden");
  graph.output(graph.op("MatMul", [hidden, graph.constant(fixed([4, 3]), "w")], {}, "y"));
  const bare = graph.build({ opset: TRAINING_OPSET });
  const told = changed(bare, {
    graph: changed(graphOf(bare), { valueInfo: [valueInfo("hidden", { code: 1, shape: ["batch", 4] })] }),
  });
  const loss = (graph: GraphBuilder) => ({ loss: graph.op("ReduceSum", ["y"], { keepdims: 0 }) });
  const step = (model: Model) => trainingStep(model, { inputs: { x: [2, 4] }, loss });
  expect(() => step(bare)).toThrow('the shape of what Einsum (node "hidden") gives is not known here');
  // A backbone comes in normal form, and into other graphs.
  const inside = new GraphBuilder();
  const x = inside.input("x", "float32", ["N", 4]);
  inside.inline(normalForm(told), { x, y: "y" }, "backbone/");
  inside.output("y");
  for (const model of [told, inside.build({ opset: TRAINING_OPSET })]) {
    const made = step(model);
    const [{ name }] = made.parameters;
    expect((await stepped(made, [gradientName(name)], fixed([2, 4])))[gradientName(name)].shape).toEqual([4, 3]);
  }
});
