/** Parameters, gradients and moments: all of one precision. */
export type Vector = Float32Array | Float64Array;

/** Every setting of every optimizer; each reads what it knows. Defaults follow torch, see `OPTIMIZERS`. */
export interface OptimizerOptions {
  readonly learningRate: number;
  /** SGD, RMSprop: share of the last step that is kept. */
  readonly momentum: number;
  /** SGD: share of the gradient that momentum leaves out, from the second step on. */
  readonly dampening: number;
  /** SGD: look ahead along the momentum. */
  readonly nesterov: boolean;
  /** L2 added to the gradient; AdamW shrinks the parameters instead (Loshchilov and Hutter 2019). */
  readonly weightDecay: number;
  /** Adam, AdamW: decay of the mean of gradients. */
  readonly beta1: number;
  /** Adam, AdamW, RMSprop, Adadelta: decay of the mean of squared gradients. */
  readonly beta2: number;
  /** Added to the square root (Adam: after bias correction). */
  readonly epsilon: number;
  /** Adam, AdamW: divide by the largest second moment so far (Reddi et al. 2018). */
  readonly amsgrad: boolean;
  /** RMSprop: subtract the squared mean, so that the variance divides. */
  readonly centered: boolean;
}

/** One optimizer: its settings where they differ, the names of its moments, and its update of one parameter, in place. */
interface Rule {
  readonly defaults: Partial<OptimizerOptions>;
  readonly slots: readonly string[];
  /** `step` counts from 1. */
  readonly update: (p: Vector, g: Vector, slots: readonly Vector[], step: number, options: OptimizerOptions) => void;
}

/** Everything an optimizer remembers between steps: plain arrays, ready for a checkpoint. */
export interface OptimizerState {
  readonly name: OptimizerName;
  /** Steps done. */
  step: number;
  /** Per parameter, the moments in the order of the rule's `slots`. */
  readonly slots: readonly (readonly Vector[])[];
}

const BASE: OptimizerOptions = {
  learningRate: 1e-3,
  momentum: 0,
  dampening: 0,
  nesterov: false,
  weightDecay: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  amsgrad: false,
  centered: false,
};

/** Every optimizer by name, as torch.optim defines it. */
export const OPTIMIZERS = {
  sgd: {
    defaults: { learningRate: 1e-2 },
    slots: ["velocity"],
    update(p, g, [velocity], step, { learningRate, momentum, dampening, nesterov, weightDecay }) {
      for (let i = 0; i < p.length; i++) {
        const gradient = g[i] + weightDecay * p[i];
        velocity[i] = step === 1 ? gradient : momentum * velocity[i] + (1 - dampening) * gradient;
        const direction = momentum === 0 ? gradient : nesterov ? gradient + momentum * velocity[i] : velocity[i];
        p[i] -= learningRate * direction;
      }
    },
  },
  adam: {
    defaults: {},
    slots: ["mean", "square", "largest"],
    update(p, g, slots, step, options) {
      adamStep(p, g, slots, step, options, options.weightDecay);
    },
  },
  adamw: {
    defaults: { weightDecay: 1e-2 },
    slots: ["mean", "square", "largest"],
    update(p, g, slots, step, options) {
      const keep = 1 - options.learningRate * options.weightDecay;
      for (let i = 0; i < p.length; i++) p[i] *= keep;
      adamStep(p, g, slots, step, options, 0);
    },
  },
  rmsprop: {
    defaults: { learningRate: 1e-2, beta2: 0.99 },
    slots: ["square", "mean", "velocity"],
    update(p, g, [square, mean, velocity], _, { learningRate, momentum, weightDecay, beta2, epsilon, centered }) {
      for (let i = 0; i < p.length; i++) {
        const gradient = g[i] + weightDecay * p[i];
        square[i] = beta2 * square[i] + (1 - beta2) * gradient * gradient;
        mean[i] = beta2 * mean[i] + (1 - beta2) * gradient;
        const spread = centered ? square[i] - mean[i] * mean[i] : square[i];
        velocity[i] = momentum * velocity[i] + gradient / (Math.sqrt(spread) + epsilon);
        p[i] -= learningRate * velocity[i];
      }
    },
  },
  adagrad: {
    defaults: { learningRate: 1e-2, epsilon: 1e-10 },
    slots: ["sum"],
    update(p, g, [sum], _, { learningRate, weightDecay, epsilon }) {
      for (let i = 0; i < p.length; i++) {
        const gradient = g[i] + weightDecay * p[i];
        sum[i] += gradient * gradient;
        p[i] -= (learningRate * gradient) / (Math.sqrt(sum[i]) + epsilon);
      }
    },
  },
  adadelta: {
    defaults: { learningRate: 1, beta2: 0.9, epsilon: 1e-6 },
    slots: ["square", "change"],
    update(p, g, [square, change], _, { learningRate, weightDecay, beta2, epsilon }) {
      for (let i = 0; i < p.length; i++) {
        const gradient = g[i] + weightDecay * p[i];
        square[i] = beta2 * square[i] + (1 - beta2) * gradient * gradient;
        const delta = (Math.sqrt(change[i] + epsilon) / Math.sqrt(square[i] + epsilon)) * gradient;
        change[i] = beta2 * change[i] + (1 - beta2) * delta * delta;
        p[i] -= learningRate * delta;
      }
    },
  },
} as const satisfies Record<string, Rule>;

