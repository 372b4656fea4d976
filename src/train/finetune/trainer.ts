import { clipByNorm, createOptimizer, optimizerStep, updateAverage } from "../../learn/optimizers.js";
import { gradientName } from "../../onnx/gradient.js";
import { writeModel } from "../../onnx/model.js";
import { HEAD_BIAS, HEAD_WEIGHTS, IMAGE, LOGITS } from "../../onnx/surgery.js";
import { LOSS, type TrainingStep } from "../../onnx/training-step.js";
import { openSession } from "../../runtime/open.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import { float32, sizeOf, type Tensor } from "../../tensor.js";
import type { Rates } from "./rates.js";
import type { Recipe } from "./recipe.js";
import { NEGATIVE, POSITIVE } from "./step.js";

/** Images and what is to be said of them. */
export interface Lesson {
  /** `[N, C, H, W]` */
  readonly pixels: Float32Array;
  /** `[N, K]`: cell weights, see `CELL_WEIGHTS`. */
  readonly positive: Float32Array;
  /** Empty where the head has none. */
  readonly negative: Float32Array;
}

/** What one run of the network gives. */
export interface LessonResult {
  /** Under the weights that the lesson came to. */
  readonly loss: number;
  /** `[N, K]` */
  readonly logits: Float32Array;
}

/** Numbers of the network by the name of their initializer. */
export type Learned = ReadonlyMap<string, Float32Array>;

/** A network that learns: its weights, running statistics and moments. Close it. */
export interface Trainer {
  /** Runs images through the network and back; adds their gradients to those that wait for an update. */
  run(lesson: Lesson): Promise<LessonResult>;
  /**
   * Takes one step along the gradients that wait and lets them go.
   *
   * @returns the length of the gradient before it is clipped; where it is not finite, nothing has changed
   * @throws RangeError where no gradients wait, or a rate is not finite: nothing has changed then
   */
  update(rates: Rates): number;
  /** Updates so far. */
  readonly updates: number;
  /** What the network is now: weights and running statistics, averaged where the recipe says so. Live: copy what is to stay. */
  learned(): Learned;
  /** Everything that a checkpoint must hold, as it was after the last update: gradients that wait count for nothing. Live. */
  tensors(): Map<string, Float32Array>;
  /** Goes on from what `tensors` gave after so many updates. @throws RangeError where a tensor is missing or has another size */
  restore(tensors: ReadonlyMap<string, Float32Array>, updates: number): void;
  close(): Promise<void>;
}

