import type { Attributes } from "../attributes.js";
import type { Value } from "../builder.js";
import type { Emitter } from "../emitter.js";
import type { ShapeRule } from "../known.js";

/** A node whose gradient is wanted, in the graph that is being written. */
export interface ForwardNode {
  readonly attributes: Attributes;
  /** "" where an optional input is left out. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** What the row's `forward` kept. */
  readonly saved: readonly Value[];
  /** Whether the gradient by this input is wanted. */
  readonly wants: (input: number) => boolean;
}

/** A gradient that is `factor` `[C]` times `value` along axis 1: convolutions take the factor into their weights, which spares a pass. */
export interface ScaledGradient {
  readonly value: Value;
  readonly factor: Value;
}

/**
 * Gradients by the inputs from gradients by the outputs; undefined where there is none, or none is wanted. A gradient may still have
 * the extents of the output: broadcasting is undone in the sweep.
 */
export type GradientRule = (
  node: ForwardNode,
  gradients: readonly (Value | undefined)[],
  emit: Emitter,
) => readonly (Value | ScaledGradient | undefined)[];

/** Why no gradient goes through a node, where its attributes or extents decide; the sweep says through which. */
export class NoGradient extends Error {}

/** A rule that knows the way back from the first output only: what would come from statistics beside it is refused, not left out. */
export const fromFirstOutput =
  (rule: GradientRule): GradientRule =>
  (node, gradients, emit) => {
    const other = gradients.findIndex((gradient, index) => index > 0 && gradient !== undefined);
    if (other > 0) throw new NoGradient(`its derivative is written for its first output, not for "${node.outputs[other]}"`);
    return rule(node, gradients, emit);
  };

/** What is known of one operator. */
export interface Op {
  readonly shape: ShapeRule;
  /** `zero`: the outputs do not change with the inputs, or only in steps. `refused`: why no gradient goes through. */
  readonly gradient: GradientRule | "zero" | { readonly refused: string };
  /** Takes the gradient by its first output with a factor not yet multiplied in. */
  readonly scaledGradient?: (node: ForwardNode, gradient: ScaledGradient, emit: Emitter) => ReturnType<GradientRule>;
  /** Inputs that networks learn, where they are constants: weights, biases, scales. */
  readonly learns?: readonly number[];
  /** Writes the node in the form that training needs; returns what the gradient rule will want to see. Default: the node as it is. */
  readonly forward?: (node: Omit<ForwardNode, "saved" | "wants">, emit: Emitter) => readonly Value[];
}

/** Rows of several operators that share one. */
export const rows = (op: Op, names: string): Readonly<Record<string, Op>> =>
  Object.fromEntries(names.split(" ").map((name) => [name, op]));
