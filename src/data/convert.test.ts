import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Task } from "../task.js";
import { convertDataset } from "./convert.js";
import type { Dataset } from "./dataset.js";
import { openDataset, parseLabels } from "./open.js";
import { SOURCES } from "./sources.js";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sigmax-convert-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A dataset with real (empty) files; each row is the file and one of 1, 0, -1 per class. */
function plant(
  classes: readonly string[],
  rows: readonly (readonly [file: string, labels: readonly number[]])[],
  task: Task,
): Dataset {
  const folder = join(root, "images");
  const samples = rows.map(([file, labels]) => {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file);
    return { file, path, labels: Int8Array.from(labels) };
  });
  return { root: folder, source: "test", task, classes, samples };
}

const content = ({ task, classes, samples }: Dataset) => ({
  task,
  classes,
  rows: samples.map(({ file, labels }) => [file, [...labels]] as const).sort(([a], [b]) => (a < b ? -1 : 1)),
});

const MULTILABEL = [
  ["a.jpg", [1, 1, 0]],
  ["b.jpg", [0, 0, 0]],
  ["c/d.png", [0, 1, 0]],
  ["e.jpg", [-1, -1, -1]],
  ["f.jpg", [1, 0, 1]],
] as const;
const PARTLY_UNKNOWN = [...MULTILABEL, ["g.jpg", [1, -1, 0]], ["h.jpg", [-1, 0, 0]]] as const;
const MULTICLASS = [
  ["a.jpg", [1, 0, 0]],
  ["b.jpg", [0, 1, 0]],
  ["c/d.png", [0, 0, 1]],
] as const;
const PARTLY_UNLABELLED = [...MULTICLASS, ["e.jpg", [-1, -1, -1]]] as const;

const PLAIN = ["bare-soil", "forest", "water"];
const SPACED = ["bare soil", "forêt, dense", "water"];
const FORMULAS = ["+1+1", "=1+1", "@SUM(1+1)"];
const TEXT_FORMS = ["csv", "one-hot", "huggingface", "json-map", "label-files"] as const;

