import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { GraphBuilder, writeModel } from "../onnx/index.js";
import { float32, int64 } from "../tensor.js";
import { openSession } from "./open.js";
import { RUNTIMES } from "./session.js";

function sumOfTypes(): Uint8Array {
  const graph = new GraphBuilder();
  const a = graph.input("a", "float32", ["N", 2]);
  const b = graph.input("b", "int64", ["N", 2]);
  const c = graph.input("c", "uint8", [1]);
  const [x, y] = [b, c].map((value) => graph.op("Cast", [value], { to: 1 }));
  const sum = graph.op("Add", [graph.op("Add", [a, x]), y], {}, "sum");
  graph.output(sum);
  graph.output(graph.op("Cast", [sum], { to: 7 }, "rounded"));
  graph.output(graph.op("Greater", [sum, a], {}, "more"));
  return writeModel(graph.build());
}

it.each(RUNTIMES)("%s takes and gives tensors of several types", async (runtime) => {
  const session = await openSession(sumOfTypes(), { runtime, threads: 1 });
  expect(session.runtime).toBe(runtime);
  expect(session.inputs.map(({ dtype, shape }) => [dtype, shape])).toEqual([
    ["float32", ["N", 2]],
    ["int64", ["N", 2]],
    ["uint8", [1]],
  ]);
  const feeds = {
    a: float32([1, 2], [0.5, 1]),
    b: int64([1, 2], [-3, 4]),
    c: { dtype: "uint8", shape: [1], data: Uint8Array.of(7) } as const,
  };
  expect(await session.run(feeds)).toEqual({
    sum: float32([1, 2], [4.5, 12]),
    rounded: int64([1, 2], [4, 12]),
    more: { dtype: "bool", shape: [1, 2], data: Uint8Array.of(1, 1) },
  });
  expect(Object.keys(await session.run(feeds, ["more"]))).toEqual(["more"]);
  await session.close();
});

it.each(RUNTIMES)("%s keeps no constant that is larger than it may be, and the same numbers come out", async (runtime) => {
  const graph = new GraphBuilder();
  const index = graph.input("index", "int64", [1]);
  const count = 2 ** 25;
  const twos = graph.op("Expand", [graph.constant(float32([], [2])), graph.constant(int64([1], [count]))]);
  graph.output(graph.op("Gather", [twos, index], {}, "y"));
  const bytes = writeModel(graph.build());
  await (await openSession(sumOfTypes(), { runtime, threads: 1 })).close(); // the runtime itself takes room too
  const grown = async (foldedBytes?: number) => {
    const before = process.memoryUsage().rss;
    const session = await openSession(bytes, { runtime, threads: 1, foldedBytes });
    const bytesMore = process.memoryUsage().rss - before;
    expect((await session.run({ index: int64([1], [count - 1]) })).y).toEqual(float32([1], [2]));
    await session.close();
    return bytesMore;
  };
  // WebAssembly never gives memory back: what the first run took would hide what a constant takes.
  expect(await grown(2 ** 16)).toBeLessThan(0.25 * 4 * count);
  if (runtime === "native") expect(await grown()).toBeGreaterThan(0.75 * 4 * count);
});

it.each(RUNTIMES)("%s writes outputs into memory of the caller, and refuses memory that does not fit", async (runtime) => {
  const session = await openSession(sumOfTypes(), { runtime, threads: 1 });
  const feeds = {
    a: float32([1, 2], [0.5, 1]),
    b: int64([1, 2], [-3, 4]),
    c: { dtype: "uint8", shape: [1], data: Uint8Array.of(7) } as const,
  };
  const sum = float32([1, 2], [0, 0]);
  expect((await session.run(feeds, ["sum", "more"], { sum })).more.data).toEqual(Uint8Array.of(1, 1));
  expect(sum.data).toEqual(Float32Array.of(4.5, 12));
  await expect(session.run(feeds, ["sum"], { sum: float32([3], [0, 0, 0]) })).rejects.toThrow(/fails when it runs/);
  await expect(session.run(feeds, ["sum"], { sum: int64([1, 2], [0, 0]) })).rejects.toThrow(/fails when it runs/);
  await session.close();
});

it("falls back to WebAssembly with one notice where the native package is missing, and refuses when native was asked for", () => {
  const dist = fileURLToPath(new URL("../../dist", import.meta.url));
  const packages = fileURLToPath(new URL("../../node_modules", import.meta.url));
  if (!existsSync(dist)) throw new Error("build first: npm run build");
  const folder = mkdtempSync(join(tmpdir(), "sigmax-open-"));
  try {
    for (const part of ["runtime", "errors.js", "compiled.js", "tensor.js"])
      cpSync(join(dist, part), join(folder, "dist", part), { recursive: true });
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(realpathSync(join(packages, "onnxruntime-web")), join(folder, "node_modules/onnxruntime-web"));
    cpSync(fileURLToPath(new URL("../../package.json", import.meta.url)), join(folder, "package.json"));
    writeFileSync(join(folder, "net.b64"), Buffer.from(sumOfTypes()).toString("base64"));
    writeFileSync(
      join(folder, "main.js"),
      `import { readFileSync } from "node:fs";
       import { openSession } from "./dist/runtime/open.js";
       const model = new Uint8Array(Buffer.from(readFileSync(new URL("./net.b64", import.meta.url), "utf8"), "base64"));
       const warnings = [];
       const session = await openSession(model, { threads: 1, onWarning: (message) => warnings.push(message) });
       const refused = await openSession(model, { runtime: "native" }).catch(({ code, hint }) => ({ code, hint }));
       console.log(JSON.stringify({ runtime: session.runtime, warnings, refused }));`,
    );
    const printed = JSON.parse(execFileSync(process.execPath, [join(folder, "main.js")], { encoding: "utf8" }));
    const cure = "Reinstall with ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node.";
    expect(printed).toEqual({
      runtime: "wasm",
      warnings: [expect.stringMatching(/WebAssembly, about 4\.6× slower.*ONNXRUNTIME_NODE_INSTALL=skip/)],
      refused: { code: "usage", hint: cure },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("closing twice does nothing, and running afterwards says that it was closed", async () => {
  const session = await openSession(sumOfTypes(), { threads: 1 });
  await session.close();
  await session.close();
  await expect(session.run({})).rejects.toMatchObject({ code: "usage", message: expect.stringContaining("closed") });
});
