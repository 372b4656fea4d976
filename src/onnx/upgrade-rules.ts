import { float32, int64, type Tensor } from "../tensor.js";
import { type AttributeValue, attribute, attributesOf } from "./attributes.js";
import type { Known } from "./known.js";
import { changed, type NodeProto, newNode } from "./proto.js";
import { FLOAT } from "./types.js";

/** What an upgrade may ask of the model around a node, and add to it. */
export interface UpgradeContext {
  /** What is known of a tensor before the model runs. */
  known(name: string): Known;
  /** The elements of a constant of float32, undefined for anything else. */
  floats(name: string): readonly number[] | undefined;
  /** Whether a node or the graph's outputs read a tensor. */
  isRead(name: string): boolean;
  /** A name that no tensor has yet, like the one that is given. */
  fresh(name: string): string;
  /** Adds an initializer and returns its name. */
  constant(name: string, tensor: Tensor): string;
}

/** Writes a node as the operator version in question wants it; the nodes stand in order. Undefined: it cannot be said there. */
export type Upgrade = (node: NodeProto, context: UpgradeContext) => readonly NodeProto[] | undefined;

/** The form of an operator that came with a version of the standard operators. */
export interface UpgradeRow {
  readonly since: number;
  readonly upgrade: Upgrade;
}

/** A new node. It has no name, because names of nodes must differ too. */
function made(
  opType: string,
  input: readonly string[],
  output: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): NodeProto {
  const list = Object.entries(attributes).map(([name, value]) => attribute(name, value));
  return newNode({ opType, input: [...input], output: [output], attribute: list });
}

/** A node with other inputs and other attributes: `drop` leaves some out, `set` replaces or adds some. */
function rewritten(
  node: NodeProto,
  {
    opType = node.opType,
    input = node.input,
    drop = [],
    set = {},
  }: {
    readonly opType?: string;
    readonly input?: readonly string[];
    readonly drop?: readonly string[];
    readonly set?: Readonly<Record<string, AttributeValue>>;
  },
): NodeProto {
  const last = input.findLastIndex((name) => name !== "");
  const kept = node.attribute.filter(({ name }) => !drop.includes(name) && !Object.hasOwn(set, name));
  const added = Object.entries(set).map(([name, value]) => attribute(name, value));
  return changed(node, { opType, input: input.slice(0, last + 1), attribute: [...kept, ...added] });
}

const vector = (values: readonly number[]) => int64([values.length], values);

/** A scalar of an element type: where that is not float32, a Cast makes it. */
function scalar(
  name: string,
  value: number,
  code: number | undefined,
  context: UpgradeContext,
): { readonly value: string; readonly nodes: readonly NodeProto[] } {
  const constant = context.constant(name, float32([], [value]));
  if (code === undefined || code === FLOAT) return { value: constant, nodes: [] };
  const cast = made("Cast", [constant], context.fresh(`${name}/cast`), { to: code });
  return { value: cast.output[0], nodes: [cast] };
}

/** A list of integers that was an attribute and became the second input; where it is absent, so is the input. */
const listInput =
  (name: string): Upgrade =>
  (node, context) => {
    const values = attributesOf(node).ints(name);
    // An empty list meant all axes, as an absent input does.
    if (values === undefined || (values.length === 0 && node.opType !== "Unsqueeze")) return [rewritten(node, { drop: [name] })];
    const input = [node.input[0], context.constant(`${node.output[0]}/${name}`, vector(values))];
    return [rewritten(node, { input, drop: [name] })];
  };

/** The largest float32: what Clip takes for a bound that is absent. */
const LARGEST = 3.4028234663852886e38;

const clip: Upgrade = (node, context) => {
  const [x] = node.input;
  const bounds = (["min", "max"] as const).map((name) => {
    const value = attributesOf(node).float(name, LARGEST);
    if (Math.abs(value) === LARGEST) return { value: "", nodes: [] };
    return scalar(`${node.output[0]}/${name}`, value, context.known(x).code, context);
  });
  const input = [x, ...bounds.map(({ value }) => value)];
  return [...bounds.flatMap(({ nodes }) => nodes), rewritten(node, { input, drop: ["min", "max"] })];
};

const pad: Upgrade = (node, context) => {
  const [x] = node.input;
  const attributes = attributesOf(node);
  const pads = context.constant(`${node.output[0]}/pads`, vector(attributes.ints("pads") ?? []));
  const filling = attributes.float("value", 0);
  const fill =
    filling === 0 ? { value: "", nodes: [] } : scalar(`${node.output[0]}/value`, filling, context.known(x).code, context);
  return [...fill.nodes, rewritten(node, { input: [x, pads, fill.value], drop: ["pads", "value"] })];
};

