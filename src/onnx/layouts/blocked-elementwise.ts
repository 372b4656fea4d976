import type { Lowering, Site } from "../lower.js";
import type { Shape } from "../types.js";
import { ceilTo, openBlocks } from "./blocks.js";

/** Operators on single numbers that run in any order of them. */
const ANY_ORDER = (
  "Abs Add Ceil Clip Elu Erf Floor Gelu HardSigmoid HardSwish Identity LeakyRelu Mish Mul Neg Relu Sigmoid Sign Softplus " +
  "Softsign Sub Swish Tanh"
).split(" ");

/**
 * Those that may make NaN or ∞ of a number: not where channels are filled up. What fills them is 0 at first, then whatever the operators
 * before made of that, −1 behind x − 1; weights of 0 in the next convolution forget it as long as it is finite.
 */
const WHOLE_BLOCKS_ONLY = "Div Exp Log Pow Reciprocal Sqrt".split(" ");

/** Elementwise operators on images in blocks. */
export function blockedElementwise(block: number): Readonly<Record<string, Lowering>> {
  const row = (wholeOnly: boolean) => (site: Site) => elementwise(site, block, wholeOnly);
  return Object.fromEntries([
    ...ANY_ORDER.map((name) => [name, row(false)] as const),
    ...WHOLE_BLOCKS_ONLY.map((name) => [name, row(true)] as const),
  ]);
}

function elementwise(site: Site, block: number, wholeOnly: boolean): boolean {
  const { node, emit, shape, plain, inOrder, attributes } = site;
  const [result] = node.output;
  const given = node.input.filter((x) => x !== "");
  if (node.output.length > 1 || given.every((x) => inOrder(x) === undefined)) return false;
  // What lies in blocks has known extents; where another operand has none, the portable node does without them.
  if (!given.every((x) => inOrder(x) !== undefined || isKnown(emit.graph.shapeOf(x)))) return false;
  const out = shape(result);
  if (out.length !== 4) return false;
  const [n, c, h, w] = out;
  if (wholeOnly && c % block !== 0) return false;
  const padded = ceilTo(c, block);
  const blocks = openBlocks(site, block);
  const kinds = node.input.map((x) => (x === "" ? "scalar" : kindOf(shape(x), out)));
  if (kinds.includes("other") || (kinds.includes("channels") && c % block !== 0)) return false;
  if (!kinds.includes("channels")) {
    const inputs = node.input.map((x, i) => (kinds[i] === "image" ? blocks.get(x) : plain(x)));
    blocks.keep(result, emit.op(node.opType, inputs, attributes.all()));
    return true;
  }
  // One number a channel lies in the same order in both layouts.
  const inputs = node.input.map((x, i) => {
    if (kinds[i] === "scalar") return plain(x);
    if (kinds[i] === "image") return emit.reshape(blocks.get(x), [n, padded / block, h, w, block]);
    const size = shape(x).reduce((product, extent) => product * extent, 1);
    return emit.reshape(plain(x), [size / c, c / block, 1, 1, block]);
  });
  blocks.keep(result, emit.reshape(emit.op(node.opType, inputs, attributes.all()), [n, padded, h, w]));
  return true;
}

const isKnown = (shape: Shape | undefined) => shape?.every((extent) => typeof extent === "number") ?? false;

/** How an operand meets an image: one number, one a channel, or one a pixel. */
function kindOf(shape: readonly number[], image: readonly number[]): "scalar" | "channels" | "image" | "other" {
  if (shape.every((extent) => extent === 1)) return "scalar";
  if (shape.length === 4 && shape.every((extent, axis) => extent === image[axis])) return "image";
  const [n = 1, c = 1, h = 1, w = 1] = [...new Array<number>(Math.max(0, 4 - shape.length)).fill(1), ...shape];
  return shape.length <= 4 && c === image[1] && h === 1 && w === 1 && (n === 1 || n === image[0]) ? "channels" : "other";
}
