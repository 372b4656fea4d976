import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { attribute } from "../onnx/attributes.js";
import { checkModel } from "../onnx/check.js";
import { inferShapes, type Model, writeModel } from "../onnx/index.js";
import { graphOf, opsetOf } from "../onnx/model.js";
import { changed } from "../onnx/proto.js";
import { tensorFrom, tensorProto } from "../onnx/tensors.js";
import { createRandom } from "../random.js";
import { openSession } from "../runtime/open.js";
import { float32, sizeOf, type Tensor } from "../tensor.js";
import { resnet } from "./networks/resnet.js";
import { buildNetwork, NETWORKS, type NetworkName, networkModel, networkName } from "./networks.js";

// Object.keys does not say that its strings are the keys.
const names = Object.keys(NETWORKS) as NetworkName[];

/** Elements of what training changes: weights of convolutions, scales and biases of batch normalisation. */
function parameterCount(model: Model): number {
  return graphOf(model)
    .initializer.filter(({ name }) => /\.(weight|scale|bias)$/.test(name))
    .reduce((sum, { dims }) => sum + sizeOf(dims.map(Number)), 0);
}

/** Multiplications of all convolutions for one image. */
function convolutionWork(model: Model): number {
  const known = inferShapes(graphOf(model));
  const extents = (name: string) => (known.get(name)?.shape ?? []).slice(1).map(Number);
  return graphOf(model)
    .node.filter(({ opType }) => opType === "Conv")
    .reduce((sum, { input, output }) => sum + sizeOf(extents(output[0])) * sizeOf(extents(input[1])), 0);
}

/**
 * The same network with batch normalisation over the batch at hand, as in training. Its running statistics are given values of their
 * own: at 8 channels ONNX Runtime 1.30 goes wrong where they equal scale and bias, docs/decisions/0020-networks.md.
 */
function withBatchStatistics(model: Model): Model {
  const graph = graphOf(model);
  const node = graph.node.map((item) =>
    item.opType !== "BatchNormalization"
      ? item
      : changed(item, {
          attribute: [...item.attribute, attribute("training_mode", 1)],
          output: [...item.output, `${item.output[0]}/mean`, `${item.output[0]}/variance`],
        }),
  );
  const initializer = graph.initializer.map((tensor) => {
    const shape = tensor.dims.map(Number);
    const isRunning = /\.(mean|variance)$/.test(tensor.name);
    return isRunning ? tensorProto(tensor.name, float32(shape, new Float32Array(sizeOf(shape)).fill(0.5))) : tensor;
  });
  return changed(model, { graph: changed(graph, { node, initializer }) });
}

function noise(shape: readonly number[]): Tensor<"float32"> {
  const random = createRandom(5);
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal()),
  );
}

async function embed(model: Model, image: Tensor): Promise<Tensor> {
  const session = await openSession(writeModel(model), { threads: 1 });
  try {
    return (await session.run({ image })).embedding;
  } finally {
    await session.close();
  }
}

function rms({ data }: Tensor): number {
  return Math.sqrt(Array.from(data, Number).reduce((sum, value) => sum + value * value, 0) / data.length);
}

