import { float32, int64, sizeOf, type Tensor } from "../tensor.js";
import { attributesOf } from "./attributes.js";
import { constantTensor } from "./constant-node.js";
import { type Known, knownOf } from "./known.js";
import { graphOf, isStandard, type Model } from "./model.js";
import { neededPart } from "./needed.js";
import { changed, type GraphProto, type NodeProto, type TensorProto } from "./proto.js";
import { renameNode } from "./rename.js";
import { declarationsFor, inferForeignNode, withDeclared } from "./shapes.js";
import { tensorFrom, tensorProto } from "./tensors.js";
import { BOOL, DATA_TYPES, FLOAT, FLOAT64, INT32, INT64, type Shape, shapeText, tensorTypeOf, valueInfo } from "./types.js";

/**
 * The same network for inputs of fixed shapes, the batch too: what is computed from shapes and constants alone becomes
 * initializers, copies of constants are gone, and so is what nothing needs any more. What the graph declares of the tensors between its
 * nodes counts, and stays, where no rule tells their shape. The model is in normal form.
 *
 * @param inputs the shape of each graph input by name; one that is not named stays as it is declared
 * @throws RangeError when there is no such input, or its declared shape is another one
 */
export function foldShapes(model: Model, inputs: Readonly<Record<string, readonly number[]>>): Model {
  const declared = graphOf(model);
  const input = fixedInputs(declared, inputs);
  const shapes = new Map(input.map((info) => [info.name, tensorTypeOf(info)?.shape]));
  const graph = changed(declared, { input, valueInfo: declarationsFor(declared, (name) => shapes.get(name)) });
  const { node, constants, known, described } = folded(graph);
  const output = graph.output.map((info) => {
    const { code, shape } = known.get(info.name) ?? {};
    const type = tensorTypeOf(info);
    // What no rule tells, the declaration may.
    const whole = shape?.map((extent, axis) => extent ?? type?.shape?.[axis] ?? null);
    return whole ? valueInfo(info.name, { code: type?.code ?? code ?? FLOAT, shape: whole }) : info;
  });
  const initializer = [...constants.values()];
  return changed(model, { graph: neededPart(changed(graph, { node, output, initializer, valueInfo: described })) });
}

function fixedInputs(graph: GraphProto, shapes: Readonly<Record<string, readonly number[]>>): GraphProto["input"] {
  const unknown = Object.keys(shapes).find((name) => graph.input.every((info) => info.name !== name));
  if (unknown !== undefined) throw new RangeError(`the graph has no input "${unknown}"`);
  return graph.input.map((info) => {
    if (!Object.hasOwn(shapes, info.name)) return info;
    const shape = shapes[info.name];
    const type = tensorTypeOf(info);
    const fits =
      type?.shape === undefined ||
      (type.shape.length === shape.length &&
        type.shape.every((extent, axis) => typeof extent !== "number" || extent === shape[axis]));
    if (!fits) throw new RangeError(`input "${info.name}" is ${shapeText(type?.shape)}, not ${shapeText(shape)}`);
    return valueInfo(info.name, { code: type?.code ?? FLOAT, shape });
  });
}

interface Folded {
  /** The nodes that are left, in order. */
  readonly node: NodeProto[];
  readonly constants: ReadonlyMap<string, TensorProto>;
  readonly known: ReadonlyMap<string, Known>;
  /** Declarations that were needed. */
  readonly described: GraphProto["valueInfo"];
}

/** One pass in the order of the nodes: what each of them makes is known before it is read. */
function folded(graph: GraphProto): Folded {
  const constants = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const known = new Map(graph.initializer.map((tensor) => [tensor.name, knownOf(tensor)]));
  for (const info of graph.input) known.set(info.name, tensorTypeOf(info) ?? {});
  const declared = new Map(graph.valueInfo.map((info) => [info.name, info]));
  const described: GraphProto["valueInfo"] = [];
  const outputs = new Set(graph.output.map(({ name }) => name));
  /** Copies of constants → the constant: weights that several nodes share stay one. */
  const copies = new Map<string, string>();
  const node: NodeProto[] = [];
  for (const original of graph.node) {
    const item = copies.size > 0 ? renameNode(original, (name) => copies.get(name) ?? name) : original;
    const source = copiedConstant(item, constants);
    if (source !== undefined && !outputs.has(item.output[0])) {
      copies.set(item.output[0], source.name);
      continue;
    }
    const inferred = inferForeignNode(item, known);
    item.output.forEach((name, index) => {
      if (name === "") return;
      const info = declared.get(name);
      known.set(name, withDeclared(inferred[index], info));
      if (info && known.get(name) !== inferred[index]) described.push(info);
    });
    const tensor = item.output.length === 1 ? (tensorOf(inferred[0]) ?? computed(item, { constants, known })) : undefined;
    if (tensor === undefined) {
      node.push(item);
      continue;
    }
    const [name] = item.output;
    constants.set(name, changed(tensor, { name }));
    const { value = inferred[0].value, ...type } = knownOf(tensor);
    known.set(name, { ...type, value });
  }
  return { node, constants, known, described };
}

