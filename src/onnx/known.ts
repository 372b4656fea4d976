import type { Attributes } from "./attributes.js";
import type { TensorProto } from "./proto.js";
import { typedElements } from "./tensors.js";
import { DATA_TYPES, type Dim, FLOAT, type Shape, shapeText } from "./types.js";

/** What is known of a tensor before the model runs. */
export interface Known {
  /** TensorProto.DataType. */
  readonly code?: number | undefined;
  readonly shape?: Shape | undefined;
  /**
   * The elements of a small integer or bool (0, 1) scalar or vector, such as the target of Reshape; symbols stand for symbolic
   * extents.
   */
  readonly value?: readonly Dim[] | undefined;
  /** The numbers of a small float32 constant, such as the scales of Resize. */
  readonly floats?: readonly number[] | undefined;
}

/** What a shape rule sees of a node. */
export interface NodeView {
  readonly inputs: readonly Known[];
  readonly attributes: Attributes;
  readonly outputCount: number;
}

/** Derives what is known of a node's outputs. @throws ShapeError when its inputs cannot go together */
export type ShapeRule = (node: NodeView) => readonly Known[];

/** Tensors that cannot go together. */
export class ShapeError extends Error {}

/** A tensor whose extents are not all numbers before the graph runs. */
export class UnknownExtents extends RangeError {
  constructor(value: string, shape: Shape | undefined) {
    super(`the extents of "${value}" ${shapeText(shape)} are not known before the graph runs`);
  }
}

/** What an initializer tells before the model runs. */
export function knownOf(tensor: TensorProto): Known {
  const shape = tensor.dims.map(Number);
  const floats = floatsOf(tensor);
  return { code: tensor.dataType, shape, value: integersOf(tensor), ...(floats && { floats }) };
}

/** Longer integer tensors are data, not shapes. */
export const LONGEST_VALUE = 64;
/** One scale an axis. */
const LONGEST_SCALES = 8;

function floatsOf(tensor: TensorProto): readonly number[] | undefined {
  const count = tensor.dims.reduce((product, dim) => product * Number(dim), 1);
  if (tensor.dataType !== FLOAT || tensor.dims.length !== 1 || count > LONGEST_SCALES) return undefined;
  if (tensor.rawData.length === 0) return tensor.floatData.length === count ? tensor.floatData : undefined;
  if (tensor.rawData.length !== 4 * count) return undefined;
  const view = new DataView(tensor.rawData.buffer, tensor.rawData.byteOffset, tensor.rawData.byteLength);
  return Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
}

function integersOf(tensor: TensorProto): readonly number[] | undefined {
  const type = DATA_TYPES[tensor.dataType];
  const count = tensor.dims.reduce((product, dim) => product * Number(dim), 1);
  if (tensor.dims.length > 1 || count > LONGEST_VALUE || (type?.name !== "int64" && type?.name !== "int32")) return undefined;
  const raw = tensor.rawData;
  if (raw.length === 0) {
    const elements = typedElements(tensor);
    return elements.length === count ? elements.map(Number) : undefined;
  }
  if (raw.length !== (count * type.bits) / 8) return undefined;
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Array.from({ length: count }, (_, i) =>
    type.bits === 64 ? Number(view.getBigInt64(8 * i, true)) : view.getInt32(4 * i, true),
  );
}

/** Shape of two tensors broadcast together, as NumPy does it. @throws ShapeError */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, index) => {
    const left = a[a.length - rank + index] ?? (index < rank - a.length ? 1 : null);
    const right = b[b.length - rank + index] ?? (index < rank - b.length ? 1 : null);
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    if (typeof left === "number" && typeof right === "number") {
      throw new ShapeError(`${shapeText(a)} and ${shapeText(b)} do not broadcast`);
    }
    if (typeof left === "number") return left;
    return typeof right === "number" ? right : null;
  });
}
