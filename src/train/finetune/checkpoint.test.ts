import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { compiledFile } from "../../compiled.js";
import { writeSafetensors } from "../../data/arrays/safetensors.js";
import { UserError } from "../../errors.js";
import { createRandom } from "../../random.js";
import { float32 } from "../../tensor.js";
import { type Checkpoint, type Numbers, readCheckpoint, readCheckpointFile, refuseOther, writeCheckpoint } from "./checkpoint.js";

const BAD = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad");

const root = mkdtempSync(join(tmpdir(), "sigmax-checkpoint-"));
afterAll(() => rmSync(root, { recursive: true }));
let folder: string;
let count = 0;
beforeEach(() => {
  folder = join(root, String(count++), "checkpoint");
});

/** A training at some step: every number tells the step. */
function at(step: number, fingerprint = "f1"): Checkpoint {
  const values = new Float32Array(50).fill(step);
  values[1] = 1 / 3;
  values[2] = -0;
  return {
    tensors: new Map<string, Numbers>([
      ["weights/conv.weight", values],
      ["weights/__proto__", Float32Array.of(step)],
      ["adam/empty", new Float32Array(0)],
      ["history/updates", Float64Array.of(step, 1 / 3, 1e-300)],
      ["best/conv.weight", new Float32Array(50).fill(step / 2)],
    ]),
    progress: { step, best: 0.1 + 0.2, history: [{ loss: 1e-300, note: "é\u001b" }], order: [] },
    fingerprint,
  };
}

function read(fingerprint = "f1"): { checkpoint: Checkpoint | undefined; warnings: string[] } {
  const warnings: string[] = [];
  return { checkpoint: readCheckpoint(folder, { fingerprint, onWarning: (text) => warnings.push(text) }), warnings };
}

function refusal(path: string): UserError {
  let result: unknown;
  try {
    result = readCheckpointFile(path);
  } catch (error) {
    result = error;
  }
  if (!(result instanceof UserError)) return expect.fail(`${path} was read`);
  expect(result.code).toBe("bad-file");
  expect(result.message).toContain(path);
  expect(result.hint).toMatch(/\w/);
  return result;
}

