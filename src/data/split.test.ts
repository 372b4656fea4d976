import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createRandom, DEFAULT_SEED } from "../random.js";
import { PARTS, type Part, type Task } from "../task.js";
import type { Dataset, Sample } from "./dataset.js";
import { parseLabels } from "./open.js";
import { formatSplit, parseSplit, readSplit, type Split, writeSplit } from "./split/explicit.js";
import { hashPart, retrainHashPart } from "./split/hash.js";
import { SPLIT_METHODS, splitDataset, withParts } from "./split.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-split-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The methods that need to know nothing of where images lie. */
const BY_NAME = SPLIT_METHODS.filter((method) => method !== "blocks");

/** A dataset of which only names and labels matter; each row is the file and the indices of its labels. */
function datasetOf(
  rows: readonly (readonly [file: string, labels: readonly number[]])[],
  size: number,
  task: Task = "multilabel",
): Dataset {
  const samples = rows.map(([file, yes]): Sample => {
    const labels = new Int8Array(size);
    for (const k of yes) labels[k] = 1;
    return { file, path: `/nowhere/${file}`, labels };
  });
  return { root: "/nowhere", source: "test", task, classes: Array.from({ length: size }, (_, k) => `c${k}`), samples };
}

function classFolders(classCount: number, perClass: number): Dataset {
  const files = Array.from(
    { length: classCount * perClass },
    (_, i) => [`c${i % classCount}/${i}.jpg`, [i % classCount]] as const,
  );
  return datasetOf(files, classCount, "multiclass");
}

/** How often each part has each label, `[K][3]`. */
function coverage({ samples, classes }: Dataset, split: Split): number[][] {
  return classes.map((_, k) =>
    PARTS.map((part) => samples.filter(({ labels }, i) => labels[k] === 1 && split[i] === part).length),
  );
}

function byFile({ samples }: Dataset, split: Split): Map<string, Part | undefined> {
  return new Map(samples.map(({ file }, i) => [file, split[i]]));
}

describe("retrain.py's hash", () => {
  // python3 -c "import re,hashlib as h; M=2**27-1; f='root/class/2.jpg'; print(int(h.sha1(re.sub(r'_nohash_.*$','',f).encode()).hexdigest(),16)%(M+1)*(100.0/M))"
  // and then: validation if below 10, test if below 20, train otherwise; for f = root/class/0.jpg … 59.jpg:
  it("puts 60 files where Python puts them", () => {
    const letters = Array.from({ length: 60 }, (_, i) => retrainHashPart(`root/class/${i}.jpg`, 10, 10)).map((part) =>
      part === "train" ? "." : part[0],
    );
    expect(letters.join("")).toBe("..v.....t.t.v..tv...t.tvv.....t...............t.....tv....t.");
  });

  it("counts 697, 107 and 196 of 1000 files at 10 % and 20 %, as Python does", () => {
    const parts = Array.from({ length: 1000 }, (_, i) => retrainHashPart(`root/class/${i}.jpg`, 20, 10));
    expect(PARTS.map((part) => parts.filter((p) => p === part).length)).toEqual([697, 107, 196]);
  });

  it("keeps what follows _nohash_ out of it", () => {
    for (let i = 0; i < 50; i++)
      expect(retrainHashPart(`a/${i}_nohash_${i}.jpg`, 30, 30)).toBe(retrainHashPart(`a/${i}_nohash_x`, 30, 30));
  });

  it("leaves the folders out for our own splits", () => {
    const fractions = { train: 0.5, validation: 0.25, test: 0.25 };
    for (let i = 0; i < 50; i++) {
      expect(hashPart(`here/forest/${i}.jpg`, fractions)).toBe(hashPart(`there/${i}.jpg`, fractions));
      expect(hashPart(`${i}.jpg`, fractions)).toBe(retrainHashPart(`${i}.jpg`, 25, 25));
    }
  });
});

