import { describe, expect, it } from "vitest";
import { expectClose, readGolden } from "../../test/golden.js";
import { LOSSES } from "./losses.js";
import {
  clipByNorm,
  createOptimizer,
  type OptimizerName,
  type OptimizerOptions,
  optimizerStep,
  updateAverage,
} from "./optimizers.js";
import { SCHEDULES, type Schedule } from "./schedules.js";

const golden = readGolden("optim.json");
const TOLERANCE = { relative: 1e-10, absolute: 1e-13 };

// biome-ignore lint/suspicious/noExplicitAny: options as torch names them
type TorchOptions = any;

const TORCH_SCHEDULES: Readonly<Record<string, (base: number, options: TorchOptions) => Schedule>> = {
  CosineAnnealingLR: (base, o) => SCHEDULES.cosine(base, { steps: o.T_max, floor: o.eta_min }),
  CosineAnnealingWarmRestarts: (base, o) =>
    SCHEDULES["cosine-restarts"](base, { steps: o.T_0, growth: o.T_mult, floor: o.eta_min }),
  StepLR: (base, o) => SCHEDULES.step(base, { every: o.step_size, factor: o.gamma }),
  MultiStepLR: (base, o) => SCHEDULES.milestones(base, { at: o.milestones, factor: o.gamma }),
  ExponentialLR: (base, o) => SCHEDULES.exponential(base, { factor: o.gamma }),
  LinearLR: (base, o) => SCHEDULES.linear(base, { from: o.start_factor, to: o.end_factor, steps: o.total_iters }),
  PolynomialLR: (base, o) => SCHEDULES.polynomial(base, { steps: o.total_iters, power: o.power }),
  LinearWarmupCosine: (base, o) => SCHEDULES["warmup-cosine"](base, { warmup: o.warmup, steps: o.total }),
  OneCycleLR: (base, o) =>
    SCHEDULES["one-cycle"](base, {
      peak: o.max_lr,
      steps: o.total_steps,
      climb: o.pct_start,
      shape: o.anneal_strategy === "linear" ? "linear" : "cosine",
      startDivisor: o.div_factor,
      endDivisor: o.final_div_factor,
      threePhases: o.three_phase,
      lowMomentum: o.base_momentum,
      highMomentum: o.max_momentum,
    }),
};

