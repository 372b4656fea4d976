import type { Lowering, Site } from "../lower.js";
import { ceilTo, openBlocks } from "./blocks.js";

/** Operators on single numbers that run in any order of them. */
const ANY_ORDER = (
  "Abs Add Ceil Clip Elu Erf Exp Floor Gelu HardSigmoid HardSwish Identity LeakyRelu Mish Mul Neg Relu Sigmoid Sign Softplus " +
  "Softsign Sub Sqrt Swish Tanh"
).split(" ");

/** Those that may make something of zeros that is no number: not where channels are filled up. */
const WHOLE_BLOCKS_ONLY = "Div Log Pow Reciprocal".split(" ");

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
  const out = shape(result);
  if (out.length !== 4 || node.output.length > 1 || !node.input.some((x) => x !== "" && inOrder(x) !== undefined)) return false;
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

/** How an operand meets an image: one number, one a channel, or one a pixel. */
function kindOf(shape: readonly number[], image: readonly number[]): "scalar" | "channels" | "image" | "other" {
  if (shape.every((extent) => extent === 1)) return "scalar";
  if (shape.length === 4 && shape.every((extent, axis) => extent === image[axis])) return "image";
  const [n = 1, c = 1, h = 1, w = 1] = [...new Array<number>(Math.max(0, 4 - shape.length)).fill(1), ...shape];
  return shape.length <= 4 && c === image[1] && h === 1 && w === 1 && (n === 1 || n === image[0]) ? "channels" : "other";
}
