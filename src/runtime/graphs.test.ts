// What graphs say of themselves must be what ONNX Runtime does with them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  appendHead,
  cutAt,
  embeddingModel,
  GraphBuilder,
  type Model,
  normalForm,
  opsetOf,
  readModel,
  views,
  writeModel,
} from "../onnx/index.js";
import { graphOf } from "../onnx/model.js";
import { changed, newOpset } from "../onnx/proto.js";
import { inferShapes } from "../onnx/shapes.js";
import { tensorTypeOf, valueInfo } from "../onnx/types.js";
import { createRandom } from "../random.js";
import { float32, int64, sizeOf, type Tensor } from "../tensor.js";
import { openSession } from "./open.js";

const DATA = join(process.env.SIGMAX_DATA ?? "../shared/data", "onnx");
const networks = existsSync(DATA) ? readdirSync(DATA).filter((name) => name.endsWith(".onnx")) : [];
if (networks.length === 0) console.warn(`${DATA} is absent: real networks are not tested`);

const random = createRandom(7);

function noise(shape: readonly number[], scale = 1): Tensor<"float32"> {
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => scale * random.next()),
  );
}

async function run(
  model: Model | Uint8Array,
  feeds: Record<string, Tensor>,
  runtime: "native" | "wasm" = "native",
): Promise<Record<string, Tensor>> {
  const session = await openSession(model instanceof Uint8Array ? model : writeModel(model), { runtime, threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** Largest difference relative to the largest value. */
function difference(a: Tensor, b: Tensor): number {
  expect(a.shape).toEqual(b.shape);
  let [largest, off] = [1e-12, 0];
  a.data.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(Number(b.data[i])));
    off = Math.max(off, Math.abs(Number(value) - Number(b.data[i])));
  });
  return off / largest;
}

/** [N, 3, 8, 8] → Conv → Relu → pool → [N, 4], in any opset. */
function convNet(opset: number, classifier = false): Model {
  const graph = new GraphBuilder();
  const image = graph.input("pixels", "float32", ["batch", 3, 8, 8]);
  const conv = graph.op("Conv", [image, graph.constant(noise([4, 3, 3, 3])), graph.constant(noise([4]))], { pads: [1, 1, 1, 1] });
  const pooled = graph.op("Flatten", [graph.op("GlobalAveragePool", [graph.op("Relu", [conv], {}, "map")])], {}, "pooled");
  if (!classifier) graph.output(pooled);
  else
    graph.output(
      graph.op(
        "Softmax",
        [graph.op("Gemm", [pooled, graph.constant(noise([4, 5])), graph.constant(float32([5], new Float32Array(5)))])],
        { axis: 1 },
        "classes",
      ),
    );
  return graph.build({ opset });
}

const plain = { scale: 1, mean: [0, 0, 0], std: [1, 1, 1], reverseChannels: false, channelsLast: false };
const size8 = { widthPx: 8, heightPx: 8 };

