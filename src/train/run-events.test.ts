import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCsv } from "../data/csv.js";
import { createRandom } from "../random.js";
import { encodePng } from "../raster/encode.js";
import { type EventFile, readEvents } from "../report/tensorboard/reader.js";
import { train } from "./train.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-run-events-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const RUNS = ["train", "validation", "test"] as const;
type Run = (typeof RUNS)[number];

function readRun(out: string): Record<Run, EventFile> {
  const read = (run: Run) => {
    const [name] = readdirSync(join(out, "events", run)).filter((file) => file.startsWith("events.out.tfevents."));
    return readEvents(readFileSync(join(out, "events", run, name)), { file: name });
  };
  return { train: read("train"), validation: read("validation"), test: read("test") };
}

const table = (out: string, name: string) => parseCsv(readFileSync(join(out, name), "utf8"), name).rows.map(({ cells }) => cells);
const metricsOf = (out: string) => JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
const tagsOf = ({ scalars }: EventFile) => new Set(scalars.map(({ tag }) => tag));
const numberAt = ({ scalars }: EventFile, tag: string) => scalars.find((scalar) => scalar.tag === tag)?.value;

/** Noise around a brightness that tells the class, not always the right one. */
async function writeImages(): Promise<void> {
  const random = createRandom(3);
  const png = (level: number) =>
    encodePng({
      bands: ["red", "green", "blue"],
      widthPx: 8,
      heightPx: 8,
      dtype: "uint8",
      data: Uint8Array.from({ length: 192 }, () => Math.min(255, Math.max(0, level + 20 * random.normal()))),
    });
  for (const [k, name] of ["__proto__", "a b", "river"].entries()) {
    mkdirSync(join(folder, "single", name), { recursive: true });
    for (let i = 0; i < 40; i++)
      writeFileSync(join(folder, "single", name, `i${i}.png`), await png(40 + 60 * k + 60 * random.normal()));
  }
  mkdirSync(join(folder, "multi"), { recursive: true });
  const rows = ["image_name,tags"];
  for (let i = 0; i < 120; i++) {
    const tags = ["day", ...(random.next() < 0.5 ? ["cloud"] : []), ...(random.next() < 0.3 ? ["road"] : [])].slice(
      random.int(2),
    );
    writeFileSync(join(folder, "multi", `i${i}.png`), await png(60 + 50 * tags.length + 30 * random.normal()));
    rows.push(`i${i}.png,${tags.join(" ")}`);
  }
  writeFileSync(join(folder, "labels.csv"), `${rows.join("\n")}\n`);
}

const single = join(folder, "run-single");
const again = join(folder, "run-again");
const multi = join(folder, "run-multi");

beforeAll(async () => {
  await writeImages();
  for (const out of [single, again]) await train({ data: join(folder, "single"), backbone: "stats", out });
  await train({
    data: join(folder, "multi"),
    labels: join(folder, "labels.csv"),
    task: "multilabel",
    backbone: "stats",
    out: multi,
  });
});

