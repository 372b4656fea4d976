import { drawn, type OpCase, type OpCases } from "./op.cases.js";

const gemms: readonly OpCase[] = [0, 1].flatMap((transA) =>
  [0, 1].flatMap((transB) =>
    [
      { alpha: 1, beta: 1 },
      { alpha: 0.5, beta: 1.5 },
    ].map(({ alpha, beta }) => ({
      about: `transA ${transA}, transB ${transB}, alpha ${alpha}, beta ${beta}`,
      inputs: [drawn(transA ? [4, 3] : [3, 4]), drawn(transB ? [5, 4] : [4, 5]), drawn([5])],
      attributes: { transA, transB, alpha, beta },
    })),
  ),
);

const biases: readonly OpCase[] = [[], [1], [3, 1], [1, 5], [3, 5]].map((shape) => ({
  about: `a bias of [${shape}]`,
  inputs: [drawn([3, 4]), drawn([4, 5]), drawn(shape)],
}));

const products: readonly OpCase[] = (
  [
    [
      [3, 4],
      [4, 5],
    ],
    [[4], [4]],
    [[4], [4, 5]],
    [[3, 4], [4]],
    [
      [2, 3, 4],
      [4, 5],
    ],
    [[2, 3, 4], [4]],
    [[4], [2, 4, 5]],
    [
      [3, 4],
      [2, 4, 5],
    ],
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    [
      [2, 3, 4],
      [1, 4, 5],
    ],
    [
      [1, 3, 4],
      [2, 4, 5],
    ],
    [
      [2, 3, 4, 5],
      [2, 3, 5, 2],
    ],
    [
      [2, 1, 4, 5],
      [3, 5, 2],
    ],
    [
      [2, 1, 4, 5],
      [1, 3, 5, 2],
    ],
    [[2, 3, 4, 5], [5]],
    [[4], [2, 3, 4, 5]],
    [
      [2, 16, 3, 4],
      [4, 3],
    ],
    [
      [2, 16, 3, 4],
      [2, 16, 4, 3],
    ],
  ] as const
).map(([a, b]) => ({ about: `[${a}] and [${b}]`, inputs: [drawn(a), drawn(b)] }));

export const PRODUCT_CASES: OpCases = {
  Gemm: [...gemms, ...biases, { about: "no bias", inputs: [drawn([3, 4]), drawn([4, 5])], attributes: { alpha: 2 } }],
  MatMul: [
    ...products,
    {
      about: "a layer of tokens: weights, a bias and a normalisation",
      inputs: [drawn([3, 5, 4]), drawn([4, 6]), drawn([6]), drawn([6], [0.5, 2])],
      build(graph, [x, weights, bias, scale]) {
        const layer = graph.op("Add", [graph.op("MatMul", [x, weights]), bias]);
        return graph.op("LayerNormalization", [layer, scale, bias], { axis: -1 });
      },
    },
  ],
};