/** The name of an optimizer. */
export type OptimizerName = keyof typeof OPTIMIZERS;

/** Zeroed moments for parameters of these sizes. */
export function createOptimizer(name: OptimizerName, parameters: readonly Vector[]): OptimizerState {
  const rule: Rule = OPTIMIZERS[name];
  const zeros = (like: Vector) => (like instanceof Float32Array ? new Float32Array(like.length) : new Float64Array(like.length));
  return { name, step: 0, slots: parameters.map((parameter) => rule.slots.map(() => zeros(parameter))) };
}

/** Takes one step: changes the parameters and the state in place. Options left out have the defaults of the rule. */
export function optimizerStep(
  state: OptimizerState,
  parameters: readonly Vector[],
  gradients: readonly Vector[],
  options: Partial<OptimizerOptions> = {},
): void {
  const rule: Rule = OPTIMIZERS[state.name];
  const all = { ...BASE, ...rule.defaults, ...options };
  state.step++;
  for (const [i, parameter] of parameters.entries()) rule.update(parameter, gradients[i], state.slots[i], state.step, all);
}

/** p −= lr · m̂ / (√v̂ + ε) with bias-corrected moments (Kingma and Ba 2015). */
function adamStep(p: Vector, g: Vector, slots: readonly Vector[], step: number, options: OptimizerOptions, decay: number): void {
  const [mean, square, largest] = slots;
  const { learningRate, beta1, beta2, epsilon, amsgrad } = options;
  const rate = learningRate / (1 - beta1 ** step);
  const correction = Math.sqrt(1 - beta2 ** step);
  for (let i = 0; i < p.length; i++) {
    const gradient = g[i] + decay * p[i];
    mean[i] = beta1 * mean[i] + (1 - beta1) * gradient;
    square[i] = beta2 * square[i] + (1 - beta2) * gradient * gradient;
    if (amsgrad) largest[i] = Math.max(largest[i], square[i]);
    p[i] -= (rate * mean[i]) / (Math.sqrt(amsgrad ? largest[i] : square[i]) / correction + epsilon);
  }
}

/** Scales all gradients in place so that their common L2 norm is at most `maxNorm`; returns the norm before. */
export function clipByNorm(gradients: readonly Vector[], maxNorm: number): number {
  let sum = 0;
  for (const gradient of gradients) for (const value of gradient) sum += value * value;
  const norm = Math.sqrt(sum);
  // torch.nn.utils.clip_grad_norm_ adds the same 1e-6.
  const scale = maxNorm / (norm + 1e-6);
  if (scale < 1) for (const gradient of gradients) for (let i = 0; i < gradient.length; i++) gradient[i] *= scale;
  return norm;
}

/** Moves an exponential moving average of parameters one step, in place: a ← d a + (1 − d) p. */
export function updateAverage(averages: readonly Vector[], parameters: readonly Vector[], decay: number): void {
  for (const [k, average] of averages.entries()) {
    const parameter = parameters[k];
    for (let i = 0; i < average.length; i++) average[i] = decay * average[i] + (1 - decay) * parameter[i];
  }
}
