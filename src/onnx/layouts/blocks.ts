import type { AttributeValue } from "../attributes.js";
import type { Value } from "../builder.js";
import type { Site } from "../lower.js";
import { NCHWC_DOMAIN } from "../ops/runtime.js";
import type { NodeProto } from "../proto.js";

/** The least multiple of the block that holds `count` channels. */
export const ceilTo = (count: number, block: number): number => Math.ceil(count / block) * block;

/** A convolution about to be written, and what may be written with it. */
export interface BlockedConv {
  readonly input: Value;
  readonly weights: Value;
  /** "" for none. */
  readonly bias?: Value;
  /** A tensor of the graph that is rewritten, or "". */
  readonly addend?: Value;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** What one node may do with tensors in blocks. */
export interface Blocks {
  /** The tensor in blocks, its channels filled up with zeros. */
  get(value: Value): Value;
  /** Says that `stored` is this tensor of the node in blocks. */
  keep(value: Value, stored: Value): void;
  op(opType: string, inputs: readonly Value[], attributes?: Readonly<Record<string, AttributeValue>>): Value;
  /** Writes a convolution as the node's first output, together with a sum and an activation where nothing else reads what is between. */
  conv(conv: BlockedConv): void;
  /** A vector `[C]` filled up with zeros. */
  fill(vector: Value, count: number): Value;
  /** The first `count` numbers of a vector. */
  cut(vector: Value, count: number): Value;
}

/** Opens the blocked layout for one node. */
export function openBlocks(site: Site, block: number): Blocks {
  const { node, emit, shape, plain, inOrder } = site;
  const op: Blocks["op"] = (opType, inputs, attributes) => emit.graph.op(opType, inputs, attributes, undefined, NCHWC_DOMAIN);
  const keep: Blocks["keep"] = (value, stored) => {
    const [, channels] = shape(value);
    site.keep(value, stored, (name) => emit.graph.op("ReorderOutput", [stored], { channels }, name, NCHWC_DOMAIN));
  };
  const get: Blocks["get"] = (value) => {
    const found = inOrder(value);
    if (found !== undefined) return found;
    const [, channels] = shape(value);
    const filled = emit.pad(plain(value), 1, 0, ceilTo(channels, block) - channels);
    const stored = op("ReorderInput", [filled]);
    keep(value, stored);
    return stored;
  };
  return {
    get,
    keep,
    op,
    conv({ input, weights, bias = "", addend = "", attributes }) {
      let [result] = node.output;
      let sum = addend === "" ? "" : get(addend);
      const follow = (next: NodeProto) => {
        site.absorb(next);
        [result] = next.output;
      };
      const added = site.soleReader(result);
      if (sum === "" && added?.opType === "Add" && added.domain === "") {
        const other = added.input[0] === result ? added.input[1] : added.input[0];
        if (other !== result && site.isWritten(other) && sameShape(shape(other), shape(result))) {
          sum = get(other);
          follow(added);
        }
      }
      const fused = fusedActivation(site, result);
      if (fused !== undefined) follow(fused.node);
      const inputs = [input, weights, bias, sum];
      while (inputs.at(-1) === "") inputs.pop();
      keep(result, op("Conv", inputs, { ...attributes, ...fused?.attributes }));
    },
    fill: (vector, count) => emit.pad(vector, 0, 0, ceilTo(count, block) - count),
    cut: (vector, count) => emit.pad(vector, 0, 0, count - emit.shape(vector)[0]),
  };
}

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((extent, i) => extent === b[i]);

/** The activations that ONNX Runtime computes while it writes a convolution, and what they need to know. */
const FUSED: Readonly<Record<string, (node: NodeProto, site: Site) => readonly number[] | undefined>> = {
  Relu: () => [],
  Clip: ({ input: [, low, high] }, { emit }) => {
    const bounds = [low, high].map((bound) => (bound && emit.graph.has(bound) ? emit.numbers(bound)?.[0] : undefined));
    return bounds.every((bound) => bound !== undefined) ? bounds : undefined;
  },
};

function fusedActivation(site: Site, value: Value) {
  const node = site.soleReader(value);
  if (node === undefined || node.domain !== "" || node.input[0] !== value || !Object.hasOwn(FUSED, node.opType)) return undefined;
  const params = FUSED[node.opType](node, site);
  if (params === undefined) return undefined;
  return { node, attributes: { activation: node.opType, ...(params.length > 0 && { activation_params: params }) } };
}