/** The constant that a node passes on unchanged, if it does no more than that. */
function copiedConstant(node: NodeProto, constants: ReadonlyMap<string, TensorProto>): TensorProto | undefined {
  if (!isStandard(node.domain) || node.output.length !== 1) return undefined;
  const source = constants.get(node.input[0] ?? "");
  return source && COPIES[node.opType]?.(node, source, constants) ? source : undefined;
}

/** Whether a node copies its first input. */
type CopyRule = (node: NodeProto, source: TensorProto, constants: ReadonlyMap<string, TensorProto>) => boolean;

const COPIES: Readonly<Record<string, CopyRule>> = {
  Identity: () => true,
  Cast: (node, { dataType }) => attributesOf(node).int("to", 0) === dataType,
  Dropout(node, _, constants) {
    const [, , training = ""] = node.input;
    if (training === "") return true;
    const constant = constants.get(training);
    return constant?.dataType === BOOL && tensorFrom(constant).data[0] === 0;
  },
};

/** The tensor whose elements shape inference knows. */
function tensorOf({ code, shape, value }: Known): TensorProto | undefined {
  if (!isFixed(shape) || !value?.every((item) => Number.isSafeInteger(item)) || value.length !== sizeOf(shape)) return undefined;
  const cast = code === INT64 || code === INT32 || code === BOOL ? CASTS[code] : undefined;
  const tensor = cast?.(shape, value.map(Number));
  return tensor && tensorProto("", tensor);
}

function isFixed(shape: Shape | undefined): shape is readonly number[] {
  return shape?.every((extent) => typeof extent === "number") ?? false;
}

type Facts = Pick<Folded, "constants" | "known">;

function computed(node: NodeProto, facts: Facts): TensorProto | undefined {
  return isStandard(node.domain) ? COMPUTED[node.opType]?.(node, facts) : undefined;
}

/** More elements are made when the model runs, not kept in the file. */
const MOST_ELEMENTS = 2 ** 20;

/** Operators whose result is worked out here when their inputs are constants. */
const COMPUTED: Readonly<Record<string, (node: NodeProto, facts: Facts) => TensorProto | undefined>> = {
  Constant: constantTensor,
  Cast(node, { constants }) {
    const source = constants.get(node.input[0]);
    const cast = CASTS[attributesOf(node).int("to", 0)];
    if (source === undefined || cast === undefined || !isReadable(source)) return undefined;
    const { shape, data } = tensorFrom(source);
    const tensor = cast(shape, [...data].map(Number));
    return tensor && tensorProto("", tensor);
  },
  ConstantOfShape(node, { known }) {
    const shape = known.get(node.input[0])?.value;
    const filling = attributesOf(node).tensor("value") ?? tensorProto("", float32([1], [0]));
    const cast = CASTS[filling.dataType];
    if (!isFixed(shape) || sizeOf(shape) > MOST_ELEMENTS || cast === undefined || !isReadable(filling)) return undefined;
    const tensor = cast(shape, new Array<number>(sizeOf(shape)).fill(Number(tensorFrom(filling).data[0])));
    return tensor && tensorProto("", tensor);
  },
};

function isReadable({ dataType }: TensorProto): boolean {
  return DATA_TYPES[dataType]?.dtype !== undefined;
}

/** Element type → the tensor of these numbers, undefined where one of them cannot be told in it. */
const CASTS: Readonly<Record<number, (shape: readonly number[], values: readonly number[]) => Tensor | undefined>> = {
  [FLOAT]: (shape, values) => float32(shape, values),
  [FLOAT64]: (shape, values) => ({ dtype: "float64", shape, data: Float64Array.from(values) }),
  [INT64](shape, values) {
    const whole = values.map(Math.trunc);
    return whole.every(Number.isSafeInteger) ? int64(shape, whole) : undefined;
  },
  [INT32](shape, values) {
    const data = Int32Array.from(values);
    return data.every((value, i) => value === Math.trunc(values[i])) ? { dtype: "int32", shape, data } : undefined;
  },
  [BOOL]: (shape, values) => ({ dtype: "bool", shape, data: Uint8Array.from(values, (value) => Number(value !== 0)) }),
};
