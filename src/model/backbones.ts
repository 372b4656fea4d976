import { nearest, UserError } from "../errors.js";
import { INTERPOLATIONS } from "../raster/preprocess.js";
import type { RuntimeChoice } from "../runtime/session.js";
import type { Backbone, BackboneContext } from "./backbone.js";
import { openOnnxBackbone } from "./backbones/onnx-file.js";
import { openRcf } from "./backbones/rcf.js";
import { openStats } from "./backbones/stats.js";
import type { NORMALIZE_METHODS, NormalizeMethod } from "./input-normalization.js";

/** The backbones that need no file, by name. Everything else is a reference to an ONNX file. */
export const BACKBONES = {
  rcf: openRcf,
  stats: openStats,
} as const satisfies Record<string, (context: BackboneContext) => Promise<Backbone>>;

/** What an ONNX file may need beside it; the built-in backbones take nothing of it. */
export interface OpenBackboneOptions {
  readonly sizePx?: number | undefined;
  /** The network sees (pixel · scale − mean) / std. */
  readonly scale?: number | undefined;
  readonly mean?: readonly number[] | undefined;
  readonly std?: readonly number[] | undefined;
  readonly channelOrder?: "rgb" | "bgr" | undefined;
  /** A name of `INTERPOLATIONS`. */
  readonly resample?: string | undefined;
  /** Brings each band to what the network takes, by the training images: mean 0 and deviation 1, or 2 to 98 % as its whole range. */
  readonly normalize?: (typeof NORMALIZE_METHODS)[number] | undefined;
  /** Name of the tensor to cut at. */
  readonly embedding?: string | undefined;
  /** Where downloads are kept. */
  readonly cache?: string | undefined;
  readonly runtime?: RuntimeChoice | undefined;
}

/**
 * Makes a backbone ready: a name of `BACKBONES`, or the path, `https://…` or `hf:<owner>/<name>/<path>` of an ONNX file.
 *
 * @throws UserError `usage` for a word that is neither, and whatever the backbone throws
 */
export async function openBackbone(
  reference: string,
  context: BackboneContext,
  options: OpenBackboneOptions = {},
): Promise<Backbone> {
  const normalize = options.normalize === "none" ? undefined : options.normalize;
  if (isName(reference)) {
    if (normalize !== undefined) throw needless(reference, normalize);
    return BACKBONES[reference](context);
  }
  if (!/[./\\:]/.test(reference)) throw unknown(reference);
  const { sizePx, scale, mean, std, channelOrder, resample, embedding, cache, runtime } = options;
  const { bands, values, derived, signal, onProgress, onWarning } = context;
  return openOnnxBackbone(reference, {
    seen: { bands, values, derived },
    ...(normalize && { normalize: { method: normalize, context } }),
    input: { size: sizePx, scale, mean, std, channelOrder, interpolation: interpolationOf(resample) },
    embedding,
    cache,
    runtime,
    signal,
    onProgress,
    onWarning,
  });
}

function isName(reference: string): reference is keyof typeof BACKBONES {
  return Object.hasOwn(BACKBONES, reference);
}

function needless(reference: string, method: NormalizeMethod): UserError {
  return new UserError("usage", `--normalize ${method} does nothing for the backbone ${reference}`, {
    hint: "What is made of the training images, or fitted to them, is standardised by them as it is; leave it out.",
  });
}

function unknown(reference: string): UserError {
  const meant = nearest(reference, Object.keys(BACKBONES));
  return new UserError("usage", `unknown backbone "${reference}"${meant ? `; did you mean "${meant}"?` : ""}`, {
    hint: `Backbones are ${Object.keys(BACKBONES).join(", ")}, the path of an .onnx file, https://…, or hf:<owner>/<name>/<path>.`,
  });
}

function interpolationOf(name: string | undefined) {
  if (name === undefined) return undefined;
  const known = INTERPOLATIONS.find((interpolation) => interpolation === name);
  if (known === undefined) {
    throw new UserError("usage", `unknown interpolation "${name}"`, { hint: `Interpolations are ${INTERPOLATIONS.join(", ")}.` });
  }
  return known;
}
