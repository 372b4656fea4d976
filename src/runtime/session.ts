import type { Tensor } from "../tensor.js";

/** What a session says of one of its inputs or outputs. */
export interface SessionPort {
  readonly name: string;
  /** As ONNX Runtime names it: "float32", "int64", "float16", … */
  readonly dtype: string;
  /** Numbers, or the names of symbolic extents ("N"); "" where an extent has neither. */
  readonly shape: readonly (number | string)[];
}

/** A model that is ready to run. */
export interface Session {
  readonly inputs: readonly SessionPort[];
  readonly outputs: readonly SessionPort[];
  /** What runs it: "native" or "wasm". */
  readonly runtime: Runtime;
  /**
   * Runs the model. The feeds' data is used in place: do not change it before the promise settles.
   *
   * @param fetches the outputs wanted; all of them by default
   * @param into outputs among them that are written into memory of the caller, which is no feed of the same run
   * @throws UserError `bad-model` when a feed or the memory of an output has the wrong type or shape, or an operator fails
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    fetches?: readonly string[],
    into?: Readonly<Record<string, Tensor>>,
  ): Promise<Record<string, Tensor>>;
  /** Frees the memory of the model; the session cannot run afterwards. Closing twice does nothing. */
  close(): Promise<void>;
}

export const RUNTIMES = ["native", "wasm"] as const;
export type Runtime = (typeof RUNTIMES)[number];

export interface SessionOptions {
  /** Threads inside an operator; all cores by default. The same number gives the same bits. */
  readonly threads?: number | undefined;
  /**
   * The largest tensor, in bytes, that is computed from constants when the session opens and kept as long as it lives; larger ones are
   * computed in every run and freed again. Without a limit half-precision weights become float32 once; training needs one.
   */
  readonly foldedBytes?: number | undefined;
  /** Names the model in messages. */
  readonly file?: string | undefined;
}

/** Makes a session from a serialised model. @throws UserError `bad-model` naming the file */
export type OpenSession = (model: Uint8Array, options?: SessionOptions) => Promise<Session>;

/** "auto" prefers native and falls back to WebAssembly with a warning. */
export type RuntimeChoice = "auto" | Runtime;
