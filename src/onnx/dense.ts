import { float32, int64, type Tensor } from "../tensor.js";
import { type AttributeValue, attribute } from "./attributes.js";
import { averagesPlaces } from "./averaged-maps.js";
import type { Known } from "./known.js";
import { graphOf, type Model } from "./model.js";
import { neededPart } from "./needed.js";
import { type Hindrance, type PlacedMaps, placedMaps } from "./places.js";
import { changed, type NodeProto, newNode, type ValueInfoProto } from "./proto.js";
import { inferShapes } from "./shapes.js";
import { FINAL_RESULT, IMAGE } from "./surgery.js";
import { tensorProto } from "./tensors.js";
import { FLOAT, type Shape, tensorTypeOf, valueInfo } from "./types.js";

/**
 * A classifier that looks at all chips of a window at once. Inputs: `image` `[1, C, H, W]` of any H and W, and for each set of feature
 * maps `dense/rows/i` `[R, Hᵢ]` and `dense/columns/i` `[Wᵢ, Q]`, which {@link denseFeeds} makes; output `final_result` `[R · Q, K]`.
 */
export interface DenseForm {
  readonly model: Model;
  readonly maps: readonly PlacedMaps[];
  /** Of one chip: H, W of the classifier's input. */
  readonly chip: readonly [number, number];
}

/** Chips along one axis of a window, in pixels of the network's input. */
export interface DenseAxis {
  /** The first pixel of every chip; fractions where chips lie between pixels. */
  readonly starts: readonly number[];
  /** Of the window. */
  readonly lengthPx: number;
}

const ROWS = "dense/rows";
const COLUMNS = "dense/columns";
const CELLS = "dense/shape";

/**
 * Feature maps of overlapping chips are nearly those of one window: a chip's averages are A · F · Bᵀ, where a row of A, or B, is 1/n at the
 * n places of the chip. What follows the averages sees the chips as a batch.
 *
 * @returns the reason where the classifier cannot be computed so
 */
export function denseForm(classifier: Model): DenseForm | Hindrance {
  const whole = graphOf(classifier);
  const graph = neededPart(changed(whole, { output: whole.output.filter(({ name }) => name === FINAL_RESULT) }));
  const known = inferShapes(graph);
  const [, channels, height, width] = known.get(IMAGE)?.shape ?? [];
  if (typeof channels !== "number" || typeof height !== "number" || typeof width !== "number") {
    return { why: "the size of its input is not fixed" };
  }
  const maps = placedMaps(graph, known);
  if ("why" in maps) return maps;

  const pools = graph.node.filter((node) => averagesPlaces(node, known) && maps.some(({ name }) => name === node.input[0]));
  if (maps.some(({ name }) => typeof known.get(name)?.shape?.[1] !== "number"))
    return { why: "the extents of its feature maps are not known" };
  const shapes = pools.map(({ output: [pooled], input: [map] }, i) => {
    const features = known.get(map)?.shape?.[1];
    const rank = known.get(pooled)?.shape?.length;
    // A batch of one becomes a batch of the cells.
    return tensorProto(`${CELLS}/${i}`, int64([rank ?? 0], [-1, Number(features), 1, 1].slice(0, rank)));
  });
  const dense = changed(graph, {
    node: graph.node.flatMap((node) => (pools.includes(node) ? averagesOfChips(node, pools.indexOf(node)) : [node])),
    initializer: [...graph.initializer, ...shapes],
    input: inputsOf({ channels, maps: maps.length }),
    valueInfo: [],
  });
  const form = { model: changed(classifier, { graph: dense }), maps, chip: [height, width] as const };
  return takesBatches(form, known.get(FINAL_RESULT)?.shape)
    ? form
    : { why: "what follows its averages takes one image at a time" };
}

/** A · F · Bᵀ of every feature `[1, C, R, Q]`, as a batch `[R · Q, C, …]` in place of the averages of one chip. */
function averagesOfChips({ input: [map], output: [pooled] }: NodeProto, index: number): NodeProto[] {
  const step = (opType: string, input: string[], name: string, attributes: Readonly<Record<string, AttributeValue>> = {}) =>
    newNode({
      opType,
      input,
      output: [name],
      name,
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    });
  const [across, both, cells] = ["across", "both", "cells"].map((name) => `dense/${name}/${index}`);
  return [
    step("MatMul", [map, `${COLUMNS}/${index}`], across),
    step("MatMul", [`${ROWS}/${index}`, across], both),
    step("Transpose", [both], cells, { perm: [2, 3, 0, 1] }),
    step("Reshape", [cells, `${CELLS}/${index}`], pooled),
  ];
}

