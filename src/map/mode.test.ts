import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assembleClassifier } from "../model/assemble.js";
import { type ClassifierFile, parseClassifier } from "../model/classifier.js";
import { GraphBuilder, writeModel } from "../onnx/index.js";
import { createRandom } from "../random.js";
import { openRaster } from "../raster/reader.js";
import { encodeGeoTiff } from "../raster/write/tiff.js";
import { float32 } from "../tensor.js";
import { mapScene } from "./map.js";
import type { MapMode } from "./mode.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-mode-"));
afterAll(() => rmSync(folder, { recursive: true }));
const scene = join(folder, "scene.tif");
const [WIDTH, HEIGHT, CHIP, NODATA] = [101, 84, 16, 0];

/** Hills of brightness; a corner was not measured. */
beforeAll(async () => {
  const random = createRandom(1, "mode test");
  const data = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    if (x > 85 && y < 16) return NODATA;
    return Math.round(500 + 200 * Math.sin(x / 9) + 200 * Math.cos(y / 7) + 20 * random.next());
  });
  writeFileSync(
    scene,
    await encodeGeoTiff({ bands: ["red"], widthPx: WIDTH, heightPx: HEIGHT, dtype: "uint16", data, nodata: NODATA }),
  );
});

/** Whether the mean of a blurred chip is above `level`. With `padPx` the blur sees zeros around the chip, of which a window has fewer. */
function blurred({ padPx, level }: { padPx: number; level: number }): ClassifierFile {
  const graph = new GraphBuilder();
  const image = graph.input("image", "float32", ["N", 1, 2 * CHIP, 2 * CHIP]);
  const kernel = graph.constant(float32([1, 1, 9, 9], new Float32Array(81).fill(1 / 81)));
  const maps = graph.op("Conv", [image, kernel], { pads: [padPx, padPx, padPx, padPx], strides: [4, 4] });
  graph.output(graph.op("Flatten", [graph.op("GlobalAveragePool", [maps])], { axis: 1 }, "embedding"));
  const { model } = assembleClassifier({
    origin: {
      ...{ id: "blurred", sha256: "0", embeddingSize: 1, model: writeModel(graph.build()) },
      preprocess: {
        ...({ widthPx: 2 * CHIP, heightPx: 2 * CHIP, fit: "stretch", interpolation: "bilinear", antialias: true } as const),
        ...{ bands: ["red"], range: [0, 1000] as const },
      },
    },
    views: 1,
    layer: { weights: float32([2, 1], [-0.01, 0.01]), bias: float32([2], [0.01 * level, -0.01 * level]), head: "softmax" },
    about: {
      ...{ task: "multiclass", classes: ["dark", "bright"], thresholds: [0.5, 0.5], test: {} },
      dataset: { fingerprint: "f", counts: { train: 1, validation: 0, test: 0 } },
    },
  });
  return parseClassifier(writeModel(model), "blurred.onnx");
}

async function mapped(classifier: ClassifierFile, name: string, mode: MapMode, threads = 1) {
  const warnings: string[] = [];
  const out = join(folder, name, "map.tif");
  const onWarning = (message: string) => warnings.push(message);
  const result = await mapScene({ classifier, scene, out, mode, threads, chipPx: CHIP, stridePx: 2, onWarning });
  const reader = await openRaster(out);
  const { data } = await reader.read();
  await reader.close();
  return { result, data: Array.from(data), metadata: reader.info.metadata, warnings };
}

/** A twentieth of the cells. */
const compared = ({ columns, rows }: { readonly columns: number; readonly rows: number }) => Math.ceil((columns * rows) / 20);

describe("a map", () => {
  it("is dense by itself where that decides cells as the sliding window does, with nodata and edges as there", async () => {
    const classifier = blurred({ padPx: 0, level: 500 });
    const dense = await mapped(classifier, "dense", "auto", 2);
    const sliding = await mapped(classifier, "sliding", "sliding");
    expect(dense.result).toMatchObject({ mode: "dense", agreement: { cells: compared(dense.result) } });
    expect(dense.result.agreement!.share).toBeGreaterThan(0.98);
    expect([dense.metadata.SIGMAX_MODE, sliding.metadata.SIGMAX_MODE]).toEqual(["dense", "sliding"]);
    expect(sliding.result).not.toHaveProperty("why");
    const differing = dense.data.reduce((count, value, i) => count + (value === sliding.data[i] ? 0 : 1), 0);
    expect(differing / dense.data.length).toBeLessThan(0.02);
    expect(dense.result.noAnswer).toBe(sliding.result.noAnswer);
    expect(dense.result.noAnswer).toBeGreaterThan(0);

    await mapped(classifier, "again", "dense", 1);
    for (const name of readdirSync(join(folder, "dense"))) {
      expect(readFileSync(join(folder, "again", name)).equals(readFileSync(join(folder, "dense", name))), name).toBe(true);
    }
  });

  it("is not where windows decide otherwise, unless it is asked for", async () => {
    // Zeros around the chip darken it by more than a tenth; windows have them at their own border only.
    const classifier = blurred({ padPx: 4, level: 450 });
    const auto = await mapped(classifier, "auto", "auto");
    expect(auto.result).toMatchObject({ mode: "sliding", agreement: { cells: compared(auto.result) } });
    expect(auto.result.why).toMatch(/^windows decide [\d.]+ % of \d+ cells as the sliding window does, less than 98 %$/);
    const asked = await mapped(classifier, "asked", "dense");
    expect(asked.result).toMatchObject({ mode: "dense", agreement: auto.result.agreement });
    expect(asked.warnings.join()).toContain("dense mode, as asked for: windows decide");
    const same = asked.data.reduce((count, value, i) => count + (value === auto.data[i] ? 1 : 0), 0) / asked.data.length;
    const [low, high] = auto.result.agreement!.interval;
    expect(same).toBeGreaterThan(low - 0.02);
    expect(same).toBeLessThan(high + 0.02);
  });

  it("is refused in dense mode, with the reason, where chips do not overlap", async () => {
    const options = { classifier: blurred({ padPx: 0, level: 500 }), scene, out: join(folder, "no.tif"), chipPx: CHIP };
    await expect(mapScene({ ...options, mode: "dense" })).rejects.toMatchObject({
      code: "usage",
      message: "--mode dense: chips do not overlap",
    });
  });
});
