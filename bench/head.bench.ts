import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openHeadTrainer } from "../src/model/head-fit.js";
import { createRandom } from "../src/random.js";
import { median, runPeer } from "./python.js";

const ROWS = 20_000;
const WIDTH = 1280;
const CLASSES = 10;
const FACTORS = 192;
const ROUNDS = 3;
/** scikit-learn's default, C = 1. */
const L2 = 1 / ROWS;
/** Relative to the float64 optimum. */
const TARGET = 1e-6;
const PEER = "bench/peers/logistic.py";

/** Fitting a softmax head on features as a network gives them, to a loss within 1e-6 of the optimum. Peer: scikit-learn. Alternated, medians. */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-bench-"));
  try {
    const { features, labels } = generate();
    writeFileSync(join(folder, "features.f32"), features);
    writeFileSync(join(folder, "labels.i32"), labels);
    writeFileSync(join(folder, "shape.json"), JSON.stringify([ROWS, WIDTH, CLASSES]));
    const solve = async (maxIterations: number) => {
      const { seconds, losses, weights } = await fitHead(features, labels, maxIterations);
      writeFileSync(join(folder, "weights.f32"), weights);
      return { seconds, losses };
    };
    const ask = (mode: string, ...args: readonly (number | string)[]) =>
      runPeer(PEER, [mode, folder, String(L2), ...args.map(String)]);

    const { seconds: toTheEnd, losses } = await solve(1000);
    const optimum = ask("optimum");
    if ("missing" in optimum)
      return { ratios: { logistic: null }, figures: { "ours, to the end, seconds": toTheEnd, missing: optimum.missing } };
    const best = Number(optimum.result.loss);
    let iterations = losses.findIndex((loss) => loss / best - 1 <= TARGET) + 1;
    for (; ; iterations++) {
      await solve(iterations);
      const near = ask("gap", best);
      if ("missing" in near) throw new Error(near.missing);
      if (Number(near.result.gap) <= TARGET) break;
      if (iterations > losses.length) throw new Error(`ours ends ${near.result.gap} above the optimum`);
    }
    const trace = ask("trace", best);
    if ("missing" in trace) throw new Error(trace.missing);

    const ours: number[] = [];
    const theirs: number[] = [];
    let peerGap = 0;
    for (let round = 0; round < ROUNDS; round++) {
      ours.push((await solve(iterations)).seconds);
      const answer = ask("time", best, Number(trace.result.iterations));
      if ("missing" in answer) throw new Error(answer.missing);
      theirs.push(Number(answer.result.seconds));
      peerGap = Number(answer.result.gap);
    }
    return {
      ratios: { logistic: median(theirs) / median(ours) },
      figures: {
        rows: ROWS,
        width: WIDTH,
        classes: CLASSES,
        l2: L2,
        optimum: best,
        "ours seconds": median(ours),
        "ours iterations": iterations,
        "ours, to the end, seconds": toTheEnd,
        "scikit-learn seconds": median(theirs),
        "scikit-learn iterations": Number(trace.result.iterations),
        "scikit-learn gap": peerGap,
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** From bare features to weights: standardisation, which the peer is spared, and session start included. */
async function fitHead(features: Float32Array, classOf: Int32Array, maxIterations: number) {
  const labels = new Int8Array(ROWS * CLASSES);
  for (const [row, k] of classOf.entries()) labels[row * CLASSES + k] = 1;
  const losses: number[] = [];
  const started = performance.now();
  const trainer = await openHeadTrainer("softmax", WIDTH, CLASSES);
  const lesson = trainer.prepare({ features, labels });
  const { weights, bias } = await lesson.fit(L2, { maxIterations, onIteration: (_, loss) => losses.push(loss) });
  const seconds = (performance.now() - started) / 1000;
  await trainer.close();
  return { seconds, losses, weights: Float32Array.from([...weights, ...bias]) };
}

/**
 * Standardised features of factors with falling variance, cut off at zero as after a ReLU. The spectrum is that of MobileNetV2
 * on aerial images: eigenvalues of the correlation matrix fall as 85, 50, 28, 16, 10, 5, 3, 1.8, 0.8 at 1, 2, 4, … 256.
 */
function generate() {
  const random = createRandom(1, "head bench");
  const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
  const loadings = normals(FACTORS * WIDTH);
  const teacher = normals(FACTORS * CLASSES);
  const features = new Float32Array(ROWS * WIDTH);
  const labels = new Int32Array(ROWS);
  const row = new Float64Array(WIDTH);
  for (let i = 0; i < ROWS; i++) {
    row.fill(-0.5);
    const scores = new Float64Array(CLASSES);
    for (let k = 0; k < CLASSES; k++) scores[k] = -0.8 * Math.log(-Math.log(random.next() || 0.5));
    for (let f = 0; f < FACTORS; f++) {
      const factor = random.normal() * (f + 1) ** -0.45;
      for (let d = 0; d < WIDTH; d++) row[d] += factor * loadings[f * WIDTH + d];
      for (let k = 0; k < CLASSES; k++) scores[k] += factor * teacher[f * CLASSES + k];
    }
    for (let d = 0; d < WIDTH; d++) features[i * WIDTH + d] = Math.max(0, row[d] + 1.2 * random.normal());
    labels[i] = scores.indexOf(Math.max(...scores));
  }
  for (let d = 0; d < WIDTH; d++) {
    let [mean, squares] = [0, 0];
    for (let i = 0; i < ROWS; i++) mean += features[i * WIDTH + d] / ROWS;
    for (let i = 0; i < ROWS; i++) squares += (features[i * WIDTH + d] - mean) ** 2;
    const spread = Math.sqrt(squares / ROWS);
    for (let i = 0; i < ROWS; i++) features[i * WIDTH + d] = (features[i * WIDTH + d] - mean) / spread;
  }
  return { features, labels };
}
