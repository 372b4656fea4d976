// What the table of operators says of gradients must be what differences say.
import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { attributesOf } from "../onnx/attributes.js";
import { GraphBuilder, type Value } from "../onnx/builder.js";
import { checkGradient, type RunModel } from "../onnx/gradcheck.js";
import { gradient, gradientName } from "../onnx/gradient.js";
import { blockedLayout, PORTABLE } from "../onnx/layouts.js";
import { graphOf, type Model } from "../onnx/model.js";
import { drawn, drawnValue, fixed, ints, isDrawn, type OpCase, scalar } from "../onnx/ops/op.cases.js";
import { NCHWC_DOMAIN } from "../onnx/ops/runtime.js";
import { OP_CASES } from "../onnx/ops.cases.js";
import { OPS } from "../onnx/ops.js";
import { inferShapes } from "../onnx/shapes.js";
import { INT64 } from "../onnx/types.js";
import { TRAINING_OPSET } from "../onnx/upgrade.js";
import { float32, type Tensor } from "../tensor.js";
import { probeLayout } from "./layout.js";
import { native, runner } from "./running.cases.js";

/** 6e-4 was seen, of maxima of numbers up to 60, most less than 5e-5; one of n numbers that is wrong gives 1/√n. */
const DIFFERENCES = 1e-3;
/** Between two layouts only the order of sums differs; 1.5e-6 was seen. Relative to the largest number. */
const LAYOUTS = 5e-6;

const blocked = await probeLayout();
/** Where a machine has no blocks, what is said of them is skipped: portable compared with itself says nothing. */
const hasBlocks = blocked.name === "blocked";
const inBlocks = it.skipIf(!hasBlocks);
const layouts = hasBlocks ? [PORTABLE, blocked] : [PORTABLE];

interface Built {
  readonly model: Model;
  readonly by: readonly string[];
  readonly feeds: Readonly<Record<string, Tensor<"float32">>>;
}

/** One to one: what goes in comes out, but from a convolution, so that it lies in blocks. */
function throughConv(graph: GraphBuilder, value: Value, channels: number): Value {
  const eye = Float32Array.from({ length: channels ** 2 }, (_, i) => (i % (channels + 1) === 0 ? 1 : 0));
  return graph.op("Conv", [value, graph.constant(float32([channels, channels, 1, 1], eye))]);
}

/** A model of one case; with `convs`, images come from convolutions and go into one. */
function modelOf(
  opType: string,
  { inputs, attributes, build, opset = TRAINING_OPSET }: OpCase,
  { convs }: { convs: boolean },
): Built {
  const graph = new GraphBuilder();
  const feeds: Record<string, Tensor<"float32">> = {};
  const values = inputs.map((operand, i) => {
    if (operand === "") return "";
    if (!isDrawn(operand)) return graph.constant(operand);
    const name = `x${i}`;
    feeds[name] = drawnValue(operand, i + 1);
    graph.input(name, "float32", operand.shape);
    return convs && operand.shape.length === 4 ? throughConv(graph, name, operand.shape[1]) : name;
  });
  const result = build ? build(graph, values) : graph.op(opType, values, attributes);
  const shape = graph.shapeOf(result)?.map(Number) ?? [];
  // With weights, for the sum of what a softmax or a normalisation gives is the same whatever goes in.
  const weighted = (value: Value) => graph.op("Mul", [value, graph.constant(fixed(shape))]);
  graph.output(convs ? weighted(shape.length === 4 ? throughConv(graph, result, shape[1]) : result) : result);
  return { model: graph.build({ opset }), by: Object.keys(feeds), feeds };
}

/** Largest difference relative to the largest number. */
function difference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  let [largest, off] = [1e-12, 0];
  b.data.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(Number(value)));
    const distance = Math.abs(Number(a.data[i]) - Number(value));
    off = Math.max(distance, off); // NaN stays
  });
  return off / largest;
}

async function expectRight(model: Model, by: readonly string[], feeds: Built["feeds"], layout = PORTABLE) {
  for (const check of await checkGradient(model, { by, feeds, run: native, layout })) {
    expect(check.error, JSON.stringify(check)).toBeLessThan(DIFFERENCES);
  }
}

async function expectAgreement({ model, by, feeds }: Built) {
  const of = graphOf(model).output[0].name;
  const outputs = [of, ...by.map(gradientName)];
  const [portable] = await native(gradient(model, { by }), [feeds], outputs);
  const [other] = await native(gradient(model, { by, layout: blocked }), [feeds], outputs);
  for (const name of outputs) expect(difference(other[name], portable[name]), name).toBeLessThan(LAYOUTS);
}

