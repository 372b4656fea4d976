import { normalAxis, nulls, numbers, plus } from "../dims.js";
import type { Emitter } from "../emitter.js";
import type { ShapeRule } from "../known.js";
import { INT64 } from "../types.js";
import { same } from "./arithmetic.js";
import { type ForwardNode, type GradientRule, NoGradient, type Op, rows } from "./op.js";
import { resizeGradient, resizeShape } from "./resize.js";

const slice: ShapeRule = ({ inputs: [x, ...given], attributes }) => {
  const parameter = (name: string, position: number) => attributes.ints(name) ?? numbers(given[position]?.value);
  const starts = parameter("starts", 0);
  const ends = parameter("ends", 1);
  if (!x.shape || !starts || !ends) return [{ code: x.code, shape: x.shape && nulls(x.shape.length) }];
  const axes = parameter("axes", 2) ?? starts.map((_, i) => i);
  const steps = parameter("steps", 3) ?? starts.map(() => 1);
  const shape = [...x.shape];
  let value = x.value;
  axes.forEach((given, i) => {
    const axis = normalAxis(given, shape.length);
    const extent = shape[axis];
    if (typeof extent !== "number") {
      if (!(starts[i] === 0 && ends[i] >= 2 ** 31 - 1 && steps[i] === 1)) shape[axis] = null;
      return;
    }
    const clamp = (position: number) => {
      const [low, high] = steps[i] < 0 ? [-1, extent - 1] : [0, extent];
      return Math.min(Math.max(position < 0 ? Math.max(position + extent, low) : position, low), high);
    };
    const [start, end] = [clamp(starts[i]), clamp(ends[i])];
    shape[axis] = Math.max(0, Math.ceil((end - start) / steps[i]));
    value = steps[i] === 1 ? value?.slice(start, end) : undefined;
  });
  return [{ code: x.code, shape, value }];
};

const gather: ShapeRule = ({ inputs: [x, indices], attributes }) => {
  if (!x.shape || !indices.shape) return [{ code: x.code }];
  const axis = normalAxis(attributes.int("axis", 0), x.shape.length);
  const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
  const value = x.value && numbers(indices.value)?.map((index) => x.value!.at(index) ?? null);
  return [{ code: x.code, shape, value }];
};

const pad: ShapeRule = ({ inputs: [x, given, , chosen], attributes }) => {
  const pads = attributes.ints("pads") ?? attributes.ints("paddings") ?? numbers(given?.value);
  const axes = chosen?.shape ? numbers(chosen.value) : x.shape && [...x.shape.keys()];
  if (!x.shape || !pads || !axes) return [{ code: x.code, shape: x.shape && nulls(x.shape.length) }];
  const shape = [...x.shape];
  axes.forEach((signed, i) => {
    const axis = normalAxis(signed, shape.length);
    shape[axis] = plus(shape[axis], pads[i] + pads[i + axes.length]);
  });
  return [{ code: x.code, shape }];
};

interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly count: number;
  readonly step: number;
}

/** What a Slice takes along each axis, resolved. */
function cutsOf({ attributes, inputs: [x, ...given], outputs: [y] }: ForwardNode, emit: Emitter): Cut[] {
  const [input, output] = [emit.shape(x), emit.shape(y)];
  const parameter = (name: string, position: number) =>
    attributes.ints(name) ?? (given[position] ? emit.numbers(given[position]) : undefined);
  const starts = parameter("starts", 0);
  if (starts === undefined) throw new NoGradient("its starts are not constants");
  const axes = parameter("axes", 2) ?? starts.map((_, i) => i);
  const steps = parameter("steps", 3) ?? starts.map(() => 1);
  return axes.map((signed, i) => {
    const axis = normalAxis(signed, input.length);
    const start = starts[i] < 0 ? starts[i] + input[axis] : starts[i];
    const last = steps[i] < 0 ? input[axis] - 1 : input[axis];
    return { axis, start: Math.min(Math.max(start, 0), last), count: output[axis], step: steps[i] };
  });
}