describe.each([
  { out: single, classes: ["__proto__", "a b", "river"], head: "softmax", task: "multiclass" },
  { out: multi, classes: ["cloud", "day", "road"], head: "sigmoid", task: "multilabel" },
])("what train tells TensorBoard of a $task run", ({ out, classes, head, task }) => {
  let runs: Record<Run, EventFile>;
  beforeAll(() => {
    runs = readRun(out);
  });

  it("is read whole", () => {
    for (const run of RUNS) expect(runs[run]).toMatchObject({ damage: undefined, passedOver: [] });
  });

  it("has a step for every penalty that was tried, in both curves", () => {
    const steps = (run: Run, tag: string) => runs[run].scalars.filter((scalar) => scalar.tag === tag).map(({ step }) => step);
    const all = steps("train", "log10_l2");
    expect(all.length).toBeGreaterThan(2);
    expect(all).toEqual(all.map((_, i) => i));
    for (const tag of ["Loss/train", "loss", "cross_entropy"]) expect(steps("train", tag), tag).toEqual(all);
    for (const tag of ["Loss/validation", "loss", "cross_entropy", "accuracy", "f1Macro"])
      expect(steps("validation", tag), tag).toEqual(all);
  });

  it("has the metrics of the test part, where the chosen penalty stands", () => {
    const { test, l2 } = metricsOf(out);
    for (const [name, value] of Object.entries<number>(test)) expect(numberAt(runs.test, name), name).toBe(Math.fround(value));
    const [step] = new Set(runs.test.scalars.map((scalar) => scalar.step));
    const tried = runs.train.scalars.find((scalar) => scalar.tag === "log10_l2" && scalar.step === step);
    expect(tried?.value).toBeCloseTo(Math.log10(l2), 5);
  });

  it("has accuracy and cross entropy as retrain.py called them", () => {
    let loss = 0;
    let right = 0;
    let count = 0;
    for (const [, truth, predicted, ...cells] of table(out, "predictions.csv")) {
      const has = classes.map((name) => truth.split("|").includes(name));
      const said = classes.map((name) => predicted.split("|").includes(name));
      if (task === "multiclass") {
        count++;
        right += Number(truth === predicted);
        loss -= Math.log(Number(cells[has.indexOf(true)]));
      } else {
        classes.forEach((_, k) => {
          count++;
          right += Number(has[k] === said[k]);
          loss -= Math.log(has[k] ? Number(cells[k]) : 1 - Number(cells[k]));
        });
      }
    }
    expect(numberAt(runs.test, "accuracy")).toBeCloseTo(right / count, 5);
    expect(numberAt(runs.test, "cross_entropy")).toBeCloseTo(loss / count, 3);
  });

  it("has scores and a precision-recall curve per label", () => {
    const scores = ["precision", "recall", "f1", "average_precision"];
    for (const name of classes) for (const score of scores) expect(tagsOf(runs.test)).toContain(`${score}/${name}`);
    expect(runs.test.plugins.pr_curves.map(({ tag }) => tag)).toEqual(classes.map((name) => `pr_curve/${name}`));
    const rows = table(out, "predictions.csv");
    runs.test.plugins.pr_curves.forEach(({ value }, k) => {
      const positives = rows.filter(([, truth]) => truth.split("|").includes(classes[k])).length;
      expect(value.truePositives[0]).toBe(positives);
      expect(value.trueNegatives[0] + value.falsePositives[0]).toBe(rows.length - positives);
    });
  });

  it("has histograms of weights and activations that hold every value", () => {
    const counts = new Map(
      [...runs.train.plugins.histograms, ...runs.test.plugins.histograms].map(({ tag, value }) => [
        tag,
        value.reduce((sum, bucket) => sum + bucket.count, 0),
      ]),
    );
    const [size, images] = [12, metricsOf(out).counts.test];
    expect(Object.fromEntries(counts)).toEqual(
      Object.fromEntries([
        ["head/weights", 3 * size],
        ["head/bias", 3],
        ...classes.map((name) => [`weights/${name}`, size]),
        ["activations/embedding", images * size],
        ["activations/logits", images * 3],
        ["activations/probabilities", images * 3],
      ]),
    );
  });

  it("has pictures of the worst mistakes, named by their files", () => {
    const { images } = runs.test.plugins;
    const worst = table(out, "misclassified.csv").slice(0, 12);
    expect(images.length).toBe(worst.length);
    expect(images.length).toBeGreaterThan(0);
    images.forEach(({ tag, value }, i) => {
      expect(tag).toContain(`mistakes/${String(i + 1).padStart(2, "0")} ${worst[i][0]}: `);
      expect(value).toMatchObject({ widthPx: 8, heightPx: 8 });
      expect(Buffer.from(value.encoded[0].subarray(0, 2)).toString("hex")).toBe("ffd8");
    });
  });

  it("has hyperparameters, and metrics that are there as scalars", () => {
    const [experiment, start, end] = runs.test.plugins.hparams.map(({ value }) => value);
    expect(start).toMatchObject({
      kind: "start",
      values: expect.arrayContaining([
        ["task", task],
        ["head", head],
        ["backbone", "stats"],
        ["views", 1],
        ["seed", 1],
        ["l2", metricsOf(out).l2],
      ]),
    });
    expect(end).toMatchObject({ kind: "end", status: "success" });
    if (experiment.kind !== "experiment" || start.kind !== "start") return expect.fail("not an experiment and its start");
    expect(experiment.hparams.map(({ name }) => name)).toEqual(start.values.map(([name]) => name));
    expect(experiment.hparams.map(({ type }) => type)).toEqual(start.values.map(([, value]) => typeof value));
    for (const { tag } of experiment.metrics) expect(tagsOf(runs.test)).toContain(tag);
  });

  it("has the test images for the projector, with what was said of them", () => {
    const lines = readFileSync(join(out, "events/test/metadata.tsv"), "utf8").trimEnd().split("\n").slice(1);
    const predictions = table(out, "predictions.csv");
    expect(lines.map((line) => line.split("\t").slice(0, 3))).toEqual(predictions.map((cells) => cells.slice(0, 3)));
    expect(lines.filter((line) => line.split("\t")[3] === "wrong")).toHaveLength(table(out, "misclassified.csv").length);
    expect(readFileSync(join(out, "events/test/tensors.tsv"), "utf8").trimEnd().split("\n")).toHaveLength(predictions.length);
  });
});

