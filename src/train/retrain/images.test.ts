import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openClassifierWith, parseClassifier } from "../../model/classifier.js";
import { GraphBuilder, writeModel } from "../../onnx/index.js";
import { createRandom } from "../../random.js";
import { encodePng } from "../../raster/encode.js";
import type { Raster } from "../../raster/raster.js";
import { openSession } from "../../runtime/open.js";
import { float32 } from "../../tensor.js";
import type { RetrainOptions } from "./options.js";
import { retrain } from "./retrain.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-retrain-images-"));
const imageDir = join(folder, "photos");
const network = join(folder, "means.onnx");
afterAll(() => rmSync(folder, { recursive: true }));

const random = createRandom(3, "pictures");
/** A noisy picture whose left and right half have a colour each. */
function picture(left: readonly number[], right = left): Raster {
  const [widthPx, heightPx] = [20, 12];
  const data = Uint8Array.from({ length: 3 * widthPx * heightPx }, (_, i) => {
    const colour = i % widthPx < widthPx / 2 ? left : right;
    return colour[Math.floor(i / (widthPx * heightPx))] + random.int(30);
  });
  return { bands: ["red", "green", "blue"], widthPx, heightPx, dtype: "uint8", data };
}
const WATER = [20, 60, 200];
const FOREST = [20, 180, 40];
const EARTH = [150, 110, 60];

async function save(path: string, raster: Raster): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await encodePng(raster));
}

/** The means of the channels of each half of the picture: 6 numbers. */
function meansNetwork(): Uint8Array {
  const graph = new GraphBuilder();
  const image = graph.input("pixels", "float32", ["N", 3, 16, 16]);
  const pooled = graph.op("AveragePool", [image], { kernel_shape: [16, 8], strides: [16, 8] });
  graph.output(graph.op("Flatten", [pooled], { axis: 1 }, "means"));
  return writeModel(graph.build());
}

let runs = 0;
function options(): RetrainOptions {
  const out = join(folder, `out-${runs++}`);
  return {
    imageDir,
    backbone: network,
    preprocessing: {
      sizePx: 16,
      scale: 1 / 255,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      channelOrder: "rgb",
      resample: "bilinear",
      embedding: "means",
    },
    outputGraph: join(out, "graph.onnx"),
    outputLabels: join(out, "labels.txt"),
    learningRate: 0.5,
    howManyTrainingSteps: 150,
    threads: 1,
  };
}

async function predictWith(file: string, rasters: readonly Raster[]) {
  const classifier = await openClassifierWith(openSession, parseClassifier(readFileSync(file), file));
  const predictions = await classifier.predict(rasters);
  await classifier.close();
  return { manifest: classifier.manifest, labels: predictions.map(({ labels }) => labels) };
}

const textFiles = (root: string) =>
  readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".txt"));

beforeAll(async () => {
  writeFileSync(network, meansNetwork());
  for (let i = 0; i < 24; i++) {
    await save(join(imageDir, "Open_Water", `${i}.png`), picture(WATER));
    await save(join(imageDir, "forest", `${i}.png`), picture(FOREST));
  }
});

