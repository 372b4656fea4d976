import { messageOf, UserError } from "../errors.js";
import { decodeModel, encodeModel, type GraphProto, type ModelProto } from "./proto.js";

/** A parsed ONNX model. Functions that transform one return a new one and leave theirs as it was. */
export type Model = ModelProto;

/**
 * Parses an ONNX file. Nothing but the syntax is checked: see `checkModel`.
 *
 * @throws UserError `bad-model` naming `file` when the bytes are not an ONNX model
 */
export function readModel(bytes: Uint8Array, { file = "the model" }: { file?: string } = {}): Model {
  if (bytes.length === 0) throw notOnnx(file, "the file is empty");
  let model: Model;
  try {
    model = decodeModel(bytes);
  } catch (error) {
    if (looksLikeText(bytes)) throw notOnnx(file, "it holds text, perhaps a web page that was saved in its place", error);
    throw notOnnx(file, `the bytes are damaged or cut off (${messageOf(error)})`, error);
  }
  if (model.graph === undefined) throw notOnnx(file, "there is no graph in it");
  return model;
}

/** Serialises a model; equal models give equal bytes. */
export function writeModel(model: Model): Uint8Array {
  return encodeModel(model);
}

/** The graph of a model. @throws UserError `bad-model` when there is none */
export function graphOf(model: Model): GraphProto {
  if (model.graph === undefined) throw notOnnx("the model", "there is no graph in it");
  return model.graph;
}

/** The version of the standard operators that a model uses; 1 when it says nothing, as the specification has it. */
export function opsetOf(model: Model): number {
  const standard = model.opsetImport.find(({ domain }) => isStandard(domain));
  return standard === undefined ? 1 : Number(standard.version);
}

/** Whether a domain is that of the standard operators, which has two names. */
export function isStandard(domain: string): boolean {
  return domain === "" || domain === "ai.onnx";
}

function notOnnx(file: string, reason: string, cause?: unknown): UserError {
  return new UserError("bad-model", `${file}: not a readable ONNX model: ${reason}`, {
    hint: "Download or export the file again.",
    cause,
  });
}

function looksLikeText(bytes: Uint8Array): boolean {
  const head = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart();
  return head.startsWith("<") || head.startsWith("{");
}
