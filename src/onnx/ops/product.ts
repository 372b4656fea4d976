import { sizeOf } from "../../tensor.js";
import type { Emitter } from "../emitter.js";
import { broadcast, type Known, ShapeError, type ShapeRule } from "../known.js";
import { type Dim, type Shape, shapeText } from "../types.js";
import type { GradientRule, Op } from "./op.js";

const gemm: ShapeRule = ({ inputs: [a, b], attributes }) => {
  if (a.shape?.length !== 2 || b.shape?.length !== 2) return [{ code: a.code }];
  const [rows, inner] = attributes.int("transA", 0) === 1 ? [a.shape[1], a.shape[0]] : a.shape;
  const [depth, columns] = attributes.int("transB", 0) === 1 ? [b.shape[1], b.shape[0]] : b.shape;
  return product("Gemm", a, b, [rows, columns], inner, depth);
};

const matMul: ShapeRule = ({ inputs: [a, b] }) => {
  if (!a.shape?.length || !b.shape?.length) return [{ code: a.code }];
  const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
  // A vector is one row (a) or column (b), which the product does not keep.
  const sides = [...a.shape.slice(-2, -1), ...(b.shape.length > 1 ? b.shape.slice(-1) : [])];
  return product("MatMul", a, b, [...batch, ...sides], a.shape.at(-1)!, b.shape.at(b.shape.length > 1 ? -2 : -1)!);
};

function product(op: string, a: Known, b: Known, shape: Shape, inner: Dim, depth: Dim): Known[] {
  if (typeof inner === "number" && typeof depth === "number" && inner !== depth) {
    throw new ShapeError(`${op} of ${shapeText(a.shape)} and ${shapeText(b.shape)}`);
  }
  return [{ code: a.code, shape }];
}

/** Y = α A′ B′ + β C: dA′ = α dY B′ᵀ, dB′ = α A′ᵀ dY, dC = β dY */
const gemmGradient: GradientRule = ({ attributes, inputs: [a, b, c], wants }, [g], emit) => {
  const [transA, transB] = [attributes.int("transA", 0), attributes.int("transB", 0)];
  const alpha = attributes.float("alpha", 1);
  const beta = attributes.float("beta", 1);
  const times = (left: string, right: string, transLeft: number, transRight: number) =>
    emit.op("Gemm", [left, right], { transA: transLeft, transB: transRight, ...(alpha !== 1 && { alpha }) });
  return [
    wants(0) ? (transA ? times(b, g!, transB, 1) : times(g!, b, 0, 1 - transB)) : undefined,
    wants(1) ? (transB ? times(g!, a, 1, transA) : times(a, g!, 1 - transA, 0)) : undefined,
    c && wants(2) ? (beta === 1 ? g : emit.mul(g!, beta)) : undefined,
  ];
};

/** A tensor as one matrix of its last axis. */
function inRows(emit: Emitter, value: string, width: number): string {
  return emit.reshape(value, [sizeOf(emit.shape(value)) / width, width]);
}

/** dA = dY Bᵀ, dB = Aᵀ dY; a vector counts as one row (A) or column (B). */
const matMulGradient: GradientRule = ({ inputs: [a, b], wants }, [g], emit) => {
  const [left, right, out] = [emit.shape(a), emit.shape(b), emit.shape(g!)];
  const rows = left.length === 1 ? emit.reshape(a, [1, ...left]) : a;
  const columns = right.length === 1 ? emit.reshape(b, [...right, 1]) : b;
  const batch = out.slice(0, Math.max(left.length, right.length, 2) - 2);
  const height = left.length === 1 ? 1 : left[left.length - 2];
  const dy = emit.reshape(g!, [...batch, height, right.length === 1 ? 1 : right[right.length - 1]]);
  const transposed = (value: string) => {
    const { length } = emit.shape(value);
    const axes = [...Array(length).keys()];
    return emit.transpose(value, [...axes.slice(0, -2), length - 1, length - 2]);
  };
  const back = (value: string, shape: readonly number[]) => (shape.length === 1 ? flattened(value, shape[0]) : value);
  /** The extents of a batch that a vector was broadcast over are summed here: its own rank hides them from the sweep. */
  const flattened = (value: string, size: number) => {
    const { length } = emit.shape(value);
    return emit.reshape(emit.sum(value, [...Array(length - 2).keys()]), [size]);
  };
  /** One matrix for all batches, as for tokens: one product of all rows, nothing to be summed behind it. */
  const ofAllRows = () => {
    const [depth, width] = emit.shape(columns);
    return emit.reshape(emit.op("Gemm", [inRows(emit, rows, depth), inRows(emit, dy, width)], { transA: 1 }), right);
  };
  return [
    wants(0) ? back(emit.op("MatMul", [dy, transposed(columns)]), left) : undefined,
    wants(1) ? (right.length <= 2 ? ofAllRows() : back(emit.op("MatMul", [transposed(rows), dy]), right)) : undefined,
  ];
};

/** Products of matrices. */
export const PRODUCTS: Readonly<Record<string, Op>> = {
  Gemm: { shape: gemm, gradient: gemmGradient, learns: [0, 1, 2] },
  MatMul: { shape: matMul, gradient: matMulGradient, learns: [0, 1] },
};
