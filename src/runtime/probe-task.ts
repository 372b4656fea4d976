// Runs inside the child process of `probeModel`.
import { readFile } from "node:fs/promises";
import { UserError } from "../errors.js";
import { checkModel } from "../onnx/check.js";
import { readModel } from "../onnx/model.js";
import { float32, sizeOf } from "../tensor.js";
import { openSession } from "./open.js";
import type { ProbeInput, ProbeResult } from "./probe.js";
import type { SessionPort } from "./session.js";

/** What an image network that leaves its sizes open is tried with. */
const DEFAULT_SHAPE = [2, 3, 224, 224];
const MOST_INPUT_BYTES = 2 ** 28;

/** Checks, opens and runs a model once. @throws UserError `bad-model` with the reason */
export async function task({ model, file, runtime }: ProbeInput): Promise<ProbeResult> {
  const bytes = typeof model === "string" ? await readFile(model) : model;
  checkModel(readModel(bytes, { file }), { file });
  const session = await openSession(bytes, { file, threads: 1, runtime });
  const [input] = session.inputs;
  const shape = DEFAULT_SHAPE.map((extent, axis) => {
    const declared = input.shape[axis];
    return typeof declared === "number" ? declared : extent;
  });
  if (4 * sizeOf(shape) > MOST_INPUT_BYTES) {
    throw new UserError("limit", `${file}: input "${input.name}" [${input.shape.join(", ")}] is larger than any image`);
  }
  // Small numbers that differ: zeros would hide an infinite weight, and large ones could overflow float16.
  const image = float32(
    shape,
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 37) % 251) / 251),
  );
  const results = await session.run({ [input.name]: image });
  const outputs = session.outputs.map(({ name }) => {
    const { dtype, shape, data } = results[name];
    if ((data instanceof Float32Array || data instanceof Float64Array) && !data.every(Number.isFinite)) {
      throw new UserError("bad-model", `${file}: output "${name}" holds NaN or infinite numbers for an ordinary image`, {
        hint: "The weights are damaged, or training had diverged. Download or export the file again.",
      });
    }
    return { name, dtype, shape };
  });
  return { inputs: session.inputs.map(plainPort), outputs: session.outputs.map(plainPort), ran: { input: shape, outputs } };
}

function plainPort({ name, dtype, shape }: SessionPort): SessionPort {
  return { name, dtype, shape: [...shape] };
}