describe.each(networks)("%s", (name) => {
  const bytes = readFileSync(join(DATA, name));
  const model = readModel(bytes, { file: name });
  const [input] = graphOf(normalForm(model)).input;
  const [, ...extents] = tensorTypeOf(input)?.shape ?? [];
  const images = noise([2, ...extents.map(Number)], 255);

  it("computes the same bits after reading and writing", async () => {
    const [before, after] = [await run(bytes, { [input.name]: images }), await run(model, { [input.name]: images })];
    expect(after).toEqual(before);
  });

  it("computes the same bits twice", async () => {
    expect(await run(bytes, { [input.name]: images })).toEqual(await run(bytes, { [input.name]: images }));
  });

  it("gives in WebAssembly what it gives natively, within 1e-4", async () => {
    const [native, wasm] = [await run(bytes, { [input.name]: images }), await run(bytes, { [input.name]: images }, "wasm")];
    for (const [output, tensor] of Object.entries(native)) expect(difference(wasm[output], tensor)).toBeLessThan(1e-4);
  });

  it("has at every node the shape that is inferred", async () => {
    const normal = normalForm(model);
    const graph = graphOf(normal);
    const known = inferShapes(graph);
    const names = graph.node.map(({ output }) => output[0]);
    const open = changed(normal, {
      graph: changed(graph, { output: names.map((tensor) => valueInfo(tensor, { code: 1, shape: undefined })) }),
    });
    const results = await run(open, { [input.name]: images });
    for (const tensor of names) {
      expect(
        known.get(tensor)?.shape?.map((extent) => (extent === "N" ? 2 : extent)),
        tensor,
      ).toEqual(results[tensor].shape);
    }
  });

  it("gives the same embedding with the normalisation inside as with it outside", async () => {
    const normalization = {
      scale: 1 / 255,
      mean: [0.4, 0.5, 0.6],
      std: [0.2, 0.25, 0.3],
      reverseChannels: true,
      channelsLast: false,
    };
    const [heightPx, widthPx] = extents.slice(1).map(Number);
    const inside = await run(embeddingModel(normalForm(model), { normalization, widthPx, heightPx }), { image: images });
    const plane = heightPx * widthPx;
    const outside = Float32Array.from(images.data, (_, i) => {
      const channel = Math.floor(i / plane) % 3;
      const pixel = images.data[i + (2 - 2 * channel) * plane];
      return (pixel / 255 - normalization.mean[channel]) / normalization.std[channel];
    });
    const [expected] = Object.values(await run(bytes, { [input.name]: float32(images.shape, outside) }));
    expect(difference(inside.embedding, expected)).toBeLessThan(1e-4);
  });
});

