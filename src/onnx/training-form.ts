import { attribute, attributesOf } from "./attributes.js";
import { KERNEL_DOMAIN } from "./emitter.js";
import { graphOf, type Model } from "./model.js";
import { windowAttributes, windowsOf } from "./ops/convolution.js";
import { changed, type NodeProto, newNode } from "./proto.js";
import { soleReaders } from "./readers.js";
import { inferShapes } from "./shapes.js";

/** Zeros around an image that only one Conv reads become pads of that Conv. */
export function absorbPads(model: Model): Model {
  const graph = graphOf(model);
  const known = inferShapes(graph);
  const soleReader = soleReaders(graph);
  const floats = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const absorbed = new Map<string, { readonly input: string; readonly pads: readonly number[] }>();
  for (const node of graph.node) {
    if (node.opType !== "Pad") continue;
    const [x, given, value = "", axes = ""] = node.input;
    const pads = known.get(given)?.value;
    const reader = soleReader(node.output[0]);
    const constant = floats.get(value);
    const isZero = value === "" || (constant?.rawData.every((byte) => byte === 0) && constant.floatData.length === 0);
    const isPlain = attributesOf(node).string("mode", "constant") === "constant" && axes === "" && isZero;
    if (!isPlain || reader?.opType !== "Conv" || reader.input[0] !== node.output[0] || pads?.length !== 8) continue;
    if (attributesOf(reader).string("auto_pad", "NOTSET") !== "NOTSET" && attributesOf(reader).string("auto_pad", "") !== "VALID")
      continue;
    const numbers = pads.map(Number);
    if (numbers.some((pad) => !(pad >= 0)) || [0, 1, 4, 5].some((axis) => numbers[axis] !== 0)) continue;
    absorbed.set(node.output[0], { input: x, pads: [numbers[2], numbers[3], numbers[6], numbers[7]] });
  }
  if (absorbed.size === 0) return model;
  const node = graph.node.flatMap((item) => {
    if (absorbed.has(item.output[0])) return [];
    const found = item.opType === "Conv" ? absorbed.get(item.input[0]) : undefined;
    if (found === undefined) return [item];
    const own = attributesOf(item).string("auto_pad", "NOTSET") === "VALID" ? undefined : attributesOf(item).ints("pads");
    const pads = found.pads.map((pad, i) => pad + (own?.[i] ?? 0));
    const kept = item.attribute.filter(({ name }) => name !== "pads" && name !== "auto_pad");
    return [changed(item, { input: [found.input, ...item.input.slice(1)], attribute: [...kept, attribute("pads", pads)] })];
  });
  return changed(model, { graph: changed(graph, { node }) });
}

/** The name of the changed running statistics. */
const nextName = (name: string) => `next/${name}`;

/**
 * Turns normalisations by running statistics into normalisations by the batch, where they come after the first learned parameter. One
 * that follows a convolution that nothing else reads gets it centred, which is more exact than a difference of squares and as fast.
 *
 * @param kept tensors that are read outside of the model too
 */
export function trainingForm(
  model: Model,
  learned: ReadonlySet<string>,
  { momentum, kept }: { readonly momentum: number; readonly kept: ReadonlySet<string> },
): { readonly model: Model; readonly states: readonly { readonly name: string; readonly next: string }[] } {
  const graph = graphOf(model);
  const known = inferShapes(graph);
  const soleReader = soleReaders(graph);
  const producers = new Map(graph.node.map((node) => [node.output[0], node]));
  const active = new Set(learned);
  const states: { name: string; next: string }[] = [];
  const centred = new Map<NodeProto, NodeProto[]>();
  const replaced = new Map<NodeProto, NodeProto[]>();
  for (const node of graph.node) {
    if (!node.input.some((name) => active.has(name))) continue;
    for (const name of node.output) active.add(name);
    if (node.opType !== "BatchNormalization") continue;
    const [x, scale, bias, mean, variance] = node.input;
    const next = [mean, variance].map(nextName);
    states.push({ name: mean, next: next[0] }, { name: variance, next: next[1] });
    // ONNX counts what is kept, PyTorch what is replaced.
    const attributes = [
      ...node.attribute.filter(({ name }) => name === "epsilon"),
      attribute("momentum", 1 - momentum),
      attribute("training_mode", 1),
    ];
    const before = producers.get(x);
    const shapes = before && [before.input[0], x, before.input[1]].map((name) => known.get(name)?.shape);
    const isCentred =
      before?.opType === "Conv" && soleReader(x) === node && !kept.has(x) && shapes?.every((shape) => isImage(shape));
    if (!isCentred || !shapes) {
      replaced.set(node, [changed(node, { output: [node.output[0], ...next], attribute: attributes })]);
      continue;
    }
    const [input, output, weights] = shapes.map((shape) => (shape ?? []).map(Number));
    const { int } = attributesOf(before);
    const windows = windowAttributes(windowsOf(attributesOf(before), weights.slice(2), input, output));
    const [top, left, bottom, right] = windows.pads;
    const [centredImages, batchMean] = [`${x}/centred`, `${x}/mean`];
    const conv = newNode({
      opType: "CentredConv",
      domain: KERNEL_DOMAIN,
      name: before.name,
      input: before.input.slice(0, 2),
      output: [centredImages, batchMean],
      attribute: Object.entries({
        ...windows,
        pads: [top, left, Math.max(bottom, 0), Math.max(right, 0)],
        group: int("group", 1),
      }).map(([key, value]) => attribute(key, value)),
    });
    // A bias moves the mean and nothing else.
    const shift = before.input[2] ?? "";
    const moved = shift === "" ? batchMean : `${batchMean}/biased`;
    const add = newNode({ opType: "Add", name: moved, input: [batchMean, shift], output: [moved] });
    centred.set(before, shift === "" ? [conv] : [conv, add]);
    const inputs = [centredImages, scale, bias, mean, variance, moved];
    replaced.set(node, [
      newNode({
        opType: "CentredBatchNormalization",
        domain: KERNEL_DOMAIN,
        name: node.name,
        input: inputs,
        output: [node.output[0], ...next],
        attribute: attributes,
      }),
    ]);
  }
  const node = graph.node.flatMap((item) => centred.get(item) ?? replaced.get(item) ?? [item]);
  return { model: changed(model, { graph: changed(graph, { node }) }), states };
}

function isImage(shape: readonly unknown[] | undefined): boolean {
  return shape?.length === 4 && shape.every((extent) => typeof extent === "number");
}