function inputsOf({ channels, maps }: { channels: number; maps: number }): ValueInfoProto[] {
  const float = (name: string, shape: Shape) => valueInfo(name, { code: FLOAT, shape });
  const weights = Array.from({ length: maps }, (_, i) => [
    float(`${ROWS}/${i}`, ["R", `H${i}`]),
    float(`${COLUMNS}/${i}`, [`W${i}`, "Q"]),
  ]);
  return [float(IMAGE, [1, channels, "H", "W"]), ...weights.flat()];
}

/** What is known of a dense form's tensors for a window of this height and width. Any number of cells does: 2 × 3. */
function knownFor({ model }: Pick<DenseForm, "model">, [heightPx, widthPx]: readonly [number, number]): Map<string, Known> {
  const graph = graphOf(model);
  const extents: Readonly<Record<string, number>> = { H: heightPx, W: widthPx, R: 2, Q: 3 };
  const input = graph.input.map((info) => {
    const shape = tensorTypeOf(info)?.shape?.map((extent) => extents[extent ?? ""] ?? extent);
    return valueInfo(info.name, { code: FLOAT, shape });
  });
  return inferShapes(changed(graph, { input }));
}

/** What comes after the averages must take any number of images at once. */
function takesBatches(form: DenseForm, single: Shape | undefined): boolean {
  const [cells, classes] = knownFor(form, form.chip).get(FINAL_RESULT)?.shape ?? [];
  return cells === 6 && typeof classes === "number" && classes === single?.[1];
}

/** Places of each set of feature maps, down and across, of an image of this height and width. */
export function placesOf(form: DenseForm, size: readonly [number, number]): readonly (readonly [number, number])[] {
  const known = knownFor(form, size);
  return form.maps.map(({ name }) => {
    const [, , down, across] = known.get(name)?.shape ?? [];
    if (typeof down !== "number" || typeof across !== "number") throw new RangeError(`the extents of "${name}" are not known`);
    return [down, across];
  });
}

/** Bytes of the largest tensor that a dense form computes of an image of this height and width. */
export function largestBytes(form: DenseForm, size: readonly [number, number]): number {
  const bytes = [...knownFor(form, size).values()].map(({ shape }) =>
    (shape ?? []).reduce<number>((product, extent) => product * (typeof extent === "number" ? extent : 1), 4),
  );
  return Math.max(...bytes);
}

/** How sets of feature maps lie on a chip and on a window. */
export interface DensePlaces {
  readonly maps: readonly Pick<PlacedMaps, "strides">[];
  /** From {@link placesOf}. */
  readonly ofChip: readonly (readonly [number, number])[];
  readonly ofWindow: readonly (readonly [number, number])[];
}

/** The inputs of a dense form but the image: which places are averaged for the chips of a window. */
export function denseFeeds({ maps, ofChip, ofWindow }: DensePlaces, rows: DenseAxis, columns: DenseAxis): Record<string, Tensor> {
  const feeds = maps.flatMap(({ strides }, i) => {
    const [down, across] = [rows, columns].map(({ starts }, axis) => {
      const places = starts.map((start) => start / strides[axis]);
      return shares(places, ofChip[i][axis], ofWindow[i][axis]);
    });
    const [height, width] = ofWindow[i];
    return [
      [`${ROWS}/${i}`, float32([rows.starts.length, height], down)],
      [`${COLUMNS}/${i}`, float32([width, columns.starts.length], transposed(across, width))],
    ];
  });
  return Object.fromEntries(feeds);
}

/** The share `[starts, all]` of each place in the mean over `count` places from a start on, which may lie between two places. */
function shares(starts: readonly number[], count: number, all: number): Float32Array {
  const out = new Float32Array(starts.length * all);
  starts.forEach((start, row) => {
    // Rounding may have left the last chip a fraction of a place short.
    const from = Math.max(0, Math.min(start, all - count));
    for (let place = Math.floor(from); place < Math.min(all, from + count); place++) {
      const part = Math.min(place + 1, from + count) - Math.max(place, from);
      if (part > 0) out[row * all + place] = part / count;
    }
  });
  return out;
}

/** `[rows, columns]` → `[columns, rows]` */
function transposed(values: Float32Array, columns: number): Float32Array {
  const rows = values.length / columns;
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]);
}
