import { UserError } from "../errors.js";
import { throwIfAborted } from "../progress.js";
import { addScaled, dot } from "./vectors.js";

/** A loss and its gradient at one point. The gradient may be a buffer that the next call overwrites. */
export interface Evaluation {
  readonly loss: number;
  readonly gradient: ArrayLike<number>;
}

/** A smooth function of n parameters, evaluated wherever it likes. */
export type Objective = (parameters: Float64Array) => Promise<Evaluation>;

/** When a minimisation ends, and what it knows of its objective. */
export interface MinimizeOptions {
  /** Pairs of steps and gradient changes that are remembered. */
  readonly history?: number;
  readonly maxIterations?: number;
  /** Done when no element of the gradient is larger. */
  readonly gradientTolerance?: number;
  /** Done when two iterations in a row lower the loss by less than this share of it. */
  readonly lossTolerance?: number;
  /** Relative error of the loss itself: below it the line search trusts slopes alone (about 1e-7 for float32 work). */
  readonly lossNoise?: number;
  /** Multiplies by a rough inverse of the Hessian: parameters of very different curvature then converge together. */
  readonly precondition?: ((gradient: Float64Array) => Promise<Float64Array>) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called after every iteration. */
  readonly onIteration?: ((iteration: number, loss: number) => void) | undefined;
}

/** Where a minimisation ended. */
export interface Minimum {
  readonly parameters: Float64Array;
  readonly loss: number;
  readonly iterations: number;
  readonly evaluations: number;
  /** Why it ended: `floor` means that no step lowers the loss any more at its precision. */
  readonly reason: "gradient" | "loss" | "floor" | "limit";
}

/** Sufficient decrease and curvature constants of the Wolfe conditions (Nocedal and Wright 2006, section 3.1). */
const DECREASE = 1e-4;
const CURVATURE = 0.9;
const MAX_TRIALS = 15;

/**
 * Minimises by limited-memory BFGS (Liu and Nocedal 1989) with a line search for the strong Wolfe conditions, or, where the
 * loss is too noisy to show a decrease, the approximate ones (Hager and Zhang 2005). `start` is left alone.
 *
 * @throws UserError `numeric` when the loss is not finite at the start, `aborted`
 */
export async function minimize(objective: Objective, start: ArrayLike<number>, options: MinimizeOptions = {}): Promise<Minimum> {
  const { history = 10, maxIterations = 1000, gradientTolerance = 1e-7, lossTolerance = 1e-11, lossNoise = 1e-14 } = options;
  const memory = createMemory(history, options.precondition);
  let evaluations = 0;
  const evaluate = async (parameters: Float64Array): Promise<Point> => {
    throwIfAborted(options.signal);
    evaluations++;
    const { loss, gradient } = await objective(parameters);
    return { parameters, loss, gradient: Float64Array.from(gradient) };
  };

  let point: Point = await evaluate(Float64Array.from(start));
  if (!Number.isFinite(point.loss)) {
    throw new UserError("numeric", `the loss is ${point.loss} before the first step`, {
      hint: "Look for infinite or missing numbers in the features.",
    });
  }
  const end = (iterations: number, reason: Minimum["reason"]): Minimum => ({
    parameters: point.parameters,
    loss: point.loss,
    iterations,
    evaluations,
    reason,
  });

  let idle = 0;
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (largest(point.gradient) <= gradientTolerance) return end(iteration, "gradient");
    const first = memory.size() === 0;
    const direction = await memory.descend(point.gradient);
    const step = first && !options.precondition ? Math.min(1, 1 / Math.sqrt(dot(point.gradient, point.gradient))) : 1;
    const next = await search(evaluate, point, direction, step, lossNoise);
    if (next === undefined) {
      if (first || idle > 0) return end(iteration, "floor");
      // The remembered curvature led nowhere: once more along the gradient itself.
      memory.clear();
      continue;
    }
    memory.add(difference(next.parameters, point.parameters), difference(next.gradient, point.gradient));
    idle = point.loss - next.loss <= lossTolerance * Math.abs(next.loss) ? idle + 1 : 0;
    point = next;
    options.onIteration?.(iteration + 1, point.loss);
    if (idle === 2) return end(iteration + 1, "loss");
  }
  return end(maxIterations, "limit");
}