describe("what train tells TensorBoard of a network that was trained whole", () => {
  const out = join(folder, "run-whole");
  let runs: Record<Run, EventFile>;
  const stepsOf = (run: Run, tag: string) => runs[run].scalars.filter((scalar) => scalar.tag === tag).map(({ step }) => step);
  beforeAll(async () => {
    const recipe = { epochs: 3, batch: 32, lr: 0.001 };
    await train({ data: join(folder, "single"), network: "chipnet", preprocessing: { sizePx: 8 }, recipe, out });
    runs = readRun(out);
  });

  it("has loss, rates and length of the gradient at every update", () => {
    const all = stepsOf("train", "loss");
    expect(all.length).toBeGreaterThanOrEqual(6);
    expect(all).toEqual(all.map((_, i) => i));
    for (const tag of ["Loss/train", "learning_rate", "learning_rate_backbone", "gradient_norm"])
      expect(stepsOf("train", tag), tag).toEqual(all);
    const rates = runs.train.scalars.filter(({ tag }) => tag === "learning_rate").map(({ value }) => value);
    expect(Math.max(...rates)).toBeCloseTo(0.001, 4);
    expect(rates.at(-1)).toBeLessThan(1e-5);
  });

  it("has loss and metric of validation where each epoch ends", () => {
    const perEpoch = Math.floor(metricsOf(out).counts.train / 32);
    const ends = [1, 2, 3].map((epochs) => epochs * perEpoch - 1);
    for (const tag of ["Loss/validation", "loss", "accuracy"]) expect(stepsOf("validation", tag), tag).toEqual(ends);
    const losses = runs.validation.scalars.filter(({ tag }) => tag === "loss").map(({ value }) => value);
    expect(losses).toEqual(
      metricsOf(out).epochs.map((epoch: { validation: { loss: number } }) => Math.fround(epoch.validation.loss)),
    );
  });

  it("goes on through the refit on train and validation, and has the test part at its end", () => {
    const { counts, epochs, refit } = metricsOf(out);
    expect([epochs.length, refit.length]).toEqual([3, 1]);
    const updates = 3 * Math.floor(counts.train / 32) + Math.floor((counts.train + counts.validation) / 32);
    expect(stepsOf("train", "loss")).toHaveLength(updates);
    expect([...new Set(runs.test.scalars.map(({ step }) => step))]).toEqual([updates - 1]);
    const losses = runs.train.scalars.filter(({ tag, step }) => tag === "loss" && step >= 3 * Math.floor(counts.train / 32));
    const mean = losses.reduce((sum, { value }) => sum + value, 0) / losses.length;
    expect(mean).toBeCloseTo(refit[0].loss, 5);
  });

  it("has its recipe among the hyperparameters", () => {
    const [experiment, start] = runs.test.plugins.hparams.map(({ value }) => value);
    if (experiment.kind !== "experiment" || start.kind !== "start") return expect.fail("not an experiment and its start");
    expect(start.values).toEqual(
      expect.arrayContaining([
        ["epochs", 3],
        ["batch", 32],
        ["lr", 0.001],
        ["lr_backbone", 0.001],
      ]),
    );
    expect(experiment.hparams.map(({ name }) => name)).toEqual(start.values.map(([name]) => name));
  });
});

describe("the same seed", () => {
  it("gives the same projector files, byte by byte, and the same numbers", () => {
    for (const file of ["metadata.tsv", "tensors.tsv", "sprite.png", "projector_config.pbtxt"]) {
      const [a, b] = [single, again].map((out) => readFileSync(join(out, "events/test", file)));
      expect(a.equals(b), file).toBe(true);
    }
    const timeless = (out: string) =>
      RUNS.map((run) => readRun(out)[run].scalars.map(({ tag, step, value }) => [tag, step, value]));
    expect(timeless(again)).toEqual(timeless(single));
  });
});
