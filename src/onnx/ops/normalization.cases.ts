import { drawn, fixed, type OpCase, type OpCases } from "./op.cases.js";

const SHAPES: readonly (readonly number[])[] = [
  [2, 16, 3, 2],
  [3, 12, 2, 2],
  [2, 3, 3, 3],
  [2, 16, 1, 1],
  [4, 3],
  [2, 4, 3],
];

const frozen: readonly OpCase[] = SHAPES.flatMap((shape) => {
  const c = [shape[1]];
  const [scale, bias] = [drawn(c, [0.5, 2]), drawn(c)];
  return [
    { about: `by fixed statistics of [${shape}]`, inputs: [drawn(shape), scale, bias, fixed(c), fixed(c, [0.5, 2])] },
    { about: `by statistics that are learned of [${shape}]`, inputs: [drawn(shape), scale, bias, drawn(c), drawn(c, [0.5, 2])] },
  ];
});

const training: readonly OpCase[] = SHAPES.filter((shape) => shape[3] !== 1).map((shape) => {
  const c = [shape[1]];
  return {
    about: `by the batch of [${shape}]`,
    inputs: [drawn(shape, [-2, 4]), drawn(c, [0.5, 2]), drawn(c), fixed(c), fixed(c, [0.5, 2])],
    attributes: { training_mode: 1, epsilon: 1e-3 },
    build: (graph, inputs) =>
      graph.op("BatchNormalization", inputs, { training_mode: 1, epsilon: 1e-3 }, ["normal", "next_mean", "next_variance"]),
  };
});

export const NORMALIZATION_CASES: OpCases = {
  BatchNormalization: [
    ...frozen,
    ...training,
    {
      about: "between convolutions",
      inputs: [drawn([2, 16, 4, 4]), drawn([16, 16, 3, 3], [-0.3, 0.3]), drawn([16], [0.5, 2]), drawn([16])],
      build(graph, [x, w, scale, bias]) {
        const statistics = [fixed([16]), fixed([16], [0.5, 2])].map((value) => graph.constant(value));
        const conv = graph.op("Conv", [x, w], { pads: [1, 1, 1, 1], strides: [2, 2] });
        return graph.op("Conv", [graph.op("BatchNormalization", [conv, scale, bias, ...statistics]), w], { pads: [1, 1, 1, 1] });
      },
    },
    {
      about: "read twice",
      inputs: [drawn([2, 16, 3, 3]), drawn([16], [0.5, 2]), drawn([16])],
      build(graph, [x, scale, bias]) {
        const statistics = [fixed([16]), fixed([16], [0.5, 2])].map((value) => graph.constant(value));
        const normal = graph.op("BatchNormalization", [x, scale, bias, ...statistics]);
        return graph.op("Add", [graph.op("Sigmoid", [normal]), graph.op("Mul", [normal, x])]);
      },
    },
  ],
  LayerNormalization: [
    { about: "the last axis", inputs: [drawn([3, 6]), drawn([6], [0.5, 2]), drawn([6])] },
    { about: "without a bias", inputs: [drawn([3, 6]), drawn([6], [0.5, 2])] },
    { about: "tokens", inputs: [drawn([2, 3, 6]), drawn([6], [0.5, 2]), drawn([6])], attributes: { axis: -1 } },
    { about: "the last two axes", inputs: [drawn([2, 3, 4]), drawn([3, 4], [0.5, 2]), drawn([3, 4])], attributes: { axis: 1 } },
    { about: "the last two axes, counted back", inputs: [drawn([2, 3, 4]), drawn([3, 4]), drawn([4])], attributes: { axis: -2 } },
    {
      about: "images",
      inputs: [drawn([2, 16, 3, 2]), drawn([16, 3, 2], [0.5, 2]), drawn([16, 3, 2])],
      attributes: { axis: 1, epsilon: 0.01 },
    },
    { about: "the last axis of images", inputs: [drawn([2, 16, 3, 4]), drawn([4], [0.5, 2]), drawn([4])] },
    { about: "everything", inputs: [drawn([3, 4]), drawn([3, 4]), drawn([3, 4])], attributes: { axis: 0 } },
  ],
};
