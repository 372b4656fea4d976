import type { Attributes } from "../attributes.js";
import { normalAxis, numbers } from "../dims.js";
import type { Emitter } from "../emitter.js";
import type { ShapeRule } from "../known.js";
import { INT64 } from "../types.js";
import { type ForwardNode, type GradientRule, NoGradient, type Op, rows } from "./op.js";

/** The axes that are summed over: all of them where none are named, unless that is to mean none. */
function reducedAxes(rank: number, axes: readonly number[] | undefined, attributes: Attributes): ReadonlySet<number> {
  if (axes?.length) return new Set(axes.map((axis) => normalAxis(axis, rank)));
  return new Set(attributes.int("noop_with_empty_axes", 0) === 1 ? [] : Array(rank).keys());
}

const reduce =
  (code?: number): ShapeRule =>
  ({ inputs: [x, given], attributes }) => {
    const axes = attributes.ints("axes") ?? numbers(given?.value);
    const kept = attributes.int("keepdims", 1) === 1;
    if (!x.shape || (given?.shape && !axes)) return [{ code: code ?? x.code }];
    const reduced = reducedAxes(x.shape.length, axes, attributes);
    const shape = x.shape.flatMap((extent, axis) => (reduced.has(axis) ? (kept ? [1] : []) : [extent]));
    return [{ code: code ?? x.code, shape }];
  };

const arg: ShapeRule = ({ inputs: [x], attributes }) => {
  if (!x.shape) return [{ code: INT64 }];
  const axis = normalAxis(attributes.int("axis", 0), x.shape.length);
  return [{ code: INT64, shape: attributes.int("keepdims", 1) === 1 ? x.shape.with(axis, 1) : x.shape.toSpliced(axis, 1) }];
};

/** The reduced axes, and a tensor without them brought back to the rank of the input, each with extent 1. */
function restored({ inputs: [x, given], attributes }: ForwardNode, value: string, emit: Emitter) {
  const shape = emit.shape(x);
  const axes = attributes.ints("axes") ?? (given ? emit.numbers(given) : []);
  if (axes === undefined) throw new NoGradient("its axes are not constants");
  const reduced = reducedAxes(shape.length, axes, attributes);
  const kept = shape.map((extent, axis) => (reduced.has(axis) ? 1 : extent));
  const count = [...reduced].reduce((product, axis) => product * shape[axis], 1);
  return { value: emit.reshape(value, kept), count, axes: [...reduced] };
}

const spread = (emit: Emitter, value: string, like: string) => emit.op("Expand", [value, emit.ints(emit.shape(like))]);

/** The gradient goes to the elements that are the extreme, in equal shares. */
const extreme: GradientRule = (node, [g], emit) => {
  const [x] = node.inputs;
  const { value, axes } = restored(node, node.outputs[0], emit);
  const hits = emit.op("Cast", [emit.op("Equal", [x, value])], { to: 1 });
  return [emit.mul(hits, emit.div(restored(node, g!, emit).value, emit.sum(hits, axes, true)))];
};

/** The gradient of a reduction from its input, output and gradient, the last two with extent 1 on the reduced axes. */
const reduction =
  (rule: (emit: Emitter, g: string, x: string, y: string, count: number) => string): GradientRule =>
  (node, [g], emit) => {
    const { value, count } = restored(node, g!, emit);
    return [rule(emit, value, node.inputs[0], restored(node, node.outputs[0], emit).value, count)];
  };

const oneForZero = (emit: Emitter, y: string) => emit.op("Where", [emit.op("Equal", [y, emit.scalar(0)]), emit.scalar(1), y]);

const of = (gradient: Op["gradient"]): Op => ({ shape: reduce(), gradient });

/** Reductions over axes. */
export const REDUCTIONS: Readonly<Record<string, Op>> = {
  ReduceSum: of(reduction((emit, g, x) => spread(emit, g, x))),
  ReduceMean: of(reduction((emit, g, x, _, count) => spread(emit, emit.mul(g, 1 / count), x))),
  ...rows(of(extreme), "ReduceMax ReduceMin"),
  ReduceL1: of(reduction((emit, g, x) => emit.mul(emit.op("Sign", [x]), g))),
  // x / y; 0 where everything is 0, as PyTorch has it.
  ReduceL2: of(reduction((emit, g, x, y) => emit.mul(x, emit.div(g, oneForZero(emit, y))))),
  ReduceSumSquare: of(reduction((emit, g, x) => emit.mul(x, emit.mul(g, 2)))),
  // y = ln Σ eˣ: eˣ⁻ʸ
  ReduceLogSumExp: of(reduction((emit, g, x, y) => emit.mul(emit.op("Exp", [emit.sub(x, y)]), g))),
  ReduceLogSum: of(reduction((emit, g, x, y) => spread(emit, emit.mul(g, emit.op("Exp", [emit.neg(y)])), x))),
  ReduceProd: of({ refused: "its derivative is not written yet" }),
  ...rows({ shape: arg, gradient: "zero" }, "ArgMax ArgMin"),
};