const slice: Upgrade = (node, context) => {
  const names = ["starts", "ends", "axes"];
  const parameters = names.map((name) => {
    const values = attributesOf(node).ints(name);
    return values ? context.constant(`${node.output[0]}/${name}`, vector(values)) : "";
  });
  return [rewritten(node, { input: [node.input[0], ...parameters], drop: names })];
};

/** Softmax, LogSoftmax, Hardmax: over all axes from `axis` on before 13, over that axis alone since. */
const softmax: Upgrade = (node, context) => {
  const [x] = node.input;
  const [y] = node.output;
  const shape = context.known(x).shape;
  const given = attributesOf(node).int("axis", 1);
  const axis = given < 0 && shape ? given + shape.length : given;
  if (shape?.slice(axis + 1).every((extent) => extent === 1)) return [rewritten(node, { set: { axis } })];
  const [size, rows, result] = ["shape", "rows", "result"].map((name) => context.fresh(`${y}/${name}`));
  return [
    made("Shape", [x], size),
    made("Flatten", [x], rows, { axis }),
    changed(rewritten(node, { input: [rows], set: { axis: 1 } }), { output: [result] }),
    made("Reshape", [result, size], y),
  ];
};

/** The mask, which was of the type of the data before 10, goes where nothing reads it. */
const dropout: Upgrade = (node, context) => {
  const ratio = context.constant(`${node.output[0]}/ratio`, float32([], [attributesOf(node).float("ratio", 0.5)]));
  const output = node.output.filter((name, index) => index === 0 || context.isRead(name));
  return [changed(rewritten(node, { input: [node.input[0], ratio], drop: ["ratio"] }), { output })];
};

/** Statistics per element [C, D1, …] instead of per channel: y = (x − mean) / √(var + ε) · scale + bias, broadcast. */
const batchNormalization: Upgrade = (node, context) => {
  const attributes = attributesOf(node);
  if (attributes.int("spatial", 1) === 1) return [rewritten(node, { drop: ["spatial"] })];
  if (node.output.length > 1) return undefined;
  const [x, scale, bias, mean, variance] = node.input;
  const [y] = node.output;
  const names = ["centred", "shifted", "deviation", "standardized", "scaled"].map((name) => context.fresh(`${y}/${name}`));
  const [centred, shifted, deviation, standardized, scaled] = names;
  const epsilon = scalar(`${y}/epsilon`, attributes.float("epsilon", 1e-5), context.known(x).code, context);
  return [
    ...epsilon.nodes,
    made("Sub", [x, mean], centred),
    made("Add", [variance, epsilon.value], shifted),
    made("Sqrt", [shifted], deviation),
    made("Div", [centred, deviation], standardized),
    made("Mul", [standardized, scale], scaled),
    made("Add", [scaled, bias], y),
  ];
};

/** Before 14, five outputs instead of one meant training: with the statistics of the batch itself. */
const batchNormalizationMode: Upgrade = (node, context) => {
  if (node.output.length === 1) return [node];
  if (node.output.slice(3).some(context.isRead)) return undefined;
  return [changed(rewritten(node, { set: { training_mode: 1 } }), { output: node.output.slice(0, 3) })];
};

/**
 * Resize of version 10 did not say which pixel is nearest. ONNX Runtime takes ⌊i / scale⌋ along axes that grow and ⌈i / scale⌉
 * along those that shrink, so a node that does both becomes two.
 */
const resize: Upgrade = (node, context) => {
  const [x, scales] = node.input;
  const [y] = node.output;
  const roi = context.constant(`${y}/roi`, float32([0], []));
  const fixed = context.floats(scales);
  const to = (input: readonly string[], nearest: string) =>
    rewritten(node, { input, set: { coordinate_transformation_mode: "asymmetric", nearest_mode: nearest } });
  if (!fixed?.some((scale) => scale < 1)) return [to([x, roi, scales], "floor")];
  if (!fixed.some((scale) => scale > 1) || attributesOf(node).string("mode", "nearest") !== "nearest") {
    return [to([x, roi, scales], "ceil")];
  }
  const part = (name: string, values: readonly number[]) => context.constant(`${y}/${name}`, float32([values.length], values));
  const [growth, shrinkage] = [fixed.map((scale) => Math.max(scale, 1)), fixed.map((scale) => Math.min(scale, 1))];
  const grown = context.fresh(`${y}/grown`);
  return [
    changed(to([x, roi, part("growth", growth)], "floor"), { output: [grown] }),
    changed(to([grown, roi, part("shrinkage", shrinkage)], "ceil"), { name: "" }),
  ];
};