describe("a checkpoint", () => {
  it("comes back bit by bit, and the newest two are kept", async () => {
    expect(read()).toEqual({ checkpoint: undefined, warnings: [] });
    for (const step of [1, 2, 3]) {
      await writeCheckpoint(folder, at(step));
      expect(read()).toEqual({ checkpoint: at(step), warnings: [] });
    }
    expect(readdirSync(folder).sort()).toEqual(["00000002.safetensors", "00000003.safetensors"]);
  });

  it("is the same file for the same state", async () => {
    await writeCheckpoint(folder, at(1));
    await writeCheckpoint(folder, at(1));
    const [first, second] = readdirSync(folder).map((name) => readFileSync(join(folder, name)));
    expect(second.equals(first)).toBe(true);
  });

  it("of another training is refused, naming the file", async () => {
    await writeCheckpoint(folder, at(1));
    expect(() => read("f2")).toThrow(`${join(folder, "00000001.safetensors")}: is a checkpoint of another training`);
    expect(read().checkpoint).toEqual(at(1));
  });

  it("of another training is refused early by the beginning of its fingerprint; damage is left to who reads it", async () => {
    expect(() => refuseOther(folder, "f1")).not.toThrow();
    await writeCheckpoint(folder, at(1, "f1 and more"));
    const path = join(folder, "00000001.safetensors");
    expect(() => refuseOther(folder, "f1")).not.toThrow();
    expect(() => refuseOther(folder, "f2")).toThrow(`${path}: is a checkpoint of another training`);
    writeFileSync(path, "half");
    expect(() => refuseOther(folder, "f2")).not.toThrow();
    expect(readdirSync(folder)).toEqual(["00000001.safetensors"]);
  });

  it("that is damaged is told of and passed over, and does not push out the whole one", async () => {
    await writeCheckpoint(folder, at(1));
    await writeCheckpoint(folder, at(2));
    const newest = join(folder, "00000002.safetensors");
    writeFileSync(newest, readFileSync(newest).subarray(0, 300));
    const { checkpoint, warnings } = read();
    expect(checkpoint).toEqual(at(1));
    expect(warnings).toEqual([`${newest}: is damaged or cut off: its checksum does not agree; the checkpoint before it is used`]);
    await writeCheckpoint(folder, at(7));
    expect(readdirSync(folder).sort()).toEqual(["00000001.safetensors", "00000002.safetensors"]);
    expect(read()).toEqual({ checkpoint: at(7), warnings: [] });
  });

  it("is absent where all are damaged, and that is said", async () => {
    await writeCheckpoint(folder, at(1));
    writeFileSync(join(folder, "00000001.safetensors"), "");
    const { checkpoint, warnings } = read();
    expect(checkpoint).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("the training starts anew")]);
  });

  it("that was not finished is told of, and cleared away by the next", async () => {
    await writeCheckpoint(folder, at(1));
    writeFileSync(join(folder, ".00000002.safetensors.0123456789ab.tmp"), "half");
    const { checkpoint, warnings } = read();
    expect(checkpoint).toEqual(at(1));
    expect(warnings).toEqual([expect.stringMatching(/00000002.safetensors: was being written when the training was stopped/)]);
    await writeCheckpoint(folder, at(2));
    expect(readdirSync(folder).sort()).toEqual(["00000001.safetensors", "00000002.safetensors"]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("never holds %d", async (value) => {
    await writeCheckpoint(folder, at(1));
    for (const index of [0, 5, 6]) {
      const values = new Float32Array(7);
      values[index] = value;
      const diverged = { ...at(2), tensors: new Map([["weights/fc", values]]) };
      await expect(writeCheckpoint(folder, diverged)).rejects.toMatchObject({
        code: "numeric",
        message: expect.stringContaining(`"weights/fc" holds ${value} (element ${index})`),
      });
    }
    await expect(writeCheckpoint(folder, { ...at(2), progress: { best: value } })).rejects.toThrow(RangeError);
    expect(readdirSync(folder)).toEqual(["00000001.safetensors"]);
  });

  it("cannot be written where a file stands in the way, and that names it", async () => {
    mkdirSync(join(folder, ".."), { recursive: true });
    writeFileSync(folder, "a file");
    await expect(writeCheckpoint(folder, at(1))).rejects.toMatchObject({ code: "io", message: expect.stringContaining(folder) });
    expect(() => read()).toThrow(UserError);
  });

  it("is not a safetensors file of another program", async () => {
    const path = join(root, "foreign.safetensors");
    await writeSafetensors(path, new Map([["weights", float32([2], [1, 2])]]), { metadata: { format: "pt" } });
    expect(refusal(path).message).toContain("is no checkpoint of sigmax");
  });

  it("of a later version is refused and stays where it is", async () => {
    await writeCheckpoint(folder, at(1));
    const path = join(folder, "00000001.safetensors");
    const text = readFileSync(path, "latin1").replace('"version":"1"', '"version":"2"');
    const unsigned = text.replace(/(?<="sha256":")[0-9a-f]{64}/, "0".repeat(64));
    const digest = createHash("sha256").update(unsigned, "latin1").digest("hex");
    writeFileSync(path, unsigned.replace("0".repeat(64), digest), "latin1");
    expect(() => read()).toThrow("is a checkpoint of version 2; this sigmax reads version 1");
    expect(existsSync(path)).toBe(true);
  });
});

describe("damage", () => {
  it("of any single bit, at any place, is found", async () => {
    await writeCheckpoint(folder, at(1));
    const whole = readFileSync(join(folder, "00000001.safetensors"));
    const path = join(root, "flipped.safetensors");
    for (let bit = 0; bit < 8 * whole.length; bit += 3) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(path, bytes);
      refusal(path);
    }
  });

  it("by cutting, appending, zeroing a page or swapping the halves is found", async () => {
    await writeCheckpoint(folder, at(1));
    const whole = readFileSync(join(folder, "00000001.safetensors"));
    const damaged = [
      ...Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
      Buffer.concat([whole, Buffer.alloc(64, 7)]),
      Buffer.concat([whole, whole]),
      Buffer.concat([whole.subarray(whole.length / 2), whole.subarray(0, whole.length / 2)]),
      Buffer.alloc(whole.length),
      Buffer.from(whole).fill(0, 256, 768),
    ];
    const path = join(root, "damaged.safetensors");
    for (const bytes of damaged) {
      writeFileSync(path, bytes);
      refusal(path);
    }
  });

  const manifest = join(BAD, "manifest.json");
  if (!existsSync(manifest)) console.warn(`SKIPPED: no hostile files at ${BAD}; set SIGMAX_GOLDEN`);
  const files: { file: string; category: string }[] = existsSync(manifest)
    ? JSON.parse(readFileSync(manifest, "utf8")).files
    : [];
  const cases = files.filter(({ category, file }) => category === "checkpoint" && existsSync(join(BAD, file)));
  it.skipIf(cases.length === 0).each(cases)("of $file is found, and the checkpoint before it is used", async ({ file }) => {
    refusal(join(BAD, file));
    await writeCheckpoint(folder, at(1));
    const newest = join(folder, "00000002.safetensors");
    writeFileSync(newest, readFileSync(join(BAD, file)));
    const { checkpoint, warnings } = read();
    expect(checkpoint).toEqual(at(1));
    expect(warnings).toEqual([expect.stringContaining(newest)]);
  });
});

it("survives kill -9 at any moment of a write: what was said to be written is there, and whole", async () => {
  const values = 300_000;
  const source = `
    const { readCheckpoint, writeCheckpoint } = await import(process.argv[1]);
    const [folder, fingerprint] = [process.argv[2], "f"];
    for (let step = (readCheckpoint(folder, { fingerprint })?.progress.step ?? 0) + 1; ; step++) {
      const tensors = new Map(["weights", "mean", "best"].map((name) => [name, new Float32Array(${values}).fill(step)]));
      await writeCheckpoint(folder, { tensors, progress: { step }, fingerprint });
      process.stdout.write(step + "\\n");
    }`;
  const program = compiledFile("./checkpoint.js", import.meta.url).href;
  const random = createRandom(3);
  let acknowledged = 0;
  let unfinished = 0;
  for (let kill = 0; kill < 20; kill++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", source, program, folder], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    const closed = once(child, "close");
    await Promise.race([once(child.stdout, "data"), closed]);
    await pause(60 * random.next());
    child.kill("SIGKILL");
    await closed;
    expect(child.signalCode).toBe("SIGKILL");
    acknowledged = Math.max(acknowledged, ...output.trim().split("\n").map(Number));
    const { checkpoint, warnings } = read("f");
    unfinished += warnings.length;
    const step = checkpoint?.progress.step;
    // The step after the last one told of may be whole as well: the kill came before it was told.
    expect([acknowledged, acknowledged + 1]).toContain(step);
    for (const tensor of checkpoint?.tensors.values() ?? []) {
      expect(tensor.length).toBe(values);
      expect(tensor.every((value) => value === step)).toBe(true);
    }
    expect(readdirSync(folder).length).toBeLessThanOrEqual(4);
  }
  // Otherwise no kill came while a file was being written, and the test would prove nothing.
  expect(unfinished).toBeGreaterThan(0);
}, 180_000);
