import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assembleClassifier } from "../model/assemble.js";
import { parseClassifier } from "../model/classifier.js";
import { readClassifier } from "../model/read-classifier.js";
import { GraphBuilder, writeModel } from "../onnx/index.js";
import type { Progress } from "../progress.js";
import { encodePng } from "../raster/encode.js";
import type { Raster } from "../raster/raster.js";
import { float32 } from "../tensor.js";
import { openClassifier, predictFiles } from "./predict.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-predict-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Bytes of a classifier that says which of its bands is the brightest. */
function brightest(bands: readonly string[]): Uint8Array {
  const graph = new GraphBuilder();
  const image = graph.input("image", "float32", ["N", bands.length, 4, 4]);
  graph.output(graph.op("Flatten", [graph.op("GlobalAveragePool", [image])], { axis: 1 }, "embedding"));
  const size = bands.length;
  const identity = Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  const { model } = assembleClassifier({
    origin: {
      id: "means",
      sha256: "0",
      model: writeModel(graph.build()),
      embeddingSize: size,
      preprocess: {
        widthPx: 4,
        heightPx: 4,
        fit: "stretch",
        interpolation: "bilinear",
        antialias: true,
        bands,
        range: [0, 255],
      },
    },
    views: 1,
    layer: { weights: float32([size, size], identity), bias: float32([size], new Float32Array(size)), head: "softmax" },
    about: {
      task: "multiclass",
      classes: bands,
      thresholds: bands.map(() => 0.5),
      dataset: { fingerprint: "f", counts: { train: 0, validation: 0, test: 0 } },
      test: {},
    },
  });
  return writeModel(model);
}

const RGB = ["red", "green", "blue"];
/** An image whose band `best` is the brightest. */
function coloured(best: number): Raster {
  const data = Uint8Array.from({ length: 48 }, (_, i) => (Math.floor(i / 16) === best ? 9 : 3));
  return { bands: RGB, widthPx: 4, heightPx: 4, dtype: "uint8", data };
}

const files = Array.from({ length: 10 }, (_, i) => ({ file: `${i}.png`, path: join(folder, `${i}.png`) }));
const classifierFile = join(folder, "classifier.onnx");
beforeAll(async () => {
  writeFileSync(classifierFile, brightest(RGB));
  for (const [i, { path }] of files.entries()) writeFileSync(path, await encodePng(coloured(i % 3)));
});

describe("predicting a few images", () => {
  it("keeps their order, whatever they are given as", async () => {
    const classifier = await openClassifier(classifierFile, { trusted: true });
    const images = [...files.map(({ path }) => path), await encodePng(coloured(2)), coloured(1)];
    const predictions = await classifier.predict(images);
    await classifier.close();
    const wanted = [...files.map((_, i) => RGB[i % 3]), "blue", "green"];
    expect(predictions.map(({ labels }) => labels)).toEqual(wanted.map((label) => [label]));
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ["a path", async () => files[0].path, `${files[0].path}: has the bands`],
    ["pixels", async () => coloured(0), "image 1: has the bands"],
    ["bytes", async () => encodePng(coloured(0)), "image 1: has the bands"],
    ["bytes of nothing known", async () => new Uint8Array(9), "image 1: "],
  ])("names an image that does not fit, given as %s", async (_, image, message) => {
    const classifier = await openClassifier(brightest(["red", "nir"]), { trusted: true });
    // Each case is one of the kinds of ImageInput.
    await expect(classifier.predict([(await image()) as Raster])).rejects.toMatchObject({
      message: expect.stringContaining(message),
    });
    await classifier.close();
  });
});

describe("predicting files", () => {
  it.each(["auto", "wasm"] as const)("hands one classifier to several workers (runtime %s)", async (runtime) => {
    const labels: (readonly string[] | undefined)[] = [];
    for await (const { prediction } of predictFiles(brightest(RGB), files, { threads: 2, runtime, trusted: true })) {
      labels.push(prediction?.labels);
    }
    expect(labels).toEqual(files.map((_, i) => [RGB[i % 3]]));
  });

  it("takes a classifier that was read already and counts the files of an array by itself", async () => {
    const read = parseClassifier(brightest(RGB), "a.onnx");
    expect(await readClassifier(read)).toBe(read);
    const progress: Progress[] = [];
    const labels: (readonly string[] | undefined)[] = [];
    for await (const { prediction } of predictFiles(read, files, { threads: 2, onProgress: (event) => progress.push(event) })) {
      labels.push(prediction?.labels);
    }
    expect(labels).toEqual(files.map((_, i) => [RGB[i % 3]]));
    expect(progress.at(-1)).toEqual({ stage: "predict", done: 10, total: 10, unit: "images" });
  });

  it("goes on where an image lacks a band, and names it", async () => {
    const outcomes = [];
    const read = parseClassifier(brightest(["red", "nir"]), "a.onnx");
    for await (const outcome of predictFiles(read, new Set(files.slice(0, 2)), { threads: 1 })) outcomes.push(outcome);
    expect(outcomes.map(({ file }) => file)).toEqual(["0.png", "1.png"]);
    expect(outcomes.map(({ error }) => error?.message)).toEqual(
      ["0.png", "1.png"].map((file) => `${file}: has the bands red, green, blue; nir is not among them`),
    );
  });
});

describe("reading a classifier", () => {
  it("says what to give instead of a file that is not there", async () => {
    await expect(openClassifier(join(folder, "none.onnx"))).rejects.toMatchObject({
      code: "not-found",
      hint: "Give the classifier.onnx of a run folder.",
    });
  });

  const noPipes = process.platform === "win32";
  if (noPipes) console.warn("skipped: Windows has no named pipes in folders");
  it.skipIf(noPipes)("does not wait for a pipe", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    await expect(openClassifier(path)).rejects.toMatchObject({ code: "bad-file", message: `${path}: is not a regular file` });
  });

  it("stops the trial in the child process when the user stops", async () => {
    const signal = AbortSignal.abort();
    await expect(openClassifier(classifierFile, { signal })).rejects.toMatchObject({ code: "aborted" });
  });
});