describe("convertDataset", () => {
  describe.each(TEXT_FORMS)("%s", (to) => {
    it.each([
      ["several labels, none and unknown ones", PLAIN, PARTLY_UNKNOWN, "multilabel"],
      ["class names with spaces and commas", SPACED, PARTLY_UNKNOWN, "multilabel"],
      ["class names that spreadsheets would run", FORMULAS, PARTLY_UNKNOWN, "multilabel"],
      ["class names of JavaScript's own", ["__proto__", "constructor", "toString"], PARTLY_UNKNOWN, "multilabel"],
      ["one label per image, some not known", PLAIN, PARTLY_UNLABELLED, "multiclass"],
      ["one label of several words", SPACED, PARTLY_UNLABELLED, "multiclass"],
      ["one label that spreadsheets would run", FORMULAS, PARTLY_UNLABELLED, "multiclass"],
    ] as const)("comes back whole: %s", async (_name, classes, rows, task) => {
      const dataset = plant(classes, rows, task);
      const { path } = await convertDataset(dataset, { to, out: join(root, "out") });
      const again = await openDataset(dataset.root, { labels: path, task });
      expect(content(again)).toEqual(content(dataset));
      expect(again.source).toBe(to);
    });
  });

  it("goes through every form of text and ends where it began", async () => {
    const first = plant(PLAIN, PARTLY_UNKNOWN, "multilabel");
    let dataset = first;
    for (const [i, to] of [...TEXT_FORMS, ...TEXT_FORMS].entries()) {
      const { path } = await convertDataset(dataset, { to, out: join(root, `out${i}`) });
      dataset = await openDataset(first.root, { labels: path });
    }
    expect(content(dataset)).toEqual(content(first));
  });

  it("writes one text file per row of a CSV, without the images being there, and back", async () => {
    writeFileSync(join(root, "labels.csv"), "image_name,tags\r\ntrain_0,haze primary\r\ntrain_1,\r\ntrain_2,?\r\n");
    const dataset = await openDataset(join(root, "labels.csv"), { missing: "keep" });
    expect(await convertDataset(dataset, { to: "label-files", out: join(root, "texts") })).toEqual({
      path: join(root, "texts"),
      files: 3,
    });
    expect(readFileSync(join(root, "texts/train_0.txt"), "utf8")).toBe("haze\nprimary\n");
    expect(readFileSync(join(root, "texts/train_1.txt"), "utf8")).toBe("");
    const again = await openDataset(root, { labels: join(root, "texts"), missing: "keep" });
    await convertDataset(again, { to: "csv", out: join(root, "again.csv") });
    expect(readFileSync(join(root, "again.csv"), "utf8")).toBe("image_name,tags\ntrain_0,haze primary\ntrain_1,\ntrain_2,?\n");
  });

  it("carries whole answers to Label Studio and refuses to lose half-known ones", async () => {
    const dataset = plant(PLAIN, MULTILABEL, "multilabel");
    const { path } = await convertDataset(dataset, { to: "label-studio", out: join(root, "tasks.json") });
    expect(content(await openDataset(dataset.root, { labels: path }))).toEqual(content(dataset));
    const unsure = plant(PLAIN, PARTLY_UNKNOWN, "multilabel");
    await expect(convertDataset(unsure, { to: "label-studio", out: join(root, "unsure.json") })).rejects.toThrow(
      /g\.jpg: some of its labels are unknown/,
    );
    expect(existsSync(join(root, "unsure.json"))).toBe(false);
  });

  it("copies images into folders of classes and of parts", async () => {
    const dataset = plant(PLAIN, MULTICLASS, "multiclass");
    await expect(convertDataset(dataset, { to: "folders", out: join(root, "out") })).rejects.toThrow(/arrangement of the images/);
    await convertDataset(dataset, { to: "folders", out: join(root, "out"), copyImages: true });
    const again = await openDataset(join(root, "out"));
    expect(again.samples.map(({ file }) => file)).toEqual(["bare-soil/a.jpg", "forest/b.jpg", "water/d.png"]);
    expect(readFileSync(join(root, "out/water/d.png"), "utf8")).toBe("c/d.png");
    const parts = { ...dataset, samples: dataset.samples.map((sample) => ({ ...sample, part: "test" as const })) };
    await convertDataset(parts, { to: "split-folders", out: join(root, "parts"), copyImages: true });
    expect((await openDataset(join(root, "parts"))).samples.map(({ part }) => part)).toEqual(["test", "test", "test"]);
    await expect(convertDataset(dataset, { to: "split-folders", out: join(root, "x"), copyImages: true })).rejects.toThrow(
      /belongs to no part/,
    );
  });

  it.each([
    ["a multilabel dataset", PLAIN, MULTILABEL, "multilabel", /cannot be put into one folder per class/],
    ["a class that is no folder name", ["../up", "b", "c"], MULTICLASS, "multiclass", /"..\/up" cannot be the name of a folder/],
    ["an image without a class", PLAIN, PARTLY_UNLABELLED, "multiclass", /e\.jpg: has no known class/],
    [
      "images that would have one name",
      PLAIN,
      [...MULTICLASS, ["z/a.jpg", [1, 0, 0]]],
      "multiclass",
      /z\/a\.jpg and a\.jpg would both become/,
    ],
  ] as const)("refuses folders for %s and leaves nothing behind", async (_name, classes, rows, task, message) => {
    const dataset = plant(classes, rows, task);
    const before = readdirSync(root);
    await expect(convertDataset(dataset, { to: "folders", out: join(root, "out"), copyImages: true })).rejects.toThrow(message);
    expect(readdirSync(root)).toEqual(before);
  });

  it("overwrites nothing without force, and with it leaves other files alone", async () => {
    const dataset = plant(PLAIN, MULTILABEL, "multilabel");
    writeFileSync(join(root, "labels.csv"), "mine");
    await expect(convertDataset(dataset, { to: "csv", out: join(root, "labels.csv") })).rejects.toThrow(/exists already/);
    expect(readFileSync(join(root, "labels.csv"), "utf8")).toBe("mine");
    await expect(convertDataset(dataset, { to: "label-files", out: dataset.root })).rejects.toThrow(/exists already/);
    await convertDataset(dataset, { to: "label-files", out: dataset.root, force: true });
    expect(readFileSync(join(dataset.root, "a.jpg"), "utf8")).toBe("a.jpg");
    expect((await openDataset(dataset.root)).source).toBe("label-files");
  });

  it("knows the forms by name and suggests the nearest", async () => {
    const dataset = plant(PLAIN, MULTILABEL, "multilabel");
    await expect(convertDataset(dataset, { to: "onehot", out: join(root, "x.csv") })).rejects.toThrow(
      expect.objectContaining({ code: "usage", hint: expect.stringContaining("one-hot") }),
    );
    expect(SOURCES.map(({ name }) => name)).toContain("one-hot");
  });

  it("removes the half-written folder when an image cannot be copied", async () => {
    const dataset = plant(PLAIN, MULTICLASS, "multiclass");
    rmSync(dataset.samples[2].path);
    const before = readdirSync(root);
    await expect(convertDataset(dataset, { to: "folders", out: join(root, "out"), copyImages: true })).rejects.toThrow(
      /cannot be written/,
    );
    expect(readdirSync(root)).toEqual(before);
  });

  it.each([
    ["a new folder", false],
    ["a folder that holds something", true],
  ])("stops within %s when it is told to, and leaves no half-written file", async (_where, filled) => {
    const rows = Array.from({ length: 300 }, (_, i) => [`${i}.jpg`, [1, 0, 0]] as const);
    const dataset = plant(PLAIN, rows, "multilabel");
    const out = join(root, "out");
    if (filled) {
      mkdirSync(out);
      writeFileSync(join(out, "mine"), "mine");
    }
    const stop = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ done }: { readonly done: number }) => seen.push(done);
    const converting = convertDataset(dataset, { to: "label-files", out, force: filled, signal: stop.signal, onProgress });
    // The event loop is free meanwhile: a timer can stop the work.
    const poll = setInterval(() => seen.length > 10 && stop.abort(), 0);
    await expect(converting).rejects.toMatchObject({ code: "aborted" });
    clearInterval(poll);
    expect(seen.length).toBeLessThan(300);
    if (!filled) expect(readdirSync(root)).toEqual(["images"]);
    else {
      expect(readFileSync(join(out, "mine"), "utf8")).toBe("mine");
      for (const name of readdirSync(out)) expect(name).toMatch(/^(?:mine|\d+\.jpg\.txt)$/);
      for (const name of readdirSync(out)) if (name !== "mine") expect(readFileSync(join(out, name), "utf8")).toBe("bare-soil\n");
    }
  });

  it("keeps the parts of a split in a column", async () => {
    const plain = plant(PLAIN, MULTICLASS, "multiclass");
    const dataset = {
      ...plain,
      samples: plain.samples.map((sample, i) => ({ ...sample, part: (["train", "validation", "test"] as const)[i] })),
    };
    for (const to of ["csv", "one-hot", "huggingface"]) {
      const { path } = await convertDataset(dataset, { to, out: join(root, to) });
      const again = await openDataset(plain.root, { labels: path });
      expect(again.samples.map(({ file, part }) => [file, part])).toEqual(dataset.samples.map(({ file, part }) => [file, part]));
    }
  });

  const formulas = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad/csv/formula_cells.csv");
  if (!existsSync(formulas)) console.warn(`SKIPPED: ${formulas} is not there`);
  it.skipIf(!existsSync(formulas)).each(["csv", "one-hot"])(
    "exports formula cells to %s so that no cell runs, and reads them back",
    async (to) => {
      const { task, classes, rows } = parseLabels(readFileSync(formulas), { file: "formula_cells.csv" });
      const samples = rows.map(({ file, labels }) => ({ file: `-${file}`, labels, path: file }));
      const out = join(root, "out.csv");
      await convertDataset({ root, source: "csv", task, classes, samples }, { to, out });
      const text = readFileSync(out, "utf8");
      expect(text).not.toMatch(/(?:^|[,"\n])[=+\-@\t\r]/);
      const again = parseLabels(Buffer.from(text), { file: "out.csv" });
      expect(again.classes).toEqual(classes);
      expect(again.rows.map(({ file, labels }) => [file, [...labels]])).toEqual(
        samples.map(({ file, labels }) => [file, [...labels]]),
      );
    },
  );
});
