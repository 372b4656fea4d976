import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Progress } from "../progress.js";
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

describe("a training that is told to stop", () => {
  const checkpointsOf = (out: string) => join(dirname(out), `.${basename(out)}.checkpoint`);
  /** Trains until some progress is told of; what is said then. */
  const stopped = (options: TrainOptions, when: (progress: Progress) => boolean) => {
    const stop = new AbortController();
    const onProgress = (progress: Progress) => {
      if (when(progress)) stop.abort();
    };
    return train({ ...options, signal: stop.signal, onProgress }).then(
      () => expect.fail("it went to its end"),
      ({ code, message, hint }) => ({ code, message, hint }),
    );
  };
  const plain = { code: "aborted", message: "stopped", hint: undefined };

  it("says that the same command goes on only where something of it is saved", async () => {
    const out = join(work, "network");
    expect(await stopped(scratch(out), () => true)).toEqual(plain);
    const first = await stopped(scratch(out), ({ stage, done }) => stage === "train" && done === 1);
    expect(first).toEqual({ ...plain, hint: "The same command goes on after step 1 of 2." });
    expect(existsSync(checkpointsOf(out))).toBe(true);

    // Checkpoints of a network beside the run of a last layer.
    expect(await stopped({ data: chips, backbone: "stats", out }, () => true)).toEqual(plain);

    const baseline = await stopped(scratch(out), ({ stage }) => stage === "baseline");
    expect(baseline).toEqual({ ...plain, hint: "The same command goes on: what was trained is saved." });
    const plans: unknown[] = [];
    await train(scratch(out, { onPlan: (plan) => plans.push(plan) }));
    expect(plans).toMatchObject([{ updates: 2, resumedFrom: 2 }]);
    expect(existsSync(checkpointsOf(out))).toBe(false);
  });

  it("is not gone on from with another recipe, which is refused before images go through the network", async () => {
    const out = join(work, "other");
    await stopped(scratch(out), ({ stage, done }) => stage === "train" && done === 1);
    const stages = new Set<string>();
    const other = scratch(out, { recipe: { epochs: 1, refit: 0, batch: 16, lr: 0.1 } });
    const refused = train({ ...other, onProgress: ({ stage }) => stages.add(stage) });
    await expect(refused).rejects.toMatchObject({ code: "bad-data", message: expect.stringContaining("another training") });
    expect([...stages]).not.toContain("read images");
    // With --force the other one is given up only when this one begins.
    const images = await stopped({ ...other, force: true }, ({ stage }) => stage === "read images");
    expect(images).toEqual(plain);
    expect(await stopped(scratch(out), ({ stage }) => stage === "read images")).toEqual(plain);
    await train({ ...other, force: true });
    expect(existsSync(join(out, "classifier.onnx"))).toBe(true);
  });
});