const withGradient = Object.entries(OPS).filter(([, { gradient: rule }]) => typeof rule === "function");

describe.each(withGradient.map(([opType]) => opType))("the gradient of %s", (opType) => {
  const cases = OP_CASES[opType] ?? [];

  it("is tried in some case", () => {
    expect(cases, `add a case of ${opType} to src/onnx/ops/*.cases.ts`).not.toHaveLength(0);
  });

  it.each(cases.map((item) => [item.about, item] as const))("is what differences say: %s", async (_, item) => {
    const { model, by, feeds } = modelOf(opType, item, { convs: false });
    await expectRight(model, by, feeds);
  });

  // Only images lie in blocks.
  const images = cases.filter(({ inputs }) => inputs.some((operand) => isDrawn(operand) && operand.shape.length === 4));
  inBlocks.each(images.map((item) => [item.about, item] as const))("is the same in blocks: %s", async (_, item) => {
    const built = modelOf(opType, item, { convs: true });
    await expectRight(built.model, built.by, built.feeds, blocked);
    await expectAgreement(built);
  });
});

/** Convolutions that stay as they are: groups of several channels. */
const isGrouped = ({ inputs: [x, w], attributes }: OpCase) =>
  Number(attributes?.group ?? 1) > 1 && isDrawn(x) && isDrawn(w) && (x.shape[1] !== w.shape[0] || w.shape[1] !== 1);

it.each(
  OP_CASES.Conv.filter((item) => item.inputs.every((operand) => isDrawn(operand) && operand.shape.length !== 3)).map(
    (item) => [item.about, item] as const,
  ),
)("a convolution and its gradients lie in blocks: %s", (_, item) => {
  const { model, by } = modelOf("Conv", item, { convs: false });
  const written = graphOf(gradient(model, { by, layout: blockedLayout(8) })).node;
  expect(written.some(({ domain }) => domain === NCHWC_DOMAIN)).toBe(!isGrouped(item));
});

it.each([
  ["image by image", [2, 16, 8, 8], 32, 2],
  ["image by image", [2, 32, 8, 8], 16, 2],
  ["all images at once", [4, 16, 4, 4], 16, 1],
] as const)(
  "the weight gradient of 1 × 1 is a convolution in blocks whose channels are pixels, %s: %j",
  (_, x, filters, group) => {
    const item = { about: "", inputs: [drawn(x), drawn([filters, x[1], 1, 1])] };
    const { model, by } = modelOf("Conv", item, { convs: true });
    const [pixels, outs] = [(x[0] * x[2] * x[3]) / group, group * Math.max(filters, x[1])];
    const written = graphOf(gradient(model, { by, layout: blockedLayout(8) }));
    const known = inferShapes(written);
    const found = written.node.filter(({ domain, opType, input: [, w] }) => {
      return domain === NCHWC_DOMAIN && opType === "Conv" && known.get(w)?.shape?.join() === [outs, pixels, 1, 1].join();
    });
    expect(found.map((item) => attributesOf(item).int("group", 1))).toEqual([group]);
  },
);

describe("on WebAssembly", () => {
  // One case each, of images where there is one.
  const cases = withGradient.map(([opType]) => {
    const all = OP_CASES[opType] ?? [];
    return [opType, all.find(({ inputs }) => inputs.some((x) => isDrawn(x) && x.shape.length === 4)) ?? all[0]] as const;
  });
  it.each(cases)("the gradient of %s is what it is natively", async (opType, item) => {
    const { model, by, feeds } = modelOf(opType, item, { convs: true });
    const outputs = [graphOf(model).output[0].name, ...by.map(gradientName)];
    const derived = gradient(model, { by });
    const [expected] = await native(derived, [feeds], outputs);
    const [result] = await runner("wasm")(derived, [feeds], outputs);
    for (const name of outputs) expect(difference(result[name], expected[name]), name).toBeLessThan(LAYOUTS);
  });
});

it("every case is one of an operator with a gradient", () => {
  expect(Object.keys(OP_CASES).filter((opType) => typeof OPS[opType]?.gradient !== "function")).toEqual([]);
});

/** What networks for images hold. */
const BACKBONES =
  "Conv Gemm MatMul Add Sub Mul Div Pow Sqrt Exp Log Neg Relu Clip LeakyRelu Sigmoid HardSigmoid HardSwish Tanh Erf Gelu Softmax " +
  "LogSoftmax BatchNormalization LayerNormalization ReduceMean ReduceSum ReduceMax MaxPool AveragePool GlobalAveragePool Concat Split " +
  "Slice Pad Reshape Flatten Transpose Squeeze Unsqueeze Expand Gather Resize Dropout Identity Cast Where";