describe.each([7, 12, 13, 17, 18, 21, 26])("in opset %i", (opset) => {
  it("a network is cut before its classifier, and the rest is gone", async () => {
    const whole = convNet(opset, true);
    const cut = cutAt(whole, "pooled");
    expect(graphOf(cut).node.map(({ opType }) => opType)).toEqual(["Conv", "Relu", "GlobalAveragePool", "Flatten"]);
    expect(graphOf(cut).initializer).toHaveLength(2);
    const images = noise([3, 3, 8, 8]);
    const { classes } = await run(whole, { pixels: images });
    const { pooled } = await run(cut, { pixels: images });
    const weights = graphOf(whole).initializer[2];
    const tail = new GraphBuilder();
    const [x, w] = [tail.input("x", "float32", ["N", 4]), tail.input("w", "float32", [4, 5])];
    tail.output(tail.op("Softmax", [tail.op("MatMul", [x, w])], { axis: 1 }, "classes"));
    const apart = await run(tail.build({ opset }), {
      x: pooled,
      w: float32([4, 5], new Float32Array(weights.rawData.slice().buffer)),
    });
    expect(difference(apart.classes, classes)).toBeLessThan(1e-5);
  });

  it("a feature map is averaged into an embedding", async () => {
    const images = noise([2, 3, 8, 8]);
    const network = convNet(opset);
    const options = { normalization: plain, ...size8 };
    const { embedding } = await run(embeddingModel(cutAt(network, "map"), options), { image: images });
    const { pooled } = await run(network, { pixels: images });
    expect(difference(embedding, pooled)).toBeLessThan(1e-6);
  });

  it.each(["softmax", "sigmoid"] as const)("a %s head is appended", async (head) => {
    const model = embeddingModel(convNet(opset), { normalization: plain, ...size8 });
    const [weights, bias] = [noise([3, 4]), noise([3])];
    const classifier = appendHead(model, { weights, bias, head });
    expect(graphOf(classifier).output.map(({ name }) => name)).toEqual(["final_result", "logits", "embedding"]);
    const image = noise([2, 3, 8, 8]);
    const { final_result, logits, embedding } = await run(classifier, { image });
    expect(difference(embedding, (await run(model, { image })).embedding)).toBe(0);
    for (let n = 0; n < 2; n++) {
      const row = Array.from({ length: 3 }, (_, k) =>
        Array.from({ length: 4 }).reduce<number>(
          (sum, _, d) => sum + Number(embedding.data[4 * n + d]) * weights.data[4 * k + d],
          bias.data[k],
        ),
      );
      const exponentials = row.map(Math.exp);
      const total = exponentials.reduce((a, b) => a + b);
      const expected = { softmax: exponentials.map((e) => e / total), sigmoid: exponentials.map((e) => e / (1 + e)) }[head];
      for (let k = 0; k < 3; k++) {
        expect(logits.data[3 * n + k]).toBeCloseTo(row[k], 4);
        expect(final_result.data[3 * n + k]).toBeCloseTo(expected[k], 5);
      }
    }
  });

  it("8 views are the mean over all flips and rotations", async () => {
    const model = embeddingModel(convNet(opset), { normalization: plain, ...size8 });
    const image = noise([3, 3, 8, 8]);
    const { embedding } = await run(views(model, 8), { image });
    const sum = new Float64Array(12);
    for (let view = 0; view < 8; view++) {
      const turned = Float32Array.from(image.data, (_, i) => {
        let [y, x] = [Math.floor(i / 8) % 8, i % 8];
        if (view & 1) x = 7 - x;
        if (view & 2) y = 7 - y;
        if (view & 4) [x, y] = [y, x];
        return image.data[i - (i % 64) + 8 * y + x];
      });
      const one = await run(model, { image: float32(image.shape, turned) });
      one.embedding.data.forEach((value, i) => {
        sum[i] += Number(value) / 8;
      });
    }
    expect(difference(embedding, float32([3, 4], Float32Array.from(sum)))).toBeLessThan(1e-5);
    // An image that is turned gives the same embedding.
    const mirrored = Float32Array.from(image.data, (_, i) => image.data[i - (i % 8) + 7 - (i % 8)]);
    const again = await run(views(model, 8), { image: float32(image.shape, mirrored) });
    expect(difference(again.embedding, embedding)).toBeLessThan(1e-5);
  });

  it("all of it together runs with views, head and any batch", async () => {
    const model = views(embeddingModel(convNet(opset), { normalization: { ...plain, scale: 1 / 255 }, ...size8 }), 8);
    const classifier = appendHead(model, { weights: noise([3, 4]), bias: noise([3]), head: "softmax" });
    for (const n of [1, 5])
      expect((await run(classifier, { image: noise([n, 3, 8, 8], 255) })).final_result.shape).toEqual([n, 3]);
  });
});

it("a network that wants the channels last gets them last", async () => {
  const graph = new GraphBuilder();
  const image = graph.input("pixels", "float32", ["N", 8, 8, 3]);
  graph.output(graph.op("ReduceMean", [image], { axes: [1, 2], keepdims: 0 }, "means"));
  const model = embeddingModel(graph.build(), { normalization: { ...plain, channelsLast: true }, ...size8 });
  const data = Float32Array.from({ length: 192 }, (_, i) => Math.floor(i / 64));
  const { embedding } = await run(model, { image: float32([1, 3, 8, 8], data) });
  expect([...embedding.data]).toEqual([0, 1, 2]);
});

it("a batch that is spelled out in a Reshape is freed", async () => {
  const graph = new GraphBuilder();
  const image = graph.input("pixels", "float32", [1, 3, 8, 8]);
  const pooled = graph.op("GlobalAveragePool", [image]);
  graph.output(graph.op("Reshape", [pooled, graph.constant(int64([2], [1, 3]))], {}, "flat"));
  const { flat } = await run(normalForm(graph.build()), { pixels: noise([4, 3, 8, 8]) });
  expect(flat.shape).toEqual([4, 3]);
});

type Build = (graph: GraphBuilder, image: string) => string;
const ints = (graph: GraphBuilder, values: number[]) => graph.constant(int64([values.length], values));
const conv =
  (weights: number[], attributes: Record<string, number | number[] | string>): Build =>
  (graph, image) =>
    graph.op("Conv", [image, graph.constant(noise(weights))], attributes);