describe.each(names)("%s", (name) => {
  it.each([3, 4].flatMap((bands) => [32, 64, 96].map((sizePx) => ({ bands, sizePx }))))(
    "is a sound model for $bands bands and $sizePx px, the shape of every tensor known",
    ({ bands, sizePx }) => {
      const model = buildNetwork(name, { bands, sizePx, seed: 1 });
      expect(() => checkModel(model)).not.toThrow();
      expect(opsetOf(model)).toBe(17);
      const known = inferShapes(graphOf(model));
      for (const { output } of graphOf(model).node) {
        const [batch, ...extents] = known.get(output[0])?.shape ?? [];
        expect(batch, output[0]).toBe("N");
        expect(extents.length > 0 && extents.every((extent) => typeof extent === "number"), output[0]).toBe(true);
      }
      expect(known.get("image")?.shape).toEqual(["N", bands, sizePx, sizePx]);
      expect(graphOf(model).output.map((output) => output.name)).toEqual(["embedding"]);
      const cells = Math.ceil(sizePx / NETWORKS[name].stride);
      expect(known.get(graphOf(model).node.at(-3)?.output[0] ?? "")?.shape?.slice(2)).toEqual([cells, cells]);
    },
  );

  it("has the same bytes for the same seed, and other weights for another", () => {
    const bytes = (seed: number) => writeModel(buildNetwork(name, { bands: 3, sizePx: 32, seed }));
    expect(Buffer.compare(bytes(1), bytes(1))).toBe(0);
    expect(Buffer.compare(bytes(1), bytes(2))).not.toBe(0);
  });

  it("begins with normal weights of variance 2 / fan-out and with batch normalisation that changes nothing", () => {
    const fixed: Readonly<Record<string, number>> = { scale: 1, bias: 0, mean: 0, variance: 1 };
    for (const proto of graphOf(buildNetwork(name, { bands: 3, sizePx: 32, seed: 3 })).initializer) {
      const { shape, data: elements } = tensorFrom(proto);
      const data = Float32Array.from(elements, Number);
      const role = proto.name.split(".").at(-1) ?? "";
      if (Object.hasOwn(fixed, role)) expect(new Set(data), proto.name).toEqual(new Set([fixed[role]]));
      if (role !== "weight") continue;
      const [filters, , height, width] = shape;
      const ratio = rms(float32(shape, data)) / Math.sqrt(2 / (filters * height * width));
      // The deviation of n normal numbers is off by 1 / √(2n) of itself on average; 5 times that never happens.
      expect(Math.abs(ratio - 1), proto.name).toBeLessThan(5 / Math.sqrt(2 * data.length));
    }
  });

  it("takes channels in multiples of 8 everywhere but in the image", () => {
    for (const { name: tensor, dims } of graphOf(buildNetwork(name, { bands: 4, sizePx: 32, seed: 1 })).initializer) {
      if (tensor.endsWith(".weight")) expect(Number(dims[0]) % 8, tensor).toBe(0);
    }
  });

  it("gives finite embeddings; of ordinary size where batch normalisation uses the batch, as in training", async () => {
    const model = buildNetwork(name, { bands: 3, sizePx: 64, seed: 1 });
    const image = noise([8, 3, 64, 64]);
    const plain = await embed(model, image);
    expect(plain.shape[0]).toBe(8);
    expect(plain.data.every((value) => Number.isFinite(Number(value)))).toBe(true);
    const trained = await embed(withBatchStatistics(model), image);
    // Means of rectified normal numbers are 0.4; sums along residuals and means of signed maps go above and below.
    expect(rms(trained)).toBeGreaterThan(0.05);
    expect(rms(trained)).toBeLessThan(4);
    // Different images, different embeddings.
    const half = trained.data.length / 8;
    expect(trained.data.slice(0, half)).not.toEqual(trained.data.slice(half, 2 * half));
  });
});

describe("the size of a network", () => {
  it.each<{ name: NetworkName; parameters: number; embedding: number; source: string }>([
    // torchvision without the classifier: 3,504,872 − 1,281,000 and 1,968,680 − 1,281,000
    { name: "mobilenetv2-1.0", parameters: 2_223_872, embedding: 1280, source: "torchvision" },
    { name: "mobilenetv2-0.5", parameters: 687_680, embedding: 1280, source: "torchvision" },
    { name: "mobilenetv2-0.35", parameters: 396_128, embedding: 1280, source: "Keras" },
    // 6,573,120 with a last layer of 512 × 10 without bias
    { name: "resnet9", parameters: 6_568_000, embedding: 512, source: "the DAWNBench entry" },
    // Stem 9·3·w + 2w; a block of width w from v: 9·v·w + 9·w² + 4w, and v·w + 2w for the shortcut where v ≠ w; w = 32, 64, 128, 256.
    { name: "resnet18-w32", parameters: 2_795_040, embedding: 256, source: "the formula" },
  ])("$name has as many parameters as $source says", ({ name, parameters, embedding }) => {
    const model = buildNetwork(name, { bands: 3, sizePx: 64, seed: 1 });
    expect(parameterCount(model)).toBe(parameters);
    expect(inferShapes(graphOf(model)).get("embedding")?.shape).toEqual(["N", embedding]);
  });

  it("is that of the published ResNet-18 for small images at width 64", () => {
    const model = networkModel("resnet18", resnet({ width: 64, blocks: [2, 2, 2, 2] }), { bands: 3, sizePx: 32, seed: 1 });
    // 11,173,962 with a last layer of 512 × 10 and its bias
    expect(parameterCount(model)).toBe(11_168_832);
  });

  it("is that of the published MobileNetV2 in multiplications at 224 px", () => {
    // 300,774,272 with the 1280 × 1000 of the classifier
    expect(convolutionWork(buildNetwork("mobilenetv2-1.0", { bands: 3, sizePx: 224, seed: 1 }))).toBe(299_494_272);
  });

  it("grows by the first convolution alone when a band is added", () => {
    const count = (bands: number) => parameterCount(buildNetwork("resnet18-w32", { bands, sizePx: 32, seed: 1 }));
    expect(count(4) - count(3)).toBe(32 * 9);
  });
});