it("every operator of a backbone has a gradient, or is a constant", () => {
  const without = BACKBONES.split(" ").filter((opType) => typeof OPS[opType]?.gradient !== "function");
  expect(without).toEqual([]);
  for (const opType of ["Constant", "ConstantOfShape", "Shape"]) expect(OPS[opType].gradient, opType).toBe("zero");
});

type Build = (graph: GraphBuilder, x: Value) => Value;
const number = (graph: GraphBuilder, value: number) => graph.constant(scalar(value));
const compared =
  (opType: string): Build =>
  (graph, x) =>
    graph.op(opType, [x, number(graph, 0.1)]);
const logical =
  (opType: string): Build =>
  (graph, x) => {
    const positive = graph.op("Greater", [x, number(graph, 0)]);
    return graph.op(opType, opType === "Not" ? [positive] : [positive, graph.op("Less", [x, number(graph, 1)])]);
  };
const alone =
  (opType: string): Build =>
  (graph, x) =>
    graph.op(opType, [x]);
const whole = (graph: GraphBuilder, x: Value) => graph.op("Cast", [x], { to: INT64 });

/** How the operators whose gradient is zero are written. */
const ZEROS: Readonly<Record<string, Build>> = {
  ...Object.fromEntries(
    "Ceil Floor Round Sign Hardmax ArgMax ArgMin Shape Size EyeLike IsNaN IsInf NonZero".split(" ").map((o) => [o, alone(o)]),
  ),
  ...Object.fromEntries("Equal Greater GreaterOrEqual Less LessOrEqual".split(" ").map((o) => [o, compared(o)])),
  ...Object.fromEntries("And Or Xor Not".split(" ").map((o) => [o, logical(o)])),
  Constant: (graph) => graph.op("Constant", [], { value: scalar(2) }),
  ConstantOfShape: (graph, x) => graph.op("ConstantOfShape", [graph.op("Shape", [x])], { value: float32([1], [2]) }),
  OneHot: (graph, x) => graph.op("OneHot", [whole(graph, x), number(graph, 3), graph.constant(float32([2], [0, 1]))]),
  Range: (graph, x) => {
    const largest = graph.op("ReduceMax", [graph.op("Abs", [x])], { keepdims: 0 });
    return graph.op("Range", [number(graph, 0), largest, number(graph, 1)]);
  },
};

const zeros = Object.keys(OPS).filter((opType) => OPS[opType].gradient === "zero");

it.each(zeros)("no gradient comes through %s", async (opType) => {
  expect(Object.keys(ZEROS), `say in ZEROS how ${opType} is written`).toContain(opType);
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [3, 4]);
  // z follows from x, but d(x z)/dx is z alone.
  const floats = graph.op("Cast", [ZEROS[opType](graph, x)], { to: 1 });
  const z = graph.op("Reshape", [graph.op("ReduceSum", [floats], { keepdims: 0 }), graph.constant(ints(1))], {}, "z");
  graph.output(graph.op("Mul", [x, z], {}, "y"));
  graph.output(z);
  const feeds = { x: drawnValue(drawn([3, 4], [-2, 2], { kinks: [0] }), 3) };
  const [result] = await native(
    gradient(graph.build({ opset: TRAINING_OPSET }), { of: "y", by: ["x"] }),
    [feeds],
    ["z", "gradient/x"],
  );
  expect(result["gradient/x"].data).toEqual(new Float32Array(12).fill(Number(result.z.data[0])));
});

const refused = Object.entries(OPS).flatMap(([opType, { gradient: rule }]) =>
  typeof rule === "object" ? [[opType, rule.refused] as const] : [],
);

/** Asks for a gradient through a node named "crossed". */
function crossing(write: Build, shape: readonly number[] = [2, 3, 5, 4]): () => Model {
  const graph = new GraphBuilder();
  graph.output(write(graph, graph.input("x", "float32", shape)));
  const model = graph.build({ opset: TRAINING_OPSET });
  return () => gradient(model, { by: ["x"] });
}

function expectRefusal(cross: () => Model, opType: string, reason: string) {
  try {
    cross();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.code).toBe("bad-model");
    expect(error.message).toBe(`no gradient goes through ${opType} (node "crossed"): ${reason}`);
    expect(error.hint).toMatch(/--freeze-until "crossed"/);
    return;
  }
  expect.fail(`a gradient goes through ${opType}`);
}

it.each(refused)("a gradient through %s is refused before anything runs", (opType, reason) => {
  expectRefusal(
    crossing((graph, x) => graph.op(opType, [x], {}, "crossed")),
    opType,
    reason,
  );
});

