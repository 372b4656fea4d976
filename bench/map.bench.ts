import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chipScene, type MapMode, mapScene, train, writeCountry } from "sigmax";
import { openRaster } from "../src/raster/reader.js";
import { peakMemoryMb } from "./peak-memory.js";
import { median } from "./python.js";

const SCENE_PX = 2048;
const TRAINING_PX = 1536;
const CHIP_PX = 64;
const STRIDE_PX = CHIP_PX / 8;
const ROUNDS = 1;
const CORES = 2;
/** Peak memory does not depend on the stride; time does. */
const LARGE = { scenePx: 10_000, stridePx: 32, limitMb: 1000 };

/** Seconds of a map by the sliding window ÷ in dense mode, everything included: a generated scene, `rcf`, a cell every eighth of a chip. */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-map-"));
  try {
    const classifier = await trained(folder);
    const [scene] = (await writeCountry({ out: join(folder, "scene"), sizePx: SCENE_PX, seed: 22 })).scenes;
    const maps: Record<"dense" | "sliding", Mapped[]> = { dense: [], sliding: [] };
    for (let round = 0; round < ROUNDS; round++) {
      for (const mode of ["dense", "sliding"] as const) {
        maps[mode].push(await mapped({ classifier, scene, mode, out: join(folder, `${mode}.tif`) }));
      }
    }
    const [dense, sliding] = [maps.dense, maps.sliding].map((runs) => median(runs.map(({ seconds }) => seconds)));
    const [together, alone] = [maps.dense[0].classes, maps.sliding[0].classes];
    const equal = together.reduce((count, value, cell) => count + (value === alone[cell] ? 1 : 0), 0);
    return {
      ratios: { dense: sliding / dense },
      figures: {
        cells: together.length,
        "seconds dense": dense,
        "seconds sliding": sliding,
        "processor seconds dense": median(maps.dense.map(({ processorSeconds }) => processorSeconds)),
        "processor seconds sliding": median(maps.sliding.map(({ processorSeconds }) => processorSeconds)),
        "share of cells equal": equal / together.length,
        "agreement that the map states": maps.dense[0].agreement ?? null,
        "share of two cores busy, dense": median(maps.dense.map(({ busy }) => busy)),
        "share of two cores busy, sliding": median(maps.sliding.map(({ busy }) => busy)),
        ...(await largeMap(folder, classifier)),
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function trained(folder: string): Promise<string> {
  const [chips, out] = [join(folder, "chips"), join(folder, "run")];
  const { scenes, classes } = await writeCountry({ out: join(folder, "training"), sizePx: TRAINING_PX, seed: 21 });
  await chipScene({ scene: scenes[0], sizePx: CHIP_PX, fromRaster: classes[0], out: chips });
  await train({ data: chips, labels: join(chips, "largest.csv"), backbone: "rcf", values: "reflectance", out });
  return join(out, "classifier.onnx");
}

interface Mapped {
  readonly seconds: number;
  readonly processorSeconds: number;
  /** Share of the cores while cells are decided. */
  readonly busy: number;
  readonly classes: readonly number[];
  readonly agreement: number | undefined;
}

async function mapped(options: { classifier: string; scene: string; mode: MapMode; out: string }): Promise<Mapped> {
  const started = now();
  let [first, last] = [started, started];
  const onProgress = ({ stage }: { stage: string }) => {
    if (stage !== "compare" && stage !== "map") return;
    if (first === started) first = now();
    last = now();
  };
  const { agreement } = await mapScene({ ...options, stridePx: STRIDE_PX, force: true, onProgress });
  const ended = now();
  const reader = await openRaster(options.out);
  const { data } = await reader.read();
  await reader.close();
  return {
    seconds: ended.seconds - started.seconds,
    processorSeconds: ended.processor - started.processor,
    busy: (last.processor - first.processor) / (last.seconds - first.seconds) / CORES,
    classes: Array.from(data),
    agreement: agreement?.share,
  };
}

function now() {
  const { user, system } = process.cpuUsage();
  return { seconds: performance.now() / 1000, processor: (user + system) / 1e6 };
}

async function largeMap(folder: string, classifier: string) {
  const { scenePx, stridePx, limitMb } = LARGE;
  const [scene] = (await writeCountry({ out: join(folder, "large"), sizePx: scenePx, seed: 23 })).scenes;
  const started = performance.now();
  const out = join(folder, "large.tif");
  const peakMb = await peakMemoryMb([
    "map",
    classifier,
    scene,
    "--stride",
    String(stridePx),
    "--mode",
    "dense",
    "--out",
    out,
    "--quiet",
  ]);
  return {
    "MB at the peak of 10,000 × 10,000 × 4": peakMb ?? "missing: there is no /proc",
    "limit in MB": limitMb,
    "seconds of that": (performance.now() - started) / 1000,
  };
}
