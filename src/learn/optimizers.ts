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

/** Options for all parameters, or one object per parameter: a head that learns faster, no decay of norms and biases. */
export type OptimizerSettings = Partial<OptimizerOptions> | readonly Partial<OptimizerOptions>[];

/** The moments of one parameter by name, each as long as the parameter. */
export type Moments = Readonly<Record<string, Vector>>;

/** One optimizer: its settings where they differ, the names of the moments it needs, and its update of one parameter, in place. */
interface Rule {
  readonly defaults: Partial<OptimizerOptions>;
  readonly moments: (options: OptimizerOptions) => readonly string[];
  /** `step` counts from 1. */
  readonly update: (p: Vector, g: Vector, moments: Moments, step: number, options: OptimizerOptions) => void;
}

/** Everything an optimizer remembers between steps: plain arrays, ready for a checkpoint. */
export interface OptimizerState {
  readonly name: OptimizerName;
  /** Steps done. */
  step: number;
  /** One entry per parameter. */
  readonly moments: readonly Moments[];
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
    moments: ({ momentum }) => (momentum === 0 ? [] : ["velocity"]),
    update(p, g, { velocity }, step, { learningRate, momentum, dampening, nesterov, weightDecay }) {
      if (momentum === 0) {
        mix(p, 1 - learningRate * weightDecay, g, -learningRate);
        return;
      }
      // The first velocity is the gradient itself, whatever the dampening.
      const [keep, take] = step === 1 ? [0, 1] : [momentum, 1 - dampening];
      momentumStep(p, g, velocity, { learningRate, weightDecay, keep, take, direction: nesterov ? [1, momentum] : [0, 1] });
    },
  },
  adam: {
    defaults: {},
    moments: adamMoments,
    update(p, g, moments, step, options) {
      adamStep(p, g, moments, step, options, { keep: 1, pull: options.weightDecay });
    },
  },
  adamw: {
    defaults: { weightDecay: 1e-2 },
    moments: adamMoments,
    update(p, g, moments, step, options) {
      adamStep(p, g, moments, step, options, { keep: 1 - options.learningRate * options.weightDecay, pull: 0 });
    },
  },
  rmsprop: {
    defaults: { learningRate: 1e-2, beta2: 0.99 },
    moments: ({ momentum, centered }) => ["square", ...(centered ? ["mean"] : []), ...(momentum === 0 ? [] : ["velocity"])],
    update(p, g, { square, mean, velocity }, _, { learningRate, momentum, weightDecay, beta2, epsilon, centered }) {
      for (let i = 0; i < p.length; i++) {
        const gradient = g[i] + weightDecay * p[i];
        square[i] = beta2 * square[i] + (1 - beta2) * gradient * gradient;
        let spread = square[i];
        if (centered) {
          mean[i] = beta2 * mean[i] + (1 - beta2) * gradient;
          spread -= mean[i] * mean[i];
        }
        let direction = gradient / (Math.sqrt(spread) + epsilon);
        if (momentum !== 0) {
          direction += momentum * velocity[i];
          velocity[i] = direction;
        }
        p[i] -= learningRate * direction;
      }
    },
  },
  adagrad: {
    defaults: { learningRate: 1e-2, epsilon: 1e-10 },
    moments: () => ["sum"],
    update(p, g, { sum }, _, { learningRate, weightDecay, epsilon }) {
      for (let i = 0; i < p.length; i++) {
        const gradient = g[i] + weightDecay * p[i];
        sum[i] += gradient * gradient;
        p[i] -= (learningRate * gradient) / (Math.sqrt(sum[i]) + epsilon);
      }
    },
  },
  adadelta: {
    defaults: { learningRate: 1, beta2: 0.9, epsilon: 1e-6 },
    moments: () => ["square", "change"],
    update(p, g, { square, change }, _, { learningRate, weightDecay, beta2, epsilon }) {
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

/**
 * Zeroed moments for parameters of these sizes: only those that the options call for, so give the options of the steps.
 *
 * @throws RangeError if there is not one options object per parameter
 */
export function createOptimizer(
  name: OptimizerName,
  parameters: readonly Vector[],
  options: OptimizerSettings = {},
): OptimizerState {
  const rule: Rule = OPTIMIZERS[name];
  const zeros = (like: Vector) => (like instanceof Float32Array ? new Float32Array(like.length) : new Float64Array(like.length));
  const settings = resolved(rule, options, parameters.length);
  const moments = parameters.map((parameter, i) =>
    Object.fromEntries(rule.moments(settings[i]).map((moment) => [moment, zeros(parameter)])),
  );
  return { name, step: 0, moments };
}

/**
 * Takes one step: changes the parameters and the state in place. Options left out have the defaults of the rule.
 *
 * @throws RangeError if options, gradients or moments do not fit the parameters
 */
export function optimizerStep(
  state: OptimizerState,
  parameters: readonly Vector[],
  gradients: readonly Vector[],
  options: OptimizerSettings = {},
): void {
  const rule: Rule = OPTIMIZERS[state.name];
  const settings = resolved(rule, options, parameters.length);
  for (const [i, { length }] of parameters.entries()) {
    const fits = (vector: Vector | undefined) => vector?.length === length;
    if (!fits(gradients[i])) throw new RangeError(`gradient ${i} has not the ${length} elements of its parameter`);
    const missing = rule.moments(settings[i]).find((moment) => !fits(state.moments[i]?.[moment]));
    if (missing !== undefined) throw new RangeError(`${state.name} was not created with "${missing}" for parameter ${i}`);
  }
  state.step++;
  for (const [i, parameter] of parameters.entries()) {
    rule.update(parameter, gradients[i], state.moments[i], state.step, settings[i]);
  }
}

/** The options of every parameter, complete. */
function resolved(rule: Rule, options: OptimizerSettings, count: number): readonly OptimizerOptions[] {
  if (!isList(options)) return new Array<OptimizerOptions>(count).fill({ ...BASE, ...rule.defaults, ...options });
  if (options.length !== count) throw new RangeError(`${options.length} options objects do not fit ${count} parameters`);
  return options.map((own) => ({ ...BASE, ...rule.defaults, ...own }));
}

function isList(options: OptimizerSettings): options is readonly Partial<OptimizerOptions>[] {
  return Array.isArray(options);
}

// The loops below take millions of numbers every step. They go four by four, written out, because V8 looks anew at what the
// arrays are in each round of a loop, which costs as much as the arithmetic.

/** What the elements of one parameter share in a step of SGD with momentum. */
interface MomentumNumbers {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly keep: number;
  readonly take: number;
  /** The direction is a · gradient + b · velocity. */
  readonly direction: readonly [a: number, b: number];
}

/** v ← keep · v + take · g, p −= lr · (a · g + b · v) (Sutskever et al. 2013, as torch writes it). */
function momentumStep(p: Vector, g: Vector, v: Vector, numbers: MomentumNumbers): void {
  const { learningRate, weightDecay, keep, take } = numbers;
  const [a, b] = numbers.direction;
  const fours = p.length - (p.length % 4);
  for (let i = 0; i < fours; i += 4) {
    const p0 = p[i];
    const p1 = p[i + 1];
    const p2 = p[i + 2];
    const p3 = p[i + 3];
    const g0 = g[i] + weightDecay * p0;
    const g1 = g[i + 1] + weightDecay * p1;
    const g2 = g[i + 2] + weightDecay * p2;
    const g3 = g[i + 3] + weightDecay * p3;
    const v0 = keep * v[i] + take * g0;
    const v1 = keep * v[i + 1] + take * g1;
    const v2 = keep * v[i + 2] + take * g2;
    const v3 = keep * v[i + 3] + take * g3;
    v[i] = v0;
    v[i + 1] = v1;
    v[i + 2] = v2;
    v[i + 3] = v3;
    p[i] = p0 - learningRate * (a * g0 + b * v0);
    p[i + 1] = p1 - learningRate * (a * g1 + b * v1);
    p[i + 2] = p2 - learningRate * (a * g2 + b * v2);
    p[i + 3] = p3 - learningRate * (a * g3 + b * v3);
  }
  for (let i = fours; i < p.length; i++) {
    const gradient = g[i] + weightDecay * p[i];
    const velocity = keep * v[i] + take * gradient;
    v[i] = velocity;
    p[i] -= learningRate * (a * gradient + b * velocity);
  }
}

function adamMoments({ amsgrad }: OptimizerOptions): readonly string[] {
  return amsgrad ? ["mean", "square", "largest"] : ["mean", "square"];
}

/** What weight decay does: `keep` shrinks the parameter, `pull` is added to its gradient. */
interface Decay {
  readonly keep: number;
  readonly pull: number;
}

/** p −= lr · m̂ / (√v̂ + ε) with bias-corrected moments (Kingma and Ba 2015). */
function adamStep(p: Vector, g: Vector, moments: Moments, step: number, options: OptimizerOptions, { keep, pull }: Decay): void {
  const { mean: m, square: v, largest } = moments;
  const { learningRate, beta1, beta2, amsgrad } = options;
  // lr · m / (1 − β₁ᵗ) / (√v / c + ε) = (lr · c / (1 − β₁ᵗ)) · m / (√v + c · ε) with c = √(1 − β₂ᵗ)
  const correction = Math.sqrt(1 - beta2 ** step);
  const rate = (learningRate * correction) / (1 - beta1 ** step);
  const epsilon = options.epsilon * correction;
  const new1 = 1 - beta1;
  const new2 = 1 - beta2;
  const fours = amsgrad ? 0 : p.length - (p.length % 4);
  for (let i = 0; i < fours; i += 4) {
    const p0 = p[i];
    const p1 = p[i + 1];
    const p2 = p[i + 2];
    const p3 = p[i + 3];
    const g0 = g[i] + pull * p0;
    const g1 = g[i + 1] + pull * p1;
    const g2 = g[i + 2] + pull * p2;
    const g3 = g[i + 3] + pull * p3;
    const m0 = beta1 * m[i] + new1 * g0;
    const m1 = beta1 * m[i + 1] + new1 * g1;
    const m2 = beta1 * m[i + 2] + new1 * g2;
    const m3 = beta1 * m[i + 3] + new1 * g3;
    const v0 = beta2 * v[i] + new2 * g0 * g0;
    const v1 = beta2 * v[i + 1] + new2 * g1 * g1;
    const v2 = beta2 * v[i + 2] + new2 * g2 * g2;
    const v3 = beta2 * v[i + 3] + new2 * g3 * g3;
    m[i] = m0;
    m[i + 1] = m1;
    m[i + 2] = m2;
    m[i + 3] = m3;
    v[i] = v0;
    v[i + 1] = v1;
    v[i + 2] = v2;
    v[i + 3] = v3;
    p[i] = keep * p0 - (rate * m0) / (Math.sqrt(v0) + epsilon);
    p[i + 1] = keep * p1 - (rate * m1) / (Math.sqrt(v1) + epsilon);
    p[i + 2] = keep * p2 - (rate * m2) / (Math.sqrt(v2) + epsilon);
    p[i + 3] = keep * p3 - (rate * m3) / (Math.sqrt(v3) + epsilon);
  }
  for (let i = fours; i < p.length; i++) {
    const gradient = g[i] + pull * p[i];
    const first = beta1 * m[i] + new1 * gradient;
    let second = beta2 * v[i] + new2 * gradient * gradient;
    m[i] = first;
    v[i] = second;
    if (amsgrad) {
      second = Math.max(largest[i], second);
      largest[i] = second;
    }
    p[i] = keep * p[i] - (rate * first) / (Math.sqrt(second) + epsilon);
  }
}

/** Scales all gradients in place so that their common L2 norm is at most `maxNorm`; returns the norm before. */
export function clipByNorm(gradients: readonly Vector[], maxNorm: number): number {
  const norm = Math.sqrt(gradients.reduce((sum, gradient) => sum + squaredNorm(gradient), 0));
  // torch.nn.utils.clip_grad_norm_ adds the same 1e-6.
  const factor = maxNorm / (norm + 1e-6);
  if (factor < 1) for (const gradient of gradients) scale(gradient, factor);
  return norm;
}

function squaredNorm(vector: Vector): number {
  const fours = vector.length - (vector.length % 4);
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  for (let i = 0; i < fours; i += 4) {
    s0 += vector[i] * vector[i];
    s1 += vector[i + 1] * vector[i + 1];
    s2 += vector[i + 2] * vector[i + 2];
    s3 += vector[i + 3] * vector[i + 3];
  }
  for (let i = fours; i < vector.length; i++) s0 += vector[i] * vector[i];
  return s0 + s1 + (s2 + s3);
}

function scale(vector: Vector, factor: number): void {
  const fours = vector.length - (vector.length % 4);
  for (let i = 0; i < fours; i += 4) {
    vector[i] *= factor;
    vector[i + 1] *= factor;
    vector[i + 2] *= factor;
    vector[i + 3] *= factor;
  }
  for (let i = fours; i < vector.length; i++) vector[i] *= factor;
}

/** Moves an exponential moving average of parameters one step, in place: a ← d a + (1 − d) p. */
export function updateAverage(averages: readonly Vector[], parameters: readonly Vector[], decay: number): void {
  for (const [k, average] of averages.entries()) mix(average, decay, parameters[k], 1 - decay);
}

/** a ← keep · a + take · b. */
function mix(a: Vector, keep: number, b: Vector, take: number): void {
  const fours = a.length - (a.length % 4);
  for (let i = 0; i < fours; i += 4) {
    a[i] = keep * a[i] + take * b[i];
    a[i + 1] = keep * a[i + 1] + take * b[i + 1];
    a[i + 2] = keep * a[i + 2] + take * b[i + 2];
    a[i + 3] = keep * a[i + 3] + take * b[i + 3];
  }
  for (let i = fours; i < a.length; i++) a[i] = keep * a[i] + take * b[i];
}
