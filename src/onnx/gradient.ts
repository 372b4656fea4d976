import { UserError } from "../errors.js";
import { sizeOf } from "../tensor.js";
import { attributesOf } from "./attributes.js";
import { GraphBuilder, type Value } from "./builder.js";
import { type Emitter, emitterOf } from "./emitter.js";
import { withExtents } from "./extents.js";
import { type Layout, PORTABLE } from "./layouts.js";
import { lower } from "./lower.js";
import { graphOf, isStandard, type Model, opsetOf } from "./model.js";
import { type ForwardNode, type GradientRule, NoGradient, type Op, type ScaledGradient } from "./ops/op.js";
import { opOf } from "./ops.js";
import type { NodeProto } from "./proto.js";
import { FLOAT } from "./types.js";
import { TRAINING_OPSET, upgradeOpset } from "./upgrade.js";

/** A node as it was written for training. */
export interface WrittenNode {
  readonly node: NodeProto;
  readonly op: Op | undefined;
  /** What its row keeps for the gradient. */
  readonly saved: readonly Value[];
}

/**
 * Writes the nodes of a graph in the form that gradients need.
 *
 * @param targets where the gradients by the learned tensors will start
 * @throws UserError `bad-model` when a gradient would have to cross an operator that has none
 */
export function writeForward(
  nodes: readonly NodeProto[],
  emit: Emitter,
  { learned, targets }: { readonly learned: ReadonlySet<Value>; readonly targets: Iterable<Value> },
): WrittenNode[] {
  const active = activeValues(nodes, learned);
  const crossed = crossedNodes(nodes, active, targets);
  return nodes.map((node) => {
    const op = opOf(node);
    const attributes = attributesOf(node);
    const isActive = node.output.some((name) => active.has(name));
    if (crossed.has(node)) refuseCrossing(node, op);
    if (op?.forward && (isActive || !isStandard(node.domain))) {
      const { input: inputs, output: outputs } = node;
      return { node, op, saved: op.forward({ attributes, inputs, outputs }, emit) };
    }
    emit.graph.append(node);
    return { node, op, saved: [] };
  });
}

/** Everything that changes when one of the learned tensors does. */
function activeValues(nodes: readonly NodeProto[], learned: ReadonlySet<Value>): ReadonlySet<Value> {
  const active = new Set(learned);
  for (const node of nodes) {
    if (opOf(node)?.gradient === "zero" || !node.input.some((name) => active.has(name))) continue;
    for (const name of node.output) if (name !== "") active.add(name);
  }
  return active;
}

/** The nodes between the learned tensors and the targets. */
function crossedNodes(nodes: readonly NodeProto[], active: ReadonlySet<Value>, targets: Iterable<Value>): ReadonlySet<NodeProto> {
  const reached = new Set(targets);
  const crossed = new Set<NodeProto>();
  for (const node of nodes.toReversed()) {
    if (!node.output.some((name) => reached.has(name) && active.has(name))) continue;
    crossed.add(node);
    for (const name of node.input) reached.add(name);
  }
  return crossed;
}

function refuseCrossing(node: NodeProto, op: Op | undefined): void {
  const reason =
    op === undefined ? "this operator is not known here" : typeof op.gradient === "object" ? op.gradient.refused : "";
  if (reason !== "") throw crossing(node, reason);
}

function crossing(node: NodeProto, reason: string, cause?: unknown): UserError {
  return new UserError(
    "bad-model",
    `no gradient goes through ${node.opType} (node "${node.name || node.output[0]}"): ${reason}`,
    {
      hint: `Keep everything up to it as it is: --freeze-until "${node.output[0]}", or take another backbone.`,
      cause,
    },
  );
}

/** The gradient of one node. @throws UserError `bad-model` where its attributes or extents forbid it */
function derived(node: NodeProto, rule: () => ReturnType<GradientRule>): ReturnType<GradientRule> {
  try {
    return rule();
  } catch (error) {
    throw error instanceof NoGradient ? crossing(node, error.message, error) : error;
  }
}

/**
 * Writes the gradients by the wanted tensors: one sweep over the nodes from the end to the start (reverse mode).
 *
 * @param seeds gradients by tensors of the forward graph, where the sweep starts
 */