describe("buildNetwork", () => {
  it("normalises inside the graph", async () => {
    const mean = [100, 80, 60, 40];
    const std = [50, 40, 30, 20];
    const options = { bands: 4, sizePx: 32, seed: 2 };
    const standard = noise([2, 4, 32, 32]);
    const pixels = standard.data.map((value, i) => value * std[Math.floor(i / 1024) % 4] + mean[Math.floor(i / 1024) % 4]);
    const expected = await embed(buildNetwork("chipnet", options), standard);
    const actual = await embed(buildNetwork("chipnet", { ...options, mean, std }), float32(standard.shape, pixels));
    const scale = rms(expected);
    // Pixels are rounded to float32 at up to 300 and brought back: 300 · 2⁻²⁴ / 20, a thousand times over.
    actual.data.forEach((value, i) => {
      expect(Math.abs(Number(value) - Number(expected.data[i])) / scale).toBeLessThan(1e-3);
    });
  });

  it("gives the layers names that training can freeze by, parameters those of torchvision", () => {
    const named = (name: NetworkName) => {
      const graph = graphOf(buildNetwork(name, { bands: 3, sizePx: 32, seed: 1, mean: [1, 1, 1], std: [2, 2, 2] }));
      return new Set([...graph.node.map((node) => node.name), ...graph.initializer.map((tensor) => tensor.name)]);
    };
    const residual = named("resnet18-w32");
    for (const name of ["input/factor", "input/shift", "conv1.weight", "layer1.0", "layer4.1", "layer2.0.downsample.0.weight"]) {
      expect(residual).toContain(name);
    }
    for (const name of ["layer1.0.bn1.scale", "layer1.0.bn1.bias", "layer1.0.bn1.mean", "layer1.0.bn1.variance"]) {
      expect(residual).toContain(name);
    }
    const mobile = named("mobilenetv2-0.5");
    for (const name of [
      "features.0.0.weight",
      "features.1.conv.1.weight",
      "features.2.conv.1.0.weight",
      "features.17.conv.3.scale",
    ]) {
      expect(mobile).toContain(name);
    }
    for (const name of ["features.3", "features.18.1.variance"]) expect(mobile).toContain(name);
  });

  it("refuses images that are smaller than a cell, saying which size would do", () => {
    const build = () => buildNetwork("mobilenetv2-0.5", { bands: 3, sizePx: 16, seed: 1 });
    expect(build).toThrow(UserError);
    expect(build).toThrow("images of 16 px are too small for mobilenetv2-0.5");
  });

  it.each([
    ["half a band", { bands: 2.5, sizePx: 32 }, "2.5 bands"],
    ["no bands", { bands: 0, sizePx: 32 }, "0 bands"],
    ["a fractional size", { bands: 3, sizePx: 32.5 }, "32.5 px"],
    ["too few means", { bands: 4, sizePx: 32, mean: [1, 2, 3] }, "4 bands have 3 means"],
    ["a band without spread", { bands: 1, sizePx: 32, std: [0] }, "std [0]"],
    ["a mean that is no number", { bands: 1, sizePx: 32, mean: [Number.NaN] }, "mean [NaN]"],
  ])("refuses %s", (_, options, message) => {
    expect(() => buildNetwork("chipnet", { seed: 1, ...options })).toThrow(RangeError);
    expect(() => buildNetwork("chipnet", { seed: 1, ...options })).toThrow(message);
  });
});

describe("networkName", () => {
  it("knows its names and names the nearest one", () => {
    expect(networkName("resnet9")).toBe("resnet9");
    expect(() => networkName("resnet8")).toThrow('unknown network "resnet8"; did you mean "resnet9"?');
    expect(() => networkName("toString")).toThrow(UserError);
  });
});
