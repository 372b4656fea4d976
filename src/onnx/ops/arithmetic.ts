import { broadcast, type ShapeRule } from "../known.js";
import { BOOL, type Dim, FLOAT, INT32, INT64 } from "../types.js";
import type { GradientRule, Op } from "./op.js";
import { rows } from "./op.js";

/** Outputs are like the first input. */
export const same: ShapeRule = ({ inputs }) => [{ code: inputs[0]?.code, shape: inputs[0]?.shape }];

/** Broadcasting of every input; `code` overrides the element type of the result. */
export const elementwise =
  (code?: number): ShapeRule =>
  ({ inputs }) => {
    const shapes = inputs.map((input) => input.shape);
    const shape = shapes.every((item) => item !== undefined) ? shapes.reduce(broadcast) : undefined;
    return [{ code: code ?? inputs[0]?.code, shape }];
  };

/** Elementwise arithmetic that also computes with extents, as exported `x.view(n, c // g, …)` does; yes is 1, no is 0. */
const arithmetic =
  (compute: (a: number, b: number) => number, result?: number): ShapeRule =>
  (node) => {
    const [{ code, shape }] = elementwise(result)(node);
    const [a, b] = node.inputs.map((input) => input.value);
    if (!a || !b) return [{ code, shape }];
    const value = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => {
      const left = a[a.length === 1 ? 0 : i];
      const right = b[b.length === 1 ? 0 : i];
      return typeof left === "number" && typeof right === "number" ? compute(left, right) : null;
    });
    return [{ code, shape, value }];
  };

const comparison = (test: (a: number, b: number) => boolean) => arithmetic((a, b) => Number(test(a, b)), BOOL);

const not: ShapeRule = ({ inputs: [x] }) => [
  { code: BOOL, shape: x.shape, value: x.value?.map((item) => (typeof item === "number" ? 1 - item : null)) },
];

const cast: ShapeRule = ({ inputs: [x], attributes }) => {
  const code = attributes.int("to", 0);
  const asBool = (item: Dim) => (typeof item === "number" ? Number(item !== 0) : null);
  const value = code === BOOL ? x.value?.map(asBool) : code === INT64 || code === INT32 ? x.value : undefined;
  return [{ code, shape: x.shape, value }];
};

const where: ShapeRule = ({ inputs: [condition, a, b] }) => {
  const shapes = [condition.shape, a.shape, b.shape];
  const shape = shapes.every((s) => s !== undefined) ? shapes.reduce(broadcast) : undefined;
  const values = [condition.value, a.value, b.value];
  if (!values.every((value) => value !== undefined)) return [{ code: a.code, shape }];
  const value = Array.from({ length: Math.max(...values.map(({ length }) => length)) }, (_, i) => {
    const [test, yes, no] = values.map((items) => items[items.length === 1 ? 0 : i]);
    return test === null ? null : test === 0 ? no : yes;
  });
  return [{ code: a.code, shape, value }];
};

/** The gradient of a function of one number, from its input and output. */
const unary =
  (derivative: (emit: Parameters<GradientRule>[2], x: string, y: string) => string): GradientRule =>
  ({ inputs: [x], outputs: [y] }, [g], emit) => [emit.mul(g!, derivative(emit, x, y))];

