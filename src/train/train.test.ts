import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { RGB } from "../raster/bands.js";
import { encodePng } from "../raster/encode.js";
import type { TrainOptions } from "./options.js";
import { train } from "./train.js";

const SIDE = 32;
const work = mkdtempSync(join(tmpdir(), "sigmax-train-"));
afterAll(() => rmSync(work, { recursive: true }));
const chips = join(work, "chips");
beforeAll(async () => {
  for (const name of ["dark", "light"]) {
    mkdirSync(join(chips, name), { recursive: true });
    for (let i = 0; i < 30; i++) {
      const random = createRandom(i, name);
      const data = Uint8Array.from({ length: 3 * SIDE * SIDE }, () => random.int(200) + (name === "light" ? 20 : 0));
      const png = await encodePng({ bands: RGB, widthPx: SIDE, heightPx: SIDE, dtype: "uint8", data });
      writeFileSync(join(chips, name, `${i}.png`), png);
    }
  }
});

/** Two steps of a small network. */
const scratch = (out: string, more: Partial<TrainOptions> = {}): TrainOptions => ({
  data: chips,
  network: "chipnet",
  preprocessing: { sizePx: SIDE },
  recipe: { epochs: 1, refit: 0, batch: 16 },
  checkpointSeconds: 0,
  out,
  ...more,
});

describe("the run folder of a network", () => {
  it("can be the folder that one stands in: checkpoints lie beside it, not inside", async () => {
    const here = join(work, "here");
    mkdirSync(here);
    const seen = new Set<string>();
    const onProgress = () => {
      for (const name of readdirSync(work)) if (name.startsWith(".")) seen.add(name);
    };
    await train(scratch(`${here}/.`, { onProgress }));
    expect(readdirSync(here)).toContain("classifier.onnx");
    expect([...seen]).toContain(".here.checkpoint");
    expect(existsSync(join(work, ".here.checkpoint"))).toBe(false);
  });
});
