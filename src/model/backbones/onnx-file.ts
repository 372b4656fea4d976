import { createHash } from "node:crypto";
import { UserError } from "../../errors.js";
import { checkModel } from "../../onnx/check.js";
import { cutAt, embeddingModel, findEmbeddings, type Model, normalForm, readModel, writeModel } from "../../onnx/index.js";
import { readMetadata } from "../../onnx/metadata.js";
import { graphOf } from "../../onnx/model.js";
import { type Shape, shapeText, tensorTypeOf } from "../../onnx/types.js";
import { expandIndex } from "../../raster/indices.js";
import type { Preprocess } from "../../raster/preprocess.js";
import type { ValuesWanted } from "../../raster/values.js";
import { type ProbeOptions, probeModel } from "../../runtime/probe.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import type { Backbone, BackboneContext } from "../backbone.js";
import { preprocessOf } from "../classifier.js";
import { MANIFEST_KEY, parseManifest } from "../manifest.js";
import { type InputOptions, type NetworkInput, parsePreprocessorConfig } from "./preprocessor-config.js";
import { type ModelSource, modelSource, type SourceOptions } from "./reference.js";

export interface OnnxBackboneOptions extends SourceOptions {
  /** The tensor to cut at; chosen by `findEmbeddings` where not given. */
  readonly embedding?: string | undefined;
  /** Preprocessing by hand; each field wins over the file beside the model. */
  readonly input?: InputOptions | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  /** Which bands its channels look at, in their order, and in which unit; else those that its description names. */
  readonly seen?: Pick<BackboneContext, keyof ValuesWanted> | undefined;
  /** Time and memory for trying the file; the defaults grow with its size. */
  readonly limits?: Pick<ProbeOptions, "timeoutMs" | "memoryMb"> | undefined;
}

/**
 * Makes a backbone of an ONNX file: tried in a process of its own, cut at its embedding, normalisation put inside.
 *
 * @param reference a path, `https://…` or `hf:<owner>/<name>/<path>`, the last two optionally with `#sha256=<hex>`
 * @throws UserError `bad-model` for what cannot serve, `bad-data` for its description, `network` and `limit` as `download`
 */
export async function openOnnxBackbone(reference: string, options: OnnxBackboneOptions = {}): Promise<Backbone> {
  const { signal, runtime, onWarning } = options;
  const source = modelSource(reference, options);
  const bytes = await source.read();
  const { file, id } = source;
  const probe = { ...options.limits, file, runtime, signal };
  await probeModel(bytes, probe);
  const network = readModel(bytes, { file });
  checkModel(network, { file });

  const { normalization, notes, ...described } =
    ownInput(network, options.input ?? {}, file) ?? (await networkInput(source, options.input ?? {}));
  const preprocess = withBands(described.preprocess, options.seen, file);
  for (const note of notes) onWarning?.(note);
  const channelsLast = layoutOf(network, preprocess, file);
  const ready = embeddingModel(cut(normalForm(network), options.embedding, file), {
    normalization: { ...normalization, channelsLast },
    widthPx: preprocess.widthPx,
    heightPx: preprocess.heightPx,
  });
  const model = writeModel(ready);
  // The second probe runs what will be used: it tells D, and that a batch of two goes through.
  const { ran } = await probeModel(model, probe);
  const [batch, embeddingSize, ...more] = ran.outputs[0].shape;
  if (batch !== ran.input[0] || more.length > 0) {
    throw new UserError(
      "bad-model",
      `${file}: ${ran.input[0]} images give an embedding of the shape [${ran.outputs[0].shape.join(", ")}]`,
      {
        hint: "The batch size is fixed inside the model, or another tensor should be the embedding. Export it with a dynamic batch.",
      },
    );
  }
  const sha256 = createHash("sha256").update(model).digest("hex");
  return { id, model, sha256, preprocess, embeddingSize };
}

/** A network that looks at other bands than it was made for: as many, in the order given. */
function withBands(preprocess: Preprocess, seen: OnnxBackboneOptions["seen"], file: string): Preprocess {
  const { bands = preprocess.bands, values = preprocess.values, derived } = seen ?? {};
  if (bands.length !== preprocess.bands.length) {
    throw new UserError("usage", `--bands ${bands.join(",")}: ${file} has ${preprocess.bands.length} channels`, {
      hint: `Name one band for each, in the order of ${preprocess.bands.join(", ")}.`,
    });
  }
  const indices = bands.flatMap((name) => {
    const formula = expandIndex(name);
    return formula === undefined ? [] : [[name, formula] as const];
  });
  const made = { ...preprocess.derived, ...Object.fromEntries(indices), ...derived };
  const used = Object.fromEntries(Object.entries(made).filter(([name]) => bands.includes(name)));
  return { ...preprocess, bands, ...(values && { values }), ...(Object.keys(used).length > 0 && { derived: used }) };
}

/** A classifier of ours says itself what it sees, and has its normalisation inside; what is said by hand wins. */
function ownInput(network: Model, input: InputOptions, file: string): NetworkInput | undefined {
  const text = readMetadata(network)[MANIFEST_KEY];
  if (text === undefined || Object.values(input).some((field) => field !== undefined)) return undefined;
  const preprocess = preprocessOf(parseManifest(text, file), file);
  const each = (value: number) => preprocess.bands.map(() => value);
  return { preprocess, normalization: { scale: 1, mean: each(0), std: each(1), reverseChannels: false }, notes: [] };
}

const WAYS =
  "Put its description beside it (<model>.json, or preprocessor_config.json in its folder or the one above, with Hugging Face's keys), " +
  "or give size, scale, mean and std by hand.";

async function networkInput(source: ModelSource, input: InputOptions): Promise<NetworkInput> {
  const complete = [input.size, input.scale, input.mean, input.std].every((field) => field !== undefined);
  // What is said by hand in full needs no file; the filter is then bilinear unless named.
  if (complete) return parsePreprocessorConfig({ resample: 2 }, source.file, input);
  const found = await source.readConfig();
  if (found === undefined) {
    throw new UserError("bad-model", `${source.file}: nothing says how images are prepared for it`, { hint: WAYS });
  }
  return parsePreprocessorConfig(found.config, found.file, input);
}

/** Whether the network wants the channels last. @throws UserError when its input does not fit the preprocessing */
function layoutOf(network: Model, { bands, widthPx, heightPx }: Preprocess, file: string): boolean {
  const { input } = normalForm(network).graph ?? {};
  const shape = (input?.[0] && tensorTypeOf(input[0])?.shape) ?? [null, null, null, null];
  const fits = (wanted: Shape) =>
    wanted.every((extent, axis) => typeof shape[axis + 1] !== "number" || shape[axis + 1] === extent);
  if (fits([bands.length, heightPx, widthPx])) return false;
  if (fits([heightPx, widthPx, bands.length])) return true;
  throw new UserError(
    "bad-model",
    `${file}: takes images ${shapeText(shape)}; the preprocessing makes [N, ${bands.length}, ${heightPx}, ${widthPx}]`,
    { hint: "Correct the size or the number of channels in the preprocessing." },
  );
}

function cut(network: Model, name: string | undefined, file: string): Model {
  const chosen = name ?? findEmbeddings(network)[0]?.name;
  if (chosen === undefined) {
    const outputs = graphOf(network).output.map((output) => `"${output.name}" ${shapeText(tensorTypeOf(output)?.shape)}`);
    throw new UserError("bad-model", `${file}: no embedding was found; its outputs are ${outputs.join(", ")}`, {
      hint: "Name the tensor [N, D] to use with --embedding; Netron shows them.",
    });
  }
  return cutAt(network, chosen);
}
