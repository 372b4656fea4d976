import { createHash } from "node:crypto";
import { UserError } from "../../errors.js";
import { checkModel } from "../../onnx/check.js";
import {
  cutAt,
  embeddingModel,
  findEmbeddings,
  type Model,
  type Normalization,
  normalForm,
  readModel,
  writeModel,
} from "../../onnx/index.js";
import { inputValues } from "../../onnx/input-values.js";
import { readMetadata } from "../../onnx/metadata.js";
import { graphOf } from "../../onnx/model.js";
import { type Shape, shapeText, tensorTypeOf } from "../../onnx/types.js";
import { RGB } from "../../raster/bands.js";
import { expandIndex } from "../../raster/indices.js";
import type { Preprocess } from "../../raster/preprocess.js";
import { measuredValues } from "../../raster/seen-values.js";
import type { ValuesWanted } from "../../raster/values.js";
import { type ProbeOptions, probeModel } from "../../runtime/probe.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import type { Backbone, BackboneContext } from "../backbone.js";
import { preprocessOf } from "../classifier.js";
import { expectedInput } from "../expected-input.js";
import { bandNormalization, checkNormalization, measureNormalization, type NormalizeMethod } from "../input-normalization.js";
import { MANIFEST_KEY, parseManifest } from "../manifest.js";
import { type InputOptions, type NetworkInput, parsePreprocessorConfig } from "./preprocessor-config.js";
import { type ModelSource, modelSource, type SourceOptions } from "./reference.js";
import { readTrainingImages } from "./training-images.js";

export interface OnnxBackboneOptions extends SourceOptions {
  /** The tensor to cut at; chosen by `findEmbeddings` where not given. */
  readonly embedding?: string | undefined;
  /** Preprocessing by hand; each field wins over the file beside the model. */
  readonly input?: InputOptions | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  /** Which bands its channels look at, in their order, and in which unit; else those that its description names. */
  readonly seen?: Pick<BackboneContext, keyof ValuesWanted> | undefined;
  /** Brings the bands of these training images to what the network takes, before its own normalisation. */
  readonly normalize?: { readonly method: NormalizeMethod; readonly context: BackboneContext } | undefined;
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

  const { normalization, notes, undescribed = false, ...outside } = await describedInput(source, network, options);
  const ofNetwork = withBands(outside.preprocess, options.seen, file);
  for (const note of notes) onWarning?.(note);
  const { widthPx, heightPx } = ofNetwork;
  const own = { ...normalization, channelsLast: layoutOf(network, ofNetwork, file) };
  const body = cut(normalForm(network), options.embedding, file);
  const plain = embeddingModel(body, { normalization: own, widthPx, heightPx });
  const found =
    options.normalize &&
    (await normalizedInput(plain, own, { preprocess: ofNetwork, undescribed }, { ...options.normalize, file, id }));
  const preprocess = found?.preprocess ?? ofNetwork;
  const model = writeModel(found ? embeddingModel(body, { normalization: found.normalization, widthPx, heightPx }) : plain);
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
  return { id, model, sha256, preprocess, embeddingSize, ...(found && { normalize: found.normalize }) };
}

/** Training images looked at for the values of their bands, the longest side that they keep, and values of each. */
const IMAGES = 256;
const MOST_PX = 256;
const VALUES_PER_IMAGE = 1024;

/** What is measured of the training images goes before the network's own normalisation, or in its place. */
async function normalizedInput(
  plain: Model,
  own: Normalization,
  { preprocess, undescribed }: Pick<NetworkInput, "preprocess" | "undescribed">,
  { method, context, file, id }: NonNullable<OnnxBackboneOptions["normalize"]> & { readonly file: string; readonly id: string },
) {
  if (!undescribed) {
    const values = inputValues(plain);
    const expected = expectedInput({ id, preprocess }, values);
    checkNormalization(method, { file, expected, ownFirstLayer: values.standardized });
  }
  const { bands, derived } = preprocess;
  const { rasters, seen } = await readTrainingImages({ ...context, bands, values: preprocess.values, derived }, IMAGES, MOST_PX);
  const samples = rasters.map((raster) => measuredValues(raster, seen, VALUES_PER_IMAGE));
  const normalize = measureNormalization(method, samples, bands);
  const after: Readonly<Record<NormalizeMethod, Normalization>> = {
    standardize: { ...own, scale: 1, mean: bands.map(() => 0), std: bands.map(() => 1) },
    stretch: { ...own, scale: own.scale * preprocess.range[1] },
  };
  return {
    normalize,
    normalization: { ...after[method], bands: bandNormalization(normalize) },
    preprocess: { ...preprocess, ...seen },
  };
}

/** What a network was trained on: it says so itself, a file beside it does, or it is said by hand. */
async function describedInput(
  source: ModelSource,
  network: Model,
  { input = {}, seen, normalize }: OnnxBackboneOptions,
): Promise<NetworkInput> {
  const { file } = source;
  const own = ownInput(network, input, file);
  if (own !== undefined && normalize !== undefined) {
    throw new UserError("usage", `--normalize ${normalize.method}: ${file} is a classifier with its normalisation inside`, {
      hint: "Leave --normalize out.",
    });
  }
  if (own !== undefined) return own;
  const byHand = [input.scale, input.mean, input.std].some((field) => field !== undefined);
  if (normalize?.method === "standardize" && byHand) {
    throw new UserError("usage", "--normalize standardize stands in the place of --scale, --mean and --std", {
      hint: "Leave them out, or leave --normalize out.",
    });
  }
  // Of a network that takes other bands than colours, only those who use it can tell which.
  return networkInput(source, { ...input, bands: input.bands ?? seen?.bands }, normalize?.method);
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
  return {
    preprocess,
    normalization: { scale: 1, mean: each(0), std: each(1), reverseChannels: false },
    notes: [],
  };
}

const WAYS =
  "Put its description beside it (<model>.json, or preprocessor_config.json in its folder or the one above, with Hugging Face's keys), " +
  "or give size, scale, mean and std by hand.";

async function networkInput(source: ModelSource, input: InputOptions, method?: NormalizeMethod): Promise<NetworkInput> {
  const complete = [input.size, input.scale, input.mean, input.std].every((field) => field !== undefined);
  // What is said by hand in full needs no file; the filter is then bilinear unless named.
  if (complete) return parsePreprocessorConfig({ resample: 2 }, source.file, input);
  const found = await source.readConfig();
  if (found === undefined && method === "standardize" && input.size !== undefined) {
    const each = (value: number) => (input.bands ?? RGB).map(() => value);
    const standard = { ...input, scale: 1, mean: each(0), std: each(1) };
    return { ...parsePreprocessorConfig({ resample: 2 }, source.file, standard), undescribed: true };
  }
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
