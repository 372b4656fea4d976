// The one door to @bufbuild/protobuf: constructors for the messages that we build, and their types.
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  type ModelProto,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
} from "./onnx_pb.js";

export type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  TensorProto,
  TypeProto,
  ValueInfoProto,
} from "./onnx_pb.js";

export const newAttribute = (init: MessageInitShape<typeof AttributeProtoSchema>) => create(AttributeProtoSchema, init);
export const newGraph = (init: MessageInitShape<typeof GraphProtoSchema>) => create(GraphProtoSchema, init);
export const newModel = (init: MessageInitShape<typeof ModelProtoSchema>) => create(ModelProtoSchema, init);
export const newNode = (init: MessageInitShape<typeof NodeProtoSchema>) => create(NodeProtoSchema, init);
export const newOpset = (domain: string, version: number) =>
  create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) });
export const newEntry = (key: string, value: string) => create(StringStringEntryProtoSchema, { key, value });
export const newTensor = (init: MessageInitShape<typeof TensorProtoSchema>) => create(TensorProtoSchema, init);
export const newValueInfo = (init: MessageInitShape<typeof ValueInfoProtoSchema>) => create(ValueInfoProtoSchema, init);

/** Parses a ModelProto; byte fields are views of `bytes`. @throws Error when they are not protobuf, or nested deeper than 100 */
export const decodeModel = (bytes: Uint8Array): ModelProto => fromBinary(ModelProtoSchema, bytes);

/** Serialises with fields in number order, so that equal messages give equal bytes. */
export const encodeModel = (model: ModelProto): Uint8Array => toBinary(ModelProtoSchema, model);

/** A shallow copy of a message with some fields replaced; unknown fields are kept. */
export function changed<M extends object>(message: M, changes: Partial<M>): M {
  // The prototype of a message holds the defaults of its unset fields, so a spread would lose them.
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, changes);
}
