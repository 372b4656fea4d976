import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readManifest } from "../../model/classifier.js";
import { type EventFile, readEvents } from "../../report/tensorboard/reader.js";
import { openSession } from "../../runtime/open.js";
import { float32 } from "../../tensor.js";
import type { RetrainOptions, StepReport } from "./options.js";
import { retrain } from "./retrain.js";

const REAL = join(process.env.SIGMAX_DATA ?? "../shared/data", "retrain-py/bottlenecks");
const folder = mkdtempSync(join(tmpdir(), "sigmax-retrain-"));
afterAll(() => rmSync(folder, { recursive: true }));

let runs = 0;
/** Output options in a folder of their own. */
function outputs(): RetrainOptions & { readonly summariesDir: string } {
  const out = join(folder, `out-${runs++}`);
  return { outputGraph: join(out, "graph.onnx"), outputLabels: join(out, "labels.txt"), summariesDir: join(out, "logs") };
}

function eventsOf(summariesDir: string, curve: string): EventFile {
  const [file, ...others] = readdirSync(join(summariesDir, curve));
  expect(others).toEqual([]);
  return readEvents(readFileSync(join(summariesDir, curve, file)), { file });
}

/** Made-up bottlenecks of two classes, `count` each, told apart by their first number. */
function makeBottlenecks(name: string, count = 30): string {
  const root = join(folder, name);
  for (const [k, label] of ["dry land", "water"].entries()) {
    mkdirSync(join(root, label), { recursive: true });
    for (let i = 0; i < count; i++) writeFileSync(join(root, label, `${i}.jpg_m.txt`), `${k},${(i % 7) / 7},1`);
  }
  return root;
}

describe.skipIf(!existsSync(REAL))("on the bottlenecks that retrain.py left behind", () => {
  // What its authors wrote in Python, over the same files: counts of train, validation and test.
  const FORMULA = `
import os, re, sys, hashlib
root, image_dir = sys.argv[1:]
M = 2 ** 27 - 1
counts = [0, 0, 0]
for d in sorted(os.listdir(root)):
    for f in os.listdir(os.path.join(root, d)):
        name = os.path.join(image_dir, d, re.sub(r'_[^_]*_[^_]*_[^_]*\\.txt$', '', f))
        p = (int(hashlib.sha1(re.sub(r'_nohash_.*$', '', name).encode()).hexdigest(), 16) % (M + 1)) * (100.0 / M)
        counts[1 if p < 10 else 2 if p < 20 else 0] += 1
print(*counts)`;

  it.each(["tf_files/photos", "./tf_files/photos/"])(
    "splits as the published formula does for --image_dir %s",
    async (imageDir) => {
      const python = spawnSync("python3", ["-c", FORMULA, REAL, imageDir], { encoding: "utf8" });
      if (python.status !== 0) return console.warn("skipped: no python3 to compute the published formula");
      const { counts } = await retrain({ ...outputs(), imageDir, bottleneckDir: REAL, howManyTrainingSteps: 1 });
      expect(`${counts.train} ${counts.validation} ${counts.test}`).toBe(python.stdout.trim());
    },
  );

  it("tells burnt, green and half burnt apart in 4000 steps, in well under 10 s", async () => {
    const steps: StepReport[] = [];
    const warnings: string[] = [];
    const options: RetrainOptions = {
      ...outputs(),
      imageDir: "tf_files/photos",
      bottleneckDir: REAL,
      testingPercentage: 30,
      onStep: (report) => steps.push(report),
      onWarning: (warning) => warnings.push(warning),
    };
    const start = performance.now();
    const result = await retrain(options);
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(result.classes).toEqual(["burnt", "green", "half burnt"]);
    expect(readFileSync(options.outputLabels, "utf8")).toBe("burnt\ngreen\nhalf burnt\n");
    expect(result).toMatchObject({ task: "multiclass", head: "softmax", input: "embedding", testCount: result.counts.test });
    expect(steps.map(({ step }) => step)).toEqual([...Array.from({ length: 400 }, (_, i) => i * 10), 3999]);
    expect(steps[400].trainAccuracy).toBeGreaterThan(0.95);
    // The same descent in numpy gets 0.56 to 0.60 of a third of these images right (four splits, two seeds each); chance is 0.33.
    expect(result.test.accuracy).toBeGreaterThan(0.5);
    expect(result.misclassified.length).toBe(Math.round(result.counts.test * (1 - result.test.accuracy)));
    expect(warnings.join()).toContain("embedding [N, 1001] instead of images");
  });
});
if (!existsSync(REAL)) console.warn(`skipped: no bottlenecks of retrain.py in ${REAL}`);