describe("splitDataset", () => {
  it("hashes multiclass data: files stay where they are when others come or go", () => {
    const many = classFolders(5, 400);
    const few = { ...many, samples: many.samples.filter((_, i) => i % 3 !== 0) };
    const all = byFile(many, splitDataset(many));
    for (const [file, part] of byFile(few, splitDataset(few))) expect(part).toBe(all.get(file));
    const shares = PARTS.map((part) => [...all.values()].filter((p) => p === part).length / 2000);
    expect(shares[0]).toBeCloseTo(0.7, 1);
    expect(shares[2]).toBeCloseTo(0.2, 1);
  });

  it.each(BY_NAME)("%s: without a seed the parts are those of the seed that every command has by default", (method) => {
    const dataset = classFolders(3, 40);
    expect(DEFAULT_SEED).toBe(1);
    expect(splitDataset(dataset, { method })).toEqual(splitDataset(dataset, { method, seed: 1 }));
    if (method !== "hash") expect(splitDataset(dataset, { method })).not.toEqual(splitDataset(dataset, { method, seed: 0 }));
  });

  it.each(BY_NAME)("%s: the same seed gives the same parts in whatever order the samples come", (method) => {
    const dataset = classFolders(3, 100);
    const backwards = { ...dataset, samples: [...dataset.samples].reverse() };
    const parts = byFile(dataset, splitDataset(dataset, { method, seed: 7 }));
    expect(byFile(backwards, splitDataset(backwards, { method, seed: 7 }))).toEqual(new Map([...parts].reverse()));
  });

  it.each(["stratified", "iterative"] as const)(
    "%s: another seed deals differently, the shares of each class are exact",
    (method) => {
      const dataset = classFolders(4, 100);
      const split = splitDataset(dataset, { method, seed: 1 });
      expect(coverage(dataset, split)).toEqual(new Array(4).fill([70, 10, 20]));
      expect(splitDataset(dataset, { method, seed: 2 })).not.toEqual(split);
    },
  );

  it.each(BY_NAME)("%s: groups stay together, by column and by pattern", (method) => {
    const plain = classFolders(3, 200);
    const samples = plain.samples.map((sample, i) => ({ ...sample, file: `scene${i % 40}_${i}.jpg`, group: `g${i % 50}` }));
    const dataset = { ...plain, samples, groupedBy: "place" };
    const together = (split: Split, keyOf: (sample: Sample) => string | undefined) => {
      const parts = new Map<string | undefined, Set<Part | undefined>>();
      samples.forEach((sample, i) => {
        parts.set(keyOf(sample), (parts.get(keyOf(sample)) ?? new Set()).add(split[i]));
      });
      return [...parts.values()].every((set) => set.size === 1);
    };
    expect(together(splitDataset(dataset, { method }), ({ group }) => group)).toBe(true);
    expect(together(splitDataset(dataset, { method, groupBy: "place" }), ({ group }) => group)).toBe(true);
    const byPattern = splitDataset(dataset, { method, groupBy: "^(scene\\d+)_" });
    expect(together(byPattern, ({ file }) => file.split("_")[0])).toBe(true);
    expect(new Set(byPattern).size).toBe(3);
  });

  it("refuses patterns that capture nothing or are none, and fractions that are no whole", () => {
    const dataset = classFolders(2, 10);
    expect(() => splitDataset(dataset, { groupBy: "x(\\d)y" })).toThrow(/captures a part of no file name/);
    expect(() => splitDataset(dataset, { groupBy: "(" })).toThrow(/no regular expression/);
    expect(() => splitDataset(dataset, { fractions: { train: 0.9, validation: 0.2, test: 0.1 } })).toThrow(/do not make a whole/);
  });

  it("obeys the parts of the source and takes only what it lacks from train", () => {
    const plain = classFolders(2, 200);
    const dataset = withParts(
      plain,
      plain.samples.map((_, i) => (i % 4 === 0 ? "test" : "train")),
    );
    const warnings: string[] = [];
    const split = splitDataset(dataset, { onWarning: (text) => warnings.push(text) });
    expect(split.every((part, i) => (part === "test") === (i % 4 === 0))).toBe(true);
    expect(split.filter((part) => part === "validation").length / 300).toBeCloseTo(0.125, 1);
    expect(warnings).toEqual([expect.stringMatching(/no validation part; it is taken from train/)]);
    const full = withParts(
      plain,
      plain.samples.map((_, i) => PARTS[i % 3]),
    );
    expect(splitDataset(full)).toEqual(full.samples.map(({ part }) => part));
  });

  it("leaves samples without a known label in no part", () => {
    const plain = classFolders(2, 20);
    const samples = plain.samples.map((sample, i) => (i === 3 ? { ...sample, labels: new Int8Array(2).fill(-1) } : sample));
    for (const method of BY_NAME) expect(splitDataset({ ...plain, samples }, { method })[3]).toBeUndefined();
  });
});

