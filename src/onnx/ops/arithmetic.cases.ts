import { float32, type Tensor } from "../../tensor.js";
import { FLOAT, INT64 } from "../types.js";
import { apart, drawn, everywhere, fixed, ints, type OpCase, type OpCases, type Operand, scalar } from "./op.cases.js";

type Shape = readonly number[];
type Range = readonly [number, number];

/** Shapes that meet in networks: alike, a number per channel, per image and channel, per pixel, per row, and one for all. */
const MEETINGS: readonly (readonly [Shape, Shape])[] = [
  [
    [3, 4],
    [3, 4],
  ],
  [[3, 4], [4]],
  [[3, 4], []],
  [
    [3, 1, 2],
    [4, 1],
  ],
  [
    [2, 16, 3, 2],
    [2, 16, 3, 2],
  ],
  [
    [2, 12, 3, 2],
    [2, 12, 3, 2],
  ],
  [
    [2, 16, 3, 2],
    [16, 1, 1],
  ],
  [
    [2, 12, 3, 2],
    [1, 12, 1, 1],
  ],
  [
    [2, 16, 3, 2],
    [2, 16, 1, 1],
  ],
  [
    [2, 12, 3, 2],
    [2, 12, 1, 1],
  ],
  [
    [2, 16, 3, 2],
    [2, 1, 3, 2],
  ],
  [
    [2, 16, 3, 2],
    [1, 16, 3, 2],
  ],
  [
    [2, 16, 3, 2],
    [2, 1, 1, 1],
  ],
  [
    [2, 16, 3, 1],
    [2, 16, 1, 4],
  ],
  [[2, 16, 3, 2], [2]],
  [[2, 16, 3, 2], []],
  [[2, 12, 3, 2], [1]],
];

/** Every meeting, both ways round. */
const binary = (first: (shape: Shape) => Operand, second: (shape: Shape) => Operand): readonly OpCase[] =>
  MEETINGS.flatMap(([left, right]) => {
    const ways =
      left.join() === right.join()
        ? [[left, right]]
        : [
            [left, right],
            [right, left],
          ];
    return ways.map(([a, b]) => ({ about: `[${a}] and [${b}]`, inputs: [first(a), second(b)] }));
  });

const within =
  (range: Range, kinks: readonly number[] = []) =>
  (shape: Shape) =>
    drawn(shape, range, { kinks });

const several: readonly OpCase[] = [
  { about: "one input", inputs: [drawn([3, 4])] },
  { about: "three inputs", inputs: [apart([3, 4]), apart([4], 0.08), apart([], 0.16)] },
  { about: "three images", inputs: [apart([2, 16, 3, 2]), apart([2, 16, 3, 2], 0.08), apart([2, 16, 1, 1], 0.16)] },
];

const extreme = (): readonly OpCase[] => [...binary(apart, (shape) => apart(shape, 0.12)), ...several];

const unary = (range: Range, kinks: readonly number[] = []): readonly OpCase[] =>
  everywhere((shape) => ({ about: "", inputs: [drawn(shape, range, { kinks })] }));

/** Channels that leave some of a block empty: what fills it up, 0 before the first operator, must not come back as NaN. */
const behind = (first: string, by: number, range: Range, opType: string): OpCase => ({
  about: `behind ${first} ${by}, of 12 channels`,
  inputs: [drawn([2, 12, 2, 3], range)],
  build: (graph, [x]) => graph.op(opType, [graph.op(first, [x, graph.constant(scalar(by))])]),
});

const mask: Tensor = { dtype: "bool", shape: [2, 16, 3, 2], data: Uint8Array.from({ length: 192 }, (_, i) => ((i * 7) % 3) & 1) };
const row: Tensor = { dtype: "bool", shape: [4], data: Uint8Array.of(1, 0, 0, 1) };

