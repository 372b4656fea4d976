import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { type CheckResult, checkData } from "sigmax";
import { createRandom } from "../src/random.js";
import { DATA, realImages } from "./images.js";

const SEEDS = [1, 2, 3];
const FLIPPED = 0.05;
/** Share of images, or of cells, at the top of the list that is looked at. */
const LOOKED_AT = 0.1;
const BACKBONES = {
  rcf: "rcf",
  squeezenet: join(DATA, "onnx/squeezenet11_features.onnx"),
  mobilenetv2: join(DATA, "onnx/mobilenet_v2_035_224_features.onnx"),
} as const;

/** The share of planted label errors that `data check` finds: 5 % of the labels flipped, the first 10 % of its list looked at. */
export async function run() {
  const mosaics = join(DATA, "rsscn7-mosaics");
  if (realImages().length === 0 || !existsSync(mosaics)) return { ratios: {}, figures: { missing: `no images in ${DATA}` } };
  const folder = mkdtempSync(join(tmpdir(), "sigmax-bench-"));
  const figures: Record<string, number> = {};
  try {
    for (const [name, backbone] of Object.entries(BACKBONES)) {
      for (const [set, plant] of Object.entries({ rsscn7: plantInFolders, mosaics: plantInTags })) {
        const shares: number[] = [];
        for (const seed of SEEDS) {
          const labels = join(folder, "labels.csv");
          const { data, task, found } = plant(labels, seed);
          const started = performance.now();
          const result = await checkData({ data, labels, task, backbone, cache: join(folder, "cache") });
          figures[`${set} ${name} seconds`] = (performance.now() - started) / 1000;
          shares.push(found(result));
        }
        figures[`${set} ${name} found, least`] = Math.min(...shares);
        figures[`${set} ${name} found, mean`] = shares.reduce((sum, share) => sum + share / shares.length, 0);
      }
    }
    return { ratios: {}, figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Planted {
  readonly data: string;
  readonly task: "multiclass" | "multilabel";
  readonly found: (result: CheckResult) => number;
}

/** Moves 5 % of the images into another class; counts those among the first 10 % of the files in the order of the issues. */
function plantInFolders(path: string, seed: number): Planted {
  const data = join(DATA, "rsscn7");
  const files = realImages().map((file) => relative(data, file));
  const classes = [...new Set(files.map((file) => file.split("/")[0]))];
  const random = createRandom(seed, "flips");
  const flipped = new Set(random.shuffle([...files]).slice(0, Math.round(FLIPPED * files.length)));
  const labelOf = (file: string) => {
    const given = file.split("/")[0];
    const others = classes.filter((name) => name !== given);
    return flipped.has(file) ? others[random.int(others.length)] : given;
  };
  writeFileSync(path, ["file,label", ...files.map((file) => `${file},${labelOf(file)}`)].join("\n"));
  return {
    data,
    task: "multiclass",
    found({ issues }) {
      const first = [...new Set(issues.map(({ file }) => file))].slice(0, LOOKED_AT * files.length);
      return first.filter((file) => flipped.has(file)).length / flipped.size;
    },
  };
}

/** Flips 5 % of the cells; counts those among as many issues as 10 % of the cells. */
function plantInTags(path: string, seed: number): Planted {
  const data = join(DATA, "rsscn7-mosaics", "images");
  const lines = readFileSync(join(DATA, "rsscn7-mosaics", "labels.csv"), "utf8")
    .trim()
    .split(/\r?\n/)
    .slice(1);
  const rows = lines.map((line) => ({
    name: line.split(",")[0],
    tags: new Set((line.split(",")[1] ?? "").split(" ").filter(Boolean)),
  }));
  const classes = [...new Set(rows.flatMap(({ tags }) => [...tags]))];
  const cells = rows.flatMap(({ name }) => classes.map((label) => ({ name, label })));
  const random = createRandom(seed, "flips");
  const flipped = random.shuffle(cells).slice(0, Math.round(FLIPPED * cells.length));
  const tagsOf = new Map(rows.map(({ name, tags }) => [name, tags]));
  for (const { name, label } of flipped) {
    const tags = tagsOf.get(name);
    if (!tags?.delete(label)) tags?.add(label);
  }
  writeFileSync(path, ["image_name,tags", ...rows.map(({ name, tags }) => `${name},${[...tags].join(" ")}`)].join("\n"));
  const wanted = new Set(flipped.map(({ name, label }) => `${name} ${label}`));
  return {
    data,
    task: "multilabel",
    found({ issues }) {
      const first = issues.filter(({ kind }) => kind !== "duplicate").slice(0, LOOKED_AT * cells.length);
      return first.filter(({ file, label }) => wanted.has(`${file.replace(/\.\w+$/, "")} ${label}`)).length / wanted.size;
    },
  };
}