function optimizerOptions(o: TorchOptions): Partial<OptimizerOptions> {
  const options = {
    learningRate: o.lr,
    momentum: o.momentum,
    dampening: o.dampening,
    nesterov: o.nesterov,
    weightDecay: o.weight_decay,
    beta1: o.betas?.[0],
    beta2: o.betas?.[1] ?? o.alpha ?? o.rho,
    epsilon: o.eps,
    amsgrad: o.amsgrad,
    centered: o.centered,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Loss and gradients of a linear model on some rows: mean cross-entropy, or mean over all cells. */
function evaluate(problem: TorchOptions, rows: readonly number[], [w, b]: readonly Float64Array[]) {
  const classes = b.length;
  const logits = rows.flatMap((row) =>
    Array.from(b, (bias, k) =>
      problem.X[row].reduce((sum: number, x: number, j: number) => sum + x * w[k * problem.X[row].length + j], bias),
    ),
  );
  const targets = rows.flatMap((row) => problem.y[row]);
  const name = problem.kind === "softmax" ? "softmax-cross-entropy" : "sigmoid-cross-entropy";
  const { loss, gradient } = LOSSES[name]({ logits, targets, classes });
  const dw = new Float64Array(w.length);
  const db = new Float64Array(classes);
  for (const [i, row] of rows.entries()) {
    for (let k = 0; k < classes; k++) {
      const slope = gradient[i * classes + k];
      db[k] += slope;
      for (const [j, x] of problem.X[row].entries()) dw[k * problem.X[row].length + j] += slope * x;
    }
  }
  return { loss, gradients: [dw, db] };
}

describe.skipIf(!golden)("optimizer trajectories equal torch", () => {
  for (const test of golden?.cases ?? []) {
    if (test.kind !== "trajectory") continue;
    it(test.id, () => {
      const problem = golden.problems[test.problem];
      const parameters = [Float64Array.from(problem.W0.flat()), Float64Array.from(problem.b0)];
      const averages = parameters.map((parameter) => parameter.slice());
      const options = optimizerOptions(test.options);
      const state = createOptimizer(test.optimizer.toLowerCase() as OptimizerName, parameters, options);
      const schedule = test.scheduler
        ? TORCH_SCHEDULES[test.scheduler](test.options.lr, test.schedulerOptions)
        : SCHEDULES.constant(test.options.lr);
      const everything = problem.X.map((_: unknown, row: number) => row);
      for (let step = 0; step < test.steps; step++) {
        const { loss, gradients } = evaluate(problem, test.batch === "full" ? everything : test.batch[step], parameters);
        expectClose([loss], [test.expected.lossBeforeStep[step]], TOLERANCE);
        const { learningRate, momentum } = schedule(step);
        expectClose([learningRate], [test.expected.lrUsed[step]], TOLERANCE);
        if (test.clipGradNorm) {
          const norm = clipByNorm(gradients, test.clipGradNorm);
          expectClose([norm], [test.expected.gradNormBeforeClip[step]], TOLERANCE);
        }
        const cycled = momentum === undefined ? {} : { momentum, beta1: momentum };
        optimizerStep(state, parameters, gradients, { ...options, learningRate, ...cycled });
        if (test.emaDecay) updateAverage(averages, parameters, test.emaDecay);
        const expected = test.expected.paramsAfterStep[step + 1];
        if (expected) expectClose([...parameters[0], ...parameters[1]], [...expected.W.flat(), ...expected.b], TOLERANCE);
      }
      const average = test.expected.emaAfterLast;
      if (average) expectClose([...averages[0], ...averages[1]], [...average.W.flat(), ...average.b], TOLERANCE);
    });
  }
});

describe.skipIf(!golden)("schedules equal torch", () => {
  for (const test of golden?.cases ?? []) {
    if (test.kind !== "schedule") continue;
    it(test.id, () => {
      if (test.metric) {
        const { factor, patience, threshold, thresholdMode, cooldown, minLr } = test.params;
        const mode = thresholdMode === "abs" ? "absolute" : "relative";
        const schedule = SCHEDULES.plateau(test.baseLr, {
          factor,
          patience,
          threshold,
          thresholdMode: mode,
          cooldown,
          floor: minLr,
        });
        const rates = test.metric.map((_: number, i: number) => schedule(i, test.metric.slice(0, i + 1)).learningRate);
        expectClose(rates, test.expected.lrAfterEach, TOLERANCE);
        return;
      }
      const schedule = TORCH_SCHEDULES[test.scheduler](test.baseLr, test.schedulerOptions);
      const rates = Array.from({ length: test.steps }, (_, step) => schedule(step));
      expectClose(
        rates.map((rate) => rate.learningRate),
        test.expected.lr,
        TOLERANCE,
      );
      if (test.expected.momentum) {
        expectClose(
          rates.map((rate) => rate.momentum ?? Number.NaN),
          test.expected.momentum,
          TOLERANCE,
        );
      }
    });
  }
});

describe("optimizers", () => {
  it("change float32 parameters in place and keep float32 moments", () => {
    const parameters = [Float32Array.of(1, 2)];
    const state = createOptimizer("adam", parameters);
    optimizerStep(state, parameters, [Float32Array.of(1, -1)], { learningRate: 0.1 });
    expect(parameters[0][0]).toBeCloseTo(0.9, 6);
    expect(parameters[0][1]).toBeCloseTo(2.1, 6);
    expect(state.moments[0].mean).toBeInstanceOf(Float32Array);
  });

  it("keep only the moments that the options call for, and say so when a step needs more", () => {
    const parameters = [Float32Array.of(1)];
    const momentsOf = (name: OptimizerName, options: Partial<OptimizerOptions>) =>
      Object.keys(createOptimizer(name, parameters, options).moments[0]);
    expect(momentsOf("sgd", {})).toEqual([]);
    expect(momentsOf("sgd", { momentum: 0.9 })).toEqual(["velocity"]);
    expect(momentsOf("adamw", {})).toEqual(["mean", "square"]);
    expect(momentsOf("adamw", { amsgrad: true })).toEqual(["mean", "square", "largest"]);
    expect(momentsOf("rmsprop", { centered: true })).toEqual(["square", "mean"]);
    const state = createOptimizer("sgd", parameters);
    expect(() => optimizerStep(state, parameters, [Float32Array.of(1)], { momentum: 0.9 })).toThrow(
      'sgd was not created with "velocity" for parameter 0',
    );
    expect(() => optimizerStep(state, parameters, [Float32Array.of(1, 2)])).toThrow(RangeError);
    expect(state.step).toBe(0);
  });

  it("take options of each parameter: a slow backbone, a fast head, a bias that does not decay", () => {
    const groups = [
      { learningRate: 0.01, weightDecay: 0.5 },
      { learningRate: 0.1, weightDecay: 0.5 },
      { learningRate: 0.1, weightDecay: 0 },
    ];
    for (const name of ["sgd", "adam", "adamw"] as const) {
      const together = groups.map(() => Float64Array.of(1, -2, 3, 4, 5));
      const state = createOptimizer(name, together, groups);
      for (let step = 0; step < 3; step++) optimizerStep(state, together, together.map(bowl), groups);
      for (const [i, options] of groups.entries()) {
        const alone = [Float64Array.of(1, -2, 3, 4, 5)];
        const own = createOptimizer(name, alone, options);
        for (let step = 0; step < 3; step++) optimizerStep(own, alone, alone.map(bowl), options);
        expect(together[i]).toEqual(alone[0]);
      }
      expect(together[0]).not.toEqual(together[1]);
      expect(together[1]).not.toEqual(together[2]);
      expect(() => optimizerStep(state, together, together.map(bowl), groups.slice(1))).toThrow("2 options objects do not fit 3");
    }
  });

  it.each([
    ["sgd", {}],
    ["sgd", { momentum: 0.9, dampening: 0.1, weightDecay: 0.1 }],
    ["sgd", { momentum: 0.9, nesterov: true }],
    ["adam", { weightDecay: 0.1 }],
    ["adamw", {}],
  ] as const)("%s %o treats every element alike, wherever it stands", (name, options) => {
    // 7 = one round of four and three left over.
    const long = [new Float32Array(7).fill(0.3)];
    const short = [Float32Array.of(0.3)];
    const [a, b] = [createOptimizer(name, long, options), createOptimizer(name, short, options)];
    for (let step = 0; step < 4; step++) {
      optimizerStep(a, long, [new Float32Array(7).fill(step - 1.5)], options);
      optimizerStep(b, short, [Float32Array.of(step - 1.5)], options);
    }
    expect(new Set(long[0])).toEqual(new Set(short[0]));
  });

  it("never grow the step of Adam where amsgrad remembers a large gradient", () => {
    const steps = [true, false].map((amsgrad) => {
      const parameters = [Float64Array.of(0)];
      const state = createOptimizer("adam", parameters, { amsgrad });
      for (const gradient of [10, 0, 0, 0, 1])
        optimizerStep(state, parameters, [Float64Array.of(gradient)], { amsgrad, beta2: 0.5 });
      return Math.abs(parameters[0][0]);
    });
    expect(steps[0]).toBeLessThan(steps[1]);
  });

  it("clip a gradient whose length is no multiple of four to the norm", () => {
    const gradients = [Float32Array.of(1, 2, 2, 4, 4), Float32Array.of(2, 2, 2, 2, 4, 2)];
    expect(clipByNorm(gradients, 100)).toBeCloseTo(Math.sqrt(77), 12);
    expect(gradients[0]).toEqual(Float32Array.of(1, 2, 2, 4, 4));
    clipByNorm(gradients, 1);
    expect(clipByNorm(gradients, 1)).toBeCloseTo(1, 6);
    expect(gradients[0][4] / gradients[0][0]).toBeCloseTo(4, 6);
  });
});

/** The gradient of ½‖p‖⁴: not linear, so that no rate stands for another. */
function bowl(p: Float64Array): Float64Array {
  const square = p.reduce((sum, value) => sum + value * value, 0);
  return p.map((value) => 0.01 * square * value);
}