describe("images in one folder per class", () => {
  it("become a classifier that predicts, named as retrain.py names labels", async () => {
    const given = options();
    const result = await retrain({ ...given, finalTensorName: "probabilities" });
    expect(result).toMatchObject({ task: "multiclass", head: "softmax", classes: ["open water", "forest"], input: "image" });
    expect(result.counts.train + result.counts.validation + result.counts.test).toBe(48);
    const { manifest, labels } = await predictWith(given.outputGraph, [picture(FOREST), picture(WATER)]);
    expect(labels).toEqual([["forest"], ["open water"]]);
    expect(manifest).toMatchObject({ backbone: { views: 1, embeddingSize: 6 }, dataset: { counts: result.counts } });
    const session = await openSession(readFileSync(given.outputGraph));
    const outputs = await session.run({ image: float32([1, 3, 16, 16], new Float32Array(768)) });
    await session.close();
    expect(outputs.probabilities.data).toEqual(outputs.final_result.data);
  });

  it("write bottlenecks, read them again, and compute damaged ones anew, always to the same bytes", async () => {
    const bottleneckDir = join(folder, "bottlenecks");
    const train = async () => {
      const given = options();
      const warnings: string[] = [];
      let embedded = 0;
      await retrain({
        ...given,
        bottleneckDir,
        onWarning: (warning) => warnings.push(warning),
        onProgress: ({ stage, done }) => {
          if (stage === "embed") embedded = done;
        },
      });
      return { bytes: readFileSync(given.outputGraph), embedded, warnings: warnings.join("\n") };
    };
    const first = await train();
    const files = textFiles(bottleneckDir);
    expect(files.length).toBe(48);
    expect(files[0]).toMatch(/^Open_Water.\d+\.png_means\.onnx-[0-9a-f]{12}\.txt$/);
    expect(first.embedded).toBe(48);

    const second = await train();
    expect([second.embedded, second.bytes.equals(first.bytes)]).toEqual([0, true]);

    writeFileSync(join(bottleneckDir, files[3]), "1,2,oops,4,5,6");
    writeFileSync(join(bottleneckDir, files[4]), "1,2,3");
    const third = await train();
    expect([third.embedded, third.bytes.equals(first.bytes)]).toEqual([2, true]);
    expect(third.warnings).toMatch(
      /2 bottleneck files cannot be used and are computed again: .*number 3 is "oops".*3 numbers instead of 6/,
    );
  });

  it("that cannot be read, or lie elsewhere, are left out and said", async () => {
    const broken = join(imageDir, "forest", "broken.png");
    const stray = join(imageDir, "stray.png");
    writeFileSync(broken, "not a picture");
    await save(stray, picture(WATER));
    const warnings: string[] = [];
    const { counts } = await retrain({ ...options(), onWarning: (warning) => warnings.push(warning) });
    rmSync(broken);
    rmSync(stray);
    expect(counts.train + counts.validation + counts.test).toBe(48);
    expect(warnings.join("\n")).toMatch(/1 images are not in .*photos\/<class>\//);
    expect(warnings.join("\n")).toMatch(/1 of 49 images cannot be read and are left out: .*broken\.png/);
  });
});

it("distorted images are embedded anew for every batch, the same for the same seed; only held-out ones leave bottlenecks", async () => {
  const bottleneckDir = join(folder, "held-out");
  const train = async (seed: number, limits: Partial<RetrainOptions>) => {
    const given = options();
    const result = await retrain({ ...given, bottleneckDir, ...limits, seed, howManyTrainingSteps: 12, trainBatchSize: 10 });
    return { bytes: readFileSync(given.outputGraph), result };
  };
  const limits = { flipLeftRight: true, randomCrop: 10, randomScale: 10, randomBrightness: 10 };
  const first = await train(1, limits);
  expect(first.result.test.accuracy).toBe(1);
  const { validation, test } = first.result.counts;
  expect(textFiles(bottleneckDir).length).toBe(validation + test);
  expect((await train(1, limits)).bytes).toEqual(first.bytes);
  expect((await train(1, { ...limits, randomBrightness: 11 })).bytes).not.toEqual(first.bytes);
});

it("label files per image train a sigmoid head that says several labels, or none", async () => {
  const images = join(folder, "several");
  const labelsDir = join(folder, "several-labels");
  mkdirSync(labelsDir);
  const kinds = [
    { colours: [WATER, WATER], labels: "water\n" },
    { colours: [FOREST, FOREST], labels: "forest\n" },
    { colours: [WATER, FOREST], labels: "forest\nwater\n" },
    { colours: [EARTH, EARTH], labels: "" },
  ];
  for (let i = 0; i < 120; i++) {
    const { colours, labels } = kinds[i % 4];
    await save(join(images, "multi-label", `${i}.png`), picture(colours[0], colours[1]));
    if (i > 0) writeFileSync(join(labelsDir, `${i}.png.txt`), labels);
  }
  const given = { ...options(), imageDir: images, imageLabelsDir: labelsDir, howManyTrainingSteps: 3000, learningRate: 1 };
  const result = await retrain(given);
  expect(result).toMatchObject({ task: "multilabel", head: "sigmoid", classes: ["forest", "water"] });
  expect(result.counts.train + result.counts.validation + result.counts.test).toBe(119);
  expect(result.test).toMatchObject({ accuracy: 1, subsetAccuracy: 1, mapMacro: 1 });
  const { labels } = await predictWith(
    given.outputGraph,
    kinds.map(({ colours }) => picture(colours[0], colours[1])),
  );
  expect(labels).toEqual([["water"], ["forest"], ["forest", "water"], []]);
  expect(statSync(given.outputLabels).size).toBe("forest\nwater\n".length);

  const softmax = await retrain({ ...given, ...options(), imageDir: images, finalActivation: "softmax" });
  expect(softmax).toMatchObject({ task: "multilabel", head: "softmax" });
  expect(softmax.test.accuracy).toBe(1);
});