describe("training on bottlenecks", () => {
  it("writes the same bytes for the same seed and others for another", async () => {
    const bottleneckDir = makeBottlenecks("seeds");
    const bytes = async (seed: number) => {
      const out = outputs();
      await retrain({ ...out, bottleneckDir, imageDir: "photos", seed, howManyTrainingSteps: 30 });
      return readFileSync(out.outputGraph);
    };
    const first = await bytes(1);
    expect(await bytes(1)).toEqual(first);
    expect(await bytes(2)).not.toEqual(first);
  });

  it("writes accuracy and cross entropy of both curves for TensorBoard, training every step, validation every interval", async () => {
    const out = outputs();
    const steps: StepReport[] = [];
    await retrain({
      ...out,
      bottleneckDir: makeBottlenecks("events"),
      howManyTrainingSteps: 25,
      onStep: (report) => steps.push(report),
    });
    const train = eventsOf(out.summariesDir, "train");
    const validation = eventsOf(out.summariesDir, "validation");
    expect([train.damage, validation.damage]).toEqual([undefined, undefined]);
    const scalars = (events: EventFile, tag: string) => events.scalars.filter((scalar) => scalar.tag === tag);
    for (const tag of ["accuracy", "cross_entropy"]) {
      expect(scalars(train, tag).map(({ step }) => step)).toEqual(Array.from({ length: 25 }, (_, i) => i));
      expect(scalars(validation, tag).map(({ step }) => step)).toEqual([0, 10, 20, 24]);
    }
    expect(scalars(validation, "accuracy").map(({ value }) => value)).toEqual(
      steps.map((report) => Math.fround(report.validation?.accuracy ?? Number.NaN)),
    );
    // First weights near zero give even odds: log 2.
    expect(scalars(train, "cross_entropy")[0].value).toBeCloseTo(Math.log(2), 2);
    const spread = [
      "final_training_ops/weights/summaries/histogram",
      "final_training_ops/biases/summaries/histogram",
      "activations",
    ];
    for (const { plugins } of [train, validation]) {
      const seen = plugins.histograms.map(({ tag, step }) => `${step} ${tag}`);
      expect(seen).toEqual([0, 10, 20, 24].flatMap((step) => spread.map((tag) => `${step} ${tag}`)));
      const [first, last] = [0, 24].map((wanted) =>
        plugins.histograms.filter(({ tag, step }) => tag === spread[0] && step === wanted).flatMap(({ value }) => value),
      );
      // Descent moves the weights away from where they were drawn, near zero.
      expect(Math.max(...last.map(({ right }) => right))).toBeGreaterThan(Math.max(...first.map(({ right }) => right)));
      const activations = plugins.histograms.filter(({ tag }) => tag === "activations").flatMap(({ value }) => value);
      expect(activations.every(({ left, right }) => left >= 0 && right <= 1)).toBe(true);
    }
  });

  it("takes the step of plain gradient descent", async () => {
    // One class per batch row is drawn at random, but every bottleneck of a class is the same: with enough rows the batch is even.
    const bottleneckDir = join(folder, "descent");
    for (const [k, label] of ["a", "b"].entries()) {
      mkdirSync(join(bottleneckDir, label), { recursive: true });
      for (let i = 0; i < 20; i++) writeFileSync(join(bottleneckDir, label, `${i}.jpg_m.txt`), k === 0 ? "1,0" : "0,1");
    }
    const steps: StepReport[] = [];
    const learningRate = 0.5;
    await retrain({
      ...outputs(),
      bottleneckDir,
      learningRate,
      trainBatchSize: 20_000,
      howManyTrainingSteps: 1,
      onStep: (report) => steps.push(report),
    });
    // From zero, p = ½: the gradient of the own weight is −½·½, of the other +½·½, of the bias 0. The margin becomes lr/2.
    expect(steps[0].crossEntropy).toBeCloseTo(Math.log1p(Math.exp(-learningRate / 2)), 2);
  });

  it("writes a last layer that takes embeddings, with a second name for its output", async () => {
    const out = outputs();
    await retrain({
      ...out,
      bottleneckDir: makeBottlenecks("graph"),
      finalTensorName: "final/probs",
      howManyTrainingSteps: 200,
      learningRate: 0.5,
    });
    const bytes = readFileSync(out.outputGraph);
    expect(readManifest(bytes, "graph.onnx")).toMatchObject({
      head: "softmax",
      classes: ["dry land", "water"],
      preprocess: null,
      backbone: { id: "m", embeddingSize: 3 },
    });
    const session = await openSession(bytes);
    expect(session.inputs).toMatchObject([{ name: "embedding", shape: ["N", 3] }]);
    const results = await session.run({ embedding: float32([2, 3], [0, 0.5, 1, 1, 0.5, 1]) });
    await session.close();
    expect(Object.keys(results)).toEqual(["final_result", "logits", "final/probs"]);
    expect(results["final/probs"].data).toEqual(results.final_result.data);
    const [dry, , , water] = Array.from(results.final_result.data, Number);
    expect(Math.min(dry, water)).toBeGreaterThan(0.9);
  });

  it("counts cells for sigmoid accuracy, and still decides by the highest probability", async () => {
    const result = await retrain({
      ...outputs(),
      bottleneckDir: makeBottlenecks("sigmoid"),
      finalActivation: "sigmoid",
      learningRate: 1,
      howManyTrainingSteps: 500,
    });
    expect(result).toMatchObject({ task: "multiclass", head: "sigmoid", misclassified: [] });
    expect(result.test.accuracy).toBe(1);
  });

  it("stops at a loss that is not finite, naming the step and files of the batch", async () => {
    // Twins in both classes: no step can be right for both.
    const bottleneckDir = makeBottlenecks("diverge");
    for (const label of ["dry land", "water"])
      for (let i = 0; i < 30; i++) writeFileSync(join(bottleneckDir, label, `${i}.jpg_m.txt`), "9,9,9");
    const run = retrain({ ...outputs(), bottleneckDir, learningRate: 1e38 });
    await expect(run).rejects.toMatchObject({
      code: "numeric",
      message: expect.stringMatching(/^step [012]: the cross entropy is (NaN|Infinity), on (dry land|water)\/\d+\.jpg, /),
    });
  });

  it("names a bottleneck file that is damaged and whose image is not there", async () => {
    const bottleneckDir = makeBottlenecks("damaged");
    writeFileSync(join(bottleneckDir, "water", "3.jpg_m.txt"), "0,oops,1");
    await expect(retrain({ ...outputs(), bottleneckDir })).rejects.toThrow(/water.3\.jpg_m\.txt: number 2 is "oops"/);
  });

  it("warns of classes with few images and says what the validation cannot tell", async () => {
    const warnings: string[] = [];
    await retrain({
      ...outputs(),
      bottleneckDir: makeBottlenecks("few", 5),
      validationPercentage: 0,
      testingPercentage: 0,
      howManyTrainingSteps: 1,
      onWarning: (warning) => warnings.push(warning),
    }).then(({ test, testCount }) => expect([test, testCount]).toEqual([{}, 0]));
    expect(warnings.filter((warning) => warning.includes("less than 20 images")).length).toBe(2);
    expect(warnings.join()).toContain("validation accuracy is not reported");
  });
});

