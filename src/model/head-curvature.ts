import { cholesky, solveCholesky } from "../learn/linalg.js";
import { addScaled, dot } from "../learn/vectors.js";
import { GraphBuilder } from "../onnx/builder.js";
import { writeModel } from "../onnx/model.js";
import type { Session } from "../runtime/session.js";
import { float32 } from "../tensor.js";

/** The directions along which features vary most, and how much: a low-rank picture of their covariance. */
export interface Curvature {
  /** D */
  readonly width: number;
  /** r orthonormal directions `[r, D]`. */
  readonly basis: readonly Float64Array[];
  /** The covariance within them, `[r, r]`. */
  readonly within: readonly Float64Array[];
  /** The variance along every other direction, taken to be the same for all. */
  readonly beyond: number;
}

/** Directions that are told apart. */
const RANK = 64;
/** Rows that are looked at, evenly spread. */
const SAMPLE_ROWS = 4096;
/** Rounds of subspace iteration after the start from rows of the data themselves. */
const ROUNDS = 2;
/** p(1 − p) of a cell that is fairly sure: the second derivative of the loss by its logit. */
const TYPICAL_SLOPE = 0.05;

/** The model that multiplies directions by the covariance. Inputs `features` `[N, D]` and `basis` `[D, r]`; output `image` `[D, r]`. */
export function covarianceModel(width: number): Uint8Array {
  const graph = new GraphBuilder();
  const features = graph.input("features", "float32", ["N", width]);
  const basis = graph.input("basis", "float32", [width, "R"]);
  graph.output(graph.op("Gemm", [features, graph.op("MatMul", [features, basis])], { transA: 1 }, "image"), "float32");
  return writeModel(graph.build({ name: "covariance" }));
}

/**
 * The model that corrects vectors within the main directions, V Qᵀ M Q. Inputs `vectors` `[K, D]`, `basis` `[r, D]` (Q) and
 * `correction` `[r, r]` (M); output `corrected` `[K, D]`.
 */
export function correctionModel(width: number): Uint8Array {
  const graph = new GraphBuilder();
  const vectors = graph.input("vectors", "float32", ["K", width]);
  const basis = graph.input("basis", "float32", ["R", width]);
  const correction = graph.input("correction", "float32", ["R", "R"]);
  const within = graph.op("MatMul", [graph.op("Gemm", [vectors, basis], { transB: 1 }), correction]);
  graph.output(graph.op("MatMul", [within, basis], {}, "corrected"), "float32");
  return writeModel(graph.build({ name: "correction" }));
}

/** Finds the main directions of centred features `[N, D]` by subspace iteration (Halko, Martinsson and Tropp 2011, algorithm 4.4). */
export async function measureCurvature(session: Session, features: Float32Array, width: number): Promise<Curvature> {
  const rows = features.length / width;
  const count = Math.min(rows, SAMPLE_ROWS);
  const sample = new Float32Array(count * width);
  const rowAt = (i: number, of: number) => Math.floor((i * rows) / of) * width;
  for (let i = 0; i < count; i++) sample.set(features.subarray(rowAt(i, count), rowAt(i, count) + width), i * width);

  const rank = Math.min(RANK, width, rows);
  let basis = orthonormalise(
    Array.from({ length: rank }, (_, r) => Float64Array.from(features.subarray(rowAt(r, rank), rowAt(r, rank) + width))),
  );
  let images: Float64Array[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const columns = new Float32Array(width * basis.length);
    for (const [r, direction] of basis.entries()) for (let d = 0; d < width; d++) columns[d * basis.length + r] = direction[d];
    const { image } = await session.run({
      features: float32([count, width], sample),
      basis: float32([width, basis.length], columns),
    });
    // Declared as float32 by the model.
    const columnsAfter = image.data as Float32Array;
    images = basis.map(() => new Float64Array(width));
    for (let i = 0; i < columnsAfter.length; i++) {
      images[i % basis.length][Math.floor(i / basis.length)] = columnsAfter[i] / count;
    }
    if (round < ROUNDS) basis = orthonormalise(images);
  }
  const within = basis.map((direction) => Float64Array.from(images, (image) => dot(direction, image)));
  return { width, basis, within, beyond: Math.max(0, Math.min(...within.map((row, r) => row[r]))) };
}

/**
 * Multiplies a gradient by W `[K, D]`, then b `[K]`, by the inverse of a rough Hessian: slope · covariance + l2 for the weights of each
 * class, slope + l2 · biasPenalty for the bias. The preconditioner that lets L-BFGS take a third of the steps.
 */
export function inverseHessian(session: Session, { width, basis, within, beyond }: Curvature, l2: number, biasPenalty: number) {
  const outside = 1 / (TYPICAL_SLOPE * beyond + l2 || 1);
  const ofBias = 1 / (TYPICAL_SLOPE + l2 * biasPenalty);
  const rank = basis.length;
  const matrix = Float64Array.from({ length: rank * rank }, (_, i) => TYPICAL_SLOPE * within[Math.floor(i / rank)][i % rank]);
  // Without a penalty, rounding may leave the smallest eigenvalues below zero.
  const ridge = l2 + 1e-9 * within.reduce((trace, row, r) => trace + row[r], 0);
  for (let r = 0; r < rank; r++) matrix[r * rank + r] += ridge;
  const factor = cholesky(matrix, rank);
  // On top of outside · g: Qᵀ (T⁻¹ − outside) Q g, where T is the matrix.
  const correction = new Float32Array(rank * rank);
  for (let r = 0; r < rank; r++) {
    const unit = new Float64Array(rank);
    unit[r] = 1;
    const solved = solveCholesky(factor, rank, unit);
    for (let c = 0; c < rank; c++) correction[r * rank + c] = solved[c] - outside * unit[c];
  }
  const rows = new Float32Array(rank * width);
  for (const [r, direction] of basis.entries()) rows.set(direction, r * width);
  return async (gradient: Float64Array): Promise<Float64Array> => {
    const classes = gradient.length / (width + 1);
    const ofWeights = classes * width;
    const { corrected } = await session.run({
      vectors: float32([classes, width], Float32Array.from(gradient.subarray(0, ofWeights))),
      basis: float32([rank, width], rows),
      correction: float32([rank, rank], correction),
    });
    // Declared as float32 by the model.
    const ofDirections = corrected.data as Float32Array;
    const result = new Float64Array(gradient.length);
    for (let i = 0; i < ofWeights; i++) result[i] = outside * gradient[i] + ofDirections[i];
    for (let i = ofWeights; i < result.length; i++) result[i] = ofBias * gradient[i];
    return result;
  };
}

/** Modified Gram and Schmidt; directions that depend on earlier ones are dropped. */
function orthonormalise(vectors: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const vector of vectors) {
    const rest = vector.slice();
    const before = Math.sqrt(dot(rest, rest));
    for (const direction of basis) addScaled(rest, -dot(direction, rest), direction);
    const length = Math.sqrt(dot(rest, rest));
    if (length > 1e-4 * before) basis.push(rest.map((value) => value / length));
  }
  return basis;
}
