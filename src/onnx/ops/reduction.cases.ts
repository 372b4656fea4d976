import { apart, type Drawn, drawn, ints, type OpCase, type OpCases, type Operand } from "./op.cases.js";

/** Shape, axes, attributes. */
const ROWS: readonly (readonly [readonly number[], readonly number[] | undefined, Readonly<Record<string, number>>])[] = [
  [[3, 4], undefined, {}],
  [[3, 4], undefined, { keepdims: 0 }],
  [[3, 4], [1], { keepdims: 0 }],
  [[3, 4], [-1], { keepdims: 1 }],
  [[2, 3, 4], [-3, 2], { keepdims: 0 }],
  [[2, 3, 4], [1], {}],
  [[2, 3, 4], [0, 1, 2], { keepdims: 0 }],
  [[2, 16, 3, 2], [2, 3], { keepdims: 0 }],
  [[2, 16, 3, 2], [-1, -2], { keepdims: 1 }],
  [[2, 12, 3, 2], [2, 3], { keepdims: 1 }],
  [[2, 12, 3, 2], [1], { keepdims: 1 }],
  [[2, 16, 3, 2], [0], { keepdims: 0 }],
  [[2, 16, 3, 2], undefined, { keepdims: 0 }],
  [[3, 4], undefined, { noop_with_empty_axes: 1 }],
  [[3, 4], [], { noop_with_empty_axes: 1 }],
  [[3, 4], [], {}],
];

const reductions = (draw: (shape: readonly number[]) => Drawn): readonly OpCase[] =>
  ROWS.map(([shape, axes, attributes]) => {
    const given: readonly Operand[] = axes ? [ints(...axes)] : [];
    const options = Object.entries(attributes).map(([name, value]) => `${name} ${value}`);
    return {
      about: [`[${shape}] over ${axes ? `[${axes}]` : "no axes"}`, ...options].join(", "),
      inputs: [draw(shape), ...given],
      attributes,
    };
  });

const positive = (shape: readonly number[]) => drawn(shape, [0.5, 2]);

/** The first row is zeros: |x| has no slope there, and none is what comes back. */
const firstZero = (shape: readonly number[]): Drawn => ({
  shape,
  draw: (count, seed) =>
    drawn(shape)
      .draw(count, seed)
      .map((value, i) => (i < shape[1] ? 0 : value)),
});

export const REDUCTION_CASES: OpCases = {
  ReduceSum: reductions(drawn),
  ReduceMean: reductions(drawn),
  ReduceMax: reductions(apart),
  ReduceMin: reductions(apart),
  ReduceL1: reductions((shape) => drawn(shape, [-2, 2], { kinks: [0] })),
  ReduceL2: [
    ...reductions((shape) => drawn(shape, [-2, 2], { kinks: [0] })),
    { about: "a row of zeros", inputs: [firstZero([3, 4]), ints(1)] },
  ],
  ReduceSumSquare: reductions(drawn),
  ReduceLogSumExp: reductions(drawn),
  ReduceLogSum: reductions(positive),
};
