import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import type { Task } from "../task.js";
import { classOf } from "./dataset.js";
import { listImages, type OpenOptions, openDataset, parseLabels } from "./open.js";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sigmax-open-"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Writes files below the temporary root; images need no pixels here. */
function plant(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
}

function images(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, ""]));
}

/** `a.jpg: forest ?water` for every sample, with + for the labels that it has. */
async function labelsOf(
  options: OpenOptions = {},
): Promise<{ source: string; task: Task; classes: readonly string[]; rows: string[] }> {
  const { source, task, classes, samples } = await openDataset(root, options);
  const mark = (value: number) => (value === 1 ? "+" : value === 0 ? "-" : "?");
  return { source, task, classes, rows: samples.map(({ file, labels }) => `${file} ${Array.from(labels, mark).join("")}`) };
}

const ABC = images("a.jpg", "b.png", "c.webp");

/** Every source in its own notation: what is on disk, and what it must be read as. */
const SOURCE_CASES: readonly {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly options?: OpenOptions;
  readonly expected: { source: string; task: Task; classes: string[]; rows: string[] };
}[] = [
  {
    name: "one folder per class",
    files: images("river/b.jpg", "forest/a.jpg", "forest/A.PNG"),
    expected: {
      source: "folders",
      task: "multiclass",
      classes: ["forest", "river"],
      rows: ["forest/A.PNG +-", "forest/a.jpg +-", "river/b.jpg -+"],
    },
  },
  {
    name: "one folder per class, in a given order",
    files: images("river/b.jpg", "forest/a.jpg"),
    options: { classes: ["river", "forest"] },
    expected: {
      source: "folders",
      task: "multiclass",
      classes: ["river", "forest"],
      rows: ["forest/a.jpg -+", "river/b.jpg +-"],
    },
  },
  {
    name: "folders of parts",
    files: images("train/forest/a.jpg", "val/river/b.jpg", "test/forest/c.jpg"),
    expected: {
      source: "split-folders",
      task: "multiclass",
      classes: ["forest", "river"],
      rows: ["test/forest/c.jpg +-", "train/forest/a.jpg +-", "val/river/b.jpg -+"],
    },
  },
  {
    name: "CSV with tags, without extensions: empty is no label, ? is unknown",
    files: { ...ABC, "labels.csv": "image_name,tags\na,water forest\nb,\nc,?\n" },
    expected: { source: "csv", task: "multilabel", classes: ["forest", "water"], rows: ["a.jpg ++", "b.png --", "c.webp ??"] },
  },
  {
    name: "CSV with single labels under `labels`",
    files: { ...ABC, "labels.csv": "filename,labels\na.jpg,water\nb.png,forest\nc.webp,water\n" },
    expected: { source: "csv", task: "multiclass", classes: ["forest", "water"], rows: ["a.jpg -+", "b.png +-", "c.webp -+"] },
  },
  {
    name: "CSV with one `label`, which may hold spaces: empty is unknown",
    files: { ...ABC, "labels.csv": "file,label\na.jpg,bare soil\nb.png,\nc.webp,forest\n" },
    expected: {
      source: "csv",
      task: "multiclass",
      classes: ["bare soil", "forest"],
      rows: ["a.jpg +-", "b.png ??", "c.webp -+"],
    },
  },
  {
    name: "A|B|C, where names may hold spaces",
    files: { ...ABC, "labels.csv": "image,labels\na.jpg,bare soil|water|forest\nb.png,water\nc.webp,forest|?water\n" },
    expected: {
      source: "csv",
      task: "multilabel",
      classes: ["bare soil", "forest", "water"],
      rows: ["a.jpg +++", "b.png --+", "c.webp -+?"],
    },
  },
  {
    name: "semicolons between columns, from a spreadsheet",
    files: { ...ABC, "labels.csv": "\ufefffile_name;tags\r\na.jpg;water forest\r\nb.png;water\r\nc.webp;\r\n" },
    expected: { source: "csv", task: "multilabel", classes: ["forest", "water"], rows: ["a.jpg ++", "b.png -+", "c.webp --"] },
  },
  {
    name: "one-hot with every way to say unknown",
    files: {
      ...images("d.jpg", "e.jpg"),
      ...ABC,
      "labels.csv": "image,water,forest\na.jpg,1,0\nb.png,?,1\nc.webp,-1,\nd.jpg,0,0\ne.jpg,1.0,0.0\n",
    },
    expected: {
      source: "one-hot",
      task: "multilabel",
      classes: ["forest", "water"],
      rows: ["a.jpg -+", "b.png +?", "c.webp ??", "d.jpg --", "e.jpg -+"],
    },
  },
  {
    name: "one-hot TSV with a first column of any name, each row one label",
    files: { ...ABC, "labels.tsv": "IMAGE\\LABEL\twater\tforest\na\t1\t0\nb\t0\t1\nc\t1\t0\n" },
    expected: {
      source: "one-hot",
      task: "multiclass",
      classes: ["forest", "water"],
      rows: ["a.jpg -+", "b.png +-", "c.webp -+"],
    },
  },
  {
    name: "Hugging Face metadata.csv",
    files: { ...ABC, "metadata.csv": "file_name,label,license\na.jpg,water,x\nb.png,forest,y\nc.webp,,z\n" },
    expected: {
      source: "huggingface",
      task: "multiclass",
      classes: ["forest", "water"],
      rows: ["a.jpg -+", "b.png +-", "c.webp ??"],
    },
  },
  {
    name: "Hugging Face metadata.jsonl",
    files: {
      ...ABC,
      "metadata.jsonl":
        '{"file_name":"a.jpg","labels":["water","forest"],"box":[1]}\n{"file_name":"b.png","labels":[]}\n{"file_name":"c.webp"}\n',
    },
    expected: {
      source: "huggingface",
      task: "multilabel",
      classes: ["forest", "water"],
      rows: ["a.jpg ++", "b.png --", "c.webp ??"],
    },
  },
  {
    name: "Hugging Face metadata in the folder of each part",
    files: {
      ...images("train/a.jpg", "test/b.jpg"),
      "train/metadata.csv": "file_name,label\na.jpg,water\n",
      "test/metadata.jsonl": '{"file_name":"b.jpg","label":"forest"}\n',
    },
    expected: {
      source: "huggingface-folders",
      task: "multiclass",
      classes: ["forest", "water"],
      rows: ["test/b.jpg +-", "train/a.jpg -+"],
    },
  },
  {
    name: "a text file beside each image",
    files: { ...ABC, "a.jpg.txt": "water\nforest\n", "b.png.txt": "" },
    expected: {
      source: "label-files",
      task: "multilabel",
      classes: ["forest", "water"],
      rows: ["a.jpg ++", "b.png --", "c.webp ??"],
    },
  },
  {
    name: "a folder of text files",
    files: {
      ...images("images/a.jpg", "images/b.jpg"),
      "texts/a.jpg.txt": "water\r\n?forest\r\n",
      "texts/b.txt": "forest",
      "texts/labels.txt": "x",
    },
    options: { labels: "texts" },
    expected: {
      source: "label-files",
      task: "multilabel",
      classes: ["forest", "water"],
      rows: ["images/a.jpg ?+", "images/b.jpg +-"],
    },
  },
  {
    name: "JSON map",
    files: { ...ABC, "labels.json": '{"a.jpg": ["water", "forest"], "b.png": [], "c.webp": null}' },
    expected: {
      source: "json-map",
      task: "multilabel",
      classes: ["forest", "water"],
      rows: ["a.jpg ++", "b.png --", "c.webp ??"],
    },
  },
  {
    name: "JSON with task and classes",
    files: {
      ...ABC,
      "labels.json":
        '{"version":1,"task":"multilabel","classes":["water","forest"],"labels":{"a.jpg":["water"],"b.png":["forest"]}}',
    },
    expected: { source: "json-map", task: "multilabel", classes: ["water", "forest"], rows: ["a.jpg +-", "b.png -+"] },
  },
  {
    name: "Label Studio export: disputed is unknown, cancelled says nothing",
    files: {
      ...ABC,
      "labels.json": JSON.stringify([
        {
          id: 1,
          data: { image: "/data/upload/3/0a1b2c3d-a.jpg" },
          annotations: [
            { result: [{ type: "choices", value: { choices: ["water", "forest"] } }] },
            { result: [{ type: "choices", value: { choices: ["water"] } }] },
          ],
        },
        { id: 2, data: { image: "/data/local-files/?d=b.png" }, annotations: [{ result: [] }] },
        { id: 3, data: { image: "c.webp" }, annotations: [{ was_cancelled: true, result: [] }] },
      ]),
    },
    options: { task: "multilabel" },
    expected: {
      source: "label-studio",
      task: "multilabel",
      classes: ["forest", "water"],
      rows: ["a.jpg ?+", "b.png --", "c.webp ??"],
    },
  },
  {
    name: "Label Studio minimal export",
    files: {
      ...ABC,
      "labels.json": '[{"image":"a.jpg","id":1,"choice":"water"},{"image":"b.png","choice":{"choices":["forest","water"]}}]',
    },
    expected: { source: "label-studio", task: "multilabel", classes: ["forest", "water"], rows: ["a.jpg -+", "b.png ++"] },
  },
  {
    name: "a list of files",
    files: { ...ABC, "list.txt": "a.jpg\n\nc.webp\n" },
    options: { labels: "list.txt", unlabelled: true },
    expected: { source: "list", task: "multiclass", classes: [], rows: ["a.jpg ", "c.webp "] },
  },
  {
    name: "a folder of images",
    files: ABC,
    options: { unlabelled: true },
    expected: { source: "images", task: "multiclass", classes: [], rows: ["a.jpg ", "b.png ", "c.webp "] },
  },
  {
    name: "labels beside a folder of images",
    files: {
      ...images("images/a.jpg", "images/b.jpg"),
      "train_v2.csv": "image_name,tags\na,forest water\nb,water\n",
      "split.csv": "file,split\n",
    },
    expected: { source: "csv", task: "multilabel", classes: ["forest", "water"], rows: ["images/a.jpg ++", "images/b.jpg -+"] },
  },
];

