import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { maskedCrc32c } from "../../crc32.js";
import { readEvents } from "./reader.js";
import { encodeRecord } from "./record.js";
import { createEventWriter, encodeScalar } from "./writer.js";

const GOLDEN = process.env.SIGMAX_GOLDEN ?? "../shared/golden";
const DATA = process.env.SIGMAX_DATA ?? "../shared/data";

interface GoldenCase {
  readonly id: string;
  readonly hex?: string;
  readonly masked?: number;
  readonly fields?: { wallTime: number; fileVersion: string };
  readonly wallTime?: number;
  readonly step?: number;
  readonly tag?: string;
  readonly value?: number | string;
  readonly payloadHex?: string;
  readonly recordHex?: string;
  readonly file?: string;
  readonly records?: readonly { what: string; step: number; tag: string | null }[];
  readonly tensorboardScalarsLossTrain?: number;
}

const goldenFile = join(GOLDEN, "tfevents/tfevents.json");
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** Each kind of golden case is known by the field that only it has. */
const CHECKS: readonly { has: keyof GoldenCase; check: (golden: GoldenCase) => void }[] = [
  { has: "masked", check: (golden) => expect(maskedCrc32c(Buffer.from(golden.hex!, "hex"))).toBe(golden.masked) },
  {
    has: "fields",
    check(golden) {
      const bytes = Buffer.from(golden.hex!, "hex");
      expect(readEvents(bytes, { file: golden.id })).toMatchObject({
        fileVersion: golden.fields!.fileVersion,
        damage: undefined,
      });
      expect(hex(encodeRecord(bytes.subarray(12, -4)))).toBe(golden.hex);
    },
  },
  {
    has: "recordHex",
    check({ id, tag, step, value, wallTime, payloadHex, recordHex }) {
      const scalar = { tag: tag!, step: step!, value: Number(value), wallTime: wallTime! };
      const payload = encodeScalar(scalar);
      expect(hex(payload)).toBe(payloadHex);
      expect(hex(encodeRecord(payload))).toBe(recordHex);
      expect(readEvents(Buffer.from(recordHex!, "hex"), { file: id }).scalars).toEqual([scalar]);
    },
  },
  {
    has: "records",
    check({ file, records }) {
      const { scalars, plugins, passedOver, damage } = readEvents(readFileSync(join(GOLDEN, file!)), { file: file! });
      const keys = (list: readonly { step: number; tag: string | null }[]) =>
        list.map(({ step, tag }) => `${step} ${tag}`).sort();
      expect(keys([...scalars, ...Object.values(plugins).flat(), ...passedOver])).toEqual(
        keys(records!.filter(({ what }) => what === "summary")),
      );
      expect(damage).toBeUndefined();
    },
  },
  {
    has: "tensorboardScalarsLossTrain",
    check({ file, tensorboardScalarsLossTrain }) {
      const bytes = readFileSync(join(GOLDEN, file!));
      const { scalars, damage } = readEvents(bytes, { file: file! });
      expect(scalars.filter(({ tag }) => tag === "loss/train")).toHaveLength(tensorboardScalarsLossTrain!);
      if (bytes.length > 0) expect(damage).toContain(file!);
    },
  },
];

describe("TensorBoard golden cases", () => {
  if (!existsSync(goldenFile)) {
    console.warn(`skipped: ${goldenFile} is not there; set SIGMAX_GOLDEN`);
    it.skip("need the golden folder", () => {});
    return;
  }
  const { cases }: { cases: GoldenCase[] } = JSON.parse(readFileSync(goldenFile, "utf8"));
  it.each(cases)("$id", (golden) => {
    const known = CHECKS.find(({ has }) => golden[has] !== undefined);
    expect(known, `no check for a case like ${golden.id}`).toBeDefined();
    known!.check(golden);
  });
});

