import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UserError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import { NPY_NAME, readArrays } from "./arrays.js";
import { createNpyWriter, readNpy } from "./npy.js";
import { createSafetensorsWriter, readSafetensors, writeSafetensors } from "./safetensors.js";

const BAD = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad");
const EXECUTED = "/tmp/GOLDEN_PICKLE_EXECUTED";

interface BadFile {
  readonly file: string;
  readonly category: string;
  readonly expect: "accept" | "reject" | "either";
  readonly why: string;
}

function badFiles(): BadFile[] {
  const manifest = join(BAD, "manifest.json");
  if (!existsSync(manifest)) {
    console.warn(`SKIPPED: no hostile files at ${BAD}; set SIGMAX_GOLDEN`);
    return [];
  }
  const { files }: { files: BadFile[] } = JSON.parse(readFileSync(manifest, "utf8"));
  return files.filter(({ category, file }) => ["weights", "checkpoint"].includes(category) && existsSync(join(BAD, file)));
}

async function outcome(work: () => Promise<unknown>): Promise<unknown> {
  try {
    await work();
    return "accept";
  } catch (error) {
    return error;
  }
}

describe("hostile files of numbers", () => {
  const cases = badFiles();
  it.skipIf(cases.length === 0).each(cases)("$file: $expect ($why)", async ({ file, expect: expected }) => {
    const result = await outcome(() => readArrays(join(BAD, file)));
    if (result !== "accept") {
      expect(result).toBeInstanceOf(UserError);
      expect(String(result)).toContain(file);
      expect(result).toHaveProperty("hint", expect.stringMatching(/\w/));
    }
    if (expected === "accept") expect(result).toBe("accept");
    if (expected === "reject") expect(result).not.toBe("accept");
    expect(existsSync(EXECUTED)).toBe(false);
  });
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sigmax-arrays-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function npy(descr: string, shape: string, data: Uint8Array, { fortran = "False", version = 1 } = {}): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }\n`;
  const start = Buffer.alloc(version === 1 ? 10 : 12);
  start.write("\x93NUMPY", "latin1");
  start[6] = version;
  if (version === 1) start.writeUInt16LE(text.length, 8);
  else start.writeUInt32LE(text.length, 8);
  return Buffer.concat([start, Buffer.from(text, "latin1"), data]);
}

const bytesOf = (data: Tensor["data"]) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe("npy", () => {
  const EVERY: readonly Tensor[] = [
    { dtype: "float32", shape: [2, 3], data: Float32Array.of(1.5, -2, 3, 4, 5, 6) },
    { dtype: "float64", shape: [3], data: Float64Array.of(Math.PI, -0, 1e300) },
    { dtype: "int64", shape: [2], data: BigInt64Array.of(-1n, 2n ** 60n) },
    { dtype: "int32", shape: [1, 1, 2], data: Int32Array.of(-7, 7) },
    { dtype: "uint16", shape: [], data: Uint16Array.of(65535) },
    { dtype: "uint8", shape: [0, 4], data: new Uint8Array(0) },
    { dtype: "bool", shape: [2], data: Uint8Array.of(0, 1) },
  ];

  it.each(EVERY)("writes and reads $dtype $shape", async (tensor) => {
    const path = join(folder, "some.npy");
    const writer = await createNpyWriter(path, tensor);
    await writer.write(tensor.data);
    await writer.finish();
    expect(readNpy(readFileSync(path), path)).toEqual(tensor);
    expect(readFileSync(path).indexOf("\n") % 64).toBe(63);
  });

  it("is the same file whether it is written in one block or in many, and appears only when finished", async () => {
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    const path = join(folder, "blocks.npy");
    const writer = await createNpyWriter(path, { dtype: "float32", shape: [4, 3] });
    for (let row = 0; row < 4; row++) await writer.write(data.subarray(3 * row, 3 * row + 3));
    expect(existsSync(path)).toBe(false);
    await writer.finish();
    await writer.close();
    expect([...(await readArrays(path))]).toEqual([[NPY_NAME, { dtype: "float32", shape: [4, 3], data }]]);
  });

  it("leaves nothing behind when it is given up, and the old file as it was", async () => {
    const path = join(folder, "kept", "old.npy");
    const old = await createNpyWriter(path, { dtype: "uint8", shape: [1] });
    await old.write(Uint8Array.of(9));
    await old.finish();
    const writer = await createNpyWriter(path, { dtype: "float32", shape: [2] });
    await writer.write(Float32Array.of(1));
    await expect(writer.finish()).rejects.toThrow("1 numbers of the array are missing");
    await expect(writer.write(Float32Array.of(1, 2))).rejects.toThrow(RangeError);
    await expect(writer.write(Uint8Array.of(1))).rejects.toThrow("takes float32");
    await writer.close();
    expect(readdirSync(join(folder, "kept"))).toEqual(["old.npy"]);
    expect((await readArrays(path)).get(NPY_NAME)?.data).toEqual(Uint8Array.of(9));
  });

  it("names the file when the folder cannot be written", async () => {
    const blocker = join(folder, "blocker");
    writeFileSync(blocker, "");
    await expect(createNpyWriter(join(blocker, "a.npy"), { dtype: "uint8", shape: [1] })).rejects.toThrow(
      /a\.npy: cannot be written/,
    );
  });

  it("reads big-endian numbers, Fortran order and versions 2 and 3", () => {
    const bigEndian = npy(">i2", "(2,)", Uint8Array.of(1, 0, 255, 254), { version: 2 });
    expect(readNpy(bigEndian, "b.npy").data).toEqual(Int16Array.of(256, -2));
    const columns = bytesOf(Float32Array.of(0, 10, 1, 11, 2, 12));
    expect(readNpy(npy("<f4", "(2, 3)", columns, { fortran: "True", version: 3 }), "f.npy")).toEqual({
      dtype: "float32",
      shape: [2, 3],
      data: Float32Array.of(0, 1, 2, 10, 11, 12),
    });
    const cube = Uint8Array.from({ length: 24 }, (_, i) => i);
    const ordered = readNpy(npy("|u1", "(2, 3, 4)", cube, { fortran: "True" }), "c.npy").data;
    // in[i, j, k] = i + 2j + 6k
    expect(ordered.subarray(0, 8)).toEqual(Uint8Array.of(0, 6, 12, 18, 2, 8, 14, 20));
  });

  it("widens float16 without loss, subnormal numbers and both zeros included", () => {
    const halves = Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x8000, 0x7bff, 0x3555);
    const values = readNpy(npy("<f2", "(6,)", bytesOf(halves)), "h.npy").data;
    expect(values).toEqual(Float32Array.of(1, -2, 2 ** -24, -0, 65504, 0.333251953125));
  });

  it.each([
    ["objects, which are pickle", npy("|O", "(1,)", new Uint8Array(8)), /pickle|"O"/],
    ["fields", npy("V8", "(1,)", new Uint8Array(8)), /"V8"/],
    ["bytes after the array", npy("<f4", "(1,)", new Uint8Array(5)), /takes 4 bytes, 5 are there/],
    [
      "a shape beyond all memory",
      npy("<f4", "(9007199254740991, 9007199254740991)", new Uint8Array(4)),
      /no array has the shape/,
    ],
    ["an expression in place of a shape", npy("<f4", "(__import__('os'),)", new Uint8Array(4)), /shape/],
    ["a key too many", npy("<f4', 'x': '", "(1,)", new Uint8Array(4)), /more than an array/],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => readNpy(bytes, "x.npy")).toThrow(message);
    expect(() => readNpy(bytes, "x.npy")).toThrow(UserError);
  });

  it("refuses a file cut at any byte", () => {
    const whole = npy("<f4", "(2,)", new Uint8Array(8));
    for (let length = 0; length < whole.length; length++) {
      expect(() => readNpy(whole.subarray(0, length), "cut.npy"), `${length} bytes`).toThrow(UserError);
    }
  });
});

describe("safetensors", () => {
  const tensors = new Map<string, Tensor>([
    ["embedding", { dtype: "float32", shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }],
    ["__proto__", { dtype: "int64", shape: [1], data: BigInt64Array.of(5n) }],
    ["7", { dtype: "uint8", shape: [3], data: Uint8Array.of(1, 2, 3) }],
    ["none", { dtype: "float64", shape: [0], data: new Float64Array(0) }],
  ]);

  it("writes and reads tensors of any name, and metadata", async () => {
    const path = join(folder, "some.safetensors");
    await writeSafetensors(path, tensors, { metadata: { made: "by sigmax" } });
    const read = readSafetensors(readFileSync(path), path);
    expect(read.tensors).toEqual(tensors);
    expect(read.metadata).toEqual(new Map([["made", "by sigmax"]]));
    expect(await readArrays(path)).toEqual(tensors);
    expect(Object.hasOwn(Object.prototype, "shape")).toBe(false);
  });

  it("streams several tensors in blocks to the same bytes", async () => {
    const whole = join(folder, "whole.safetensors");
    const streamed = join(folder, "streamed.safetensors");
    await writeSafetensors(whole, tensors);
    const plans = Array.from(tensors, ([name, { dtype, shape }]) => ({ name, dtype, shape }));
    const writer = await createSafetensorsWriter(streamed, { tensors: plans });
    await writer.write(Float32Array.of(1));
    await writer.write(Float32Array.of(2, 3, 4));
    await writer.write(BigInt64Array.of(5n));
    await writer.write(Uint8Array.of(1, 2, 3));
    await writer.finish();
    expect(readFileSync(streamed)).toEqual(readFileSync(whole));
  });

  it("refuses a file cut at any byte", async () => {
    const path = join(folder, "cut.safetensors");
    await writeSafetensors(path, tensors);
    const bytes = readFileSync(path);
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readSafetensors(bytes.subarray(0, length), path), `${length} bytes`).toThrow(UserError);
    }
  });

  it.each([
    ["overlap", '{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}', 3],
    [
      "a duplicate name behind escapes",
      '{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}',
      0,
    ],
    ["an unknown type", '{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', 1],
    ["a type that every object has", '{"a":{"dtype":"constructor","shape":[1],"data_offsets":[0,1]}}', 1],
    ["a shape that overflows", '{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}', 4],
    ["a header that is a list", "[1]", 0],
    ["metadata that is no text", '{"__metadata__":{"a":1}}', 0],
  ])("refuses %s", (_, header, dataBytes) => {
    const bytes = Buffer.alloc(8 + header.length + dataBytes);
    bytes.writeBigUInt64LE(BigInt(header.length));
    bytes.write(header, 8);
    expect(() => readSafetensors(bytes, "x.safetensors")).toThrow(UserError);
  });
});

describe("readArrays", () => {
  const bytes = (data: Float32Array | Float64Array) =>
    npy(data instanceof Float32Array ? "<f4" : "<f8", `(${data.length},)`, bytesOf(data));

  it("refuses NaN and infinities with their place, unless they are asked for", async () => {
    const bad = bytes(Float32Array.of(1, Number.NaN));
    await expect(readArrays(bad, { file: "n.npy" })).rejects.toThrow('n.npy: "array" holds NaN at [1]');
    expect((await readArrays(bad, { finite: false })).get(NPY_NAME)?.data).toEqual(Float32Array.of(1, Number.NaN));
  });

  it("narrows float64 to float32 on request, and refuses what does not fit", async () => {
    expect((await readArrays(bytes(Float64Array.of(0.1)), { floatsAs: "float32" })).get(NPY_NAME)).toEqual({
      dtype: "float32",
      shape: [1],
      data: Float32Array.of(0.1),
    });
    await expect(readArrays(bytes(Float64Array.of(1e300)), { floatsAs: "float32" })).rejects.toThrow("Infinity");
  });

  it("says what is wrong with a path", async () => {
    await expect(readArrays(join(folder, "absent.npy"))).rejects.toThrow(/absent\.npy: there is no such file/);
    await expect(readArrays(folder)).rejects.toThrow("not a file");
    const path = join(folder, "large.npy");
    writeFileSync(path, new Uint8Array(100));
    await expect(readArrays(path, { maxBytes: 99 })).rejects.toThrow("100 bytes, the limit is 99");
  });
});
