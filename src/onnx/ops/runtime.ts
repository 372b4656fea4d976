import type { ShapeRule } from "../known.js";
import { CONVOLUTIONS } from "./convolution.js";
import type { Op } from "./op.js";
import { POOLS } from "./pooling.js";

/** The operators of ONNX Runtime's own layout: `[N, C/B, H, W, B]` in memory, declared as `[N, C, H, W]`. */
export const NCHWC_DOMAIN = "com.microsoft.nchwc";

/** Layouts write these; no gradient is asked for afterwards. */
const row = (shape: ShapeRule): Op => ({ shape, gradient: { refused: "it belongs to a layout" } });

const fusedMatMul: ShapeRule = ({ inputs: [a, b], attributes }) => {
  if (a.shape?.length !== 3 || b.shape?.length !== 3) return [{ code: a.code }];
  const rows = attributes.int("transA", 0) === 1 ? a.shape[2] : a.shape[1];
  const columns = attributes.int("transB", 0) === 1 ? b.shape[1] : b.shape[2];
  return [{ code: a.code, shape: [a.shape[0], rows, columns] }];
};

const reorderOutput: ShapeRule = ({ inputs: [x], attributes }) => {
  if (x.shape?.length !== 4) return [{ code: x.code }];
  const [n, , h, w] = x.shape;
  const channels = attributes.int("channels", 0);
  return [{ code: x.code, shape: attributes.int("channels_last", 0) === 1 ? [n, h, w, channels] : [n, channels, h, w] }];
};

/** Operators of the domain "com.microsoft". */
export const RUNTIME_OPS: Readonly<Record<string, Op>> = {
  FusedMatMul: row(fusedMatMul),
};

/** Operators of the domain "com.microsoft.nchwc". */
export const BLOCKED_OPS: Readonly<Record<string, Op>> = {
  Conv: row((node) => CONVOLUTIONS.Conv.shape(node)),
  GlobalAveragePool: row((node) => POOLS.GlobalAveragePool.shape(node)),
  ReorderInput: row(({ inputs: [x] }) => [{ code: x.code, shape: x.shape }]),
  ReorderOutput: row(reorderOutput),
};
