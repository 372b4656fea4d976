import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateChips, openClassifier, train, writeChipSet } from "sigmax";
import { afterAll, beforeAll, expect, it } from "vitest";
import { sigmax, sigmaxJson } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-fine-tune-"));
const chips = join(work, "chips");
const out = join(work, "run");
const network = ["--network", "chipnet", "--size", "32", "--batch", "16", "--seed", "2"];
const short = [...network, "--epochs", "6"];

beforeAll(() => writeChipSet(chips, generateChips({ task: "multilabel", count: 150, seed: 3 }), { task: "multilabel" }));
afterAll(() => rmSync(work, { recursive: true, force: true }));

it("trains a network from scratch into a classifier like any other", async () => {
  const labels = ["--labels", join(chips, "labels.csv")];
  const result = sigmaxJson("train", chips, ...labels, ...short, "--out", out);
  expect(result.head).toBe("sigmoid");
  expect(result.test.mapMacro).toBeGreaterThan(0.4);
  const metrics = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
  expect(metrics.epochs).toHaveLength(6);
  expect(metrics.recipe).toMatchObject({ epochs: 6, optimizer: "adamw" });
  expect(existsSync(join(work, ".run.checkpoint"))).toBe(false);
  const classifier = await openClassifier(join(out, "classifier.onnx"));
  expect(classifier.manifest.backbone.id).toBe("chipnet");
  await classifier.close();
  // What the file gives is what the training measured.
  const split = ["--split", join(out, "splits.csv"), "--part", "test"];
  const again = sigmaxJson("evaluate", join(out, "classifier.onnx"), chips, ...labels, ...split);
  expect(again.test.mapMacro).toBeCloseTo(result.test.mapMacro, 6);
});

it("fine-tunes what it trained, tells of the same untouched, and of the refit", async () => {
  const tuned = join(work, "tuned");
  const result = await train({
    data: chips,
    labels: join(chips, "labels.csv"),
    backbone: join(out, "classifier.onnx"),
    finetune: true,
    recipe: { epochs: 2, refit: 0.5, batch: 16, lr: 3e-4 },
    seed: 2,
    out: tuned,
    memoryLimit: 64e9,
  });
  const headline = result.frozen?.mapMacro;
  expect(headline).toBeGreaterThan(0.3);
  const read = (name: string) => JSON.parse(readFileSync(join(tuned, name), "utf8"));
  expect(read("metrics.json")).toMatchObject({ frozen: { mapMacro: headline }, epochs: [{}, {}], refit: [{}] });
  const { training, options } = read("config.json");
  expect(training.updates).toBeGreaterThan(0);
  expect([...Object.keys(training), ...Object.keys(options)]).not.toEqual(
    expect.arrayContaining([expect.stringMatching(/^(memoryLimit|resumedFrom|checkpointSeconds)$/)]),
  );
  expect(readFileSync(join(tuned, "report.html"), "utf8")).toContain("refit on train and validation");
  const classifier = await openClassifier(result.classifier);
  expect(classifier.manifest.backbone.id).toBe("classifier.onnx fine-tuned");
  await classifier.close();
});

it("suggests a learning rate between its bounds and draws the curve", () => {
  const drawing = join(work, "rates.svg");
  const result = sigmaxJson(
    "lr-find",
    chips,
    "--labels",
    join(chips, "labels.csv"),
    ...network,
    "--steps",
    "30",
    "--out",
    drawing,
  );
  expect(result.curve.length).toBeGreaterThan(10);
  expect(result.suggestion).toBeGreaterThan(1e-6);
  expect(result.suggestion).toBeLessThan(1);
  expect(readFileSync(drawing, "utf8")).toContain("<svg");
});

it("suggests one for a backbone, with the flags of a step", () => {
  const labels = ["--labels", join(chips, "labels.csv")];
  const backbone = ["--backbone", join(out, "classifier.onnx")];
  const result = sigmaxJson("lr-find", chips, ...labels, ...backbone, "--batch", "16", "--momentum", "0.8", "--steps", "10");
  expect(result.curve.length).toBeGreaterThan(5);
  expect(result.backboneRatio).toBeCloseTo(1 / 3);
});

it.each([
  [["--finetune"], "the backbone rcf has nothing to fine-tune"],
  [["--finetune", "--network", "chipnet"], "exclude each other"],
  [["--epochs", "3"], "--epochs does nothing for a last layer alone"],
  [["--crop", "0.8"], "--crop does nothing for a last layer alone"],
  [["--checkpoint-every", "5"], "--checkpoint-every does nothing for a last layer alone"],
  [["--network", "chipnet", "--l2", "1"], "--l2 does nothing for a network from scratch"],
  [["--network", "chipnet", "--mean", "1,2,3"], "--mean does nothing for a network from scratch"],
  [["--network", "chipnet", "--momentum", "0"], "--momentum does nothing with the schedule one-cycle"],
  [["--network", "chipnet", "--schedule", "step", "--optimizer", "adagrad", "--momentum", "0"], "nothing with this --optimizer"],
  [["--network", "chipnet", "--batch-norm", "frozen"], "--batch-norm frozen"],
  [["--network", "chipnet", "--freeze-until", "1.5"], "--freeze-until 1.5"],
  [["--network", "chipnet", "--freeze-until", "126"], "no node of this name"],
  [["--network", "chipnit"], "chipnet"],
  [["--network", "chipnet", "--epochs", "0"], "whole number"],
])("%j is answered with what would be right", (flags, answer) => {
  const { status, stderr } = sigmax("train", chips, "--labels", join(chips, "labels.csv"), ...flags, "--out", join(work, "none"));
  expect(status).toBe(2);
  expect(stderr).toContain(answer);
  expect(existsSync(join(work, "none"))).toBe(false);
});

it("refuses a batch for which there is no memory, before it trains", () => {
  const labels = ["--labels", join(chips, "labels.csv")];
  const { status, stderr } = sigmax("train", chips, ...labels, ...network, "--memory", "0.15", "--out", join(work, "none"));
  expect(status).toBe(1);
  expect(stderr).toContain("0.15 GB may be taken");
});

it("a goal of thresholds without validation images is refused before anything is trained", () => {
  const lines = readFileSync(join(out, "splits.csv"), "utf8").replaceAll(",validation", ",train");
  const split = join(work, "no-validation.csv");
  writeFileSync(split, lines);
  const given = ["--labels", join(chips, "labels.csv"), "--split", split, "--goal", "f2"];
  const { status, stderr } = sigmax("train", chips, ...given, ...short, "--out", join(work, "none"));
  expect(status).toBe(2);
  expect(stderr).toContain("--goal f2");
  expect(stderr).not.toContain("Training ");
});
