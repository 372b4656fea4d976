/** What a part of a formula is: a number, or yes and no. */
export type FormulaKind = "number" | "truth";

/** One value of a pixel. Truth is 1 and 0, and NaN where nobody knows. Each has its own loop, for speed. */
type Unary = (a: Float64Array, out: Float64Array, count: number) => void;
type Binary = (a: Float64Array, b: Float64Array, out: Float64Array, count: number) => void;

/** Operators and functions of one value. `out` may be `a`. */
export const UNARY = {
  negate(a, out, count) {
    for (let i = 0; i < count; i++) out[i] = 0 - a[i];
  },
  abs(a, out, count) {
    for (let i = 0; i < count; i++) out[i] = Math.abs(a[i]);
  },
  sqrt(a, out, count) {
    for (let i = 0; i < count; i++) out[i] = Math.sqrt(a[i]);
  },
  not(a, out, count) {
    for (let i = 0; i < count; i++) out[i] = 1 - a[i];
  },
} as const satisfies Record<string, Unary>;

/** Operators and functions of two values. `out` may be `a` or `b`. Logic is Kleene's: no and unknown is no, yes or unknown is yes. */
export const BINARY = {
  "+"(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] + b[i];
  },
  "-"(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] - b[i];
  },
  "*"(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] * b[i];
  },
  /** 0 / 0 = 0: an index of two bands that saw nothing is neither one nor the other. x / 0 has no value. */
  "/"(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = b[i] !== 0 ? a[i] / b[i] : a[i] === 0 ? 0 : Number.NaN;
  },
  min(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = Math.min(a[i], b[i]);
  },
  max(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = Math.max(a[i], b[i]);
  },
  "<"(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] < b[i] ? 1 : a[i] >= b[i] ? 0 : Number.NaN;
  },
  "<="(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] <= b[i] ? 1 : a[i] > b[i] ? 0 : Number.NaN;
  },
  ">"(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] > b[i] ? 1 : a[i] <= b[i] ? 0 : Number.NaN;
  },
  ">="(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] >= b[i] ? 1 : a[i] < b[i] ? 0 : Number.NaN;
  },
  "=="(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] === b[i] ? 1 : a[i] < b[i] || a[i] > b[i] ? 0 : Number.NaN;
  },
  "!="(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] === b[i] ? 0 : a[i] < b[i] || a[i] > b[i] ? 1 : Number.NaN;
  },
  and(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] === 0 || b[i] === 0 ? 0 : a[i] * b[i];
  },
  or(a, b, out, count) {
    for (let i = 0; i < count; i++) out[i] = a[i] === 1 || b[i] === 1 ? 1 : a[i] + b[i];
  },
} as const satisfies Record<string, Binary>;

export type UnaryName = keyof typeof UNARY;
export type BinaryName = keyof typeof BINARY;

/** One step of a formula on a stack of values. */
export type Step =
  | { readonly kind: "band" /** Into the bands of the formula. */; readonly index: number }
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "unary"; readonly operator: UnaryName }
  | { readonly kind: "binary"; readonly operator: BinaryName };

/** How an operator between two operands is read. */
export interface Infix {
  readonly operator: BinaryName;
  /** The higher, the tighter; equals from left to right. */
  readonly binds: number;
  readonly takes: FormulaKind;
  readonly gives: FormulaKind;
  /** What it does with its operands, and what to do about operands of the other kind. */
  readonly does: string;
  readonly hint: string;
}

const LOGIC = {
  takes: "truth",
  gives: "truth",
  does: "joins conditions",
  hint: "Make conditions of numbers: nir > 0.3 and red < 0.1.",
} as const;
const COMPARISON = {
  binds: 4,
  takes: "number",
  gives: "truth",
  does: "compares numbers",
  hint: "Comparisons do not chain: 0 < red < 1 is written 0 < red and red < 1.",
} as const;
const ARITHMETIC = {
  takes: "number",
  gives: "number",
  does: "works on numbers",
  hint: "A condition is yes or no: join it with and, or.",
} as const;

/** `not` stands between `and` and the comparisons. */
export const NOT_BINDS = 3;
/** The minus before one operand is tighter than all that stands between two. */
export const NEGATE_BINDS = 7;

const INFIX: readonly Infix[] = [
  { operator: "or", binds: 1, ...LOGIC },
  { operator: "and", binds: 2, ...LOGIC },
  ...(["<", "<=", ">", ">=", "==", "!="] as const).map((operator) => ({ operator, ...COMPARISON })),
  { operator: "+", binds: 5, ...ARITHMETIC },
  { operator: "-", binds: 5, ...ARITHMETIC },
  { operator: "*", binds: 6, ...ARITHMETIC },
  { operator: "/", binds: 6, ...ARITHMETIC },
];

/** By the word that stands for them. */
export const INFIXES: ReadonlyMap<string, Infix> = new Map(INFIX.map((infix) => [infix.operator, infix]));
