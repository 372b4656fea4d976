import { describe, expect, it } from "vitest";
import type { Backbone } from "../model/backbone.js";
import { makeBackbone } from "../model/backbones/make-backbone.js";
import { openRcf } from "../model/backbones/rcf.js";
import { openStats } from "../model/backbones/stats.js";
import { EMBEDDING, GraphBuilder, type HeadLayer, IMAGE } from "../onnx/index.js";
import { createRandom } from "../random.js";
import type { Raster } from "../raster/raster.js";
import { openSession } from "../runtime/open.js";
import { HEADS } from "../task.js";
import { float32 } from "../tensor.js";
import { explanationPicture, openExplainer } from "./explain.js";

const SIDE = 16;

/** Two feature maps: what is bright, and what is dark; the second network reduces by ReduceMean, the third by a window over all. */
const NETWORKS: Readonly<Record<string, (graph: GraphBuilder, maps: string) => string>> = {
  GlobalAveragePool: (graph, maps) => graph.op("Flatten", [graph.op("GlobalAveragePool", [maps])], { axis: 1 }, EMBEDDING),
  ReduceMean: (graph, maps) => graph.op("ReduceMean", [maps], { axes: [2, -1], keepdims: 0 }, EMBEDDING),
  AveragePool: (graph, maps) =>
    graph.op("Flatten", [graph.op("AveragePool", [maps], { kernel_shape: [SIDE, SIDE] })], { axis: 1 }, EMBEDDING),
};

function network(pool: keyof typeof NETWORKS): Backbone {
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", ["N", 1, SIDE, SIDE]);
  const maps = graph.op("Concat", [image, graph.op("Neg", [image])], { axis: 1 });
  graph.output(NETWORKS[pool](graph, maps));
  return makeBackbone("bright-and-dark", graph.build({}), {
    widthPx: SIDE,
    heightPx: SIDE,
    fit: "stretch",
    interpolation: "bilinear",
    antialias: true,
    bands: ["grey"],
    range: [0, 255],
  });
}

/** Bright in the top left corner, dark elsewhere. */
const CORNER: Raster = {
  bands: ["grey"],
  widthPx: SIDE,
  heightPx: SIDE,
  dtype: "uint8",
  data: Uint8Array.from({ length: SIDE * SIDE }, (_, p) => (p % SIDE < 4 && p < 4 * SIDE ? 200 : 10)),
};

function layerOf(head: HeadLayer["head"], weights: readonly number[][], bias: readonly number[]): HeadLayer {
  return {
    head,
    weights: float32([weights.length, weights[0].length], weights.flat()),
    bias: float32([bias.length], [...bias]),
  };
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

describe("class activation maps", () => {
  it.each(Object.keys(NETWORKS))("show the places that speak for a class, with the average taken by %s", async (pool) => {
    const layer = layerOf(
      "sigmoid",
      [
        [0.02, 0],
        [0, 0.02],
      ],
      [-1, 1],
    );
    const explainer = await openExplainer(network(pool), layer);
    const { evidence } = (await explainer?.explain(CORNER, 0)) ?? expect.fail("no maps");
    expect(evidence[0]).toBeCloseTo(0.02 * 200 - 1, 5);
    expect(evidence[SIDE * SIDE - 1]).toBeCloseTo(0.02 * 10 - 1, 5);
    await explainer?.close();
  });

  it.each(HEADS)("average to the logit of the %s head on random features of real structure", async (head) => {
    const random = createRandom(3, "explain");
    const raster: Raster = {
      bands: ["red", "green", "blue"],
      widthPx: 40,
      heightPx: 40,
      dtype: "uint8",
      data: Uint8Array.from({ length: 4800 }, () => random.int(256)),
    };
    const backbone = await openRcf({
      seed: 1,
      async *trainingImages() {
        yield raster;
      },
    });
    const size = backbone.embeddingSize;
    const layer = layerOf(
      head,
      Array.from({ length: 3 }, () => Array.from({ length: size }, () => random.next() - 0.5)),
      [1, 2, 3],
    );
    const explainer = (await openExplainer(backbone, layer)) ?? expect.fail("no maps");
    const { image, evidence } = await explainer.explain(raster, 1);
    await explainer.close();

    const session = await openSession(backbone.model);
    const pixels = Float32Array.from(image.data, Number);
    const { embedding } = await session.run({ image: float32([1, 3, image.heightPx, image.widthPx], pixels) });
    await session.close();
    const values = embedding.data as Float32Array; // declared as float32 by the model
    const logits = [0, 1, 2].map((k) =>
      values.reduce((sum, value, d) => sum + value * layer.weights.data[k * size + d], layer.bias.data[k]),
    );
    const expected = { softmax: logits[1] - (logits[0] + logits[1] + logits[2]) / 3, sigmoid: logits[1] }[head];
    // Enlarging a map moves its mean a little: edges weigh more; the pixels shown were rounded to 8 bits.
    expect(Math.abs(meanOf(evidence) - expected)).toBeLessThan(0.05 * Math.max(...logits.map(Math.abs)));
  });

  it("do not exist where features are no averages of places, or where there is no network", async () => {
    const stats = await openStats({
      seed: 1,
      async *trainingImages() {
        yield { ...CORNER };
      },
    });
    const layer = layerOf("softmax", [new Array(stats.embeddingSize).fill(1), new Array(stats.embeddingSize).fill(2)], [0, 0]);
    expect(await openExplainer(stats, layer)).toBeUndefined();
    const elsewhere = { id: "embeddings", sha256: "", embeddingSize: 2, preprocess: null };
    expect(await openExplainer(elsewhere, layer)).toBeUndefined();
  });

  it("become a picture, and stay cold where nothing speaks for the class", async () => {
    const picture = await explanationPicture({ image: CORNER, evidence: new Float32Array(SIDE * SIDE).fill(-1) }, 64);
    const hot = await explanationPicture({ image: CORNER, evidence: Float32Array.from(CORNER.data) }, 64);
    expect(picture).toMatch(/^data:image\/jpeg;base64,/);
    expect(hot).not.toBe(picture);
  });
});