export interface TrainerOptions {
  readonly step: TrainingStep;
  readonly recipe: Pick<Recipe, "optimizer" | "weightDecay" | "clip" | "ema">;
  readonly runtime?: RuntimeChoice | undefined;
  readonly threads?: number | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The tensors of the last layer, which learn at a rate of their own. */
const HEAD_TENSORS: ReadonlySet<string> = new Set([HEAD_WEIGHTS, HEAD_BIAS]);

/** Gradients are gathered in zeros as large as an activation: made when they are needed, they are gone until the next step. */
const FOLDED_BYTES = 2 ** 16;

/** Opens a session of the step; parameters, states and moments live outside of it. */
export async function openTrainer({ step, recipe, runtime, threads, onWarning }: TrainerOptions): Promise<Trainer> {
  const session = await openSession(writeModel(step.model), {
    runtime,
    threads,
    onWarning,
    foldedBytes: FOLDED_BYTES,
    file: "the training step",
  });
  const shapes = new Map(session.inputs.map(({ name, shape }) => [name, shape.map(Number)]));
  const feed = (name: string, data: Float32Array) => {
    const shape = shapes.get(name);
    return shape && { [name]: float32(shape, data) };
  };

  const parameters = step.parameters.map(({ value }) => copyOf(value));
  const gradients = parameters.map(({ shape }) => zeros(shape));
  /** The gradients of further batches, before they are added. */
  let more: readonly Tensor<"float32">[] | undefined;
  /** `updated` is what they were after the last update, while gradients wait. */
  const states = step.states.map(({ value }) => ({ now: copyOf(value), next: zeros(value.shape), updated: zeros(value.shape) }));
  const weights = parameters.map(({ data }) => data);
  const settings = ({ head, backbone, momentum }: Rates) =>
    step.parameters.map(({ name, decays }) => ({
      learningRate: HEAD_TENSORS.has(name) ? head : backbone,
      weightDecay: decays ? recipe.weightDecay : 0,
      momentum,
      beta1: momentum,
      nesterov: momentum > 0,
    }));
  const optimizer = createOptimizer(recipe.optimizer, weights, settings({ head: 0, backbone: 0, momentum: 0.9 }));
  const averages =
    recipe.ema > 0
      ? { parameters: weights.map((data) => data.slice()), states: states.map(({ now }) => now.data.slice()) }
      : undefined;
  let waiting = 0;

  const named = (ofParameters: readonly Float32Array[], ofStates: readonly Float32Array[]): Map<string, Float32Array> =>
    new Map([
      ...step.parameters.map(({ name }, i) => [name, ofParameters[i]] as const),
      ...step.states.map(({ name }, i) => [name, ofStates[i]] as const),
    ]);
  const now = () =>
    named(
      weights,
      states.map(({ now }) => now.data),
    );
  const afterUpdate = () =>
    named(
      weights,
      states.map(({ now, updated }) => (waiting > 0 ? updated.data : now.data)),
    );
  const tensors = (): Map<string, Float32Array> => {
    const all = new Map<string, Float32Array>();
    for (const [name, data] of afterUpdate()) all.set(`now/${name}`, data);
    optimizer.moments.forEach((moments, i) => {
      // Moments of float32 parameters are float32.
      for (const [moment, data] of Object.entries(moments)) all.set(`${moment}/${step.parameters[i].name}`, data as Float32Array);
    });
    if (averages) for (const [name, data] of named(averages.parameters, averages.states)) all.set(`average/${name}`, data);
    return all;
  };

  return {
    get updates() {
      return optimizer.step;
    },
    async run({ pixels, positive, negative }) {
      more ??= waiting > 0 ? parameters.map(({ shape }) => zeros(shape)) : undefined;
      const into = waiting > 0 && more ? more : gradients;
      const feeds: Record<string, Tensor> = {
        ...feed(IMAGE, pixels),
        ...feed(POSITIVE, positive),
        ...feed(NEGATIVE, negative),
      };
      const outputs: Record<string, Tensor> = {};
      step.parameters.forEach(({ name }, i) => {
        feeds[name] = parameters[i];
        outputs[gradientName(name)] = into[i];
      });
      step.states.forEach(({ name, next }, i) => {
        feeds[name] = states[i].now;
        outputs[next] = states[i].next;
      });
      const results = await session.run(feeds, [LOSS, LOGITS, ...Object.keys(outputs)], outputs);
      const loss = Number(results[LOSS].data[0]);
      const logits = results[LOGITS].data;
      if (!(logits instanceof Float32Array)) throw new TypeError("logits are float32");
      if (Number.isFinite(loss)) {
        if (into === more) for (const [i, { data }] of gradients.entries()) addTo(data, into[i].data);
        if (waiting === 0) for (const { now, updated } of states) updated.data.set(now.data);
        waiting++;
        for (const state of states) [state.now, state.next] = [state.next, state.now];
      }
      return { loss, logits };
    },
    update(rates) {
      if (waiting === 0) throw new RangeError("there are no gradients to follow");
      for (const [name, rate] of Object.entries(rates)) {
        if (!Number.isFinite(rate)) throw new RangeError(`the rate "${name}" is ${rate}`);
      }
      waiting = 0;
      const slopes = gradients.map(({ data }) => data);
      const norm = clipByNorm(slopes, recipe.clip > 0 ? recipe.clip : Number.POSITIVE_INFINITY);
      if (!Number.isFinite(norm)) return norm;
      optimizerStep(optimizer, weights, slopes, settings(rates));
      if (averages) {
        // At first the start would weigh too much: as TensorFlow's ExponentialMovingAverage with `num_updates`.
        const decay = Math.min(recipe.ema, (1 + optimizer.step) / (10 + optimizer.step));
        updateAverage(averages.parameters, weights, decay);
        updateAverage(
          averages.states,
          states.map(({ now }) => now.data),
          decay,
        );
      }
      return norm;
    },
    learned: () => (averages ? named(averages.parameters, averages.states) : now()),
    tensors,
    restore(saved, updates) {
      waiting = 0;
      for (const [name, data] of tensors()) {
        const found = saved.get(name);
        if (found?.length !== data.length) throw new RangeError(`the checkpoint has no "${name}" of ${data.length} numbers`);
        data.set(found);
      }
      optimizer.step = updates;
    },
    close: () => session.close(),
  };
}

function copyOf({ shape, data }: Tensor<"float32">): Tensor<"float32"> {
  return float32(shape, data.slice());
}

function zeros(shape: readonly number[]): Tensor<"float32"> {
  return float32(shape, new Float32Array(sizeOf(shape)));
}

function addTo(sum: Float32Array, values: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += values[i];
}