it("a gradient through an unknown operator, or through what only its attributes forbid, is refused in the same way", () => {
  const unknown: Build = (graph, x) => graph.op("Shrinkwrap", [x], {}, "crossed", "elsewhere");
  expectRefusal(crossing(unknown), "Shrinkwrap", "this operator is not known here");
  const mirrored: Build = (graph, x) =>
    graph.op("Pad", [x, graph.constant(ints(0, 0, 1, 1, 0, 0, 1, 1))], { mode: "reflect" }, "crossed");
  expectRefusal(crossing(mirrored), "Pad", 'the derivative of mode "reflect" is not written yet');
  const cubic: Build = (graph, x) =>
    graph.op("Resize", [x, "", "", graph.constant(ints(2, 3, 7, 7))], { mode: "cubic" }, "crossed");
  expectRefusal(
    crossing(cubic),
    "Resize",
    'its derivative is written for modes "nearest" and "linear", without antialias or crop',
  );
  const volume: Build = (graph, x) => graph.op("AveragePool", [x], { kernel_shape: [2, 2, 2] }, "crossed");
  expectRefusal(crossing(volume, [1, 2, 3, 4, 5]), "AveragePool", "its windows move over 3 axes; known are one and two");
});

it("a gradient by statistics, or by what only a run would tell, is refused and not left out", () => {
  const filled = (graph: GraphBuilder, count: number) => graph.constant(float32([count], new Float32Array(count).fill(0.5)));
  const layer: Build = (graph, x) => {
    graph.op("LayerNormalization", [x, filled(graph, 4)], {}, ["crossed", "mean"]);
    return graph.op("Add", ["crossed", "mean"]);
  };
  expectRefusal(crossing(layer), "LayerNormalization", 'its derivative is written for its first output, not for "mean"');
  const onlyDeviation: Build = (graph, x) => {
    graph.op("LayerNormalization", [x, filled(graph, 4)], {}, ["crossed", "", "deviation"]);
    return graph.op("Neg", ["deviation"]);
  };
  expectRefusal(
    crossing(onlyDeviation),
    "LayerNormalization",
    'its derivative is written for its first output, not for "deviation"',
  );
  const batch: Build = (graph, x) => {
    const vectors = [1, 2, 3, 4].map(() => filled(graph, 3));
    graph.op("BatchNormalization", [x, ...vectors], { training_mode: 1 }, ["crossed", "next_mean", "next_variance"]);
    return graph.op("Mul", ["crossed", graph.op("Reshape", ["next_mean", graph.constant(ints(3, 1, 1))])]);
  };
  expectRefusal(crossing(batch), "BatchNormalization", 'its derivative is written for its first output, not for "next_mean"');
  const yes = (graph: GraphBuilder) => graph.constant({ dtype: "bool", shape: [], data: Uint8Array.of(1) });
  const unknown = "its ratio, or whether it trains, is not a constant";
  const anyRatio: Build = (graph, x) => graph.op("Dropout", [x, graph.input("ratio", "float32", []), yes(graph)], {}, "crossed");
  expectRefusal(crossing(anyRatio), "Dropout", unknown);
  const anyMode: Build = (graph, x) => graph.op("Dropout", [x, "", graph.input("training", "bool", [])], {}, "crossed");
  expectRefusal(crossing(anyMode), "Dropout", unknown);
});

it("the sums of a layer's weights and biases are products, not passes over every product", () => {
  const graph = new GraphBuilder();
  const [x, weights, bias] = Object.entries({ x: [8, 5, 4], weights: [4, 6], bias: [6] }).map(([name, shape]) =>
    graph.input(name, "float32", shape),
  );
  graph.output(graph.op("Add", [graph.op("MatMul", [x, weights]), bias]));
  const { node } = graphOf(gradient(graph.build({ opset: TRAINING_OPSET }), { by: ["weights", "bias"] }));
  expect(node.map(({ opType }) => opType)).not.toContain("ReduceSum");
});

it("a refused operator before everything that is learned does not matter", () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [2, 3]);
  graph.output(graph.op("Mul", [graph.op("Atan", [x]), graph.input("scale", "float32", [3])]));
  expect(() => gradient(graph.build({ opset: TRAINING_OPSET }), { by: ["scale"] })).not.toThrow();
});

