import type { OptimizerName } from "../../learn/optimizers.js";
import { createOptimizer } from "../../learn/optimizers.js";
import { graphOf, type Model } from "../../onnx/model.js";
import { inferShapes } from "../../onnx/shapes.js";
import type { TrainingStep } from "../../onnx/training-step.js";
import { DATA_TYPES } from "../../onnx/types.js";
import type { Recipe } from "./recipe.js";

/** Operators whose output is their input under another shape. */
const VIEWS = new Set(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"]);

/** Node, ONNX Runtime, its graph and the code: measured without any image. */
const FIXED_BYTES = 170 * 2 ** 20;

/**
 * The most bytes that tensors between the nodes of a graph take at one time: each lives from the node that makes it to the last that
 * reads it. Inputs, constants and outputs of the graph are not counted.
 */
export function activationBytes(model: Model): number {
  const graph = graphOf(model);
  const known = inferShapes(graph);
  const bytesOf = (name: string): number => {
    const { shape, code = 1 } = known.get(name) ?? {};
    const elements = (shape ?? []).reduce<number>((product, extent) => product * Number(extent), 1);
    return Number.isFinite(elements) ? (elements * (DATA_TYPES[code]?.bits ?? 32)) / 8 : 0;
  };
  const outside = new Set([...graph.input, ...graph.initializer, ...graph.output].map(({ name }) => name));
  /** Where the memory of a view lies. */
  const owner = new Map<string, string>();
  const ownerOf = (name: string) => owner.get(name) ?? name;
  const lastUse = new Map<string, number>();
  graph.node.forEach((node, place) => {
    const [input] = node.input;
    if (VIEWS.has(node.opType) && !outside.has(node.output[0])) owner.set(node.output[0], ownerOf(input));
    for (const name of [...node.input, ...node.output]) if (name !== "") lastUse.set(ownerOf(name), place);
  });
  const ends = new Map<number, string[]>();
  for (const [name, place] of lastUse) ends.set(place, [...(ends.get(place) ?? []), name]);
  let now = 0;
  let most = 0;
  graph.node.forEach((node, place) => {
    for (const name of node.output) if (name !== "" && !owner.has(name) && !outside.has(name)) now += bytesOf(name);
    most = Math.max(most, now);
    for (const name of ends.get(place) ?? []) if (!outside.has(name)) now -= bytesOf(name);
  });
  return most;
}

export interface MemoryOptions {
  readonly step: TrainingStep;
  readonly recipe: Pick<Recipe, "optimizer" | "ema" | "accumulate">;
  /** Batches that are prepared while one is in use. */
  readonly ahead?: number | undefined;
  /** What decoded images may take. */
  readonly keepBytes?: number | undefined;
}

/** About how many bytes the process has in use at most while this step is taken again and again. */
export function peakBytes({ step, recipe, ahead = 3, keepBytes = 0 }: MemoryOptions): number {
  const learned = step.parameters.reduce((sum, { value }) => sum + value.data.byteLength, 0);
  const states = step.states.reduce((sum, { value }) => sum + value.data.byteLength, 0);
  const copies = 2 + momentsOf(recipe.optimizer) + (recipe.ema > 0 ? 1 : 0) + (recipe.accumulate > 1 ? 1 : 0);
  const image = step.model.graph?.input[0].type?.value;
  const extents = image?.case === "tensorType" ? (image.value.shape?.dim ?? []) : [];
  const batch = 4 * extents.reduce((product, { value }) => product * Number(value.value ?? 1), 1);
  return FIXED_BYTES + activationBytes(step.model) + copies * learned + 3 * states + (ahead + 1) * batch + keepBytes;
}

function momentsOf(optimizer: OptimizerName): number {
  const { moments } = createOptimizer(optimizer, [new Float32Array(1)], { momentum: 0.9 });
  return Object.keys(moments[0]).length;
}
