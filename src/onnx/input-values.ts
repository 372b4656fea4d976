import { UserError } from "../errors.js";
import { attributesOf } from "./attributes.js";
import { graphOf, type Model } from "./model.js";
import type { GraphProto, NodeProto, TensorProto } from "./proto.js";
import { readsOf } from "./rename.js";
import { IMAGE } from "./surgery.js";
import { tensorFrom } from "./tensors.js";
import { tensorTypeOf } from "./types.js";

/** What the first nodes of an embedding model make of the pixels: value = pixel · factor + shift, channel by channel. */
export interface InputValues {
  /** Which channel of `image` each of the network's channels is: [2, 1, 0] for a BGR network. */
  readonly order: readonly number[];
  /** In the network's order, as is `shift`. */
  readonly factor: readonly number[];
  readonly shift: readonly number[];
  /** The network itself standardises its input with the moments of its training data: mean 0 and deviation 1 are expected. */
  readonly standardized: boolean;
  /** The last tensor that was followed: it holds the values, or what a standardising BatchNormalization makes them of. */
  readonly tensor: string;
}

interface State extends Omit<InputValues, "tensor"> {
  /** Where the channels are: 1, or 3 behind a transposition. */
  readonly axis: number;
}

/** The values that a node makes of its input, or undefined where that is not one factor and one shift per channel. */
type Rule = (state: State, node: NodeProto, constants: readonly (TensorProto | undefined)[]) => State | undefined;

/** A network does not scale its input more often than this. */
const MOST_NODES = 32;

/** Follows the pixels through the nodes that only scale, shift or reorder channels, up to the first that does more. */
export function inputValues(model: Model): InputValues {
  const graph = graphOf(model);
  const image = graph.input.find(({ name }) => name === IMAGE) ?? graph.input[0];
  const channels = tensorTypeOf(image)?.shape?.[1];
  const size = typeof channels === "number" ? channels : 1;
  let state: State = {
    order: Array.from({ length: size }, (_, i) => i),
    factor: new Array<number>(size).fill(1),
    shift: new Array<number>(size).fill(0),
    standardized: false,
    axis: 1,
  };
  let tensor = image.name;
  for (let step = 0; step < MOST_NODES && !state.standardized; step++) {
    const readers = graph.node.filter((node) => readsOf(node).includes(tensor));
    const [node] = readers;
    if (readers.length !== 1 || graph.output.some(({ name }) => name === tensor)) break;
    const constants = node.input.map((name) => constantOf(graph, name));
    const next = followed(state, node, constants);
    if (next === undefined) break;
    state = next;
    if (!next.standardized) tensor = node.output[0];
  }
  const { order, factor, shift, standardized } = state;
  return { order, factor, shift, standardized, tensor };
}

function followed(...[state, node, constants]: Parameters<Rule>): State | undefined {
  try {
    return RULES[node.opType]?.(state, node, constants);
  } catch (error) {
    if (error instanceof UserError) return undefined; // half precision, or weights in another file: the values end here
    throw error;
  }
}

/** Where every kind of node that is followed leads. */
const RULES: Readonly<Record<string, Rule>> = {
  Identity: (state) => state,
  Dropout: (state) => state,
  Cast: (state) => state,
  // Cuts off what is below 0 and above 1, and changes nothing between.
  HardSigmoid(state, node) {
    const attributes = attributesOf(node);
    return attributes.float("alpha", 0.2) === 1 && attributes.float("beta", 0.5) === 0 ? state : undefined;
  },
  Transpose(state, node) {
    const axis = attributesOf(node).ints("perm")?.indexOf(state.axis) ?? -1;
    return axis < 0 ? undefined : { ...state, axis };
  },
  Gather(state, node, [, indices]) {
    const picked = indices && Array.from(tensorFrom(indices).data, Number);
    const size = state.order.length;
    const axis = attributesOf(node).int("axis", 0);
    if (picked?.length !== size || (axis < 0 ? axis + 4 : axis) !== state.axis) return undefined;
    const from = picked.map((index) => (index < 0 ? index + size : index));
    const { order, factor, shift } = state;
    if (!from.every((index) => index < size)) return undefined;
    return { ...state, order: from.map((i) => order[i]), factor: from.map((i) => factor[i]), shift: from.map((i) => shift[i]) };
  },
  Mul(state, _, constants) {
    const by = perChannel(constants[1] ?? constants[0], state);
    return by && affine(state, { by });
  },
  Div(state, _, [, divisor]) {
    const values = perChannel(divisor, state);
    return values && affine(state, { by: values.map((value) => 1 / value) });
  },
  Add(state, _, constants) {
    const more = perChannel(constants[1] ?? constants[0], state);
    return more && affine(state, { more });
  },
  Sub(state, _, [whole, part]) {
    const less = perChannel(part, state);
    if (less) return affine(state, { more: less.map((value) => -value) });
    const more = perChannel(whole, state);
    return more && affine(state, { by: more.map(() => -1), more });
  },
  BatchNormalization(state, node, [, gamma, beta, mean, variance]) {
    const [g, b, m, v] = [gamma, beta, mean, variance].map((tensor) => perBand(tensor, state));
    if (state.axis !== 1 || !g || !b || !m || !v) return undefined;
    const epsilon = attributesOf(node).float("epsilon", 1e-5);
    const by = v.map((value) => 1 / Math.sqrt(value + epsilon));
    const centred = affine(state, { by, more: m.map((value, k) => -value * by[k]) });
    // A variance of 1 was never measured: such a node only stands for the subtraction of a mean.
    if (by.some((value) => Math.abs(value - 1) > 0.01)) return { ...centred, standardized: true };
    return affine(centred, { by: g, more: b });
  },
};

/** value' = value · by + more, channel by channel. */
function affine(state: State, { by, more }: { readonly by?: readonly number[]; readonly more?: readonly number[] }): State {
  return {
    ...state,
    factor: state.factor.map((value, k) => value * (by?.[k] ?? 1)),
    shift: state.shift.map((value, k) => value * (by?.[k] ?? 1) + (more?.[k] ?? 0)),
  };
}

/** A constant that is one number, or one for each channel along the axis of the channels `[C]`. */
function perChannel(tensor: TensorProto | undefined, { order, axis }: State): readonly number[] | undefined {
  if (tensor === undefined) return undefined;
  const dims = tensor.dims.map(Number);
  const count = dims.reduce((product, extent) => product * extent, 1);
  if (count === 1) return order.map(() => numbers(tensor)[0]);
  // Broadcasting aligns the axes from the right.
  const along = dims.findIndex((extent) => extent > 1) + 4 - dims.length;
  return count === order.length && along === axis ? numbers(tensor) : undefined;
}

function perBand(tensor: TensorProto | undefined, { order }: State): number[] | undefined {
  return tensor?.dims.length === 1 && Number(tensor.dims[0]) === order.length ? numbers(tensor) : undefined;
}

function numbers(tensor: TensorProto): number[] {
  return Array.from(tensorFrom(tensor).data, Number);
}

function constantOf(graph: GraphProto, name: string): TensorProto | undefined {
  const weight = graph.initializer.find((tensor) => tensor.name === name);
  if (weight) return weight;
  const node = graph.node.find(({ opType, output }) => opType === "Constant" && output.includes(name));
  return node && attributesOf(node).tensor("value");
}
