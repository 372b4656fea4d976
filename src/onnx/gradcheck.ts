import { createRandom, DEFAULT_SEED, type Random } from "../random.js";
import { float32, type Tensor } from "../tensor.js";
import { GraphBuilder } from "./builder.js";
import { gradient, gradientName } from "./gradient.js";
import { type Layout, PORTABLE } from "./layouts.js";
import { graphOf, type Model, opsetOf } from "./model.js";

/** Named tensors: what a model is fed, or what it returns. */
export type NamedTensors = Readonly<Record<string, Tensor>>;

/** Runs a model once for each of several feeds; `outputs` are the wanted ones. */
export type RunModel = (
  model: Model,
  feeds: readonly NamedTensors[],
  outputs: readonly string[],
) => Promise<readonly NamedTensors[]>;

export interface GradientCheckOptions {
  /** An output; the first one by default. */
  readonly of?: string | undefined;
  /** Names of float32 inputs. */
  readonly by: readonly string[];
  /** A value for every input. Keep those of `by` three steps away from kinks: where a ReLU bends, there is no derivative to compare. */
  readonly feeds: NamedTensors;
  readonly run: RunModel;
  readonly layout?: Layout | undefined;
  /** How many random directions each input is moved in. Default 3. */
  readonly directions?: number | undefined;
  /**
   * How far elements move: by ½ to 1 step either way. float32 loses 6e-8/step of what the output is, the formula step⁴ of what its
   * fifth derivative is. Default 1/32: 2e-6 and 1e-6.
   */
  readonly step?: number | undefined;
  readonly seed?: number | undefined;
}

/** How well the gradient by one input foretells what happens to the output along a random direction. */
export interface GradientCheck {
  readonly by: string;
  /** Σ gradient · direction. */
  readonly predicted: number;
  /** What differences say. */
  readonly measured: number;
  /**
   * |predicted − measured| in units of √Σ(gradient · direction)², how large the sum is where its terms do not conspire, plus a thousandth
   * of √Σ(output · weight)². Right gradients stay below 1e-3; one of n elements that is wrong by itself gives about 1/√n.
   */
  readonly error: number;
}

/** Nothing is compared more closely than this share of the output: float32 does not tell it from zero. */
const FLOOR = 1e-3;

/**
 * Compares the gradients of a model with central differences along random directions, extrapolated from two step sizes (Richardson 1911):
 * D = (4 D(h/2) − D(h)) / 3 with D(h) = (f(x + h d) − f(x − h d)) / 2h. An output of several numbers is weighted at random, so that each
 * of them counts.
 *
 * @returns one result for each input and direction; see `error`
 * @throws UserError `bad-model` as `gradient` does
 * @throws RangeError when a feed of `by` is missing or not float32
 * @example
 * const results = await checkGradient(line, { by: ["slope"], feeds, run });
 * const isRight = results.every(({ error }) => error < 1e-3);
 */
export async function checkGradient(model: Model, options: GradientCheckOptions): Promise<GradientCheck[]> {
  const { by, feeds, run, layout = PORTABLE, directions = 3, step = 1 / 32, seed = DEFAULT_SEED } = options;
  const of = options.of ?? graphOf(model).output[0].name;
  const random = createRandom(seed, "gradient-check");
  const steps = [step, step / 2];
  const moves = by.flatMap((name) => {
    const at = feeds[name];
    if (at?.dtype !== "float32") throw new RangeError(`there is no float32 feed "${name}"`);
    const x = at.data as Float32Array; // of float32, as was just checked
    return Array.from({ length: directions }, () => {
      const direction = Float64Array.from(x, () => away(random));
      return { name, pairs: steps.map((h) => [h, -h].map((by) => x.map((value, i) => value + by * direction[i]))) };
    });
  });
  const shifted = moves.flatMap(({ name, pairs }) =>
    pairs.flat().map((data) => ({ ...feeds, [name]: float32(feeds[name].shape, data) })),
  );
  const results = (await run(model, [feeds, ...shifted], [of])).map((result) => result[of]);
  const weights = float32(
    results[0].shape,
    results[0].data.length === 1 ? [1] : Array.from({ length: results[0].data.length }, () => away(random)),
  );
  const weigh = (a: Tensor, b: Tensor) =>
    weights.data.reduce((sum, weight, i) => sum + weight * (Number(a.data[i]) - Number(b.data[i])), 0);
  const floor = FLOOR * lengthOf(weights.data.map((weight, i) => weight * Number(results[0].data[i])));

  const derived = gradient(weightedSum(model, of, weights), { of: WEIGHTED, by, layout });
  const [gradients] = await run(derived, [feeds], by.map(gradientName));
  return moves.map(({ name, pairs }, at) => {
    const slope = gradients[gradientName(name)].data;
    const each = pairs.map(([ahead, behind], i) => {
      const [after, before] = results.slice(1 + 4 * at + 2 * i);
      // What was moved is what float32 made of it.
      const terms = Array.from(ahead, (value, k) => (Number(slope[k]) * (value - behind[k])) / (2 * steps[i]));
      return { measured: weigh(after, before) / (2 * steps[i]), predicted: terms.reduce((a, b) => a + b, 0), terms };
    });
    const [predicted, measured] = (["predicted", "measured"] as const).map((key) => (4 * each[1][key] - each[0][key]) / 3);
    const scale = lengthOf(each[1].terms) + floor;
    return { by: name, predicted, measured, error: Math.abs(predicted - measured) / scale };
  });
}

/** Uniform in ±[½, 1]: no element hides by hardly moving. */
const away = (random: Random) => (random.next() < 0.5 ? -1 : 1) * (0.5 + random.next() / 2);

/** √Σx²; Math.hypot takes no more numbers than fit the stack. */
const lengthOf = (values: Iterable<number>): number => {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
};

const WEIGHTED = "gradcheck/weighted";

/** The model with one more output: the weighted numbers of another, whose sum is differentiated. */
function weightedSum(model: Model, of: string, weights: Tensor<"float32">): Model {
  const { input, initializer, node, output, valueInfo } = graphOf(model);
  const graph = new GraphBuilder({ prefix: "gradcheck/" });
  graph.describe(valueInfo);
  for (const info of input) graph.declare(info);
  for (const tensor of initializer) graph.keep(tensor);
  for (const item of node) graph.append(item);
  for (const { name } of output) graph.output(name);
  graph.output(graph.op("Mul", [of, graph.constant(weights)], {}, WEIGHTED));
  return graph.build({ opset: opsetOf(model) });
}
