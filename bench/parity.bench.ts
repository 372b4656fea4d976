import sharp from "sharp";
import { CELL_WEIGHTS } from "../src/model/head-weights.js";
import { buildNetwork } from "../src/model/networks.js";
import { gradientName } from "../src/onnx/gradient.js";
import { type Model, writeModel } from "../src/onnx/model.js";
import { appendLogits, HEAD_BIAS, HEAD_WEIGHTS, type HeadLayer, IMAGE } from "../src/onnx/surgery.js";
import type { TrainingStep } from "../src/onnx/training-step.js";
import { createRandom } from "../src/random.js";
import { probeLayout } from "../src/runtime/layout.js";
import { openSession } from "../src/runtime/open.js";
import { float32, type Tensor } from "../src/tensor.js";
import { classifierStep, POSITIVE } from "../src/train/finetune/step.js";
import { trainedNetwork } from "../src/train/finetune/trained.js";
import { type Lesson, openTrainer } from "../src/train/finetune/trainer.js";
import { DATA, realImages } from "./images.js";
import { askTorch, type ParityTensor } from "./parity-torch.js";

const BATCH = 64;
const SIZE_PX = 64;
const BANDS = 3;
const STEPS = 50;
/** The curve goes over so many batches again and again. */
const BATCHES = 10;
/** Steps that both sides have behind them, and their rate: what rounding does to an untrained network says little of training. */
const BEFORE = 10;
const RATE_BEFORE = 0.01;
/**
 * Of the steps that are compared: the loss halves. At larger rates small batches through BatchNorm multiply rounding by ten a step, and
 * PyTorch's own two layouts part within five (docs/training-engine.md).
 */
const RATE = 3e-5;
const MOMENTUM = 0.9;
const THREADS = 2;
/** Where ours and PyTorch's losses may be, of PyTorch's. */
const CURVE_LIMIT = 0.005;

/** Networks with the number of features that each makes of an image. */
const NETWORKS = { "resnet18-w32": 256, "mobilenetv2-1.0": 1280 } as const;

type Name = keyof typeof NETWORKS;

/**
 * Gradients and curves of losses of the same networks from the same weights, which have learned a little, on the same real images.
 * `_gradient`: how far PyTorch's float32 is from its float64, over all parameters, ÷ how far ours is. `_curve`: half a percent ÷ the
 * largest relative difference between our losses and PyTorch's; beside it stands how far PyTorch's channels_last is from its NCHW.
 */
export async function run() {
  const names = Object.keys(NETWORKS) as Name[];
  const keys = names.flatMap((name) => [`${name}_gradient`, `${name}_curve`]);
  const missing = (why: string) => ({ ratios: Object.fromEntries(keys.map((key) => [key, null])), figures: { missing: why } });
  const images = await readImages();
  if (images === undefined) return missing(`no images in ${DATA}`);
  const ratios: Record<string, number> = {};
  const figures: Record<string, number> = {};
  for (const name of names) {
    const compared = await compare(name, images);
    if ("missing" in compared) return missing(compared.missing);
    const { ours, theirs, difference, own } = compared;
    ratios[`${name}_gradient`] = theirs / ours;
    ratios[`${name}_curve`] = CURVE_LIMIT / difference;
    figures[`${name} gradient, ours from float64`] = ours;
    figures[`${name} gradient, torch float32 from float64`] = theirs;
    figures[`${name} losses, ours from torch float32`] = difference;
    figures[`${name} losses, torch channels_last from torch NCHW`] = own;
  }
  return { ratios, figures };
}

interface Images {
  readonly batches: readonly Float32Array[];
  readonly labels: readonly number[][];
  readonly classes: number;
}

/** Shuffled RSSCN7 images of `SIZE_PX`, from −1 to 1, as planes. */
async function readImages(): Promise<Images | undefined> {
  const files = realImages();
  if (files.length < BATCH * BATCHES) return undefined;
  const classOf = (file: string) => file.split(/[\\/]/).at(-2) ?? "";
  const classes = [...new Set(files.map(classOf))].sort();
  createRandom(1, "bench parity").shuffle(files);
  const plane = SIZE_PX * SIZE_PX;
  const batches: Float32Array[] = [];
  const labels: number[][] = [];
  for (let t = 0; t < BATCHES; t++) {
    const chosen = files.slice(t * BATCH, (t + 1) * BATCH);
    const batch = new Float32Array(BATCH * BANDS * plane);
    for (const [i, file] of chosen.entries()) {
      const pixels = await sharp(file)
        .resize(SIZE_PX, SIZE_PX, { fit: "fill" })
        .toColourspace("srgb")
        .removeAlpha()
        .raw()
        .toBuffer();
      for (let at = 0; at < pixels.length; at++) {
        batch[(i * BANDS + (at % BANDS)) * plane + Math.floor(at / BANDS)] = pixels[at] / 127.5 - 1;
      }
    }
    batches.push(batch);
    labels.push(chosen.map((file) => classes.indexOf(classOf(file))));
  }
  return { batches, labels, classes: classes.length };
}

