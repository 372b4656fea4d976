import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { GraphBuilder, writeModel } from "../onnx/index.js";
import { newGraph } from "../onnx/proto.js";
import { tensorProto } from "../onnx/tensors.js";
import { valueInfo } from "../onnx/types.js";
import { createRandom } from "../random.js";
import { float32, int64 } from "../tensor.js";
import { probeModel } from "./probe.js";

const BAD = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad");

interface Case {
  readonly file: string;
  readonly category: string;
  readonly expect: "reject" | "accept" | "either";
  readonly why: string;
  readonly limits?: { readonly maxSeconds?: number; readonly maxExtraRssMB?: number };
}

function hostileModels(): readonly Case[] {
  const manifest = join(BAD, "manifest.json");
  if (!existsSync(manifest)) {
    console.warn(`${manifest} is absent: hostile models are not tested`);
    return [];
  }
  const { files } = JSON.parse(readFileSync(manifest, "utf8"));
  return files.filter(({ category, file }: Case) => category === "onnx" && existsSync(join(BAD, file)));
}

describe("hostile models", () => {
  const cases = hostileModels();
  it.skipIf(cases.length > 0)("are absent", ({ skip }) => skip());

  it.each(cases)("$file: $why ($expect)", async ({ file, expect: expected, limits }) => {
    const started = performance.now();
    const memoryBefore = process.memoryUsage().rss;
    const outcome = await probeModel(join(BAD, file)).catch((error: unknown) => error);
    expect((performance.now() - started) / 1000).toBeLessThan(limits?.maxSeconds ?? 5);
    expect((process.memoryUsage().rss - memoryBefore) / 2 ** 20).toBeLessThan(limits?.maxExtraRssMB ?? 256);
    if (outcome instanceof Error) {
      expect(outcome).toBeInstanceOf(UserError);
      expect(outcome.message).toContain(file);
      expect(expected).not.toBe("accept");
    } else {
      expect(expected).not.toBe("reject");
    }
  });
});

/** Pixels through whatever `body` makes of them. */
function network(body: (graph: GraphBuilder, image: string) => string): Uint8Array {
  const graph = new GraphBuilder();
  const image = graph.input("image", "float32", ["N", 3, 8, 8]);
  graph.output(body(graph, image), "float32");
  return writeModel(graph.build());
}

/** A Loop that counts to 2⁶² without doing anything. */
const endless = network((graph, image) => {
  const body = newGraph({
    name: "body",
    input: [
      valueInfo("step", { code: 7, shape: [] }),
      valueInfo("go", { code: 9, shape: [] }),
      valueInfo("state", { code: 1, shape: undefined }),
    ],
    output: [valueInfo("going", { code: 9, shape: [] }), valueInfo("state_out", { code: 1, shape: undefined })],
    node: [],
  });
  const inner = new GraphBuilder();
  inner.input("go", "bool", []);
  inner.input("state", "float32", ["N", 3, 8, 8]);
  inner.op("Identity", ["go"], {}, "going");
  inner.op("Identity", ["state"], {}, "state_out");
  body.node = inner.build().graph?.node ?? [];
  const times = graph.constant({ dtype: "int64", shape: [], data: BigInt64Array.of(2n ** 62n) });
  const go = graph.constant({ dtype: "bool", shape: [], data: Uint8Array.of(1) });
  return graph.op("Loop", [times, go, image], { body });
});

/** 32 GB, filled bit by bit: the system promises them at once. */
const growing = network((graph, image) => {
  const sum = graph.op("ReduceMax", [image], { keepdims: 0 });
  const grown = graph.op("Expand", [sum, graph.constant(int64([3], [8, 1024, 2 ** 20]))]);
  return graph.op("ReduceMax", [grown], { keepdims: 0 });
});

describe("probeModel", () => {
  it.each([
    ["never ends", endless, "limit", "did not finish within 2 s"],
    ["grows without end", growing, undefined, /memory|allocate/],
    ["divides by zero", network((graph, image) => graph.op("Div", [image, graph.op("Sub", [image, image])])), "bad-model", "NaN"],
    [
      "adds NaN",
      network((graph, image) => graph.op("Add", [image, graph.constant(float32([8], new Float32Array(8).fill(Number.NaN)))])),
      "bad-model",
      "NaN",
    ],
  ])("survives a model that %s", async (_, model, code, message) => {
    const error = await probeModel(model, { file: "net.onnx", timeoutMs: 2000 }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ message: expect.stringMatching(message), ...(code && { code }) });
    expect((error as UserError).message).toMatch(/^net\.onnx: /);
  });

  it("tells inputs, outputs and the shapes of a run", async () => {
    const model = network((graph, image) => graph.op("Flatten", [image], {}, "flat"));
    expect(await probeModel(model)).toEqual({
      inputs: [{ name: "image", dtype: "float32", shape: ["N", 3, 8, 8] }],
      outputs: [{ name: "flat", dtype: "float32", shape: ["N", 192] }],
      ran: { input: [2, 3, 8, 8], outputs: [{ name: "flat", dtype: "float32", shape: [2, 192] }] },
    });
  });

  it("names a file that is not there", async () => {
    await expect(probeModel("nowhere.onnx")).rejects.toMatchObject({ code: "not-found", message: /^nowhere\.onnx/ });
    await expect(probeModel(".")).rejects.toMatchObject({ code: "bad-file", message: ".: is not a regular file" });
  });

  const control = join(BAD, "onnx/ok.onnx");
  it.skipIf(!existsSync(control))("survives 300 damaged copies of a model", { timeout: 300_000 }, async () => {
    const original = readFileSync(control);
    const random = createRandom(1);
    // Weights fill most of the file; damage there is harmless, so two thirds of it goes to the other parts.
    const structure = original.length - 3072;
    const place = () => (random.int(3) === 0 ? random.int(original.length) : tailOrHead(random.int(structure)));
    const tailOrHead = (position: number) =>
      position < structure / 2 ? position : original.length - 1 - (position - Math.floor(structure / 2));
    const mutants = Array.from({ length: 300 }, (_, index) => {
      const bytes = Uint8Array.from(original);
      for (let flip = 0; flip <= index % 4; flip++) bytes[place()] ^= 1 << random.int(8);
      return index % 10 === 0 ? bytes.slice(0, place()) : bytes;
    });
    const outcomes = { survived: 0, refused: 0 };
    const attempt = async () => {
      for (let bytes = mutants.pop(); bytes; bytes = mutants.pop()) {
        try {
          await probeModel(bytes, { file: "mutant.onnx" });
          outcomes.survived++;
        } catch (error) {
          expect(error).toBeInstanceOf(UserError);
          expect(error).toMatchObject({ message: expect.stringContaining("mutant.onnx") });
          outcomes.refused++;
        }
      }
    };
    await Promise.all([attempt(), attempt()]);
    expect(outcomes.survived + outcomes.refused).toBe(300);
    expect(outcomes.refused).toBeGreaterThan(50);
  });
});

it("float32 tensors keep their bits on the way into a model", () => {
  const { rawData } = tensorProto("x", float32([2], [0.1, -0]));
  expect([...new Float32Array(rawData.slice().buffer)]).toEqual([Math.fround(0.1), -0]);
});