export const ARITHMETIC_CASES: OpCases = {
  Add: [
    ...binary(within([-2, 2]), within([-2, 2])),
    { about: "a tensor and itself", inputs: [drawn([2, 16, 3, 2])], build: (graph, [x]) => graph.op("Add", [x, x]) },
    {
      about: "two convolutions of one image",
      inputs: [drawn([2, 16, 3, 3])],
      build(graph, [x]) {
        const [a, b] = [1, 2].map((scale) => graph.constant(fixed([16, 16, 3, 3], [-0.2 * scale, 0.2])));
        const [left, right] = [a, b].map((w) => graph.op("Conv", [x, w], { pads: [1, 1, 1, 1] }));
        return graph.op("Softplus", [graph.op("Add", [left, right])]);
      },
    },
  ],
  Sub: binary(within([-2, 2]), within([-2, 2])),
  Mul: [
    ...binary(within([-2, 2]), within([-2, 2])),
    { about: "a tensor and itself", inputs: [drawn([2, 16, 3, 2])], build: (graph, [x]) => graph.op("Mul", [x, x]) },
  ],
  Div: [...binary(within([-2, 2]), within([0.5, 2])), ...binary(within([-2, 2]), within([-2, -0.5])).slice(0, 1)],
  Pow: [
    ...binary(within([0.5, 2]), within([-1.5, 1.5])),
    ...everywhere((shape) => ({ about: "the square of any number", inputs: [drawn(shape), scalar(2)] })),
    { about: "the cube of any number", inputs: [drawn([3, 4]), scalar(3)] },
    { about: "an integer exponent", inputs: [drawn([3, 4]), ints(2)] },
    { about: "of a constant", inputs: [scalar(1.5), drawn([3, 4])] },
    { about: "the power 0 of 0", inputs: [drawn([3, 4], [0, 0]), scalar(0)] },
    { about: "powers 0 and 2 of 0", inputs: [drawn([3, 2], [0, 0]), float32([2], [0, 2])] },
  ],
  Max: extreme(),
  Min: extreme(),
  Mean: [...binary(within([-2, 2]), within([-2, 2])), ...several],
  Sum: [...binary(within([-2, 2]), within([-2, 2])), ...several],
  Where: [
    { about: "a row that decides", inputs: [row, drawn([3, 4]), drawn([3, 4])] },
    { about: "broadcast choices", inputs: [row, drawn([3, 1]), drawn([])] },
    { about: "images", inputs: [mask, drawn([2, 16, 3, 2]), drawn([16, 1, 1])] },
    { about: "a constant and images", inputs: [mask, scalar(0.5), drawn([2, 16, 3, 2])] },
    {
      about: "a comparison that decides",
      inputs: [drawn([2, 16, 3, 2], [-2, 2], { kinks: [0] })],
      build: (graph, [x]) => graph.op("Where", [graph.op("Less", [x, graph.constant(scalar(0))]), graph.op("Exp", [x]), x]),
    },
  ],
  Cast: [
    ...everywhere((shape) => ({ about: "to what it is", inputs: [drawn(shape)], attributes: { to: FLOAT } })),
    {
      about: "to float64 and back",
      inputs: [drawn([3, 4])],
      build: (graph, [x]) => graph.op("Cast", [graph.op("Cast", [x], { to: 11 })], { to: FLOAT }),
    },
    {
      about: "to integers and back, beside the number itself",
      inputs: [drawn([3, 4], [-2, 2], { kinks: [-1, 0, 1] })],
      build: (graph, [x]) => graph.op("Mul", [x, graph.op("Cast", [graph.op("Cast", [x], { to: INT64 })], { to: FLOAT })]),
    },
  ],
  Identity: unary([-2, 2]),
  Neg: unary([-2, 2]),
  Abs: unary([-2, 2], [0]),
  Sqrt: [...unary([0.4, 2]), behind("Sub", 1, [1.4, 3], "Sqrt")],
  Exp: [...unary([-2, 1]), behind("Add", 100, [-101, -99], "Exp")],
  Log: unary([0.4, 2]),
  Reciprocal: [...unary([0.5, 2]), ...unary([-2, -0.5])],
  Sin: unary([-3, 3]),
  Cos: unary([-3, 3]),
  Erf: unary([-2, 2]),
};
