import { ACTIVATIONS } from "../learn/activations.js";
import { LOSSES } from "../learn/losses.js";
import { HEADS, type Head } from "../task.js";

/** What the reader has set: K logits, a temperature, and which labels are true. */
export interface PlaygroundState {
  readonly classes: readonly string[];
  /** `[K]` */
  readonly logits: readonly number[];
  /** `[K]` */
  readonly truth: readonly boolean[];
  /** Above 0; logits are divided by it. */
  readonly temperature: number;
}

/** What one head makes of it. */
export interface HeadOutput {
  /** `[K]` */
  readonly probabilities: readonly number[];
  readonly sum: number;
  /** Indices of the labels it would give. */
  readonly decided: readonly number[];
  /** `[K]`, what the loss compares with; undefined where the head's loss has nothing to say. */
  readonly targets: readonly number[] | undefined;
  /** Cross-entropy of this one image: one number for softmax, summed over the classes for sigmoid. */
  readonly loss: number | undefined;
  /** `[K]`: of the loss with respect to the logits, (p − y) / T. */
  readonly gradient: readonly number[] | undefined;
}

/** How the two heads differ: in one row each. */
const RULES = {
  softmax: {
    loss: LOSSES["softmax-cross-entropy"],
    // One label: all of the probability. Several: shared. None: softmax cannot say it, so there is no loss.
    targets(truth: readonly boolean[]) {
      const positives = truth.filter(Boolean).length;
      return positives === 0 ? undefined : truth.map((yes) => (yes ? 1 / positives : 0));
    },
    decide: (probabilities: readonly number[]) => [probabilities.indexOf(Math.max(...probabilities))],
  },
  sigmoid: {
    loss: LOSSES["sigmoid-cross-entropy"],
    targets: (truth: readonly boolean[]) => truth.map(Number),
    decide: (probabilities: readonly number[]) => [...probabilities.keys()].filter((k) => probabilities[k] >= 0.5),
  },
} as const;

/** Both heads' probabilities, decisions, losses and gradients for the same logits. */
export function evaluateHeads(state: PlaygroundState): Readonly<Record<Head, HeadOutput>> {
  const [softmax, sigmoid] = HEADS.map((head) => evaluateHead(head, state));
  return { softmax, sigmoid };
}

function evaluateHead(head: Head, { logits, truth, temperature }: PlaygroundState): HeadOutput {
  const classes = logits.length;
  const scaled = logits.map((logit) => logit / temperature);
  const probabilities = [...ACTIVATIONS[head](scaled, classes)];
  const targets = RULES[head].targets(truth);
  const batch = targets && { logits: scaled, targets, classes };
  const result = batch && RULES[head].loss(batch, { reduction: "sum", targetKind: "probability" });
  return {
    probabilities,
    sum: probabilities.reduce((total, p) => total + p, 0),
    decided: RULES[head].decide(probabilities),
    targets,
    loss: result?.loss,
    // dL/dz = dL/d(z/T) · 1/T
    gradient: result && [...result.gradient].map((slope) => slope / temperature),
  };
}
