import { stat } from "node:fs/promises";
import { compiledFile } from "../compiled.js";
import { UserError } from "../errors.js";
import { unreadable } from "../files.js";
import { isolate } from "../isolate.js";
import type { RuntimeChoice, SessionPort } from "./session.js";

/** What the child process is given. */
export interface ProbeInput {
  /** A path or the serialised model. */
  readonly model: string | Uint8Array;
  readonly file: string;
  readonly runtime: RuntimeChoice;
}

/** What is known of a model that opened and ran. */
export interface ProbeResult {
  /** As the file declares them. */
  readonly inputs: readonly SessionPort[];
  readonly outputs: readonly SessionPort[];
  /** The shapes of the one run. */
  readonly ran: {
    readonly input: readonly number[];
    readonly outputs: readonly { readonly name: string; readonly dtype: string; readonly shape: readonly number[] }[];
  };
}

export interface ProbeOptions {
  /** Names the model in messages; the path by default. */
  readonly file?: string | undefined;
  /** Default: 4 s and 1 s for each MB, at most 2 minutes. */
  readonly timeoutMs?: number | undefined;
  /** Default: 512 MB, and six times the model. */
  readonly memoryMb?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The largest model that is read; a file of protocol buffers cannot be larger. */
export const MAX_MODEL_BYTES = 2 ** 31;

/**
 * Tries a model that is not ours in a process of its own: parse, `checkModel`, open, run once, outputs finite. Whatever it
 * holds, this process goes on.
 *
 * @param model a path or the serialised model
 * @throws UserError `bad-model` with the reason, `limit` when it hangs or eats the memory, `not-found`, `bad-file`, `aborted`
 */
export async function probeModel(model: string | Uint8Array, options: ProbeOptions = {}): Promise<ProbeResult> {
  const file = options.file ?? (typeof model === "string" ? model : "the model");
  const bytes = typeof model === "string" ? await sizeOfFile(model) : model.byteLength;
  if (bytes > MAX_MODEL_BYTES) {
    throw new UserError("limit", `${file}: ${bytes} bytes are more than the ${MAX_MODEL_BYTES} that an ONNX file can have`, {
      hint: "Check that this is the model; weights in a file of their own are not supported.",
    });
  }
  const megabytes = bytes / 2 ** 20;
  const result = await isolate({
    task: compiledFile("./probe-task.js", import.meta.url),
    input: { model, file, runtime: options.runtime ?? "auto" } satisfies ProbeInput,
    subject: file,
    crash: "bad-model",
    timeoutMs: options.timeoutMs ?? Math.min(4000 + 1000 * megabytes, 120_000),
    memoryMb: options.memoryMb ?? Math.ceil(512 + 6 * megabytes),
    signal: options.signal,
  });
  // probe-task.ts returns nothing else.
  return result as ProbeResult;
}

async function sizeOfFile(path: string): Promise<number> {
  const status = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, "Check the path for typing mistakes, and the permissions of the file.", cause);
  });
  if (status.isFile()) return status.size;
  throw new UserError("bad-file", `${path}: is not a regular file`, {
    hint: "Give an .onnx file, not a folder, a pipe or a device.",
  });
}
