import type { AttributeValue } from "../attributes.js";
import { drawn, everywhere, type OpCase, type OpCases, type Operand, scalar } from "./op.cases.js";

/** One input of each shape. */
const unary = (
  about: string,
  range: readonly [number, number],
  { kinks = [], attributes = {}, more = [], opset }: Options = {},
): readonly OpCase[] =>
  everywhere((shape) => ({
    about,
    inputs: [drawn(shape, range, { kinks }), ...more],
    attributes,
    ...(opset !== undefined && { opset }),
  }));

interface Options {
  readonly kinks?: readonly number[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly more?: readonly Operand[];
  readonly opset?: number;
}

const anyAxis = (): readonly OpCase[] => [
  { about: "rows", inputs: [drawn([3, 4])] },
  { about: "axis 0", inputs: [drawn([3, 4])], attributes: { axis: 0 } },
  { about: "channels", inputs: [drawn([2, 16, 3, 2])], attributes: { axis: 1 } },
  { about: "axis -2", inputs: [drawn([2, 3, 4])], attributes: { axis: -2 } },
];

export const ACTIVATION_CASES: OpCases = {
  Relu: unary("", [-2, 2], { kinks: [0] }),
  Clip: [
    ...unary("both bounds", [-2, 2], { kinks: [-0.5, 0.75], more: [scalar(-0.5), scalar(0.75)] }),
    ...unary("as ReLU6", [-4, 10], { kinks: [0, 6], more: [scalar(0), scalar(6)] }),
    ...unary("from below", [-2, 2], { kinks: [-0.5], more: [scalar(-0.5)] }),
    ...unary("from above", [-2, 2], { kinks: [0.5], more: ["", scalar(0.5)] }),
    ...unary("no bounds", [-2, 2]),
    ...unary("bounds that are learned", [-2, 2], {
      kinks: [-0.5, 0.5],
      more: [drawn([], [-0.51, -0.49]), drawn([], [0.49, 0.51])],
    }),
  ],
  LeakyRelu: [
    ...unary("default slope", [-2, 2], { kinks: [0] }),
    ...unary("slope 0.3", [-2, 2], { kinks: [0], attributes: { alpha: 0.3 } }),
  ],
  PRelu: [
    { about: "one slope", inputs: [drawn([2, 16, 3, 2], [-2, 2], { kinks: [0] }), drawn([1])] },
    { about: "a slope per channel", inputs: [drawn([2, 16, 3, 2], [-2, 2], { kinks: [0] }), drawn([16, 1, 1])] },
    { about: "a slope per channel of 12", inputs: [drawn([2, 12, 3, 2], [-2, 2], { kinks: [0] }), drawn([12, 1, 1])] },
    { about: "of a matrix", inputs: [drawn([3, 4], [-2, 2], { kinks: [0] }), drawn([4])] },
  ],
  Elu: [...unary("", [-2, 2], { kinks: [0] }), ...unary("alpha 0.5", [-2, 2], { kinks: [0], attributes: { alpha: 0.5 } })],
  Sigmoid: [
    ...unary("", [-4, 4]),
    ...everywhere((shape) => ({
      about: "SiLU: x σ(x)",
      inputs: [drawn(shape)],
      build: (graph, [x]) => graph.op("Mul", [x, graph.op("Sigmoid", [x])]),
    })),
  ],
  Tanh: unary("", [-3, 3]),
  HardSigmoid: [
    ...unary("", [-4, 4], { kinks: [-2.5, 2.5] }),
    ...unary("alpha ½, beta ¼", [-3, 3], { kinks: [-0.5, 1.5], attributes: { alpha: 0.5, beta: 0.25 } }),
  ],
  HardSwish: [
    ...unary("", [-5, 5], { kinks: [-3, 3] }),
    ...everywhere((shape) => ({
      about: "x ReLU6(x + 3) / 6",
      inputs: [drawn(shape, [-5, 5], { kinks: [-3, 3] })],
      build(graph, [x]) {
        const [zero, three, six] = [0, 3, 6].map((value) => graph.constant(scalar(value)));
        const gate = graph.op("Clip", [graph.op("Add", [x, three]), zero, six]);
        return graph.op("Div", [graph.op("Mul", [x, gate]), six]);
      },
    })),
  ],
  Swish: [...unary("", [-3, 3], { opset: 24 }), ...unary("alpha 1.7", [-3, 3], { attributes: { alpha: 1.7 }, opset: 24 })],
  Mish: unary("", [-3, 3]),
  Gelu: [
    ...unary("by Erf", [-3, 3]),
    ...unary("by Tanh", [-3, 3], { attributes: { approximate: "tanh" } }),
    ...everywhere((shape) => ({
      about: "x (1 + erf(x / √2)) / 2",
      inputs: [drawn(shape)],
      build(graph, [x]) {
        const [root, one, half] = [Math.SQRT2, 1, 0.5].map((value) => graph.constant(scalar(value)));
        const erf = graph.op("Erf", [graph.op("Div", [x, root])]);
        return graph.op("Mul", [graph.op("Mul", [x, graph.op("Add", [erf, one])]), half]);
      },
    })),
  ],
  Softplus: unary("", [-3, 3]),
  Softsign: unary("", [-3, 3], { kinks: [0] }),
  Softmax: anyAxis(),
  LogSoftmax: anyAxis(),
  Dropout: [...unary("in inference form", [-2, 2]), ...unary("with a ratio", [-2, 2], { more: [scalar(0.4)] })],
};
