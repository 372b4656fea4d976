import { float32, int64, type Tensor } from "../../tensor.js";
import type { AttributeValue } from "../attributes.js";
import { drawn, ints, type OpCase, type OpCases, scalar } from "./op.cases.js";

interface Cut {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes?: readonly number[];
  readonly steps?: readonly number[];
}

const slice = (about: string, shape: readonly number[], { starts, ends, axes, steps }: Cut): OpCase => ({
  about,
  inputs: [
    drawn(shape),
    ints(...starts),
    ints(...ends),
    ...(axes || steps ? [axes ? ints(...axes) : ("" as const)] : []),
    ...(steps ? [ints(...steps)] : []),
  ],
});

const gather = (shape: readonly number[], axis: number, indices: Tensor): OpCase => ({
  about: `axis ${axis} of [${shape}] at [${indices.data}] of shape [${indices.shape}]`,
  inputs: [drawn(shape), indices],
  attributes: { axis },
});

const pad = (about: string, shape: readonly number[], pads: readonly number[], ...more: OpCase["inputs"]): OpCase => ({
  about,
  inputs: [drawn(shape), ints(...pads), ...more],
});

const resize = (about: string, shape: readonly number[], to: Tensor, attributes: Record<string, AttributeValue>): OpCase => ({
  about,
  inputs: [drawn(shape), "", ...(to.dtype === "float32" ? [to] : (["", to] as const))],
  attributes,
});

const COORDINATES = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners", "half_pixel_symmetric"];

const resizes: readonly OpCase[] = COORDINATES.flatMap((mode) => [
  resize(`linear, ${mode}, larger`, [2, 16, 3, 4], ints(2, 16, 5, 7), { mode: "linear", coordinate_transformation_mode: mode }),
  resize(`linear, ${mode}, smaller`, [2, 12, 5, 6], ints(2, 12, 3, 1), { mode: "linear", coordinate_transformation_mode: mode }),
  resize(`linear, ${mode}, by scales`, [1, 3, 4, 5], float32([4], [1, 1, 1.7, 0.6]), {
    mode: "linear",
    coordinate_transformation_mode: mode,
  }),
  ...["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"].map((nearest) =>
    resize(`nearest, ${mode}, ${nearest}`, [2, 16, 3, 4], ints(2, 16, 5, 7), {
      mode: "nearest",
      coordinate_transformation_mode: mode,
      nearest_mode: nearest,
    }),
  ),
]);

export const INDEXING_CASES: OpCases = {
  Slice: [
    slice("the middle", [4, 5], { starts: [1, 1], ends: [3, 4] }),
    slice("from the end", [4, 5], { starts: [-3], ends: [-1], axes: [-1] }),
    slice("every second", [5, 6], { starts: [0, 1], ends: [100, 100], axes: [0, 1], steps: [2, 2] }),
    slice("every third of 8", [2, 8], { starts: [1], ends: [8], axes: [1], steps: [3] }),
    slice("backwards", [2, 5], { starts: [-1], ends: [-100], axes: [1], steps: [-1] }),
    slice("every second backwards", [2, 6], { starts: [4], ends: [0], axes: [1], steps: [-2] }),
    slice("every third backwards", [2, 8], { starts: [100], ends: [-100], axes: [1], steps: [-3] }),
    slice("backwards along two axes", [4, 6], { starts: [-1, 3], ends: [-4, -100], axes: [1, 0], steps: [-2, -1] }),
    slice("steps without axes", [4, 6], { starts: [0, 1], ends: [4, 6], steps: [3, 2] }),
    slice("channels of images", [2, 32, 3, 2], { starts: [16], ends: [32], axes: [1] }),
    slice("pixels of images", [2, 16, 4, 5], { starts: [1, 0], ends: [3, 5], axes: [2, 3], steps: [1, 2] }),
  ],
  Gather: [
    gather([4, 3], 0, ints(0, 2, 2, 3, 2)),
    gather([2, 5], 1, ints(4, 0, 4)),
    gather([2, 3, 4], -1, ints(3, 3, 1)),
    gather([4, 3], 0, int64([2, 3], [0, 1, 1, -1, 3, 0])),
    gather([2, 4, 3], 1, int64([2, 2], [3, 1, 1, 0])),
    gather([2, 4, 3], 1, int64([], [2])),
    gather([4, 3], 0, int64([1, 1], [-2])),
    gather([2, 16, 3, 2], 1, ints(15, 3, 3)),
    { about: "indices of 32 bits", inputs: [drawn([4, 3]), { dtype: "int32", shape: [3], data: Int32Array.of(1, 1, 2) }] },
  ],
  Pad: [
    pad("zeros", [2, 3], [1, 0, 2, 1]),
    pad("a value", [2, 3], [1, 0, 0, 1], scalar(0.7)),
    pad("cut off", [3, 5], [-1, 1, 0, -2]),
    pad("chosen axes", [2, 3, 4], [1, 2], "", ints(-1)),
    pad("around images", [2, 16, 3, 2], [0, 0, 1, 1, 0, 0, 1, 2]),
    pad("a value that is learned", [2, 3], [1, 0, 0, 1], drawn([])),
    pad("a value that is learned, beside what is cut off", [3, 5], [-1, 1, 0, -2], drawn([])),
    pad("channels of images", [2, 12, 3, 2], [0, 2, 0, 0, 0, 2, 0, 0]),
  ],
  Tile: [
    { about: "a matrix", inputs: [drawn([2, 3]), ints(2, 3)] },
    { about: "images", inputs: [drawn([2, 16, 1, 2]), ints(1, 1, 3, 2)] },
  ],
  Resize: [
    ...resizes,
    resize("twice as large", [2, 16, 3, 4], float32([4], [1, 1, 2, 2]), {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    }),
    { ...resize("chosen axes", [2, 3, 3, 4], ints(5, 7), { mode: "linear", axes: [2, 3] }) },
    // 1 / 0.1 is a whole number in float32, and less than that in float64.
    resize("a tenth of 70 pixels", [1, 2, 1, 70], float32([4], [1, 1, 1, 0.1]), {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    }),
    resize("to one pixel", [2, 3, 3, 4], ints(2, 3, 1, 1), { mode: "linear", coordinate_transformation_mode: "align_corners" }),
  ],
};
