import type { Tensor } from "../tensor.js";
import { GraphBuilder, type Value } from "./builder.js";
import { emitterOf } from "./emitter.js";
import { withExtents } from "./extents.js";
import { foldShapes } from "./fold-shapes.js";
import { gradientName, sweep, writeForward } from "./gradient.js";
import { type Layout, PORTABLE } from "./layouts.js";
import { lower } from "./lower.js";
import { graphOf, type Model, opsetOf } from "./model.js";
import { separateStatistics } from "./named-weights.js";
import { learnableParameters, type Parameter } from "./parameters.js";
import { readsOf } from "./rename.js";
import { tensorFrom } from "./tensors.js";
import { absorbPads, trainingForm } from "./training-form.js";
import { FLOAT, valueInfo as inputInfo, shapeText } from "./types.js";
import { upgradeOpset } from "./upgrade.js";

/** A loss, and its gradients by tensors of the network, where the sweep starts. */
export interface LossNodes {
  /** A tensor of one number. */
  readonly loss: Value;
  /** Gradients of the loss by name of a tensor; left out, the sweep starts at the loss itself. */
  readonly slopes?: Readonly<Record<Value, Value>>;
}

export interface TrainingStepOptions {
  /** The extents of every input of the network, the batch first: numbers throughout. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Appends the loss to the network; more inputs, targets say, are declared here. */
  readonly loss: (graph: GraphBuilder) => LossNodes;
  /** Names of the initializers that are learned; what networks learn by default, see `learnableParameters`. */
  readonly parameters?: readonly string[] | undefined;
  /**
   * `batch`: normalise by the batch, and move the running statistics; `frozen`: by the running statistics. A normalisation before the
   * first parameter that is learned stays frozen. Default `batch`.
   */
  readonly batchNorm?: "batch" | "frozen" | undefined;
  /** Share of the running statistics that a batch replaces, as in PyTorch. Default 0.1. */
  readonly batchNormMomentum?: number | undefined;
  /** More tensors of the network to return, its logits say. */
  readonly outputs?: readonly string[] | undefined;
  readonly layout?: Layout | undefined;
}

/** Numbers that a step takes in and gives back changed: the running statistics of a normalisation. */
export interface State {
  /** An input of the step: the initializer, or what `namedWeights` calls the copy of one that something else reads too. */
  readonly name: string;
  /** The output that replaces it. */
  readonly next: string;
  readonly value: Tensor<"float32">;
}

/** One step of training as a model: inputs are the data, the parameters and the states, outputs `loss`, gradients and states. */
export interface TrainingStep {
  readonly model: Model;
  /** Inputs of the model, each with an output `gradient/<name>`. */
  readonly parameters: readonly Parameter[];
  readonly states: readonly State[];
}

/** The name of the loss among the outputs of a step. */
export const LOSS = "loss";

/**
 * Makes one step of training out of a network: forward pass, loss and gradients in ONE graph, parameters as inputs.
 *
 * @throws UserError `bad-model` when a gradient would have to cross an operator that has none, or one hides the extents of a tensor
 * @throws RangeError when a parameter does not exist, an extent of an input is not a number or the loss is not one number
 */
export function trainingStep(network: Model, options: TrainingStepOptions): TrainingStep {
  const ready = absorbPads(separateStatistics(foldShapes(upgradeOpset(network), options.inputs)));
  return withExtents(graphOf(ready), () => stepOf(ready, options));
}

function stepOf(ready: Model, options: TrainingStepOptions): TrainingStep {
  const { batchNorm = "batch", batchNormMomentum = 0.1, layout = PORTABLE } = options;
  const all = learnableParameters(ready);
  const names = new Set(options.parameters ?? all.map(({ name }) => name));
  const learned = all.filter(({ name }) => names.has(name));
  for (const name of names) {
    if (!all.some((parameter) => parameter.name === name)) throw new RangeError(`the network learns no tensor "${name}"`);
  }
  const { loss, slopes, input, initializer, valueInfo, tail } = withLoss(ready, options.loss);
  const seeds = slopes && new Map(Object.entries(slopes));
  const kept = new Set([loss, ...(seeds?.keys() ?? []), ...(options.outputs ?? []), ...tail.flatMap(readsOf)]);
  const form =
    batchNorm === "batch" ? trainingForm(ready, names, { momentum: batchNormMomentum, kept }) : { model: ready, states: [] };
  const { node } = graphOf(form.model);

  const graph = new GraphBuilder({ prefix: "training/" });
  const emit = emitterOf(graph);
  for (const info of input) graph.declare(info);
  graph.describe(valueInfo);
  const fed = new Set([...names, ...form.states.map(({ name }) => name)]);
  const states = form.states.map(({ name, next }): State => {
    const found = initializer.find((tensor) => tensor.name === name);
    const tensor = found && tensorFrom(found);
    if (tensor?.dtype !== "float32") throw new RangeError(`"${name}" is not a constant of the network`);
    return { name, next, value: tensor as Tensor<"float32"> }; // its dtype was just checked
  });
  for (const tensor of initializer) {
    if (!fed.has(tensor.name)) graph.keep(tensor);
    else graph.declare(inputInfo(tensor.name, { code: FLOAT, shape: tensor.dims.map(Number) }));
  }
  const targets = seeds?.keys() ?? [loss];
  const written = writeForward(seeds ? node : [...node, ...tail], emit, { learned: names, targets });
  // Where its slopes are given, a loss may hold what has no gradient.
  if (seeds) for (const item of tail) graph.append(item);
  const gradients = sweep(written, seeds ?? new Map([[loss, emit.scalar(1)]]), names, emit);
  graph.output(loss === LOSS ? loss : emit.op("Identity", [loss], {}, LOSS), "float32");
  for (const name of options.outputs ?? []) graph.output(name);
  for (const { name, value } of learned) {
    const found = gradients.get(name) ?? emit.zeros(value.shape);
    // ONNX Runtime removes an Identity; the products behind it would then run last, and every activation gradient wait for them.
    graph.output(emit.op("Reshape", [found, emit.ints(value.shape)], {}, gradientName(name)), "float32");
  }
  for (const { next } of states) graph.output(next);
  const model = graph.build({ name: "training-step", opset: opsetOf(form.model) });
  return { model: lower(model, layout), parameters: learned, states };
}

/** Lets the loss be appended to a network, and tells its nodes from those of the network. @throws RangeError where it is not one number */
function withLoss(model: Model, append: TrainingStepOptions["loss"]) {
  const { input, initializer, node, valueInfo } = graphOf(model);
  const graph = new GraphBuilder({ prefix: "loss/" });
  for (const info of input) graph.declare(info);
  graph.describe(valueInfo);
  for (const tensor of initializer) graph.keep(tensor);
  for (const item of node) graph.append(item);
  const { loss, slopes } = append(graph);
  const shape = graph.shapeOf(loss);
  if (shape?.some((extent) => extent !== 1)) throw new RangeError(`the loss "${loss}" is ${shapeText(shape)}, not one number`);
  const whole = graphOf(graph.build({ opset: opsetOf(model) }));
  const { input: inputs, initializer: constants, valueInfo: declared } = whole;
  return { loss, slopes, input: inputs, initializer: constants, valueInfo: declared, tail: whole.node.slice(node.length) };
}