describe("an event writer", () => {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-events-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("writes what its reader reads, in a file named after time and host", () => {
    let clock = 1700000000.25;
    const writer = createEventWriter(join(folder, "train"), { wallTime: () => clock++, host: "a host/é" });
    writer.scalar("accuracy", 0.5, 0);
    writer.scalar("cross_entropy", Number.NaN, 10);
    writer.close();
    writer.close();
    expect(readdirSync(join(folder, "train"))).toEqual(["events.out.tfevents.1700000000.a_host__"]);
    const read = readEvents(readFileSync(writer.path), { file: writer.path });
    expect(read.fileVersion).toBe("brain.Event:2");
    expect(read.scalars).toEqual([
      { tag: "accuracy", value: 0.5, step: 0, wallTime: 1700000001.25 },
      { tag: "cross_entropy", value: Number.NaN, step: 10, wallTime: 1700000002.25 },
    ]);
  });

  it("shows flushed numbers before it is closed", () => {
    const writer = createEventWriter(join(folder, "flush"), { wallTime: () => 1 });
    writer.scalar("a", 1, 1);
    expect(readEvents(readFileSync(writer.path), { file: "f" }).scalars).toHaveLength(0);
    writer.flush();
    expect(readEvents(readFileSync(writer.path), { file: "f" }).scalars).toHaveLength(1);
    writer.close();
  });

  it("never touches a file that is there", () => {
    const [first, second] = [1, 2].map(() => createEventWriter(join(folder, "twice"), { wallTime: () => 7 }));
    first.close();
    second.close();
    expect(second.path).toBe(`${first.path}.1`);
  });

  it("keeps every record when it outgrows its buffer", () => {
    const writer = createEventWriter(join(folder, "many"), { wallTime: () => 3 });
    for (let step = 0; step < 5000; step++) writer.scalar("loss", step, step);
    writer.close();
    const { scalars, damage } = readEvents(readFileSync(writer.path), { file: "many" });
    expect(damage).toBeUndefined();
    expect(scalars.map(({ value }) => value)).toEqual(Array.from({ length: 5000 }, (_, step) => step));
  });

  it("names the folder that it cannot write to", () => {
    expect(() => createEventWriter("/dev/null/events", { wallTime: () => 1 })).toThrow(/\/dev\/null\/events/);
  });

  it("is read by TensorBoard itself", (context) => {
    const script = join(GOLDEN, "harness/read_events.py");
    const installed = spawnSync("python3", ["-c", "import tensorboard"]).status === 0;
    if (!installed || !existsSync(script)) {
      console.warn("skipped: TensorBoard or the golden harness is not installed");
      context.skip();
    }
    const writer = createEventWriter(join(folder, "tensorboard"), { wallTime: () => 1700000000 });
    writer.scalar("loss", 0.25, 1);
    writer.close();
    const { stdout } = spawnSync("python3", [script, join(folder, "tensorboard")], { encoding: "utf8" });
    expect(JSON.parse(stdout)).toEqual({ ".": { loss: [[1700000000, 1, 0.25]] } });
  });
});

describe("events of TensorFlow's retrain.py", () => {
  const folder = join(DATA, "retrain-py/training_summaries/mobilenet_0.50_224/validation");
  if (!existsSync(folder)) {
    console.warn(`skipped: ${folder} is not there; set SIGMAX_DATA`);
    it.skip("need the data folder", () => {});
    return;
  }
  it("are read whole, histograms of TensorFlow 1 too", () => {
    const name = readdirSync(folder).find((entry) => entry.startsWith("events.out.tfevents"))!;
    const { scalars, plugins, passedOver, damage, fileVersion } = readEvents(readFileSync(join(folder, name)), { file: name });
    expect(damage).toBeUndefined();
    expect(passedOver).toEqual([]);
    const biases = plugins.histograms.filter(({ tag }) => tag === "final_training_ops/biases/summaries/histogram");
    expect(biases).toHaveLength(51);
    for (const { step, value } of biases) {
      const edge = (which: string) =>
        scalars.find((scalar) => scalar.step === step && scalar.tag === `final_training_ops/biases/summaries/${which}_1`)?.value;
      expect(Math.fround(value[0].left)).toBe(edge("min"));
      expect(Math.fround(value[value.length - 1].right)).toBe(edge("max"));
    }
    expect(fileVersion).toBe("brain.Event:2");
    const accuracy = scalars.filter(({ tag }) => tag.startsWith("accuracy"));
    expect(accuracy.length).toBeGreaterThan(40);
    expect(accuracy.every(({ value }) => value >= 0 && value <= 1)).toBe(true);
    expect(scalars.some(({ tag }) => tag.startsWith("cross_entropy"))).toBe(true);
  });
});
