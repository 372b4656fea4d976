// How the tests of this folder run models, and the real networks that some of them are tried on.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunModel } from "../onnx/gradcheck.js";
import { type Model, readModel, writeModel } from "../onnx/model.js";
import { normalForm } from "../onnx/normal-form.js";
import type { Random } from "../random.js";
import { float32, sizeOf, type Tensor } from "../tensor.js";
import { openSession } from "./open.js";

/** Runs models on one thread. */
export const runner =
  (runtime: "native" | "wasm"): RunModel =>
  async (model, feeds, outputs) => {
    const session = await openSession(writeModel(model), { runtime, threads: 1 });
    try {
      const results: Record<string, Tensor>[] = [];
      for (const feed of feeds) results.push(await session.run(feed, outputs));
      return results;
    } finally {
      await session.close();
    }
  };

export const native = runner("native");

/** All outputs of one run. */
export async function run(model: Model, feeds: Record<string, Tensor>): Promise<Record<string, Tensor>> {
  const session = await openSession(writeModel(model), { runtime: "native", threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

/** Uniform between two numbers. */
export function noise(random: Random, shape: readonly number[], from = -1, to = 1): Tensor<"float32"> {
  return float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, () => from + (to - from) * random.next()),
  );
}

const DATA = join(process.env.SIGMAX_DATA ?? "../shared/data", "onnx");

/** File names of real networks; says which tests are skipped where there are none. */
export function realNetworks(skipped: string): readonly string[] {
  const names = existsSync(DATA) ? readdirSync(DATA).filter((name) => name.endsWith(".onnx")) : [];
  if (names.length === 0) console.warn(`SKIPPED: ${DATA} is absent: ${skipped}`);
  return names;
}

/** A real network in normal form. */
export function realNetwork(name: string): Model {
  return normalForm(readModel(readFileSync(join(DATA, name)), { file: name }));
}