interface Point {
  readonly parameters: Float64Array;
  readonly loss: number;
  readonly gradient: Float64Array;
}

/** A point along the direction that fulfils the Wolfe conditions, or undefined when none is found. */
async function search(
  evaluate: (parameters: Float64Array) => Promise<Point>,
  from: Point,
  direction: Float64Array,
  firstStep: number,
  lossNoise: number,
): Promise<Point | undefined> {
  const slope0 = dot(from.gradient, direction);
  if (!(slope0 < 0)) return undefined;
  const slack = lossNoise * Math.abs(from.loss);
  let low: Trial = { step: 0, loss: from.loss, slope: slope0 };
  let high: Trial | undefined;
  let step = firstStep;
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const point = await evaluate(along(from.parameters, direction, step));
    const slope = dot(point.gradient, direction);
    const here: Trial = { step, loss: point.loss, slope };
    const decreased =
      point.loss <= from.loss + DECREASE * step * slope0 ||
      (point.loss <= from.loss + slack && slope <= (2 * DECREASE - 1) * slope0);
    if (!decreased || slope > -CURVATURE * slope0) high = here;
    else if (slope < CURVATURE * slope0) low = here;
    else return point;
    step = high === undefined ? 4 * step : between(low, high);
    if (high !== undefined && high.step - low.step <= 1e-12 * high.step) return undefined;
  }
  return undefined;
}

/** A step tried by the line search, with the loss and its slope along the direction. */
interface Trial {
  readonly step: number;
  readonly loss: number;
  readonly slope: number;
}

/** The minimum of the cubic through both ends (Nocedal and Wright 2006, equation 3.59), kept a tenth away from them. */
function between(low: Trial, high: Trial): number {
  const width = high.step - low.step;
  const a = low.slope + high.slope - (3 * (high.loss - low.loss)) / width;
  const root = Math.sqrt(a * a - low.slope * high.slope);
  const share = 1 - (high.slope + root - a) / (high.slope - low.slope + 2 * root);
  return low.step + width * (Number.isFinite(share) ? Math.min(0.9, Math.max(0.1, share)) : 0.5);
}

/** The last steps and gradient changes, and the inverse Hessian they stand for. */
function createMemory(capacity: number, precondition = async (values: Float64Array) => values) {
  let pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  return {
    size: () => pairs.length,
    clear: () => {
      pairs = [];
    },
    add(s: Float64Array, y: Float64Array) {
      const sy = dot(s, y);
      // Rounding can hide the curvature of a tiny step; such a pair would break the positive definiteness.
      if (!(sy > 1e-16 * dot(y, y))) return;
      pairs.push({ s, y, rho: 1 / sy });
      if (pairs.length > capacity) pairs.shift();
    },
    /** −H g by the two-loop recursion (Nocedal and Wright 2006, algorithm 7.4). */
    async descend(gradient: Float64Array): Promise<Float64Array> {
      let direction: Float64Array = along(new Float64Array(gradient.length), gradient, -1);
      const alphas = new Float64Array(pairs.length);
      for (let i = pairs.length - 1; i >= 0; i--) {
        const { s, y, rho } = pairs[i];
        alphas[i] = rho * dot(s, direction);
        addScaled(direction, -alphas[i], y);
      }
      direction = await precondition(direction);
      if (pairs.length > 0) {
        const { y, rho } = pairs[pairs.length - 1];
        // Rounding may leave a preconditioner of float32 without the curvature of a direction; unscaled it still descends.
        const curvature = dot(y, await precondition(y));
        const scale = curvature > 0 ? 1 / (rho * curvature) : 1;
        for (let i = 0; i < direction.length; i++) direction[i] *= scale;
      }
      for (let i = 0; i < pairs.length; i++) {
        const { s, y, rho } = pairs[i];
        addScaled(direction, alphas[i] - rho * dot(y, direction), s);
      }
      return direction;
    },
  };
}

function along(origin: Float64Array, direction: Float64Array, step: number): Float64Array {
  const point = origin.slice();
  addScaled(point, step, direction);
  return point;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return along(a, b, -1);
}

function largest(values: Float64Array): number {
  let max = 0;
  for (const value of values) max = Math.max(max, Math.abs(value));
  return max;
}
