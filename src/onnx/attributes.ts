import type { Tensor } from "../tensor.js";
import { type AttributeProto, type GraphProto, type NodeProto, newAttribute, type TensorProto } from "./proto.js";
import { tensorProto } from "./tensors.js";

/** What an attribute may be given as; whether a number is a float or an integer follows from the attribute's name. */
export type AttributeValue = number | string | readonly number[] | readonly string[] | Tensor | GraphProto;

/** AttributeProto.AttributeType of the ONNX specification. */
const TYPE = { float: 1, int: 2, string: 3, tensor: 4, graph: 5, floats: 6, ints: 7, strings: 8 } as const;

/** Attributes that are floats in the standard operators; every other number is an integer. */
const FLOATS = new Set(
  (
    "activation_params alpha beta bias clip cubic_coeff_a epsilon extrapolation_value gamma high lambd low max mean min momentum " +
    "ratio scale scales spatial_scale threshold value value_float value_floats"
  ).split(" "),
);

/** Builds one attribute. @throws TypeError if an integer attribute is given a fraction */
export function attribute(name: string, value: AttributeValue): AttributeProto {
  const float = FLOATS.has(name);
  if (typeof value === "number") {
    return float
      ? newAttribute({ name, type: TYPE.float, f: value })
      : newAttribute({ name, type: TYPE.int, i: integer(name, value) });
  }
  if (typeof value === "string") return newAttribute({ name, type: TYPE.string, s: encoder.encode(value) });
  if (isNumbers(value)) {
    return float
      ? newAttribute({ name, type: TYPE.floats, floats: [...value] })
      : newAttribute({ name, type: TYPE.ints, ints: value.map((item) => integer(name, item)) });
  }
  if (isStrings(value)) return newAttribute({ name, type: TYPE.strings, strings: value.map((item) => encoder.encode(item)) });
  if ("dtype" in value) return newAttribute({ name, type: TYPE.tensor, t: tensorProto("", value) });
  return newAttribute({ name, type: TYPE.graph, g: value });
}

/** Reads the attributes of a node by name, with defaults. */
export interface Attributes {
  has(name: string): boolean;
  int(name: string, otherwise: number): number;
  float(name: string, otherwise: number): number;
  string(name: string, otherwise: string): string;
  ints(name: string): readonly number[] | undefined;
  floats(name: string): readonly number[] | undefined;
  tensor(name: string): TensorProto | undefined;
  /** Every attribute that is a number, a text or a list of integers or floats. */
  all(): Readonly<Record<string, AttributeValue>>;
}

/** The attributes of a node. */
export function attributesOf(node: NodeProto): Attributes {
  const find = (name: string) => node.attribute.find((candidate) => candidate.name === name);
  return {
    has: (name) => find(name) !== undefined,
    int: (name, otherwise) => Number(find(name)?.i ?? otherwise),
    float: (name, otherwise) => find(name)?.f ?? otherwise,
    string(name, otherwise) {
      const found = find(name);
      return found ? decoder.decode(found.s) : otherwise;
    },
    ints: (name) => find(name)?.ints.map(Number),
    floats: (name) => find(name)?.floats,
    tensor: (name) => find(name)?.t,
    all: () => Object.fromEntries(node.attribute.flatMap((item) => entriesOf(item))),
  };
}

function entriesOf({ name, type, f, i, s, floats, ints }: AttributeProto): [string, AttributeValue][] {
  const read: Readonly<Record<number, () => AttributeValue>> = {
    [TYPE.float]: () => f,
    [TYPE.int]: () => Number(i),
    [TYPE.string]: () => decoder.decode(s),
    [TYPE.floats]: () => floats,
    [TYPE.ints]: () => ints.map(Number),
  };
  return Object.hasOwn(read, type) ? [[name, read[type]()]] : [];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function integer(name: string, value: number): bigint {
  if (!Number.isSafeInteger(value)) throw new TypeError(`attribute ${name} is an integer, not ${value}`);
  return BigInt(value);
}

function isNumbers(value: object): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

function isStrings(value: object): value is readonly string[] {
  return Array.isArray(value);
}
