import { attributesOf } from "./attributes.js";
import { averagesPlaces } from "./averaged-maps.js";
import type { Known } from "./known.js";
import { isStandard } from "./model.js";
import type { GraphProto, NodeProto } from "./proto.js";
import { bodiesOf } from "./rename.js";
import { IMAGE } from "./surgery.js";

/** Feature maps `[N, C, H, W]` that are averaged over their places, and how those lie on the image. */
export interface PlacedMaps {
  readonly name: string;
  /** Pixels of the image from one place to the next: down, across. */
  readonly strides: readonly [number, number];
  /** Whether places near the border saw something put there instead of pixels. */
  readonly padded: boolean;
}

/** A tensor that depends on the image: maps of places, or numbers of the whole image. */
type State = Omit<PlacedMaps, "name"> | "whole";

/** Why a graph cannot be computed of a larger image at once. */
export interface Hindrance {
  readonly why: string;
}

/** Operators that do the same at every place, and look at no other. */
const PLACEWISE = new Set(
  (
    "Abs Add Cast Ceil Celu Clip Cos Div Dropout Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid HardSwish Identity LeakyRelu " +
    "Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt " +
    "Sub Sum Swish Tanh ThresholdedRelu Where"
  ).split(" "),
);
/** Those that see a window around every place. */
const WINDOWED = new Set(["AveragePool", "Conv", "LpPool", "MaxPool"]);
/** Those that only arrange channels, if that is their axis. */
const ARRANGING = new Set(["Concat", "Gather", "Split"]);
const OVER_CHANNELS = new Set(["BatchNormalization", "LRN", "Pad"]);

/**
 * The feature maps that a graph averages over their places, in the order of its nodes, where all that comes before looks at each place
 * and its surroundings alone: then it can be computed of a larger image at once. Else the reason why not, naming the node.
 */
export function placedMaps(graph: GraphProto, known: ReadonlyMap<string, Known>): readonly PlacedMaps[] | Hindrance {
  const states = new Map<string, State>([[IMAGE, { strides: [1, 1], padded: false }]]);
  const found: PlacedMaps[] = [];
  for (const node of graph.node) {
    let state = stateAfter(node, states, known);
    if (state === undefined) continue; // a constant
    if (state !== "whole" && "why" in state) return { why: `${node.opType} "${node.name || node.output[0]}" ${state.why}` };
    if (state !== "whole" && averagesPlaces(node, known)) {
      found.push({ name: node.input[0], ...state });
      state = "whole";
    }
    for (const output of node.output) states.set(output, state);
  }
  if (found.length > 0 && graph.output.every(({ name }) => states.get(name) === "whole")) return found;
  return { why: "it does not average feature maps over their places" };
}

/** What a node makes of what it reads; undefined where that does not depend on the image. */
function stateAfter(
  node: NodeProto,
  states: ReadonlyMap<string, State>,
  known: ReadonlyMap<string, Known>,
): State | Hindrance | undefined {
  const { opType, domain } = node;
  const inputs = node.input.flatMap((name) => states.get(name) ?? []);
  const maps = inputs.filter((state) => state !== "whole");
  if (bodiesOf(node).length > 0) return { why: "has a graph of its own" };
  if (maps.length === 0) return inputs[0];
  if (maps.length < inputs.length) return { why: "brings numbers of the whole chip back to its places" };
  const [{ strides }] = maps;
  const padded = maps.some((map) => map.padded);
  if (maps.some((map) => map.strides.join() !== strides.join())) return { why: "joins maps of different strides" };
  if (averagesPlaces(node, known)) return { strides, padded };
  const attributes = attributesOf(node);
  if (!isStandard(domain)) return { why: `of ${domain} may look at all places` };
  if (WINDOWED.has(opType)) {
    const [down = 1, across = 1] = attributes.ints("strides") ?? [];
    const pads = attributes.string("auto_pad", "NOTSET").startsWith("SAME") || attributes.ints("pads")?.some((pad) => pad !== 0);
    return { strides: [strides[0] * down, strides[1] * across], padded: padded || pads === true };
  }
  if (ARRANGING.has(opType)) return attributes.int("axis", 0) === 1 ? { strides, padded } : { why: "arranges places" };
  if (OVER_CHANNELS.has(opType)) return { strides, padded: padded || opType === "Pad" };
  if (!PLACEWISE.has(opType)) return { why: "looks at all places of the chip" };
  const isEven = (name: string) =>
    known
      .get(name)
      ?.shape?.slice(-2)
      .every((extent) => extent === 1) === true;
  const hasUneven = node.input.some((name) => name !== "" && !states.has(name) && !isEven(name));
  return hasUneven ? { why: "has another constant for every place" } : { strides, padded };
}