/** One row for each way a shape comes about. */
const SHAPES: Readonly<Record<string, Build>> = {
  "Conv with stride, dilation and pads": conv([5, 3, 3, 3], { strides: [2, 1], dilations: [1, 2], pads: [1, 2, 0, 2] }),
  "Conv with groups": conv([6, 1, 3, 3], { group: 3 }),
  "Conv SAME_UPPER": conv([5, 3, 3, 3], { strides: [2, 2], auto_pad: "SAME_UPPER" }),
  "Conv VALID": conv([5, 3, 3, 3], { auto_pad: "VALID" }),
  "MaxPool with ceil_mode": (graph, image) =>
    graph.op("MaxPool", [image], { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1 }),
  "MaxPool with ceil_mode, where a window would start outside": (graph, image) =>
    graph.op("MaxPool", [image], { kernel_shape: [2, 2], strides: [3, 3], ceil_mode: 1 }),
  AveragePool: (graph, image) => graph.op("AveragePool", [image], { kernel_shape: [2, 3], pads: [0, 1, 0, 1] }),
  GlobalMaxPool: (graph, image) => graph.op("GlobalMaxPool", [image]),
  "broadcast Add": (graph, image) => graph.op("Add", [image, graph.constant(noise([3, 1, 1]))]),
  "broadcast Where": (graph, image) =>
    graph.op("Where", [graph.op("Greater", [image, graph.constant(noise([]))]), image, graph.constant(noise([1, 1, 1, 10]))]),
  "Reshape with 0 and -1": (graph, image) => graph.op("Reshape", [image, ints(graph, [0, 3, -1])]),
  "Reshape that infers the batch": (graph, image) => graph.op("Reshape", [image, ints(graph, [-1, 270])]),
  "Reshape by computed extents": (graph, image) => {
    const shape = graph.op("Shape", [image]);
    const batch = graph.op("Unsqueeze", [graph.op("Gather", [shape, graph.constant(int64([], [0]))]), ints(graph, [0])]);
    const height = graph.op("Slice", [shape, ints(graph, [2]), ints(graph, [3])]);
    const half = graph.op("Div", [height, ints(graph, [3])]);
    return graph.op("Reshape", [image, graph.op("Concat", [batch, half, ints(graph, [-1])], { axis: 0 })]);
  },
  "Flatten at axis -3": (graph, image) => graph.op("Flatten", [image], { axis: -3 }),
  Transpose: (graph, image) => graph.op("Transpose", [image], { perm: [0, 3, 1, 2] }),
  Concat: (graph, image) => graph.op("Concat", [image, image, image], { axis: -1 }),
  "uneven Split": (graph, image) => graph.op("Split", [image, ints(graph, [1, 2])], { axis: 1 }, ["first", "second"]),
  "Slice backwards": (graph, image) =>
    graph.op("Slice", [image, ints(graph, [-1]), ints(graph, [-100]), ints(graph, [3]), ints(graph, [-2])]),
  "Slice of the middle": (graph, image) =>
    graph.op("Slice", [image, ints(graph, [1, 2]), ints(graph, [-1, 99]), ints(graph, [2, 3])]),
  "ReduceMean without axes": (graph, image) => graph.op("ReduceMean", [image]),
  "ReduceSum over an input's axes": (graph, image) => graph.op("ReduceSum", [image, ints(graph, [-1, 2])], { keepdims: 0 }),
  "ReduceMax kept": (graph, image) => graph.op("ReduceMax", [image], { axes: [1], keepdims: 1 }),
  ArgMax: (graph, image) => graph.op("ArgMax", [image], { axis: 1, keepdims: 0 }),
  "Squeeze and Unsqueeze": (graph, image) =>
    graph.op("Unsqueeze", [
      graph.op("Squeeze", [graph.op("GlobalAveragePool", [image]), ints(graph, [2, -1])]),
      ints(graph, [0, 3]),
    ]),
  Expand: (graph, image) => graph.op("Expand", [graph.op("GlobalAveragePool", [image]), ints(graph, [1, 1, 4, 5])]),
  Pad: (graph, image) => graph.op("Pad", [image, ints(graph, [0, 0, 1, 2, 0, 0, 3, 4])]),
  "Resize to a size": (graph, image) => graph.op("Resize", [image, "", "", ints(graph, [2, 3, 5, 7])], { mode: "linear" }),
  DepthToSpace: (graph, image) =>
    graph.op("DepthToSpace", [graph.op("Concat", [image, image, image, image], { axis: 1 })], { blocksize: 2 }),
  ConvTranspose: (graph, image) =>
    graph.op("ConvTranspose", [image, graph.constant(noise([3, 2, 3, 2]))], {
      strides: [2, 3],
      pads: [1, 0, 1, 1],
      dilations: [2, 1],
      output_padding: [1, 2],
    }),
  "Resize by scales": (graph, image) =>
    graph.op("Resize", [image, "", graph.constant(float32([4], [1, 1, 1.7, 0.6]))], { mode: "nearest" }),
  "MatMul of a vector": (graph, image) => graph.op("MatMul", [image, graph.constant(noise([10]))]),
  "ReduceSum of nothing": (graph, image) => graph.op("ReduceSum", [image], { noop_with_empty_axes: 1 }),
  "batched MatMul": (graph, image) => graph.op("MatMul", [image, graph.constant(noise([10, 6]))]),
  "Gemm transposed": (graph, image) =>
    graph.op("Gemm", [graph.op("Flatten", [image]), graph.constant(noise([4, 270]))], { transB: 1 }),
  "Cast and Sigmoid": (graph, image) => graph.op("Cast", [graph.op("Sigmoid", [image])], { to: 11 }),
  ConstantOfShape: (graph) => graph.op("ConstantOfShape", [ints(graph, [2, 3])]),
  BatchNormalization: (graph, image) =>
    graph.op("BatchNormalization", [image, ...["a", "b", "c", "d"].map((name) => graph.constant(noise([3]), name))]),
  "Softmax, Clip, LRN, Dropout": (graph, image) =>
    graph.op("Dropout", [graph.op("LRN", [graph.op("Clip", [graph.op("Softmax", [image], { axis: 1 })])], { size: 3 })]),
};

