import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { Part, Task } from "../task.js";
import { checkContent, checkLabels, describeUnreadable } from "./checks.js";
import type { Dataset } from "./dataset.js";
import { countLabels, inspectDataset } from "./inspect.js";
import { openDataset } from "./open.js";
import { describeSizes, type ImageKind, measureImages } from "./sizes.js";

const root = mkdtempSync(join(tmpdir(), "sigmax-checks-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function datasetOf(classes: readonly string[], rows: readonly (readonly number[])[], task: Task = "multilabel"): Dataset {
  const samples = rows.map((labels, i) => ({ file: `${i}.jpg`, path: join(root, `${i}.jpg`), labels: Int8Array.from(labels) }));
  return { root, source: "test", task, classes, samples };
}

describe("inspectDataset", () => {
  it("counts classes, labels together, labels per image and parts", () => {
    const dataset = datasetOf(
      ["__proto__", "b", "c"],
      [
        [1, 1, 0],
        [1, -1, 0],
        [0, 0, 0],
        [-1, -1, -1],
        [1, 1, 0],
      ],
    );
    const split: readonly (Part | undefined)[] = ["train", "test", "train", undefined, "train"];
    expect(inspectDataset(dataset, split)).toEqual({
      root,
      source: "test",
      task: "multilabel",
      samples: 5,
      labelled: 4,
      missing: 0,
      classes: [
        { name: "__proto__", yes: 3, no: 1, unknown: 1, parts: { train: 2, validation: 0, test: 1 } },
        { name: "b", yes: 2, no: 1, unknown: 2, parts: { train: 2, validation: 0, test: 0 } },
        { name: "c", yes: 0, no: 4, unknown: 1, parts: { train: 0, validation: 0, test: 0 } },
      ],
      together: [
        [3, 2, 0],
        [2, 2, 0],
        [0, 0, 0],
      ],
      labelsPerSample: [1, 1, 2],
      imbalance: 1.5,
      groups: 0,
      parts: { train: 3, validation: 0, test: 1 },
    });
  });
});

describe("checkLabels", () => {
  it("names classes with few images, none, or none in a part, and empty parts", () => {
    const rows = Array.from({ length: 30 }, (_, i) => [i < 25 ? 1 : 0, i < 3 ? 1 : 0, 0]);
    const split = rows.map((_, i): Part => (i < 20 ? "train" : "test"));
    expect(checkLabels(countLabels(datasetOf(["a", "b", "c"], rows), split))).toEqual([
      { kind: "few-images", message: "Fewer than 20 images: b. Results for them will vary.", classes: ["b"] },
      { kind: "no-positives", message: "No image at all: c.", classes: ["c"] },
      { kind: "empty-part", message: "The validation part is empty." },
      { kind: "no-positives", message: "Not in the test part: b.", classes: ["b"] },
    ]);
  });

  it("says that one class is none", () => {
    const rows = Array.from({ length: 30 }, () => [1]);
    expect(checkLabels(countLabels(datasetOf(["a"], rows, "multiclass"))).map(({ kind }) => kind)).toEqual(["one-class"]);
  });

  it("has nothing to say of a sound dataset", () => {
    const rows = Array.from({ length: 60 }, (_, i) => [i % 2, 1 - (i % 2)]);
    const split = rows.map((_, i): Part => (["train", "validation", "test"] as const)[Math.floor(i / 2) % 3]);
    expect(checkLabels(countLabels(datasetOf(["a", "b"], rows, "multiclass"), split))).toEqual([]);
  });
});

describe("checkContent", () => {
  it("finds equal files within and across parts, and files that are not readable", async () => {
    const dataset = datasetOf(
      ["a"],
      Array.from({ length: 7 }, () => [1]),
    );
    for (const [i, text] of ["same", "same", "else", "also", "also", ""].entries()) writeFileSync(dataset.samples[i].path, text);
    const split: readonly Part[] = ["train", "test", "train", "test", "test", "train", "train"];
    const { findings, unreadable } = await checkContent(dataset, split);
    expect(findings.map(({ kind, files }) => [kind, files])).toEqual([
      ["duplicates-across-parts", [["0.jpg", "1.jpg"]]],
      ["duplicates", [["3.jpg", "4.jpg"]]],
    ]);
    expect(unreadable).toEqual([
      { file: "5.jpg", reason: "an empty file" },
      { file: "6.jpg", reason: expect.stringContaining("ENOENT") },
    ]);
    expect(describeUnreadable(unreadable, 7)).toMatch(
      /^2 of 7 images could not be read:\n {2}5\.jpg: an empty file\n {2}6\.jpg: /,
    );
  });
});

describe("measureImages", () => {
  const mosaics = join(process.env.SIGMAX_DATA ?? "../shared/data", "rsscn7-mosaics");
  if (!existsSync(mosaics)) console.warn(`SKIPPED: ${mosaics} is not there`);
  it.skipIf(!existsSync(mosaics))("reads the sizes of real images from their headers", async () => {
    const dataset = await openDataset(mosaics);
    const { lookedAt, kinds, unreadable } = await measureImages(dataset, { limit: 40 });
    expect([lookedAt, unreadable]).toEqual([40, []]);
    expect(kinds).toEqual([{ widthPx: 256, heightPx: 256, bands: ["red", "green", "blue"], dtype: "uint8", count: 40 }]);
  });

  it("says in a line which kinds there are", () => {
    const kind = (widthPx: number, count: number): ImageKind => ({
      widthPx,
      heightPx: 8,
      bands: ["red", "nir"],
      dtype: "uint8",
      count,
    });
    const line = (...kinds: ImageKind[]) => describeSizes(kinds);
    expect(line(kind(4, 9))).toBe("all 9 are 4×8 uint8 (red, nir)");
    expect(line(kind(4, 2), kind(5, 1))).toBe("2 of 3 are 4×8 uint8 (red, nir); 1 of 3 are 5×8 uint8 (red, nir)");
    expect(line(...[1, 2, 3, 4, 5, 6, 7].map((widthPx) => kind(widthPx, 1)))).toMatch(/ 5×8 [^;]*; 2 other kinds$/);
  });

  it("lists what is no image, with the reason", async () => {
    const dataset = datasetOf(["a"], [[1]]);
    writeFileSync(dataset.samples[0].path, "hello");
    const { kinds, unreadable } = await measureImages(dataset);
    expect(kinds).toEqual([]);
    expect(unreadable).toEqual([{ file: "0.jpg", reason: expect.stringMatching(/not an image/) }]);
  });
});