/** At a bound there is no derivative; as in PyTorch's ReLU and ReLU6 it counts as outside. What is just inside is inside. */
it.each([
  ["Relu", [], [-1, 0, 1e-20, 5], [0, 0, 1, 1]],
  ["Clip", [0, 6], [-1, 0, 1e-20, 3, 5.9999995, 6, 7], [0, 0, 1, 1, 1, 0, 0]],
  ["Clip", [-0.5, 0.75], [-0.5, -0.499999, 0, 0.749999, 0.75], [0, 1, 1, 1, 0]],
  ["Clip", [0.25], [0.25, 0.25000003, 1e6], [0, 1, 1]],
] as const)("the derivative of %s between %j at %j is %j", async (opType, bounds, values, expected) => {
  for (const layout of layouts) {
    const graph = new GraphBuilder();
    const shape = [1, 16, 1, values.length];
    const x = throughConv(graph, graph.input("x", "float32", shape), 16);
    const y = graph.op(opType, [x, ...bounds.map((bound) => number(graph, bound))]);
    graph.output(throughConv(graph, y, 16));
    const feeds = { x: float32(shape, Array.from({ length: 16 }, () => values).flat()) };
    const [result] = await native(
      gradient(graph.build({ opset: TRAINING_OPSET }), { by: ["x"], layout }),
      [feeds],
      ["gradient/x"],
    );
    expect(Array.from(result["gradient/x"].data, Number), layout.name).toEqual(Array.from({ length: 16 }, () => expected).flat());
  }
});

/** What a pixel is read for comes back to it: 0.7 · 70 is 49 in float32, and 1 / 0.1 is 10. */
it.each([
  [70, 0.1, "asymmetric", "floor"],
  [70, 0.7, "asymmetric", "floor"],
  [70, 0.7, "half_pixel", "round_prefer_floor"],
  [30, 1.1, "pytorch_half_pixel", "ceil"],
  [33, 0.3, "half_pixel_symmetric", "round_prefer_ceil"],
  [49, 2.6, "align_corners", "floor"],
] as const)("Resize of %d pixels by %d (%s, %s) gives back to the pixels that it read", async (width, scale, mode, nearest) => {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [1, 1, 1, width]);
  const attributes = { mode: "nearest", coordinate_transformation_mode: mode, nearest_mode: nearest };
  graph.output(graph.op("Resize", [x, "", graph.constant(float32([4], [1, 1, 1, scale]))], attributes, "y"));
  const feeds = {
    x: float32(
      [1, 1, 1, width],
      Float32Array.from({ length: width }, (_, i) => i),
    ),
  };
  const model = gradient(graph.build({ opset: TRAINING_OPSET }), { by: ["x"] });
  const [{ y, "gradient/x": dx }] = await native(model, [feeds], ["y", "gradient/x"]);
  expect(graph.shapeOf("y")).toEqual(y.shape);
  const reads = new Float32Array(width);
  for (const pixel of y.data) reads[Number(pixel)]++;
  expect(dx.data).toEqual(reads);
});

it("Dropout that trains drops from the gradient what it dropped from the numbers", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [2, 16, 4, 4]);
  const training = graph.constant({ dtype: "bool", shape: [], data: Uint8Array.of(1) });
  graph.output(graph.op("Dropout", [throughConv(graph, x, 16), number(graph, 0.4), training], { seed: 7 }, "y"));
  const feeds = { x: float32([2, 16, 4, 4], new Float32Array(512).fill(1)) };
  const model = graph.build({ opset: TRAINING_OPSET });
  for (const layout of layouts) {
    const [{ y, "gradient/x": dx }] = await native(gradient(model, { by: ["x"], layout }), [feeds], ["y", "gradient/x"]);
    expect(new Set(Array.from(y.data as Float32Array, (value) => value.toFixed(4)))).toEqual(new Set(["0.0000", "1.6667"]));
    expect(difference(dx, y)).toBeLessThan(1e-6);
  }
});

it("one wrong number of a gradient is noticed", async () => {
  const graph = new GraphBuilder();
  const x = graph.input("x", "float32", [100]);
  graph.output(graph.op("Tanh", [x]));
  const feeds = { x: drawnValue(drawn([100]), 1) };
  const wrong: RunModel = async (model, feeds, outputs) => {
    const results = await native(model, feeds, outputs);
    const found = results[0]["gradient/x"];
    if (found) found.data[40] = Number(found.data[40]) * 1.1 + 0.01;
    return results;
  };
  const model = graph.build({ opset: TRAINING_OPSET });
  for (const { error } of await checkGradient(model, { by: ["x"], feeds, run: native })) expect(error).toBeLessThan(DIFFERENCES);
  for (const { error } of await checkGradient(model, { by: ["x"], feeds, run: wrong }))
    expect(error).toBeGreaterThan(DIFFERENCES);
});