const add: GradientRule = (_, [g]) => [g, g];
const sub: GradientRule = ({ wants }, [g], emit) => [g, wants(1) ? emit.neg(g!) : undefined];
const mul: GradientRule = ({ inputs: [a, b], wants }, [g], emit) => [
  wants(0) ? emit.mul(g!, b) : undefined,
  wants(1) ? emit.mul(g!, a) : undefined,
];
/** d(a/b) = g/b, −g·y/b */
const div: GradientRule = ({ inputs: [, b], outputs: [y], wants }, [g], emit) => {
  const da = emit.div(g!, b);
  return [wants(0) ? da : undefined, wants(1) ? emit.neg(emit.mul(da, y)) : undefined];
};
/** d(xᵖ) = g·p·xᵖ⁻¹, 0 where p = 0 whatever x is, and g·y·ln x, 0 where x ≤ 0. */
const pow: GradientRule = ({ inputs: [x, exponent], outputs: [y], wants }, [g], emit) => {
  const one = emit.scalar(1);
  const p = emit.graph.typeOf(exponent) === FLOAT ? exponent : emit.op("Cast", [exponent], { to: FLOAT });
  const dx = () => {
    const slope = emit.mul(p, emit.op("Pow", [x, emit.sub(p, one)]));
    if (emit.numbers(exponent)?.every((value) => value !== 0)) return emit.mul(g!, slope);
    const zero = emit.scalar(0);
    return emit.mul(g!, emit.op("Where", [emit.op("Equal", [p, zero]), zero, slope]));
  };
  const dp = () => {
    const positive = emit.op("Greater", [x, emit.scalar(0)]);
    const log = emit.op("Log", [emit.op("Where", [positive, x, one])]);
    return emit.mul(g!, emit.mul(y, log));
  };
  return [wants(0) ? dx() : undefined, wants(1) ? dp() : undefined];
};
/** The gradient goes to the inputs that are the extreme, in equal shares. */
const extreme: GradientRule = ({ inputs, outputs: [y] }, [g], emit) => {
  const hits = inputs.map((x) => emit.op("Cast", [emit.op("Equal", [x, y])], { to: 1 }));
  const share = emit.div(g!, hits.reduce(emit.add));
  return hits.map((hit) => emit.mul(share, hit));
};
const mean: GradientRule = ({ inputs }, [g], emit) => {
  const share = emit.mul(g!, 1 / inputs.length);
  return inputs.map(() => share);
};
const sum: GradientRule = ({ inputs }, [g]) => inputs.map(() => g);
const choose: GradientRule = ({ inputs: [condition] }, [g], emit) => {
  const zero = emit.scalar(0);
  return [undefined, emit.op("Where", [condition, g!, zero]), emit.op("Where", [condition, zero, g!])];
};
/** Between floats a number stays what it is; from an integer nothing flows back. */
const castBack: GradientRule = ({ inputs: [x], attributes }, [g], emit) => {
  const [from, to] = [emit.graph.typeOf(x) ?? FLOAT, attributes.int("to", FLOAT)];
  return [FLOATS.has(from) && FLOATS.has(to) ? emit.op("Cast", [g!], { to: from }) : undefined];
};
/** float32, float16, float64 and bfloat16. */
const FLOATS: ReadonlySet<number> = new Set([FLOAT, 10, 11, 16]);

const of = (gradient: Op["gradient"], shape: ShapeRule = same): Op => ({ shape, gradient });

/** Arithmetic of elements, with broadcasting. */
export const ARITHMETIC: Readonly<Record<string, Op>> = {
  Add: {
    ...of(
      add,
      arithmetic((a, b) => a + b),
    ),
    learns: [0, 1],
  },
  Sub: {
    ...of(
      sub,
      arithmetic((a, b) => a - b),
    ),
    learns: [1],
  },
  Mul: {
    ...of(
      mul,
      arithmetic((a, b) => a * b),
    ),
    learns: [0, 1],
  },
  // Extents are integers, and ONNX divides integers towards zero.
  Div: of(
    div,
    arithmetic((a, b) => Math.trunc(a / b)),
  ),
  Pow: of(pow, elementwise()),
  ...rows(of(extreme, elementwise()), "Max Min"),
  Mean: of(mean, elementwise()),
  Sum: of(sum, elementwise()),
  Mod: of({ refused: "the remainder jumps" }, elementwise()),
  Where: of(choose, where),
  Cast: of(castBack, cast),
  Identity: of(
    (_, [g]) => [g],
    ({ inputs: [x] }) => [x],
  ),
  Neg: of((_, [g], emit) => [emit.neg(g!)]),
  Abs: of(unary((emit, x) => emit.op("Sign", [x]))),
  Sqrt: of(({ outputs: [y] }, [g], emit) => [emit.div(emit.mul(g!, 0.5), y)]),
  Exp: of(unary((_, __, y) => y)),
  Log: of(({ inputs: [x] }, [g], emit) => [emit.div(g!, x)]),
  // d(1/x) = −1/x²
  Reciprocal: of(unary((emit, _, y) => emit.neg(emit.mul(y, y)))),
  Sin: of(unary((emit, x) => emit.op("Cos", [x]))),
  Cos: of(unary((emit, x) => emit.neg(emit.op("Sin", [x])))),
  // d erf = 2/√π · exp(−x²)
  Erf: of(unary((emit, x) => emit.mul(emit.op("Exp", [emit.neg(emit.mul(x, x))]), 2 / Math.sqrt(Math.PI)))),
  ...rows(of("zero"), "Ceil Floor Round Sign"),
  Not: of("zero", not),
  And: of(
    "zero",
    comparison((a, b) => a !== 0 && b !== 0),
  ),
  Or: of(
    "zero",
    comparison((a, b) => a !== 0 || b !== 0),
  ),
  Xor: of(
    "zero",
    comparison((a, b) => a !== b),
  ),
  Equal: of(
    "zero",
    comparison((a, b) => a === b),
  ),
  Greater: of(
    "zero",
    comparison((a, b) => a > b),
  ),
  GreaterOrEqual: of(
    "zero",
    comparison((a, b) => a >= b),
  ),
  Less: of(
    "zero",
    comparison((a, b) => a < b),
  ),
  LessOrEqual: of(
    "zero",
    comparison((a, b) => a <= b),
  ),
  ...rows(of({ refused: "its derivative is not written yet" }), "Acos Asin Atan CumSum Tan"),
};
