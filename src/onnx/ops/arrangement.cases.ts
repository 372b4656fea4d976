import type { GraphBuilder, Value } from "../builder.js";
import { drawn, fixed, ints, type OpCase, type OpCases, scalar } from "./op.cases.js";

const reshape = (from: readonly number[], ...to: number[]): OpCase => ({
  about: `[${from}] to [${to}]`,
  inputs: [drawn(from), ints(...to)],
});

const flatten = (shape: readonly number[], axis: number): OpCase => ({
  about: `[${shape}] at axis ${axis}`,
  inputs: [drawn(shape)],
  attributes: { axis },
});

const squeeze = (shape: readonly number[], ...axes: number[]): OpCase => ({
  about: axes.length > 0 ? `axes ${axes} of [${shape}]` : `[${shape}]`,
  inputs: [drawn(shape), ...(axes.length > 0 ? [ints(...axes)] : [])],
});

const transpose = (shape: readonly number[], perm?: readonly number[]): OpCase => ({
  about: perm ? `[${shape}] by ${perm}` : `[${shape}]`,
  inputs: [drawn(shape)],
  ...(perm && { attributes: { perm } }),
});

const expand = (from: readonly number[], ...to: number[]): OpCase => ({
  about: `[${from}] to [${to}]`,
  inputs: [drawn(from), ints(...to)],
});

const concat = (axis: number, ...shapes: readonly (readonly number[])[]): OpCase => ({
  about: `axis ${axis} of ${shapes.map((shape) => `[${shape}]`).join(", ")}`,
  inputs: shapes.map((shape) => drawn(shape)),
  attributes: { axis },
});

/** All parts but the second count, each in its own way. */
const split = (shape: readonly number[], axis: number, sizes: readonly number[] | number): OpCase => ({
  about: `[${shape}] along ${axis} into ${sizes}`,
  inputs: [drawn(shape)],
  build(graph, [x]) {
    const count = typeof sizes === "number" ? sizes : sizes.length;
    const parts = Array.from({ length: count }, (_, i) => `part${i}`);
    if (typeof sizes === "number") graph.op("Split", [x], { axis, num_outputs: sizes }, parts);
    else graph.op("Split", [x, graph.constant(ints(...sizes))], { axis }, parts);
    const used = parts.filter((_, i) => i !== 1).map((part, i) => graph.op("Mul", [part, graph.constant(scalar(i + 1.5))]));
    return graph.op("Concat", used, { axis });
  },
});

/** Parts that are each convolved by themselves, as in networks that shuffle channels. */
const shuffled: OpCase = {
  about: "half of the channels convolved",
  inputs: [drawn([2, 32, 3, 3])],
  build(graph, [x]) {
    graph.op("Split", [x, graph.constant(ints(16, 16))], { axis: 1 }, ["left", "right"]);
    const conv = graph.op("Conv", ["right", graph.constant(fixed([16, 16, 3, 3], [-0.3, 0.3]))], { pads: [1, 1, 1, 1] });
    return graph.op("Concat", ["left", conv], { axis: 1 });
  },
};

const twoConcats: OpCase = {
  about: "two that are added",
  inputs: [drawn([2, 16, 2, 2]), drawn([2, 16, 2, 2])],
  build(graph: GraphBuilder, [a, b]: readonly Value[]) {
    return graph.op("Add", [graph.op("Concat", [a, b], { axis: 1 }), graph.op("Concat", [b, b], { axis: 1 })]);
  },
};

export const ARRANGEMENT_CASES: OpCases = {
  Reshape: [reshape([3, 4], 2, 6), reshape([2, 16, 3, 2], 0, -1), reshape([2, 12, 3, 2], 2, 2, 6, 3, 2), reshape([4], -1)],
  Flatten: [
    flatten([2, 16, 3, 2], 1),
    flatten([2, 12, 1, 1], 1),
    flatten([2, 3, 4], 0),
    flatten([2, 3, 4], -1),
    flatten([2, 3], 2),
  ],
  Squeeze: [squeeze([2, 16, 1, 1], 2, 3), squeeze([2, 16, 1, 1], -1), squeeze([1, 3, 1])],
  Unsqueeze: [squeeze([3, 4], 0), squeeze([3, 4], -1, 1), squeeze([2, 16], 2, 3)],
  Transpose: [
    transpose([3, 4]),
    transpose([2, 16, 3, 2], [0, 2, 3, 1]),
    transpose([2, 3, 4], [2, 0, 1]),
    transpose([2, 12, 3, 2]),
  ],
  Expand: [
    expand([3, 1], 3, 4),
    expand([4], 2, 3, 4),
    expand([2, 3, 4], 1, 1, 4),
    expand([2, 16, 1, 1], 2, 16, 3, 2),
    expand([2, 12, 1, 1], 2, 12, 3, 2),
    expand([1, 16, 1, 1], 2, 1, 3, 2),
    expand([2, 16, 3, 1], 2, 16, 3, 2),
    expand([], 2, 3),
  ],
  Concat: [
    concat(0, [2, 3], [1, 3]),
    concat(-1, [2, 3], [2, 1], [2, 2]),
    concat(1, [2, 16, 3, 2], [2, 16, 3, 2]),
    concat(1, [2, 16, 3, 2], [2, 12, 3, 2], [2, 3, 3, 2]),
    concat(-3, [2, 16, 3, 2], [2, 32, 3, 2]),
    concat(2, [2, 16, 3, 2], [2, 16, 1, 2]),
    concat(0, [3, 4]),
    twoConcats,
  ],
  Split: [
    split([2, 6], 1, [1, 2, 3]),
    split([2, 7], -1, 3),
    split([6, 2], 0, 3),
    split([2, 48, 3, 2], 1, [16, 16, 16]),
    split([2, 24, 3, 2], 1, [4, 12, 8]),
    split([2, 48, 3, 2], -3, 3),
    shuffled,
  ],
  DepthToSpace: [
    { about: "DCR", inputs: [drawn([2, 16, 2, 3])], attributes: { blocksize: 2 } },
    { about: "CRD", inputs: [drawn([2, 12, 2, 3])], attributes: { blocksize: 2, mode: "CRD" } },
  ],
  SpaceToDepth: [{ about: "blocks of 2", inputs: [drawn([2, 16, 4, 6])], attributes: { blocksize: 2 } }],
};
