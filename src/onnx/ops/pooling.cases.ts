import type { AttributeValue } from "../attributes.js";
import { apart, type Drawn, drawn, type OpCase, type OpCases } from "./op.cases.js";

type Attributes = Readonly<Record<string, AttributeValue>>;

const both = (size: number) => [size, size];

/** Windows that both pools slide. */
const WINDOWS: Readonly<Record<string, readonly [readonly number[], Attributes]>> = {
  "2 × 2, stride 2": [[2, 16, 6, 4], { kernel_shape: both(2), strides: both(2) }],
  "2 × 2, stride 2, last pixels left out": [[2, 12, 5, 7], { kernel_shape: both(2), strides: both(2) }],
  "3 × 3, stride 2, pads": [[2, 16, 6, 7], { kernel_shape: both(3), strides: both(2), pads: [1, 1, 1, 1] }],
  "3 × 3, overlapping": [[2, 12, 5, 4], { kernel_shape: both(3) }],
  "3 × 3, pads": [[2, 16, 5, 4], { kernel_shape: both(3), pads: [1, 1, 1, 1] }],
  "3 × 3, stride 3 by 1, asymmetric pads": [[2, 5, 7, 4], { kernel_shape: both(3), strides: [3, 1], pads: [0, 1, 1, 0] }],
  "2 × 3": [[2, 16, 4, 5], { kernel_shape: [2, 3], strides: [2, 1] }],
  "3 × 3, stride 2, ceil_mode": [[2, 16, 6, 8], { kernel_shape: both(3), strides: both(2), ceil_mode: 1 }],
  "3 × 3, stride 2, pads, ceil_mode": [
    [2, 16, 6, 8],
    { kernel_shape: both(3), strides: both(2), pads: [1, 1, 1, 1], ceil_mode: 1 },
  ],
  "3 × 3, SAME_UPPER": [[2, 16, 5, 6], { kernel_shape: both(3), strides: both(2), auto_pad: "SAME_UPPER" }],
  "2 × 2, SAME_LOWER": [[2, 16, 5, 6], { kernel_shape: both(2), auto_pad: "SAME_LOWER" }],
  "3 × 3, VALID": [[2, 16, 6, 6], { kernel_shape: both(3), strides: both(2), auto_pad: "VALID" }],
  "2 × 2, dilation 2": [[2, 16, 6, 5], { kernel_shape: both(2), dilations: both(2) }],
  "4 × 5, the whole image": [[2, 16, 4, 5], { kernel_shape: [4, 5] }],
};

const pools = (draw: (shape: readonly number[]) => Drawn, more: Attributes = {}, about = ""): OpCase[] =>
  Object.entries(WINDOWS).map(([name, [shape, attributes]]) => ({
    about: `${name}${about}`,
    inputs: [draw(shape)],
    attributes: { ...attributes, ...more },
  }));

const globals = (draw: (shape: readonly number[]) => Drawn): OpCase[] =>
  [
    [2, 16, 3, 4],
    [2, 12, 4, 3],
    [2, 3, 2, 2],
    [2, 16, 1, 1],
    [2, 5, 7],
  ].map((shape) => ({ about: `[${shape}]`, inputs: [draw(shape)] }));

export const POOLING_CASES: OpCases = {
  AveragePool: [
    ...pools(drawn),
    ...pools(drawn, { count_include_pad: 1 }, ", pads counted"),
    { about: "a row", inputs: [drawn([2, 3, 7])], attributes: { kernel_shape: [3], strides: [2], pads: [1, 1] } },
  ],
  MaxPool: [
    ...pools(apart),
    ...pools(apart, { storage_order: 1 }, ", column by column").slice(0, 1),
    { about: "a row", inputs: [apart([2, 3, 7])], attributes: { kernel_shape: [3], strides: [2], pads: [1, 1] } },
  ],
  GlobalAveragePool: globals(drawn),
  GlobalMaxPool: globals(apart),
};