it.each(Object.entries(SHAPES))("the inferred shape of %s is what ONNX Runtime returns", async (_, build) => {
  const graph = new GraphBuilder();
  const output = build(graph, graph.input("image", "float32", ["N", 3, 9, 10]));
  graph.output(output);
  const model = graph.build();
  expect(opsetOf(model)).toBe(17);
  const result = (await run(model, { image: noise([2, 3, 9, 10]) }))[output];
  expect(graph.shapeOf(output)?.map((extent) => (extent === "N" ? 2 : extent))).toEqual(result.shape);
});

it("operators without a rule give an unknown shape, not an error", () => {
  const graph = new GraphBuilder();
  const image = graph.input("image", "float32", ["N", 3, 9, 10]);
  expect(graph.shapeOf(graph.op("NonZero", [image]))).toBeUndefined();
});

it("errors of ONNX Runtime name the file", async () => {
  const model = changed(convNet(17), { opsetImport: [newOpset("", 17), newOpset("unknown.domain", 999)] });
  const graph = graphOf(model);
  const broken = changed(model, { graph: changed(graph, { node: graph.node.map((node) => changed(node, { opType: "Conv" })) }) });
  await expect(openSession(writeModel(broken), { file: "net.onnx" })).rejects.toThrow(/^net\.onnx: cannot be opened: /);
  const session = await openSession(writeModel(convNet(17)), { file: "net.onnx", threads: 1 });
  await expect(session.run({ pixels: noise([1, 4, 8, 8]) })).rejects.toThrow(/^net\.onnx: fails when it runs: /);
  await expect(session.run({ other: noise([1, 3, 8, 8]) })).rejects.toThrow(/^net\.onnx: fails when it runs: /);
  await session.close();
});
