import type { AttributeValue } from "../attributes.js";
import { drawn, type OpCase, type OpCases } from "./op.cases.js";

interface Row {
  readonly x: readonly number[];
  readonly w: readonly number[];
  readonly bias?: boolean;
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

const around = (pad: number) => ({ pads: [pad, pad, pad, pad] });

/** Channels that fill blocks (16), leave some of a block empty (12), and do not fill one (3, 5). */
const ROWS: Readonly<Record<string, Row>> = {
  "1 × 1": { x: [2, 16, 4, 3], w: [16, 16, 1, 1] },
  "1 × 1 with a bias": { x: [2, 12, 4, 3], w: [5, 12, 1, 1], bias: true },
  "1 × 1, stride 2, last pixel left out": { x: [2, 16, 4, 6], w: [12, 16, 1, 1], attributes: { strides: [2, 2] } },
  "1 × 1, stride 2, odd": { x: [2, 16, 5, 7], w: [16, 16, 1, 1], bias: true, attributes: { strides: [2, 2] } },
  "1 × 1, stride 3": { x: [2, 16, 5, 6], w: [16, 16, 1, 1], attributes: { strides: [3, 3] } },
  "1 × 1, strides 1 and 2": { x: [2, 16, 4, 6], w: [16, 16, 1, 1], attributes: { strides: [1, 2] } },
  "1 × 1 with pads": { x: [2, 16, 3, 3], w: [16, 16, 1, 1], attributes: around(1) },
  "1 × 1 to more channels, image by image": { x: [2, 16, 8, 8], w: [32, 16, 1, 1] },
  "1 × 1 to fewer channels, image by image": { x: [2, 32, 8, 8], w: [16, 32, 1, 1] },
  "1 × 1 over few pixels, all images at once": { x: [4, 16, 4, 4], w: [16, 16, 1, 1] },
  "1 × 1 over few pixels to fewer channels": { x: [4, 32, 4, 4], w: [16, 32, 1, 1] },
  "1 × 1 over many pixels": { x: [2, 3, 18, 18], w: [4, 3, 1, 1] },
  "1 × 1, stride 2, over many pixels": { x: [1, 3, 37, 36], w: [4, 3, 1, 1], attributes: { strides: [2, 2] } },
  "3 × 3": { x: [2, 16, 5, 4], w: [16, 16, 3, 3], bias: true, attributes: around(1) },
  "3 × 3 without pads": { x: [2, 16, 5, 4], w: [16, 16, 3, 3] },
  "3 × 3 of 12 channels": { x: [2, 12, 5, 4], w: [20, 12, 3, 3], bias: true, attributes: around(1) },
  "3 × 3 of 3 bands": { x: [2, 3, 6, 5], w: [16, 3, 3, 3], bias: true, attributes: around(1) },
  "3 × 3 of 5 bands to 5": { x: [2, 5, 6, 5], w: [5, 5, 3, 3], attributes: around(1) },
  "3 × 3 from 16 to 3": { x: [2, 16, 4, 4], w: [3, 16, 3, 3], attributes: around(1) },
  "3 × 3 of 24 channels": { x: [1, 24, 3, 4], w: [32, 24, 3, 3], attributes: around(1) },
  "3 × 3, one image": { x: [1, 16, 4, 4], w: [16, 16, 3, 3], attributes: around(1) },
  "3 × 3, one pixel": { x: [2, 16, 1, 1], w: [16, 16, 3, 3], attributes: around(1) },
  "3 × 3, wide pads": { x: [2, 16, 4, 3], w: [16, 16, 3, 3], attributes: around(3) },
  "3 × 3, stride 2": { x: [2, 16, 6, 8], w: [16, 16, 3, 3], attributes: { strides: [2, 2], ...around(1) } },
  "3 × 3, stride 2, odd": { x: [2, 16, 7, 5], w: [12, 16, 3, 3], bias: true, attributes: { strides: [2, 2], ...around(1) } },
  "3 × 3, stride 2, of 12": { x: [2, 12, 7, 6], w: [16, 12, 3, 3], attributes: { strides: [2, 2], ...around(1) } },
  "3 × 3, stride 2, of 3 bands": { x: [2, 3, 8, 7], w: [16, 3, 3, 3], attributes: { strides: [2, 2], ...around(1) } },
  "3 × 3, stride 2, without pads, last pixels left out": {
    x: [2, 16, 6, 8],
    w: [16, 16, 3, 3],
    attributes: { strides: [2, 2] },
  },
  "3 × 3, stride 2, asymmetric pads": {
    x: [2, 16, 6, 6],
    w: [16, 16, 3, 3],
    attributes: { strides: [2, 2], pads: [0, 0, 1, 1] },
  },
  "3 × 3, stride 2 by 1": { x: [2, 16, 6, 5], w: [16, 16, 3, 3], attributes: { strides: [2, 1], ...around(1) } },
  "3 × 3, stride 3": { x: [2, 16, 8, 7], w: [16, 16, 3, 3], attributes: { strides: [3, 3], ...around(1) } },
  "3 × 3, stride 4, gaps between windows": { x: [2, 16, 9, 12], w: [16, 16, 3, 3], attributes: { strides: [4, 4] } },
  "3 × 3, dilation 2": { x: [2, 16, 6, 7], w: [16, 16, 3, 3], attributes: { dilations: [2, 2], ...around(2) } },
  "3 × 3, dilation 2, stride 2": {
    x: [2, 16, 8, 7],
    w: [16, 16, 3, 3],
    attributes: { dilations: [2, 2], strides: [2, 2], ...around(2) },
  },
  "3 × 3, dilation 2, stride 2, last pixels left out": {
    x: [2, 16, 8, 9],
    w: [16, 16, 3, 3],
    attributes: { dilations: [2, 2], strides: [3, 3] },
  },
  "3 × 3, dilation 1 by 3": { x: [2, 12, 5, 8], w: [16, 12, 3, 3], attributes: { dilations: [1, 3], pads: [1, 3, 1, 3] } },
  "3 × 3, dilation 3 by 1": { x: [2, 12, 7, 5], w: [16, 12, 3, 3], attributes: { dilations: [3, 1], pads: [3, 1, 3, 1] } },
  "3 × 3, asymmetric pads": { x: [2, 16, 5, 5], w: [16, 16, 3, 3], attributes: { pads: [0, 1, 2, 0] } },
  "5 × 5": { x: [2, 16, 6, 5], w: [16, 16, 5, 5], attributes: around(2) },
  "5 × 5, stride 2": { x: [2, 12, 7, 8], w: [16, 12, 5, 5], attributes: { strides: [2, 2], ...around(2) } },
  "5 × 5, stride 3": { x: [2, 16, 9, 8], w: [16, 16, 5, 5], attributes: { strides: [3, 3], ...around(1) } },
  "7 × 7, stride 2, of 3 bands": { x: [1, 3, 11, 12], w: [16, 3, 7, 7], attributes: { strides: [2, 2], ...around(3) } },
  "2 × 2": { x: [2, 16, 5, 4], w: [16, 16, 2, 2] },
  "2 × 2, stride 2": { x: [2, 16, 6, 4], w: [16, 16, 2, 2], attributes: { strides: [2, 2] } },
  "2 × 2, stride 2, odd": { x: [2, 16, 5, 7], w: [16, 16, 2, 2], attributes: { strides: [2, 2] } },
  "4 × 4, stride 4, patches": { x: [2, 3, 8, 8], w: [16, 3, 4, 4], bias: true, attributes: { strides: [4, 4] } },
  "4 × 4, stride 2": { x: [2, 16, 6, 8], w: [16, 16, 4, 4], attributes: { strides: [2, 2], ...around(1) } },
  "1 × 3": { x: [2, 16, 4, 5], w: [16, 16, 1, 3], attributes: { pads: [0, 1, 0, 1] } },
  "5 × 1, stride 2 by 1": { x: [2, 16, 7, 4], w: [12, 16, 5, 1], attributes: { strides: [2, 1], pads: [2, 0, 2, 0] } },
  "the whole image": { x: [2, 16, 3, 4], w: [12, 16, 3, 4] },
  SAME_UPPER: { x: [2, 16, 5, 6], w: [16, 16, 3, 3], attributes: { auto_pad: "SAME_UPPER" } },
  "SAME_UPPER, stride 2": { x: [2, 16, 6, 7], w: [16, 16, 3, 3], attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] } },
  "SAME_LOWER, stride 2": { x: [2, 16, 6, 7], w: [16, 16, 3, 3], attributes: { auto_pad: "SAME_LOWER", strides: [2, 2] } },
  "SAME_LOWER, 2 × 2": { x: [2, 12, 5, 4], w: [16, 12, 2, 2], attributes: { auto_pad: "SAME_LOWER" } },
  VALID: { x: [2, 16, 6, 5], w: [16, 16, 3, 3], attributes: { auto_pad: "VALID", strides: [2, 2] } },
  "SAME_UPPER of one tap, stride 2": {
    x: [2, 16, 6, 6],
    w: [16, 16, 1, 1],
    attributes: { auto_pad: "SAME_UPPER", strides: [2, 2] },
  },
  "2 groups": { x: [2, 16, 5, 4], w: [16, 8, 3, 3], bias: true, attributes: { group: 2, ...around(1) } },
  "2 groups of 6": { x: [2, 12, 5, 4], w: [20, 6, 3, 3], attributes: { group: 2, ...around(1) } },
  "4 groups, stride 2": { x: [2, 16, 6, 5], w: [16, 4, 3, 3], attributes: { group: 4, strides: [2, 2], ...around(1) } },
  "2 groups of one tap, stride 2": { x: [2, 16, 6, 5], w: [16, 8, 1, 1], attributes: { group: 2, strides: [2, 2] } },
  depthwise: { x: [2, 16, 5, 4], w: [16, 1, 3, 3], bias: true, attributes: { group: 16, ...around(1) } },
  "depthwise of 12": { x: [2, 12, 5, 4], w: [12, 1, 3, 3], bias: true, attributes: { group: 12, ...around(1) } },
  "depthwise of 5": { x: [2, 5, 5, 4], w: [5, 1, 3, 3], attributes: { group: 5, ...around(1) } },
  "depthwise, stride 2": { x: [2, 16, 6, 8], w: [16, 1, 3, 3], attributes: { group: 16, strides: [2, 2], ...around(1) } },
  "depthwise, stride 2, odd": { x: [2, 12, 7, 5], w: [12, 1, 3, 3], attributes: { group: 12, strides: [2, 2], ...around(1) } },
  "depthwise, stride 2, last pixels left out": { x: [2, 16, 6, 8], w: [16, 1, 3, 3], attributes: { group: 16, strides: [2, 2] } },
  "depthwise, stride 3": { x: [2, 16, 8, 9], w: [16, 1, 3, 3], attributes: { group: 16, strides: [3, 3], ...around(1) } },
  "depthwise, stride 2 by 1": { x: [2, 16, 6, 5], w: [16, 1, 3, 3], attributes: { group: 16, strides: [2, 1], ...around(1) } },
  "depthwise, 5 × 5, stride 2": { x: [2, 16, 7, 8], w: [16, 1, 5, 5], attributes: { group: 16, strides: [2, 2], ...around(2) } },
  "depthwise, 7 × 7": { x: [1, 16, 8, 7], w: [16, 1, 7, 7], attributes: { group: 16, ...around(3) } },
  "depthwise, dilation 2": { x: [2, 16, 6, 7], w: [16, 1, 3, 3], attributes: { group: 16, dilations: [2, 2], ...around(2) } },
  "depthwise, dilation 2, stride 2": {
    x: [2, 16, 8, 7],
    w: [16, 1, 3, 3],
    attributes: { group: 16, dilations: [2, 2], strides: [2, 2], ...around(2) },
  },
  "depthwise, one tap": { x: [2, 16, 4, 3], w: [16, 1, 1, 1], bias: true, attributes: { group: 16 } },
  "depthwise, one tap, stride 2": { x: [2, 16, 6, 5], w: [16, 1, 1, 1], attributes: { group: 16, strides: [2, 2] } },
  "depthwise, SAME_UPPER, stride 2": {
    x: [2, 16, 6, 6],
    w: [16, 1, 3, 3],
    attributes: { group: 16, strides: [2, 2], auto_pad: "SAME_UPPER" },
  },
  // As large as these and larger, planes are not multiplied by matrices of taps.
  "depthwise, large": { x: [1, 8, 11, 9], w: [8, 1, 3, 3], bias: true, attributes: { group: 8, ...around(1) } },
  "depthwise, large, stride 2": { x: [1, 8, 14, 13], w: [8, 1, 3, 3], attributes: { group: 8, strides: [2, 2], ...around(1) } },
  "depthwise, large, stride 3, last pixels left out": {
    x: [1, 5, 18, 17],
    w: [5, 1, 3, 3],
    attributes: { group: 5, strides: [3, 3] },
  },
  "depthwise, large, dilation 2, stride 2 by 1": {
    x: [1, 8, 12, 11],
    w: [8, 1, 3, 3],
    attributes: { group: 8, dilations: [2, 2], strides: [2, 1], ...around(2) },
  },
  "depthwise with 2 filters a channel": { x: [2, 8, 5, 4], w: [16, 1, 3, 3], bias: true, attributes: { group: 8, ...around(1) } },
  "depthwise with 2 filters a channel, stride 2": {
    x: [2, 16, 6, 5],
    w: [32, 1, 3, 3],
    attributes: { group: 16, strides: [2, 2], ...around(1) },
  },
  "a row": { x: [2, 16, 7], w: [12, 16, 3], bias: true, attributes: { pads: [1, 1] } },
  "a row, stride 2, dilation 2": { x: [2, 3, 11], w: [4, 3, 3], attributes: { strides: [2], dilations: [2], pads: [2, 1] } },
  "a row, last numbers left out": { x: [2, 3, 8], w: [4, 3, 3], attributes: { strides: [3] } },
  "a row, SAME_UPPER": { x: [2, 3, 8], w: [4, 3, 3], attributes: { strides: [2], auto_pad: "SAME_UPPER" } },
  "a row, depthwise": { x: [2, 16, 7], w: [16, 1, 3], attributes: { group: 16, pads: [1, 1] } },
};

export const CONVOLUTION_CASES: OpCases = {
  Conv: [
    ...Object.entries(ROWS).map(
      ([about, { x, w, bias = false, attributes = {} }]): OpCase => ({
        about,
        inputs: [drawn(x), drawn(w, [-0.5, 0.5]), ...(bias ? [drawn([w[0]])] : [])],
        attributes,
      }),
    ),
    {
      about: "followed by ReLU6",
      inputs: [drawn([2, 16, 3, 3], [-4, 10], { kinks: [0, 6] })],
      build(graph, [x]) {
        const eye = Float32Array.from({ length: 256 }, (_, i) => (i % 17 === 0 ? 1 : 0));
        const conv = graph.op("Conv", [x, graph.constant({ dtype: "float32", shape: [16, 16, 1, 1], data: eye })]);
        const [low, high] = [0, 6].map((value) => graph.constant({ dtype: "float32", shape: [], data: Float32Array.of(value) }));
        return graph.op("Clip", [conv, low, high]);
      },
    },
  ],
};
