import { CELL_WEIGHTS } from "../src/model/head-weights.js";
import { buildNetwork } from "../src/model/networks.js";
import { type Layout, PORTABLE } from "../src/onnx/layouts.js";
import { appendLogits } from "../src/onnx/surgery.js";
import { createRandom, type Random } from "../src/random.js";
import { probeLayout } from "../src/runtime/layout.js";
import { float32, sizeOf } from "../src/tensor.js";
import { peakBytes } from "../src/train/finetune/memory.js";
import { classifierStep } from "../src/train/finetune/step.js";
import { openTrainer } from "../src/train/finetune/trainer.js";

/** What is trained, and how: the networks are those of bench/peers/torch_networks.py. */
export interface TrainingCase {
  readonly network: "resnet18-w32" | "mobilenetv2-1.0";
  readonly sizePx: number;
  readonly batch: number;
}

/** A network that is ready to take steps, on random images and classes that stay the same. */
export interface OurTrainer {
  /** One step, forward to update, of SGD with momentum 0.9; resolves to the loss before it. */
  step(): Promise<number>;
  /** What the engine says it needs at most, in bytes; shown beside what was measured. */
  peakBytes(): number;
  close(): Promise<void>;
}

// As in bench/peers/train_speed.py.
const THREADS = 2;
const BANDS = 3;
const CLASSES = 10;
const RATES = { head: 0.01, backbone: 0.01, momentum: 0.9 };
const BATCH_NORM_MOMENTUM = 0.1;
const RECIPE = { optimizer: "sgd", weightDecay: 0, clip: 0, ema: 0, accumulate: 1 } as const;

/**
 * Opens our side of the training benchmark.
 *
 * @throws Error where this machine has no blocked layout
 */
export async function openOurs({
  network: name,
  sizePx,
  batch,
  layout,
}: TrainingCase & { readonly layout: Layout["name"] }): Promise<OurTrainer> {
  const random = createRandom(0, "bench train");
  const embedding = buildNetwork(name, { bands: BANDS, sizePx, seed: 0 });
  const inputShape = [batch, BANDS, sizePx, sizePx];
  const size = EMBEDDING_SIZES[name];
  const network = appendLogits(embedding, {
    weights: float32([CLASSES, size], normals(random, CLASSES * size, 0.01)),
    bias: float32([CLASSES], new Float32Array(CLASSES)),
  });
  const step = classifierStep({
    network,
    inputShape,
    classes: CLASSES,
    head: "softmax",
    batchNorm: "batch",
    batchNormMomentum: BATCH_NORM_MOMENTUM,
    layout: layout === "portable" ? PORTABLE : await blockedHere(),
  });
  const labels = new Int8Array(batch * CLASSES);
  for (let i = 0; i < batch; i++) labels[i * CLASSES + random.int(CLASSES)] = 1;
  const lesson = { pixels: normals(random, sizeOf(inputShape), 1), ...CELL_WEIGHTS.softmax(labels, CLASSES) };
  const trainer = await openTrainer({ step, recipe: RECIPE, threads: THREADS });
  return {
    async step() {
      const { loss } = await trainer.run(lesson);
      trainer.update(RATES);
      return loss;
    },
    peakBytes: () => peakBytes({ step, recipe: RECIPE }),
    close: () => trainer.close(),
  };
}

/** Numbers that each network makes of an image. */
const EMBEDDING_SIZES = { "resnet18-w32": 256, "mobilenetv2-1.0": 1280 } as const satisfies Record<
  TrainingCase["network"],
  number
>;

async function blockedHere(): Promise<Layout> {
  const layout = await probeLayout({ threads: THREADS });
  if (layout.name !== "blocked") throw new Error("this machine has no blocked layout");
  return layout;
}

function normals(random: Random, count: number, deviation: number): Float32Array {
  return Float32Array.from({ length: count }, () => deviation * random.normal());
}
