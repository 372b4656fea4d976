import { argmax } from "../../learn/decide.js";
import { createOptimizer, optimizerStep } from "../../learn/optimizers.js";
import { forwardModel, HEAD_ROWS, headModel } from "../../model/head.js";
import { CELL_WEIGHTS } from "../../model/head-weights.js";
import type { Random } from "../../random.js";
import { openSession } from "../../runtime/open.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import type { Head } from "../../task.js";
import { float32, type Tensor } from "../../tensor.js";

/** Standard deviation of the first weights, as in retrain.py. */
const FIRST_WEIGHTS_DEVIATION = 0.001;

/** How the last layer does on a batch. */
export interface Score {
  /** Loss of each row `[N]`; they sum to the cross entropy. */
  readonly losses: Float32Array;
  /** Mean cross entropy: over rows for softmax, over cells (images × labels) for sigmoid. */
  readonly crossEntropy: number;
  readonly accuracy: number;
  /** `[N, K]`. */
  readonly probabilities: Float32Array;
}

/** The new last layer with its weights, which `step` changes. Close it. */
export interface FinalLayer {
  readonly weights: Tensor<"float32">;
  readonly bias: Tensor<"float32">;
  /** One step of plain gradient descent; the score is that of the weights before. */
  step(features: Float32Array, labels: Int8Array, learningRate: number): Promise<Score>;
  score(features: Float32Array, labels: Int8Array): Promise<Score>;
  close(): Promise<void>;
}

/** What is particular to each head: the weights of its loss, and what retrain.py and its multi-label forks call accuracy. */
const RETRAIN_HEADS: Readonly<
  Record<
    Head,
    {
      readonly weigh: (labels: Int8Array, classes: number) => { positive: Float32Array; negative: Float32Array };
      readonly accuracy: (probabilities: Float32Array, labels: Int8Array, classes: number) => number;
    }
  >
> = {
  softmax: {
    weigh: CELL_WEIGHTS.softmax,
    /** Share of rows whose most probable class is theirs; rows without any class are left out. */
    accuracy(probabilities, labels, classes) {
      let right = 0;
      let rows = 0;
      for (let start = 0; start < labels.length; start += classes) {
        if (!labels.subarray(start, start + classes).includes(1)) continue;
        rows++;
        if (labels[start + argmax(probabilities, start, classes)] === 1) right++;
      }
      return right / rows;
    },
  },
  sigmoid: {
    /** `tf.reduce_mean` of the cross entropy of every cell whose label is known. */
    weigh(labels) {
      const known = labels.reduce((count, label) => count + (label >= 0 ? 1 : 0), 0);
      const share = (wanted: number) => Float32Array.from(labels, (label) => (label === wanted ? 1 / known : 0));
      return { positive: share(1), negative: share(0) };
    },
    /** Share of known cells where "probability ≥ 0.5" agrees with the label. */
    accuracy(probabilities, labels) {
      let right = 0;
      let known = 0;
      for (let j = 0; j < labels.length; j++) {
        if (labels[j] < 0) continue;
        known++;
        if ((probabilities[j] >= 0.5 ? 1 : 0) === labels[j]) right++;
      }
      return right / known;
    },
  },
};

/** Opens a new last layer for embeddings of width D and K classes: weights from a truncated normal distribution, bias zero. */
export async function openFinalLayer(
  head: Head,
  size: number,
  classes: number,
  { random, runtime }: { readonly random: Random; readonly runtime?: RuntimeChoice | undefined },
): Promise<FinalLayer> {
  const weights = float32(
    [classes, size],
    Float32Array.from({ length: classes * size }, () => FIRST_WEIGHTS_DEVIATION * truncatedNormal(random)),
  );
  const bias = float32([classes], new Float32Array(classes));
  const parameters = [weights.data, bias.data];
  const optimizer = createOptimizer("sgd", parameters);
  // Products this small gain nothing from a second thread.
  const session = { threads: 1, runtime, file: `the ${head} layer` };
  const learner = await openSession(headModel(head, size, classes), session);
  const scorer = await openSession(forwardModel(head, size, classes), session);
  const { weigh, accuracy } = RETRAIN_HEADS[head];

  const run = async (features: Float32Array, labels: Int8Array) => {
    const rows = labels.length / classes;
    const { positive, negative } = weigh(labels, classes);
    const layer = { features: float32([rows, size], features), weights, bias };
    const outputs = await learner.run({
      ...layer,
      positive: float32([rows, classes], positive),
      ...(HEAD_ROWS[head].negatives ? { negative: float32([rows, classes], negative) } : {}),
    });
    const { probabilities } = await scorer.run(layer, ["probabilities"]);
    const losses = floats(outputs.losses);
    const score: Score = {
      losses,
      crossEntropy: losses.reduce((sum, loss) => sum + loss, 0),
      accuracy: accuracy(floats(probabilities), labels, classes),
      probabilities: floats(probabilities),
    };
    return { score, gradients: [floats(outputs.weightsGradient), floats(outputs.biasGradient)] };
  };
  return {
    weights,
    bias,
    async step(features, labels, learningRate) {
      const { score, gradients } = await run(features, labels);
      optimizerStep(optimizer, parameters, gradients, { learningRate });
      return score;
    },
    score: async (features, labels) => (await run(features, labels)).score,
    async close() {
      await learner.close();
      await scorer.close();
    },
  };
}

/** Standard normal, drawn again beyond two deviations (`tf.truncated_normal`). */
function truncatedNormal(random: Random): number {
  for (;;) {
    const value = random.normal();
    if (Math.abs(value) <= 2) return value;
  }
}

/** Both graphs declare float32 outputs. */
function floats(tensor: Tensor): Float32Array {
  return tensor.data as Float32Array;
}