describe("what is refused", () => {
  let bottleneckDir = "";
  beforeAll(() => {
    bottleneckDir = makeBottlenecks("refusals");
    cpSync(join(bottleneckDir, "water"), join(folder, "one-class", "water"), { recursive: true });
    for (const label of ["half burnt", "half_burnt"])
      cpSync(join(bottleneckDir, "water"), join(folder, "twins", label), { recursive: true });
    mkdirSync(join(folder, "empty"));
  });

  it.each<[string, Partial<RetrainOptions>, string, string]>([
    ["no folder at all", { bottleneckDir: undefined }, "usage", "--image_dir is missing"],
    ["a folder that is not there", { imageDir: "nowhere", bottleneckDir: undefined }, "not-found", "nowhere: no such folder"],
    ["percentages that leave nothing", { testingPercentage: 60, validationPercentage: 40 }, "usage", "leave nothing to train on"],
    ["an empty batch", { validationBatchSize: 0 }, "usage", "a batch of no images"],
    ["distortion without images", { flipLeftRight: true }, "usage", "no images to flip"],
    ["label files without images", { imageLabelsDir: "labels" }, "usage", "needs the images"],
    ["a reserved tensor name", { finalTensorName: "logits" }, "usage", "cannot be a name of the probabilities"],
    ["a tensor name taken inside", { finalTensorName: "head/bias" }, "usage", "has a tensor of this name"],
  ])("%s", async (_what, options, code, message) => {
    const run = retrain({ ...outputs(), bottleneckDir, howManyTrainingSteps: 1, ...options });
    await expect(run).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it.each([
    ["one-class", "only one folder of images (water)"],
    ["twins", 'both become the label "half burnt"'],
    ["empty", "no bottleneck files"],
  ])("a folder that is %s", async (name, message) => {
    await expect(retrain({ ...outputs(), bottleneckDir: join(folder, name) })).rejects.toThrow(message);
  });

  it("to overwrite anything without force, which then removes old events only", async () => {
    const out = outputs();
    const options = { ...out, bottleneckDir, howManyTrainingSteps: 1 };
    await retrain(options);
    await expect(retrain(options)).rejects.toMatchObject({ code: "exists" });
    rmSync(out.outputGraph);
    rmSync(out.outputLabels);
    await expect(retrain(options)).rejects.toThrow("holds the events of an earlier run");
    writeFileSync(join(out.summariesDir, "notes.txt"), "mine");
    await retrain({ ...options, force: true });
    expect(eventsOf(out.summariesDir, "train").scalars.length).toBe(2);
    expect(readFileSync(join(out.summariesDir, "notes.txt"), "utf8")).toBe("mine");
  });
});

it("dates its events by the clock it is given", async () => {
  const out = outputs();
  let now = 1000;
  await retrain({ ...out, bottleneckDir: makeBottlenecks("dated"), howManyTrainingSteps: 2, wallTime: () => now++ });
  const times = eventsOf(out.summariesDir, "train").scalars.map(({ wallTime }) => wallTime);
  expect(times).toHaveLength(4);
  expect(times.every((time) => time >= 1000 && time < now)).toBe(true);
});

it("leaves nothing behind when it is stopped", async () => {
  const stop = new AbortController();
  const out = outputs();
  const run = retrain({ ...out, bottleneckDir: makeBottlenecks("stopped"), signal: stop.signal, onStep: () => stop.abort() });
  await expect(run).rejects.toMatchObject({ code: "aborted" });
  expect([existsSync(out.outputGraph), existsSync(out.outputLabels)]).toEqual([false, false]);
});