describe("iterative stratification", () => {
  const guaranteed = (dataset: Dataset, split: Split) =>
    coverage(dataset, split).every((parts) => parts[0] + parts[1] + parts[2] < 3 || parts.every((count) => count > 0));

  it.each([
    ["three images", [[0], [0], [0]]],
    ["a chain of labels that share images", [[0], [0], [0, 1], [1], [1, 2], [2], [2]]],
    ["a label nested in another", [[0, 1], [0, 1], [0, 1], [0], [0], [0], [0], [0], [0], [0]]],
    ["triples that cross", [[0, 2], [0, 3], [0, 4], [1, 2], [1, 3], [1, 4], [2], [3], [4]]],
    [
      "rare labels that all sit on the same few images",
      [[0, 1, 2, 3], [0, 1, 2, 3], [0, 1, 2, 3], [4], [4], [4], [4], [], [], []],
    ],
    ["triples on a Fano plane without one line", [[0, 1], [0, 2], [0, 3], [1, 4, 2], [1, 5, 3], [2, 5], [3, 4], [4], [5]]],
  ])("brings every label with three images into every part: %s", (_name, rows) => {
    const dataset = datasetOf(
      rows.map((labels, i) => [`${i}.jpg`, labels]),
      6,
    );
    for (let seed = 0; seed < 20; seed++) expect(guaranteed(dataset, splitDataset(dataset, { seed }))).toBe(true);
  });

  it("keeps the guarantee on random tables with many rare labels", () => {
    const random = createRandom(5);
    for (let trial = 0; trial < 40; trial++) {
      // Plant a solution: each label gets three images of three colours, then more of any.
      const rows = Array.from({ length: 60 }, () => [] as number[]);
      for (let k = 0; k < 30; k++) {
        const picks = new Set([0, 1, 2].map((colour) => colour + 3 * random.int(20)));
        for (let extra = random.int(3); extra > 0; extra--) picks.add(random.int(60));
        for (const i of picks) rows[i].push(k);
      }
      const dataset = datasetOf(
        rows.map((labels, i) => [`${i}.jpg`, labels]),
        30,
      );
      expect(guaranteed(dataset, splitDataset(dataset, { seed: trial }))).toBe(true);
    }
  });

  it("ends where the guarantee is impossible: four images, every three of them a label", () => {
    const dataset = datasetOf(
      [
        ["a", [0, 1, 2]],
        ["b", [0, 1, 3]],
        ["c", [0, 2, 3]],
        ["d", [1, 2, 3]],
      ],
      4,
    );
    expect(new Set(splitDataset(dataset)).size).toBe(3);
  });

  const data = process.env.SIGMAX_DATA ?? "../shared/data";
  const planet = join(data, "labels/planet_amazon_train_v2.csv");
  if (!existsSync(planet)) console.warn(`SKIPPED: ${planet} is not there`);
  it.skipIf(!existsSync(planet))(
    "splits Planet (40,479 × 17) with every tag within one image or 1 % of what its share would be",
    () => {
      const { classes, rows } = parseLabels(readFileSync(planet), { file: "planet.csv" });
      const samples = rows.map(({ file, labels }) => ({ file, labels, path: file }));
      const dataset: Dataset = { root: ".", source: "csv", task: "multilabel", classes, samples };
      const start = process.cpuUsage();
      const split = splitDataset(dataset);
      expect(process.cpuUsage(start).user / 1000).toBeLessThan(2000); // processor time: other programs may hold the cores
      const shares = [0.7, 0.1, 0.2];
      for (const [p, part] of PARTS.entries())
        expect(split.filter((s) => s === part).length / samples.length).toBeCloseTo(shares[p], 3);
      for (const counts of coverage(dataset, split)) {
        const total = counts[0] + counts[1] + counts[2];
        for (const [p, count] of counts.entries())
          expect(Math.abs(count - total * shares[p])).toBeLessThanOrEqual(Math.max(1, 0.01 * total * shares[p]));
      }
    },
  );
});

describe("split files", () => {
  const dataset = classFolders(2, 4);
  const parse = (text: string, onWarning?: (text: string) => void) =>
    parseSplit(Buffer.from(text), "split.csv", dataset, { onWarning });

  it("come back as they were written", () => {
    const split = splitDataset(dataset, { method: "stratified" });
    const path = join(folder, "splits.csv");
    writeSplit(path, dataset, split);
    expect(readFileSync(path, "utf8")).toBe(formatSplit(dataset, split));
    expect(readSplit(path, dataset)).toEqual(split);
    writeFileSync(path, "file,split\nc0/0.jpg,test\n");
    expect(splitDataset(dataset, { file: path }).filter((part) => part !== undefined)).toEqual(["test"]);
  });

  it("take names with or without folder and extension, and every word for validation", () => {
    expect(parse("file,split\nc0/0,train\n1.jpg,val\n2,valid\nc1/3.jpg,validation\nc0/4.jpg,test\r\n").slice(0, 5)).toEqual([
      "train",
      "validation",
      "validation",
      "validation",
      "test",
    ]);
  });

  it("count strangers on either side", () => {
    const warnings: string[] = [];
    parse("file,split\nc0/0.jpg,train\nx.jpg,test\n", (text) => warnings.push(text));
    expect(warnings).toEqual([
      "split.csv: 1 of 2 files are not in the dataset (x.jpg).",
      "split.csv: 7 images of the dataset are in no part and were left out (c1/1.jpg, c0/2.jpg, c1/3.jpg, …).",
    ]);
  });

  it.each([
    ["a word that is no part", "file,split\nc0/0.jpg,tets\n", /line 2: "tets" is no part of a split/],
    ["a file in two parts", "file,split\n0.jpg,train\n\nc0/0,test\n", /lines 2 and 4: "c0\/0" is in two parts/],
    ["no file of the dataset", "file,split\nx.jpg,train\n", /none of its 1 files is in the dataset/],
    ["other columns", "name,fold\nx,1\n", /no column file among "name", "fold"/],
    ["paths that leave the folder", "file,split\n../a.jpg,train\n", /line 2: a path that leaves the folder/],
  ])("refuse %s", (_name, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
});
