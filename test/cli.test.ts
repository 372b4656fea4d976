import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateChips, writeChipSet } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { interrupted, sigmax, sigmaxJson } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-cli-"));
const at = (...names: string[]) => join(work, ...names);
const cache = ["--cache", at("cache")];
const single = at("single");
const multi = at("multi");
const labels = join(multi, "labels.csv");

beforeAll(async () => {
  await writeChipSet(single, generateChips({ task: "multiclass", count: 150, seed: 3 }), { task: "multiclass" });
  await writeChipSet(multi, generateChips({ task: "multilabel", count: 150, seed: 3 }), { task: "multilabel" });
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe("the command line", () => {
  it("shows its commands and its version", () => {
    const help = sigmax("--help");
    expect(help.status).toBe(0);
    for (const verb of ["train", "predict", "evaluate", "compare", "embed", "data", "backbone", "retrain", "demo"])
      expect(help.stdout).toContain(verb);
    expect(sigmax("--version").stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(sigmax("train", "--help").stdout).toContain("--backbone");
    expect(sigmax("data", "--help").stdout).toContain("convert");
  });

  it.each([
    [["train", single, "--haed", "sigmoid"], "--head"],
    [["trian", single], "train"],
    [["train", single, "--head", "softmux"], "softmax"],
    [["train", single, "--seed", "many"], "whole number"],
    [["train", single, "--views", "3"], "1 or 8"],
    [["train"], "data"],
    [["data", "convert", single], "--to"],
  ])("%j is answered with status 2 and what would be right", (args, hint) => {
    const { status, stderr } = sigmax(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(hint);
  });

  it("a folder that is not there is named, with status 1", () => {
    const { status, stderr, stdout } = sigmax("train", at("nowhere"), "--json");
    expect(status).toBe(1);
    expect(stderr).toContain("nowhere");
    expect(JSON.parse(stdout).error.code).toBe("not-found");
  });
});

/** Metrics of four classes and more, in the order in which they are reported. */
const REPORTED = {
  multiclass: "accuracy balancedAccuracy aucMacro f1Macro f1Weighted kappa top3Accuracy logLoss brier ece".split(" "),
  multilabel: (
    "mapMacro mapMacroAll mapMicro aucMacro f1Micro f1Macro f2Macro f1Samples f2Samples hammingLoss subsetAccuracy " +
    "labelRankingAp coverageError rankingLoss logLoss brier ece"
  ).split(" "),
};

describe("train", () => {
  it("writes a whole run folder and ends stdout with one line of JSON", () => {
    const out = at("runs", "first");
    const result = sigmaxJson("train", single, "--out", out, ...cache);
    expect(Object.keys(result).sort()).toEqual([
      "baseline",
      "calibration",
      "classes",
      "classifier",
      "counts",
      "head",
      "intervals",
      "task",
      "test",
      "thresholds",
    ]);
    expect(result.calibration.method).toBe("temperature");
    for (const [name, value] of Object.entries(result.test)) {
      const [low, high] = result.intervals[name];
      expect(low).toBeLessThanOrEqual(value as number);
      expect(high).toBeGreaterThanOrEqual(value as number);
    }
    expect(result).toMatchObject({ task: "multiclass", head: "softmax", classifier: join(out, "classifier.onnx") });
    expect(result.counts.train + result.counts.validation + result.counts.test).toBe(150);
    expect(Object.keys(result.test)).toEqual(REPORTED.multiclass);
    for (const file of [
      "config.json",
      "classifier.onnx",
      "labels.txt",
      "metrics.json",
      "predictions.csv",
      "misclassified.csv",
      "splits.csv",
      "report.html",
    ]) {
      expect(existsSync(join(out, file)), file).toBe(true);
    }
    expect(readFileSync(join(out, "labels.txt"), "utf8").trim().split("\n")).toEqual(result.classes);
    expect(readFileSync(join(out, "splits.csv"), "utf8")).toMatch(/^file,split\n/);
    for (const part of ["train", "validation"])
      expect(readdirSync(join(out, "events", part))[0]).toMatch(/^events\.out\.tfevents\./);
    const metrics = readFileSync(join(out, "metrics.json"), "utf8");
    expect(metrics).not.toContain(work);
    expect(JSON.parse(metrics).test).toEqual(result.test);
  });

  it("the same seed gives the same bytes, whether the cache is cold or warm", () => {
    const runs = ["a", "b", "c"].map((name) => at("runs", `same-${name}`));
    sigmaxJson("train", single, "--out", runs[0], "--no-cache");
    sigmaxJson("train", single, "--out", runs[1], "--cache", at("other-cache"), "--threads", "1");
    sigmaxJson("train", single, "--out", runs[2], "--cache", at("other-cache"));
    for (const file of ["classifier.onnx", "metrics.json"]) {
      const [a, b, c] = runs.map((run) => readFileSync(join(run, file)));
      expect(a.equals(b), file).toBe(true);
      expect(b.equals(c), file).toBe(true);
    }
  });

  it("does not overwrite a run without --force, nor a folder that is no run with it", () => {
    const out = at("runs", "keep");
    sigmaxJson("train", single, "--out", out, "--backbone", "stats", ...cache);
    const refused = sigmax("train", single, "--out", out, "--backbone", "stats", ...cache);
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain("--force");
    sigmaxJson("train", single, "--out", out, "--backbone", "stats", "--force", ...cache);
    mkdirSync(at("mine"));
    writeFileSync(at("mine", "thesis.txt"), "years of work");
    expect(sigmax("train", single, "--out", at("mine"), "--backbone", "stats", "--force", ...cache).status).toBe(1);
    expect(readFileSync(at("mine", "thesis.txt"), "utf8")).toBe("years of work");
  });

  it.each([
    ["multilabel", "sigmoid"],
    ["multilabel", "softmax"],
    ["multiclass", "sigmoid"],
  ] as const)("every combination is valid: %s with a %s head", (task, head) => {
    const data = task === "multilabel" ? [join(multi), "--labels", labels] : [single];
    const out = at("runs", `${task}-${head}`);
    const result = sigmaxJson("train", ...data, "--task", task, "--head", head, "--backbone", "stats", "--out", out, ...cache);
    expect(result).toMatchObject({ task, head });
    expect(Object.keys(result.test)).toEqual(REPORTED[task]);
    for (const value of Object.values(result.test)) expect(value).toEqual(expect.any(Number));
  });

  it("one damaged image is named and left out, or ends the run when asked", () => {
    const data = at("with-damage");
    cpSync(single, data, { recursive: true });
    const folder = join(data, "forest");
    const victim = readdirSync(folder)[0];
    writeFileSync(join(folder, victim), readFileSync(join(folder, victim)).subarray(0, 900));
    const run = sigmax("train", data, "--backbone", "stats", "--out", at("runs", "damage"), "--json", ...cache);
    expect(run.status).toBe(0);
    expect(run.stderr).toContain(victim);
    const { counts } = JSON.parse(run.stdout);
    expect(counts.train + counts.validation + counts.test).toBe(149);
    expect(readFileSync(at("runs", "damage", "config.json"), "utf8")).toContain(victim);
    const fatal = sigmax("train", data, "--backbone", "stats", "--out", at("runs", "fatal"), "--unreadable", "fail", ...cache);
    expect(fatal.status).toBe(1);
    expect(fatal.stderr).toContain(victim);
    expect(existsSync(at("runs", "fatal"))).toBe(false);
  });

  it("Ctrl-C leaves nothing half-written, and the next run goes on from the cache", async () => {
    const out = at("runs", "stopped");
    const fresh = ["--cache", at("stopped-cache")];
    const stopped = await interrupted(
      ["train", single, "--out", out, "--views", "8", ...fresh],
      /compare|backbone|embed/,
      "SIGINT",
    );
    expect(stopped.status).toBe(130);
    expect(readdirSync(at("runs")).filter((name) => name.includes("stopped"))).toEqual([]);
    expect(sigmax("train", single, "--out", out, ...fresh).status).toBe(0);
  });

  it("kill -9 while embedding leaves a cache that the next run uses", async () => {
    const fresh = ["--cache", at("killed-cache")];
    await interrupted(["train", single, "--out", at("runs", "killed"), ...fresh], /embed|patches|compare/, "SIGKILL");
    expect(existsSync(at("runs", "killed"))).toBe(false);
    expect(sigmax("train", single, "--out", at("runs", "killed"), ...fresh).status).toBe(0);
  });
});

describe("predict and evaluate", () => {
  const run = at("runs", "predicting");
  const classifier = join(run, "classifier.onnx");
  let trained: { test: Record<string, number>; classes: string[]; thresholds: number[] };
  beforeAll(() => {
    trained = sigmaxJson("train", multi, "--labels", labels, "--backbone", "stats", "--out", run, ...cache);
  });

  it("evaluate on the run's own split gives the run's own test metrics", () => {
    const result = sigmaxJson(
      "evaluate",
      classifier,
      multi,
      "--labels",
      labels,
      "--split",
      join(run, "splits.csv"),
      "--part",
      "test",
    );
    for (const [name, value] of Object.entries(trained.test)) expect(result.test[name], name).toBeCloseTo(value, 5);
    const whole = sigmaxJson("evaluate", classifier, multi, "--labels", labels);
    expect(whole.counts).toEqual({ train: 0, validation: 0, test: 150 });
  });

  it("evaluate writes a report with pictures, also of a network whose activation maps it can show", () => {
    const rcf = at("runs", "mapped");
    sigmaxJson("train", multi, "--labels", labels, "--out", rcf, ...cache);
    const page = at("evaluated.html");
    const split = ["--split", join(rcf, "splits.csv")];
    sigmaxJson("evaluate", join(rcf, "classifier.onnx"), multi, "--labels", labels, ...split, "--out", page);
    const html = readFileSync(page, "utf8");
    expect(html).toContain("What the network looked at");
    expect(html).not.toContain("never seen"); // the images may be those that it was trained on
    expect(sigmax("evaluate", classifier, multi, "--labels", labels, "--out", page).stderr).toContain("--force");
  });

  it("predict prints probabilities of every class and the decided labels", () => {
    const images = join(multi, "images");
    const { stdout, status } = sigmax("predict", classifier, images, "--json");
    expect(status).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(150);
    for (const { probabilities, labels: said } of lines) {
      expect(Object.keys(probabilities)).toEqual(trained.classes);
      expect(said).toEqual(trained.classes.filter((name, k) => probabilities[name] >= trained.thresholds[k]));
    }
    const csv = sigmax("predict", classifier, images, "--csv").stdout.trim().split("\n");
    expect(csv[0]).toBe(["file", "labels", ...trained.classes].join(","));
    expect(csv).toHaveLength(151);
    const text = sigmax("predict", classifier, join(images, readdirSync(images)[0]), "--top", "2");
    expect(text.stdout).toMatch(/%.*%/);
  });

  it("one damaged image is reported in its place and the others are predicted", () => {
    const folder = at("mixed");
    mkdirSync(folder);
    const images = readdirSync(join(multi, "images"));
    cpSync(join(multi, "images", images[0]), join(folder, "a.png"));
    writeFileSync(join(folder, "b.png"), "not an image");
    cpSync(join(multi, "images", images[1]), join(folder, "c.png"));
    const { stdout, stderr, status } = sigmax("predict", classifier, folder, "--json");
    expect(status).toBe(0);
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines.map(({ file, error }) => [file, error?.code])).toEqual([
      ["a.png", undefined],
      ["b.png", "bad-file"],
      ["c.png", undefined],
    ]);
    expect(stderr).toContain("b.png");
  });

  it("a file that is no classifier is refused by name", () => {
    writeFileSync(at("page.onnx"), "<html>404</html>");
    const { status, stderr } = sigmax("predict", at("page.onnx"), join(multi, "images"));
    expect(status).toBe(1);
    expect(stderr).toContain("page.onnx");
  });
});

describe("compare, embed and data", () => {
  it("compare writes one page and tells what differs", () => {
    const out = at("both");
    const { status, stdout } = sigmax("compare", multi, "--labels", labels, "--backbone", "stats", "--out", out, ...cache);
    expect(status).toBe(0);
    expect(stdout).toContain("softmax");
    expect(stdout).toContain("sigmoid");
    const page = readFileSync(join(out, "compare.html"), "utf8");
    expect(page).toContain("data:image/jpeg;base64,");
    expect(page).not.toMatch(/(?:src|href)="https?:/);
    const again = sigmaxJson("compare", multi, "--labels", labels, "--backbone", "stats", "--out", out, "--force", ...cache);
    expect(again.heads.sigmoid.thresholdFree.mapMacro).toEqual(expect.any(Number));
    expect(again.leftOutOfSoftmaxLoss).toBeGreaterThan(0);
  });

  it.each([".npy", ".safetensors"])("embed writes %s and the names of its rows", (extension) => {
    const out = at(`features${extension}`);
    const result = sigmaxJson("embed", single, "--backbone", "stats", "--out", out, ...cache);
    expect(result).toMatchObject({ rows: 150, size: 12 });
    expect(readFileSync(`${out}.files.csv`, "utf8").trim().split("\n")).toHaveLength(151);
    expect(readFileSync(out).length).toBeGreaterThan(150 * 12 * 4);
    expect(sigmax("embed", single, "--backbone", "stats", "--out", at("other.npy"), ...cache).status).toBe(0);
    rmSync(at("other.npy"));
    // The names of another file would be lost.
    expect(sigmax("embed", single, "--backbone", "stats", "--out", at("other.npy"), ...cache).status).toBe(1);
    rmSync(at("other.npy.files.csv"));
  });

  it("CSV rows become one text file per image, and come back the same", () => {
    sigmaxJson("data", "convert", multi, "--labels", labels, "--to", "label-files", "--out", at("texts"));
    const texts = readdirSync(at("texts"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".txt"));
    expect(texts).toHaveLength(150);
    sigmaxJson("data", "convert", multi, "--labels", at("texts"), "--to", "csv", "--out", at("back.csv"));
    const rows = (file: string) =>
      new Map(
        readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .slice(1)
          .map((line) => {
            const [name, tags] = line.split(",");
            return [name.replace(/\.png$/, ""), tags.split(" ").sort().join(" ")];
          }),
      );
    expect(rows(at("back.csv"))).toEqual(rows(labels));
  });

  it("data split writes file,split that train takes", () => {
    const out = at("split.csv");
    const { counts } = sigmaxJson("data", "split", single, "--split", "stratified", "--fractions", "0.5,0.2,0.3", "--out", out);
    expect(counts.train + counts.validation + counts.test).toBe(150);
    const result = sigmaxJson("train", single, "--split", out, "--backbone", "stats", "--out", at("runs", "split"), ...cache);
    expect(result.counts).toEqual(counts);
  });

  it("data inspect counts", () => {
    const found = sigmaxJson("data", "inspect", multi, "--labels", labels);
    expect(found).toMatchObject({ task: "multilabel", samples: 150 });
    expect(sigmax("data", "inspect", single).stdout).toContain("forest");
  });
});