/** What was cut out is laid back among zeros. */
const sliced: GradientRule = (node, [g], emit) => {
  const whole = emit.shape(node.inputs[0]);
  let value = g!;
  for (const { axis, start, count, step } of cutsOf(node, emit)) {
    const shape = [...emit.shape(value)];
    let first = start;
    let stride = step;
    if (step < 0) {
      value = emit.op("Slice", [value, emit.ints([-1]), emit.ints([-whole[axis] - 1]), emit.ints([axis]), emit.ints([-1])]);
      first = start + (count - 1) * step;
      stride = -step;
    }
    if (stride > 1) {
      const spaced = emit.pad(emit.reshape(value, shape.toSpliced(axis + 1, 0, 1)), axis + 1, 0, stride - 1);
      value = emit.reshape(spaced, shape.with(axis, count * stride));
    }
    value = emit.pad(value, axis, first, whole[axis] - first - count * stride);
  }
  return [value];
};

/** Rows that were looked up get the sum of what came back for them (an embedding). */
const gathered: GradientRule = ({ attributes, inputs: [x, indices] }, [g], emit) => {
  const [shape, places] = [emit.shape(x), emit.shape(indices)];
  const axis = normalAxis(attributes.int("axis", 0), shape.length);
  const axes = [...shape.keys()];
  const front = [axis, ...axes.filter((at) => at !== axis)];
  // [before, places, after] → [places, before, after]
  const rank = emit.shape(g!).length;
  const order = [...Array(rank).keys()];
  const placed = order.slice(axis, axis + places.length);
  const updates = emit.transpose(g!, [...placed, ...order.filter((at) => !placed.includes(at))]);
  const zeros = emit.zeros(front.map((at) => shape[at]));
  const rows = emit.graph.typeOf(indices) === INT64 ? indices : emit.op("Cast", [indices], { to: INT64 });
  const sum = emit.op("ScatterND", [zeros, emit.reshape(rows, [...places, 1]), updates], { reduction: "add" });
  return [
    emit.transpose(
      sum,
      axes.map((at) => front.indexOf(at)),
    ),
  ];
};

/** The border that was added falls away, to the number it was filled with; a border that was cut off comes back as zeros. */
const padded: GradientRule = ({ attributes, inputs: [x, given, filling, chosen], wants }, [g], emit) => {
  const mode = attributes.string("mode", "constant");
  if (mode !== "constant") throw new NoGradient(`the derivative of mode "${mode}" is not written yet`);
  const whole = emit.shape(x);
  const pads = attributes.ints("pads") ?? emit.numbers(given);
  const axes = chosen ? emit.numbers(chosen) : [...whole.keys()];
  if (pads === undefined || axes === undefined) throw new NoGradient("its pads are not constants");
  let value = g!;
  axes.forEach((signed, i) => {
    const axis = normalAxis(signed, whole.length);
    value = emit.pad(value, axis, -pads[i], -pads[i + axes.length]);
  });
  const total = (gradient: string) => emit.sum(gradient, [...whole.keys()]);
  return [value, undefined, filling && wants(2) ? emit.sub(total(g!), total(value)) : undefined];
};

const tile: ShapeRule = ({ inputs: [x, repeats] }) => {
  const times = numbers(repeats?.value);
  const known = x.shape && times;
  return [
    {
      code: x.code,
      shape: known ? x.shape.map((extent, i) => (typeof extent === "number" ? extent * times[i] : null)) : undefined,
    },
  ];
};

const tiled: GradientRule = ({ inputs: [x, repeats] }, [g], emit) => {
  const times = emit.numbers(repeats);
  if (times === undefined) throw new NoGradient("its repeats are not constants");
  const split = emit.shape(x).flatMap((extent, i) => [times[i], extent]);
  return [
    emit.sum(
      emit.reshape(g!, split),
      times.map((_, i) => 2 * i),
    ),
  ];
};

/** Parts of tensors, and tensors made larger. */
export const INDEXING: Readonly<Record<string, Op>> = {
  Slice: { shape: slice, gradient: sliced },
  Gather: { shape: gather, gradient: gathered, learns: [0] },
  Pad: { shape: pad, gradient: padded },
  Tile: { shape: tile, gradient: tiled },
  Resize: { shape: resizeShape, gradient: resizeGradient },
  ...rows(
    { shape: ({ inputs: [x] }) => [{ code: x.code }], gradient: { refused: "its derivative is not written yet" } },
    "GatherElements GatherND TopK Einsum",
  ),
  ...rows({ shape: same, gradient: { refused: "its derivative is not written yet" } }, "ScatterElements ScatterND Trilu"),
};
