import { graphOf, type Model } from "./model.js";
import type { GraphProto, NodeProto, TensorProto } from "./proto.js";
import { typedElements } from "./tensors.js";
import { DATA_TYPES } from "./types.js";

/** Protocol buffers end at 2 GiB, so no tensor inside one file can be larger. */
const MOST_BYTES = 2 ** 31;
const EXTERNAL = 1;

/** Every tensor that a model holds: weights, attributes, sparse values, in bodies, functions and training graphs too. */
export function* tensorsOf(model: Model): Generator<TensorProto> {
  yield* inGraph(graphOf(model));
  for (const { node } of model.functions) yield* inNodes(node);
  for (const { initialization, algorithm } of model.trainingInfo) {
    if (initialization) yield* inGraph(initialization);
    if (algorithm) yield* inGraph(algorithm);
  }
}

function* inGraph(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer;
  for (const { values, indices } of graph.sparseInitializer) {
    if (values) yield values;
    if (indices) yield indices;
  }
  yield* inNodes(graph.node);
}

function* inNodes(nodes: readonly NodeProto[]): Generator<TensorProto> {
  for (const { attribute } of nodes) {
    for (const { t, tensors, g, graphs, sparseTensor, sparseTensors } of attribute) {
      if (t) yield t;
      yield* tensors;
      for (const sparse of sparseTensor ? [sparseTensor, ...sparseTensors] : sparseTensors) {
        if (sparse.values) yield sparse.values;
        if (sparse.indices) yield sparse.indices;
      }
      for (const body of g ? [g, ...graphs] : graphs) yield* inGraph(body);
    }
  }
}

/** What is wrong with a tensor, as the rest of a sentence, or undefined. */
export function checkTensor(tensor: TensorProto): string | undefined {
  if (tensor.dataLocation === EXTERNAL || tensor.externalData.length > 0) {
    return "keeps its data outside the file, which is refused: save the model with its weights inside";
  }
  const type = DATA_TYPES[tensor.dataType];
  if (type === undefined) return `has the unknown data type ${tensor.dataType}`;
  const shape = `[${tensor.dims.slice(0, 8).join(", ")}]`;
  if (tensor.dims.some((extent) => extent < 0n)) return `has a negative extent: ${shape}`;
  const count = tensor.dims.reduce((product, extent) => product * Number(extent), 1);
  if ((count * type.bits) / 8 > MOST_BYTES) return `claims ${count} elements: ${shape}`;
  if (type.name === "string") return tensor.stringData.length === count ? undefined : `holds not ${count} strings`;
  const expected = Math.ceil((count * type.bits) / 8);
  const raw = tensor.rawData.length;
  const elements = typedElements(tensor).length;
  if (raw > 0 || elements === 0) {
    if (raw !== expected) return `has ${raw} bytes; its shape ${shape} of ${type.name} needs ${expected}`;
  } else if (elements !== elementsExpected(type.name, type.bits, count)) {
    return `has ${elements} elements; its shape is ${shape}`;
  }
  return finite(tensor, type.name, count) ? undefined : "holds NaN or infinite numbers";
}

/** Complex numbers take two entries of the typed field, 4-bit numbers share one. */
function elementsExpected(name: string, bits: number, count: number): number {
  if (name.startsWith("complex")) return 2 * count;
  return bits < 8 ? Math.ceil((count * bits) / 8) : count;
}

/** Whether all numbers are finite. A single infinite one may be a bound (Clip, a mask's fill); NaN never means anything. */
function finite(tensor: TensorProto, name: string, count: number): boolean {
  const read = READERS[name];
  if (read === undefined) return true;
  const { rawData: raw } = tensor;
  if (raw.length === 0) {
    if (name === "float16" || name === "bfloat16") return tensor.int32Data.every((bits) => EXPONENTS[name](bits) || count === 1);
    return typedElements(tensor).every(
      (value) => Number.isFinite(Number(value)) || (count === 1 && !Number.isNaN(Number(value))),
    );
  }
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let offset = 0; offset < raw.length; offset += raw.length / count) {
    const value = read(view, offset);
    if (!Number.isFinite(value) && (count > 1 || Number.isNaN(value))) return false;
  }
  return true;
}

/** Whether the bits of a 16-bit float are a finite number: its exponent is not all ones. */
const EXPONENTS = {
  float16: (bits: number) => (bits & 0x7c00) !== 0x7c00,
  bfloat16: (bits: number) => (bits & 0x7f80) !== 0x7f80,
} as const;

/** Reads one number; 16-bit floats only as finite (0) or not. */
const READERS: Readonly<Record<string, (view: DataView, offset: number) => number>> = {
  float32: (view, offset) => view.getFloat32(offset, true),
  float64: (view, offset) => view.getFloat64(offset, true),
  float16: (view, offset) => (EXPONENTS.float16(view.getUint16(offset, true)) ? 0 : Number.POSITIVE_INFINITY),
  bfloat16: (view, offset) => (EXPONENTS.bfloat16(view.getUint16(offset, true)) ? 0 : Number.POSITIVE_INFINITY),
};