/** Since 13 what is not used is left out; before, an empty tensor stood there. */
const emptyInputs: Upgrade = (node, context) => {
  const isEmpty = (name: string) => context.known(name).shape?.[0] === 0;
  return [rewritten(node, { input: node.input.map((name, index) => (index > 0 && isEmpty(name) ? "" : name)) })];
};

const upsample: Upgrade = (node, context) => {
  const scales = attributesOf(node).floats("scales") ?? [];
  const input = [node.input[0], context.constant(`${node.output[0]}/scales`, float32([scales.length], scales))];
  return [rewritten(node, { input, drop: ["scales"] })];
};

/** An experimental operator that ended with version 9: x · scale + bias, one bias per channel. */
const imageScaler: Upgrade = (node, context) => {
  const [y] = node.output;
  const attributes = attributesOf(node);
  const bias = attributes.floats("bias") ?? [];
  const factor = context.constant(`${y}/scale`, float32([], [attributes.float("scale", 1)]));
  const shift = context.constant(`${y}/bias`, float32([bias.length, 1, 1], bias));
  const scaled = context.fresh(`${y}/scaled`);
  return [made("Mul", [node.input[0], factor], scaled), made("Add", [scaled, shift], y)];
};

const topK: Upgrade = (node, context) => {
  const count = context.constant(`${node.output[0]}/k`, vector([attributesOf(node).int("k", 1)]));
  return [rewritten(node, { input: [node.input[0], count], drop: ["k"] })];
};

const splitCount: Upgrade = (node) =>
  (node.input[1] ?? "") === "" ? [rewritten(node, { set: { num_outputs: node.output.length } })] : [node];

const GRID_MODES: Readonly<Record<string, string>> = { bilinear: "linear", bicubic: "cubic" };

const gridSample: Upgrade = (node) => {
  const mode = attributesOf(node).string("mode", "bilinear");
  return [rewritten(node, { set: { mode: GRID_MODES[mode] ?? mode } })];
};

const dft: Upgrade = (node, context) => {
  const axis = context.constant(`${node.output[0]}/axis`, int64([], [attributesOf(node).int("axis", 1)]));
  return [rewritten(node, { input: [node.input[0], node.input[1] ?? "", axis], drop: ["axis"] })];
};

const renamed =
  (opType: string): Upgrade =>
  (node) => [rewritten(node, { opType })];

/** The default that an operator had before it could be chosen. */
const formerDefault =
  (name: string, value: AttributeValue): Upgrade =>
  (node) => [rewritten(node, { set: { [name]: value } })];

const impossible: Upgrade = () => undefined;

const reductions = (since: number, names: string) =>
  Object.fromEntries(names.split(" ").map((name) => [name, [{ since, upgrade: listInput("axes") }]]));

/** The last version that {@link UPGRADES} knows the changes of. */
export const LAST_UPGRADE = 20;

/**
 * Operator → the versions from 8 on with which its form or meaning changed (ONNX operator changelog). What only became
 * able to do more, or takes more element types, is not listed.
 */
export const UPGRADES: Readonly<Record<string, readonly UpgradeRow[]>> = {
  BatchNormalization: [
    { since: 9, upgrade: batchNormalization },
    { since: 14, upgrade: batchNormalizationMode },
  ],
  Clip: [{ since: 11, upgrade: clip }],
  DFT: [{ since: 20, upgrade: dft }],
  Dropout: [{ since: 12, upgrade: dropout }],
  GridSample: [{ since: 20, upgrade: gridSample }],
  Hardmax: [{ since: 13, upgrade: softmax }],
  ImageScaler: [{ since: 10, upgrade: imageScaler }],
  LogSoftmax: [{ since: 13, upgrade: softmax }],
  Pad: [{ since: 11, upgrade: pad }],
  ...reductions(13, "ReduceSum"),
  ...reductions(18, "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSumSquare"),
  Resize: [
    { since: 11, upgrade: resize },
    { since: 13, upgrade: emptyInputs },
  ],
  RoiAlign: [{ since: 16, upgrade: formerDefault("coordinate_transformation_mode", "output_half_pixel") }],
  // The body of version 8 runs once per image of a batch.
  Scan: [{ since: 9, upgrade: impossible }],
  Scatter: [{ since: 11, upgrade: renamed("ScatterElements") }],
  Slice: [{ since: 10, upgrade: slice }],
  Softmax: [{ since: 13, upgrade: softmax }],
  Split: [
    { since: 13, upgrade: listInput("split") },
    { since: 18, upgrade: splitCount },
  ],
  Squeeze: [{ since: 13, upgrade: listInput("axes") }],
  TopK: [{ since: 10, upgrade: topK }],
  Unsqueeze: [{ since: 13, upgrade: listInput("axes") }],
  Upsample: [
    { since: 9, upgrade: upsample },
    { since: 10, upgrade: renamed("Resize") },
  ],
};