async function compare(name: Name, { batches, labels, classes }: Images) {
  const size = NETWORKS[name];
  const random = createRandom(2, "bench parity");
  const lessons = batches.map((pixels, t) => {
    const chosen = new Int8Array(BATCH * classes);
    for (const [i, label] of labels[t].entries()) chosen[i * classes + label] = 1;
    return { pixels, ...CELL_WEIGHTS.softmax(chosen, classes) };
  });
  const untrained = buildNetwork(name, { bands: BANDS, sizePx: SIZE_PX, seed: 1 });
  const drawn = Float32Array.from({ length: classes * size }, () => 0.05 * random.normal());
  const layer: HeadLayer = {
    weights: float32([classes, size], drawn),
    bias: float32([classes], new Float32Array(classes)),
    head: "softmax",
  };
  const before = await learn(await stepOf(untrained, layer, classes), lessons, BEFORE, RATE_BEFORE);
  const start = trainedNetwork(untrained, layer, before.learned);
  const optimizer = { optimizer: "SGD", options: { lr: RATE, momentum: MOMENTUM, nesterov: true }, steps: STEPS } as const;
  const asked = askTorch({
    network: writeModel(start.unfolded),
    tensors: {
      inputs: { shape: [BATCHES, BATCH, BANDS, SIZE_PX, SIZE_PX], data: joined(batches) },
      targets: { shape: [BATCHES, BATCH], data: Int32Array.from(labels.flat()) },
      headWeight: start.layer.weights,
      headBias: start.layer.bias,
    },
    curves: [
      { name: "nchw", layout: "nchw", ...optimizer },
      { name: "channels_last", layout: "channels_last", ...optimizer },
    ],
  });
  if ("missing" in asked) return asked;
  const torch = (tensor: string) => {
    const found = asked.tensors.get(tensor);
    if (found === undefined) throw new Error(`PyTorch's answer has no ${tensor}`);
    return found;
  };
  const step = await stepOf(start.unfolded, start.layer, classes);
  const gradients = await gradientsOf(step, lessons[0], classes);
  const errors = { ours: 0, theirs: 0, length: 0 };
  for (const [parameter, gradient] of gradients) {
    const named = { [HEAD_WEIGHTS]: "headWeight", [HEAD_BIAS]: "headBias" }[parameter] ?? parameter;
    const exact = torch(`gradient/float64/${named}`).data;
    errors.ours += squares(gradient, exact);
    errors.theirs += squares(torch(`gradient/float32/${named}`).data, exact);
    errors.length += squares(new Float64Array(exact.length), exact);
  }
  const { losses } = await learn(step, lessons, STEPS, RATE);
  return {
    ours: Math.sqrt(errors.ours / errors.length),
    theirs: Math.sqrt(errors.theirs / errors.length),
    difference: furthest(losses, torch("loss/nchw").data),
    own: furthest(torch("loss/channels_last").data, torch("loss/nchw").data),
  };
}

async function stepOf(network: Model, layer: HeadLayer, classes: number): Promise<TrainingStep> {
  return classifierStep({
    network: appendLogits(network, layer),
    inputShape: [BATCH, BANDS, SIZE_PX, SIZE_PX],
    classes,
    head: "softmax",
    batchNorm: "batch",
    batchNormMomentum: 0.1,
    layout: await probeLayout({ threads: THREADS }),
  });
}

/** Gradients of the mean loss over a batch, by parameter. */
async function gradientsOf(
  step: TrainingStep,
  { pixels, positive }: Lesson,
  classes: number,
): Promise<Map<string, Float32Array>> {
  const session = await openSession(writeModel(step.model), { threads: THREADS, file: "the training step" });
  const feeds: Record<string, Tensor> = {
    [IMAGE]: float32([BATCH, BANDS, SIZE_PX, SIZE_PX], pixels),
    [POSITIVE]: float32([BATCH, classes], positive),
    ...Object.fromEntries([...step.parameters, ...step.states].map(({ name, value }) => [name, value])),
  };
  const found = await session.run(
    feeds,
    step.parameters.map(({ name }) => gradientName(name)),
  );
  await session.close();
  return new Map(step.parameters.map(({ name }) => [name, found[gradientName(name)].data as Float32Array]));
}

/** The losses of so many steps, each before it is taken, and what has been learned. */
async function learn(step: TrainingStep, lessons: readonly Lesson[], steps: number, rate: number) {
  const trainer = await openTrainer({ step, recipe: { optimizer: "sgd", weightDecay: 0, clip: 0, ema: 0 }, threads: THREADS });
  const losses: number[] = [];
  for (let t = 0; t < steps; t++) {
    losses.push((await trainer.run(lessons[t % BATCHES])).loss);
    trainer.update({ head: rate, backbone: rate, momentum: MOMENTUM });
  }
  const learned = new Map(Array.from(trainer.learned(), ([name, data]) => [name, data.slice()]));
  await trainer.close();
  return { losses, learned };
}

/** Sum of the squared differences. */
function squares(values: ParityTensor["data"], exact: ParityTensor["data"]): number {
  if (values.length !== exact.length) throw new Error(`${values.length} numbers, ${exact.length} in PyTorch`);
  let sum = 0;
  for (let i = 0; i < exact.length; i++) sum += (values[i] - exact[i]) ** 2;
  return sum;
}

/** The largest relative difference. */
function furthest(values: ArrayLike<number>, from: ParityTensor["data"]): number {
  return Math.max(...Array.from(values, (value, i) => Math.abs(value - from[i]) / from[i]));
}

function joined(batches: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(batches.length * batches[0].length);
  for (const [i, batch] of batches.entries()) all.set(batch, i * batch.length);
  return all;
}