describe("openDataset", () => {
  it.each(SOURCE_CASES)("reads $name", async ({ files, options = {}, expected }) => {
    plant(files);
    const labels = options.labels === undefined ? {} : { labels: join(root, options.labels) };
    expect(await labelsOf({ ...options, ...labels })).toEqual(expected);
  });

  it("keeps the parts that folders and columns assign", async () => {
    plant(images("train/forest/a.jpg", "valid/river/b.jpg", "validation/river/c.jpg", "test/forest/d.jpg"));
    const { samples } = await openDataset(root);
    expect(samples.map(({ part }) => part)).toEqual(["test", "train", "validation", "validation"]);
    writeFileSync(join(root, "labels.csv"), "file,label,split\ntrain/forest/a.jpg,x,test\nvalid/river/b.jpg,y,val\n");
    expect((await openDataset(root)).samples.map(({ part }) => part)).toEqual(["test", "validation"]);
  });

  it("matches names in either Unicode form and takes one class for both", async () => {
    plant(images("fore\u0302t/e\u0301.jpg", "for\u00eat/a.jpg"));
    const { classes, samples } = await openDataset(root);
    expect(classes).toEqual(["for\u00eat"]);
    expect(samples.map(({ file }) => file)).toEqual(["for\u00eat/\u00e9.jpg", "for\u00eat/a.jpg"]);
    expect(samples.every(({ path }) => existsSync(path))).toBe(true);
  });

  it("reads paths that are relative to the label file", async () => {
    plant({ ...images("images/a.jpg", "images/b.jpg"), "labels.csv": "file,label\nimages/a.jpg,x\nimages/b.jpg,y\n" });
    const { samples } = await openDataset(join(root, "images"), { labels: join(root, "labels.csv") });
    expect(samples.map(({ file }) => file)).toEqual(["a.jpg", "b.jpg"]);
  });

  it("counts images that are missing, or ends, or keeps them", async () => {
    plant({ ...images("a.jpg"), "labels.csv": "file,label\na.jpg,x\nb.jpg,y\n" });
    const warnings: string[] = [];
    const { samples, classes, missing } = await openDataset(root, { onWarning: (text) => warnings.push(text) });
    expect([samples.length, classes, missing]).toEqual([1, ["x", "y"], ["b.jpg"]]);
    expect(warnings).toContainEqual(expect.stringMatching(/labels\.csv: 1 of 2 images are not in .* \(b\.jpg\)\.$/));
    await expect(openDataset(root, { missing: "fail" })).rejects.toMatchObject({ code: "not-found" });
    expect((await openDataset(root, { missing: "keep" })).samples).toHaveLength(2);
  });

  it("ends when no image of the label file is there", async () => {
    plant({ ...images("z.jpg"), "labels.csv": "file,label\na.jpg,x\nb.jpg,y\n" });
    await expect(openDataset(root)).rejects.toThrow(/2 of 2 images are not in/);
  });

  it("refuses links that leave the folder, naming the line", async () => {
    plant({ ...images("a.jpg"), "labels.csv": "file,label\na.jpg,x\nb.jpg,y\n" });
    symlinkSync("/etc/hostname", join(root, "b.jpg"));
    await expect(openDataset(root)).rejects.toThrow(/labels\.csv line 3: b\.jpg is a link that leaves the folder/);
  });

  it("follows links inside the folder and does not walk in circles", async () => {
    plant(images("forest/a.jpg", "river/b.jpg"));
    symlinkSync(join(root, "forest/a.jpg"), join(root, "river/c.jpg"));
    symlinkSync(root, join(root, "forest/loop"));
    expect((await openDataset(root)).samples.map(({ file }) => file)).toEqual(["forest/a.jpg", "river/b.jpg", "river/c.jpg"]);
  });

  it("names the rows of one image that say different things under different names", async () => {
    plant({ ...images("a.jpg"), "labels.csv": "file,label\na.jpg,x\na,y\n" });
    await expect(openDataset(root)).rejects.toThrow(/lines 2 and 3: two rows for "a\.jpg"/);
  });

  it("refuses a name that fits several images", async () => {
    plant({ ...images("a.jpg", "a.png"), "labels.csv": "file,label\na,x\n" });
    await expect(openDataset(root)).rejects.toThrow(/labels\.csv line 2: "a" may be any of 2 files: a\.jpg, a\.png/);
  });

  it("suggests the class that an unknown label was meant to be", async () => {
    plant({ ...images("a.jpg"), "labels.csv": "file,label\na.jpg,primry\n" });
    const error = await openDataset(root, { classes: ["primary", "water"] }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({
      message: expect.stringMatching(/labels\.csv line 2: unknown label "primry"$/),
      hint: expect.stringMatching(/"primary"/),
    });
  });

  it("says no to folders without labels unless asked", async () => {
    plant(ABC);
    await expect(openDataset(root)).rejects.toThrow(/3 images and no labels/);
    await expect(openDataset(join(root, "nowhere"))).rejects.toMatchObject({ code: "not-found" });
  });

  it("shares the label arrays of equal samples", async () => {
    plant(images(...Array.from({ length: 50 }, (_, i) => `c${i % 2}/${i}.jpg`)));
    const { samples } = await openDataset(root);
    expect(new Set(samples.map(({ labels }) => labels)).size).toBe(2);
  });
});

describe("the meaning of cells", () => {
  const parse = (text: string, options: { task?: Task; classes?: readonly string[]; onWarning?: (text: string) => void } = {}) =>
    parseLabels(Buffer.from(text), { file: "labels.csv", ...options });

  it.each([
    ["several labels in a multiclass row", "file,tags\na,x y\n", "multiclass", /labels\.csv line 2: 2 labels \("x", "y"\)/],
    ["a one-hot row of zeros in a multiclass table", "file,x,y\na,1,0\nb,0,0\n", "multiclass", /labels\.csv line 3: no label/],
    ["separators that are mixed", "file,tags\na,x|y\nb,x;y\n", undefined, /\| on line 2 and by ; on line 3/],
    ["spaces between labels where others use |", "file,tags\na,x|y\nb,x y\n", undefined, /line 3: "x y" is separated by spaces/],
    ["a label both given and unknown", "file,tags\na,x ?x\n", undefined, /line 2: "x" is both given and unknown/],
    ["two label columns", "file,label,tags\na,x,y\n", undefined, /2 columns with labels/],
    ["no column of files", "path,label\na,x\n", undefined, /no column with file names among path, label/],
    ["no column of labels", "file,note\na,hello\n", undefined, /no column with labels among "file", "note"/],
    ["cells beyond the header", "file,label\na,x,y\n", undefined, /line 2: 3 cells where the header has 2/],
    ["a class column that stands twice", "file,x,x\na,1,0\n", undefined, /the class "x" stands twice/],
    ["a part that is none", "file,label,split\na,x,tset\n", undefined, /line 2: "tset" is no part/],
  ] as const)("refuses %s", (_name, text, task, message) => {
    expect(() => parse(text, task === undefined ? {} : { task })).toThrow(message);
  });

  it("takes cells in quotes with spaces around them, and empty cells between tabs", () => {
    expect(parse('file, label\na, "bare soil" \n').classes).toEqual(["bare soil"]);
    expect(parse("file\tx\ty\na\t\t1\nb\t0\t\n").rows.map(({ labels }) => [...labels])).toEqual([
      [-1, 1],
      [0, -1],
    ]);
  });

  it("counts lines through quoted line breaks, blank lines and every kind of line end", () => {
    expect(() => parse('file,tags,note\r\na,x,"two\nlines"\r\n\r\nb,x,\rc,x;y|z,\n')).toThrow(/line 6/);
  });

  it("keeps a class name as a whole when the classes are given", () => {
    expect(
      parse("file,tags\na,bare soil\nb,water forest\n", { classes: ["bare soil", "water", "forest"] }).rows.map(({ labels }) => [
        ...labels,
      ]),
    ).toEqual([
      [1, 0, 0],
      [0, 1, 1],
    ]);
  });

  it("warns of classes that differ only in case and of rare look-alikes", () => {
    const warnings: string[] = [];
    parse(
      `file,label\n${"a b c d"
        .split(" ")
        .map((name) => `${name},forest`)
        .join("\n")}\ne,Forest\nf,forset\n`,
      { onWarning: (text) => warnings.push(text) },
    );
    expect(warnings).toContainEqual(expect.stringMatching(/"Forest" and "forest" differ only in case/));
    expect(warnings).toContainEqual(expect.stringMatching(/"forset" is rare and looks like "forest"/));
  });
});

describe("listImages", () => {
  it("lists a folder, a list of files, or the one file that was named", async () => {
    plant({ ...images("a.jpg", "deep/b.png", "notes.pdf"), "list.txt": "deep/b.png\r\n\r\na.jpg" });
    expect((await listImages(root)).map(({ file }) => file)).toEqual(["a.jpg", "deep/b.png"]);
    expect(await listImages(join(root, "list.txt"))).toEqual([
      { file: "deep/b.png", path: join(root, "deep/b.png") },
      { file: "a.jpg", path: join(root, "a.jpg") },
    ]);
    expect(await listImages(join(root, "a.jpg"))).toEqual([{ file: join(root, "a.jpg"), path: join(root, "a.jpg") }]);
    await expect(listImages(join(root, "c.jpg"))).rejects.toMatchObject({ code: "not-found" });
  });
});

const GOLDEN = process.env.SIGMAX_GOLDEN ?? "../shared/golden";
const MANIFEST = join(GOLDEN, "bad/manifest.json");

describe.skipIf(missing(MANIFEST))("hostile label files", () => {
  interface Case {
    readonly file: string;
    readonly category: string;
    readonly expect: "accept" | "reject" | "either";
    readonly why: string;
  }
  // The manifest is part of the reference values and has this form.
  const manifest = existsSync(MANIFEST)
    ? (JSON.parse(readFileSync(MANIFEST, "utf8")) as { files: readonly Case[] })
    : { files: [] };
  const cases = manifest.files.filter(({ category }) => category === "csv" || category === "json");

  it("are there", () => expect(cases.length).toBeGreaterThan(0));

  it.each(cases)("$file: $expect ($why)", ({ file, expect: verdict }) => {
    const bytes = readFileSync(join(GOLDEN, "bad", file));
    let outcome: "accept" | "reject";
    const start = process.cpuUsage();
    try {
      const { classes, rows } = parseLabels(bytes, { file });
      outcome = "accept";
      expect(rows.length).toBeGreaterThan(0);
      expect(classes.join()).not.toMatch(/\ufffd/);
      expect(new Set(classes.map((name) => name.normalize("NFC"))).size).toBe(classes.length);
    } catch (error) {
      outcome = "reject";
      expect(error).toBeInstanceOf(UserError);
      expect((error as UserError).message).toContain(file); // toBeInstanceOf has just checked the type
      expect((error as UserError).message.length).toBeLessThan(400);
    }
    if (verdict !== "either") expect(outcome).toBe(verdict);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

const DATA = process.env.SIGMAX_DATA ?? "../shared/data";
const PLANET = join(DATA, "labels/planet_amazon_train_v2.csv");
const UCMERCED = join(DATA, "labels/ucmerced_multilabel.txt");
const MOSAICS = join(DATA, "rsscn7-mosaics");

describe("real label files", () => {
  const positives = (rows: readonly { readonly labels: Int8Array }[], k: number) =>
    rows.filter(({ labels }) => labels[k] === 1).length;

  it.skipIf(missing(PLANET))("reads 40,479 rows of Planet in well under a second", () => {
    const bytes = readFileSync(PLANET);
    const start = process.cpuUsage();
    const { source, task, classes, rows } = parseLabels(bytes, { file: "planet.csv" });
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1500); // processor time: other programs may hold the cores
    expect([source, task, classes.length, rows.length]).toEqual(["csv", "multilabel", 17, 40_479]);
    // Some rows name blow_down twice: 101 words, 98 images.
    expect(["primary", "blow_down", "conventional_mine"].map((name) => positives(rows, classes.indexOf(name)))).toEqual([
      37_513, 98, 100,
    ]);
  });

  it.skipIf(missing(UCMERCED))("reads the one-hot table of UC Merced", () => {
    const { source, task, classes, rows } = parseLabels(readFileSync(UCMERCED), { file: "ucmerced.txt" });
    expect([source, task, classes.length, rows.length]).toEqual(["one-hot", "multilabel", 17, 2100]);
    expect(["airplane", "pavement", "trees"].map((name) => positives(rows, classes.indexOf(name)))).toEqual([100, 1300, 1009]);
  });

  it.skipIf(missing(MOSAICS))("reads the mosaics: 920 images, 65 without a label, field 406, parking 74", async () => {
    const { task, classes, samples } = await openDataset(join(MOSAICS, "images"), { labels: join(MOSAICS, "labels.csv") });
    expect([task, samples.length]).toEqual(["multilabel", 920]);
    expect(samples.filter(({ labels }) => labels.every((label) => label === 0))).toHaveLength(65);
    expect([positives(samples, classes.indexOf("field")), positives(samples, classes.indexOf("parking"))]).toEqual([406, 74]);
  });

  it.skipIf(missing(join(DATA, "rsscn7")))("reads 7 × 200 images of RSSCN7 from their folders", async () => {
    const { source, classes, samples } = await openDataset(join(DATA, "rsscn7"));
    expect([source, classes.length]).toEqual(["folders", 7]);
    expect(classes.map((_, k) => samples.filter((sample) => classOf(sample) === k).length)).toEqual(new Array(7).fill(200));
  });
});

function missing(path: string): boolean {
  if (existsSync(path)) return false;
  console.warn(`SKIPPED: ${path} is not there`);
  return true;
}

it("a class without a column in a one-hot table is unknown in every row, and said", () => {
  const warnings: string[] = [];
  const { classes, rows } = parseLabels(new TextEncoder().encode("file,field,forest\na.jpg,1,0\n"), {
    file: "labels.csv",
    classes: ["town", "field", "forest"],
    onWarning: (message) => warnings.push(message),
  });
  expect(classes).toEqual(["town", "field", "forest"]);
  expect([...rows[0].labels]).toEqual([-1, 1, 0]);
  expect(warnings.join()).toContain('"town"');
});
