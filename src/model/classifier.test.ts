import { describe, expect, it } from "vitest";
import { GraphBuilder, writeModel } from "../onnx/index.js";
import type { Raster } from "../raster/raster.js";
import { openSession } from "../runtime/open.js";
import { float32 } from "../tensor.js";
import { assembleClassifier } from "./assemble.js";
import type { EmbeddingOrigin } from "./backbone.js";
import { openClassifierWith, parseClassifier, predictionOf } from "./classifier.js";

/** A backbone of two bands whose embedding is their means. */
function means(): EmbeddingOrigin {
  const graph = new GraphBuilder();
  const image = graph.input("image", "float32", ["N", 2, 4, 4]);
  graph.output(graph.op("Flatten", [graph.op("GlobalAveragePool", [image])], { axis: 1 }, "embedding"));
  return {
    id: "means",
    sha256: "0",
    model: writeModel(graph.build()),
    embeddingSize: 2,
    preprocess: {
      widthPx: 4,
      heightPx: 4,
      fit: "stretch",
      interpolation: "bilinear",
      antialias: true,
      bands: ["red", "nir"],
      range: [0, 255],
    },
  };
}

function plain(values: Readonly<Record<string, number>>): Raster {
  const bands = Object.keys(values);
  const data = Float32Array.from({ length: bands.length * 16 }, (_, i) => values[bands[Math.floor(i / 16)]]);
  return { bands, widthPx: 4, heightPx: 4, dtype: "float32", data };
}

const about = {
  task: "multiclass",
  classes: ["soil", "leaf"],
  thresholds: [0.5, 0.5],
  dataset: { fingerprint: "f", counts: { train: 1, validation: 0, test: 0 } },
  test: { accuracy: 1 },
} as const;
// logits = (red, nir)
const layer = { weights: float32([2, 2], [1, 0, 0, 1]), bias: float32([2], [0, 0]), head: "softmax" } as const;

describe.each([
  ["a backbone", means()],
  ["a network that is not known", { id: "far", sha256: "", embeddingSize: 2, preprocess: null }],
] as const)("a classifier of %s", (_, origin) => {
  it("holds the manifest that was assembled with it", () => {
    const { model, manifest } = assembleClassifier({ origin, views: 1, layer, about });
    expect(parseClassifier(writeModel(model), "a.onnx").manifest).toEqual(manifest);
    expect(manifest).toMatchObject({
      version: 1,
      head: "softmax",
      classes: ["soil", "leaf"],
      preprocess: origin.preprocess,
      backbone: { id: origin.id, embeddingSize: 2, views: 1 },
    });
  });
});

describe("a classifier", () => {
  const { model } = assembleClassifier({ origin: means(), views: 8, layer, about });
  const classifier = parseClassifier(writeModel(model), "a.onnx");

  it("averages 8 views where it was trained on them, and predicts in the order of the images", async () => {
    const opened = await openClassifierWith(openSession, classifier);
    const predictions = await opened.predict([plain({ red: 1, nir: 3 }), plain({ nir: 0, red: 2 })]);
    await opened.close();
    expect(predictions.map(({ labels }) => labels)).toEqual([["leaf"], ["soil"]]);
    expect(predictions[0].logits).toEqual([1, 3]);
    expect(opened.manifest.backbone.views).toBe(8);
  });

  it.each([
    ["by its place", undefined, /^image 2: has the bands red; nir is not among them$/],
    ["by its name", ["a.tif", "b.tif"], /^b\.tif: has the bands red; nir is not among them$/],
  ])("names an image that lacks a band %s", async (_, files, message) => {
    const opened = await openClassifierWith(openSession, classifier);
    const images = [plain({ red: 1, nir: 3 }), plain({ red: 1 })];
    await expect(opened.predict(images, files && { files })).rejects.toMatchObject({ code: "bad-data", message });
    await opened.close();
  });

  it("names the image whose result is NaN, and itself when it gives the wrong number of results", () => {
    const good = new Float32Array([0.5, 0.5]);
    const nan = new Float32Array([0.5, Number.NaN]);
    const decide = (probabilities: Float32Array, logits: Float32Array) => () =>
      predictionOf(classifier, { probabilities, logits }, "b.tif");
    const told = (code: string, start: RegExp) =>
      expect.objectContaining({ code, message: expect.stringMatching(start), hint: expect.any(String) });
    expect(decide(good, nan)).toThrow(told("numeric", /^b\.tif: /));
    expect(decide(nan, good)).toThrow(told("numeric", /^b\.tif: /));
    expect(decide(good, good.subarray(1))).toThrow(told("bad-model", /^a\.onnx: gives 1 logits for 2 classes/));
    expect(decide(new Float32Array(3), good)).toThrow(told("bad-model", /^a\.onnx: gives 3 probabilities for 2 classes/));
  });
});