export function sweep(
  written: readonly WrittenNode[],
  seeds: ReadonlyMap<Value, Value>,
  wanted: ReadonlySet<Value>,
  emit: Emitter,
): Map<Value, Value> {
  const active = activeValues(
    written.map(({ node }) => node),
    wanted,
  );
  const arrived = new Map<Value, (Value | ScaledGradient)[]>();
  for (const [value, gradient] of seeds) arrived.set(value, [gradient]);
  const take = (name: Value) => {
    const found = arrived.get(name);
    arrived.delete(name);
    return found ?? [];
  };
  const total = (name: Value): Value | undefined => {
    const parts = take(name).map((part) => (typeof part === "string" ? part : multiplied(part, emit)));
    return parts.length === 0 ? undefined : parts.reduce((sum, part) => emit.add(sum, part));
  };
  for (const { node, op, saved } of written.toReversed()) {
    if (!node.output.some((name) => arrived.has(name))) continue;
    if (op === undefined || typeof op.gradient !== "function" || !node.output.some((name) => active.has(name))) continue;
    const forward: ForwardNode = {
      attributes: attributesOf(node),
      inputs: node.input,
      outputs: node.output,
      saved,
      wants: (input) => active.has(node.input[input]),
    };
    const [only] = arrived.get(node.output[0]) ?? [];
    const scaled = arrived.get(node.output[0])?.length === 1 && typeof only === "object" ? only : undefined;
    const { gradient: rule, scaledGradient } = op;
    const gradients = derived(node, () =>
      scaled && scaledGradient ? scaledGradient(forward, scaled, emit) : rule(forward, node.output.map(total), emit),
    );
    gradients.forEach((gradient, index) => {
      const name = node.input[index];
      if (gradient === undefined || !active.has(name)) return;
      const fitting = typeof gradient === "string" ? summedToFit(gradient, name, emit) : gradient;
      arrived.set(name, [...(arrived.get(name) ?? []), fitting]);
    });
    for (const name of node.output) arrived.delete(name);
  }
  return new Map(
    [...wanted].flatMap((name) => {
      const gradient = total(name);
      return gradient === undefined ? [] : [[name, gradient] as const];
    }),
  );
}

function multiplied({ value, factor }: ScaledGradient, emit: Emitter): Value {
  return emit.kernel("ChannelAffine", [value, factor]);
}

/** Undoes broadcasting: sums over the axes along which the input was repeated, those that come first as one batch. */
function summedToFit(gradient: Value, input: Value, emit: Emitter): Value {
  const [from, to] = [emit.shape(gradient), emit.shape(input)];
  const missing = from.length - to.length;
  const axes = from.flatMap((extent, axis) => (axis < missing || (to[axis - missing] === 1 && extent !== 1) ? [axis] : []));
  if (axes.length === 0) return emit.reshape(gradient, to);
  const first = axes.filter((axis, i) => axis === i).length;
  const batch = sizeOf(from.slice(0, first));
  if (batch === 1 || first === from.length || emit.graph.typeOf(gradient) !== FLOAT) {
    return emit.reshape(emit.sum(gradient, axes, true), to);
  }
  const sum = emit.sumOfBatch(emit.reshape(gradient, [batch, ...from.slice(first)]));
  const others = axes.slice(first).map((axis) => axis - first + 1);
  return emit.reshape(emit.sum(sum, others, true), to);
}

export interface GradientOptions {
  /** An output; the first one by default. */
  readonly of?: string | undefined;
  /** float32 inputs or initializers; each gradient has the shape of what it is by. */
  readonly by: readonly string[];
  readonly layout?: Layout | undefined;
}

/** The name of the gradient by a tensor. */
export const gradientName = (value: Value): string => `gradient/${value}`;

/**
 * A model that computes what the given one does, and beside it the gradients of one of its outputs by inputs or constants: outputs
 * `gradient/<name>`, in standard operators unless another layout is asked for. An output of several numbers counts as their sum.
 *
 * @throws UserError `bad-model` when a gradient would have to cross an operator that has none, or one hides the extents of a tensor
 * @throws RangeError when a name does not exist, or an extent of an input is not a number
 * @example
 * const model = gradient(line, { of: "loss", by: ["slope", "intercept"] });
 */
export function gradient(model: Model, options: GradientOptions): Model {
  const upgraded = upgradeOpset(model);
  return withExtents(graphOf(upgraded), () => differentiated(upgraded, options));
}

function differentiated(model: Model, { of, by, layout = PORTABLE }: GradientOptions): Model {
  const { input, initializer, node, output, valueInfo } = graphOf(model);
  const graph = new GraphBuilder({ prefix: "gradient/" });
  const emit = emitterOf(graph);
  for (const info of input) graph.declare(info);
  graph.describe(valueInfo);
  for (const tensor of initializer) graph.keep(tensor);
  const learned = new Set(by);
  for (const name of by) graph.shapeOf(name);
  const target = of ?? output[0].name;
  const written = writeForward(node, emit, { learned, targets: [target] });
  const seed = emit.op("Expand", [emit.scalar(1), emit.ints(emit.shape(target))]);
  const gradients = sweep(written, new Map([[target, seed]]), learned, emit);
  for (const info of output) graph.output(info.name);
  for (const name of by) {
    const found = gradients.get(name) ?? emit.zeros(emit.shape(name));
    graph.output(emit.op("Identity", [found], {}, gradientName(name)), "float32");
  }
  return lower(graph.build({ name: "gradient", opset: Math.max(opsetOf(model), TRAINING_OPSET) }), layout);
}
