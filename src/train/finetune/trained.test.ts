import { expect, it } from "vitest";
import { buildNetwork } from "../../model/networks.js";
import { GraphBuilder, type Value } from "../../onnx/builder.js";
import { withInitializers } from "../../onnx/initializers.js";
import { PORTABLE } from "../../onnx/layouts.js";
import { graphOf, type Model, writeModel } from "../../onnx/model.js";
import { namedWeights } from "../../onnx/named-weights.js";
import { fixed } from "../../onnx/ops/op.cases.js";
import { appendLogits } from "../../onnx/surgery.js";
import { tensorTypeOf } from "../../onnx/types.js";
import { createRandom } from "../../random.js";
import { openSession } from "../../runtime/open.js";
import { float32 } from "../../tensor.js";
import { classifierStep } from "./step.js";
import { logitsOf, trainedNetwork } from "./trained.js";
import { openTrainer } from "./trainer.js";

const SIDE = 16;
const BATCH = 8;
const CLASSES = 3;

async function logits(model: Model, pixels: Float32Array): Promise<Float32Array> {
  const session = await openSession(writeModel(model), { threads: 1 });
  try {
    const { logits } = await session.run({ image: float32([BATCH, 3, SIDE, SIDE], pixels) });
    return Float32Array.from(logits.data, Number);
  } finally {
    await session.close();
  }
}

/** A network whose weights are in Constant nodes, and whose normalisations share all of their statistics, as exporters write it. */
function exported(): Model {
  const graph = new GraphBuilder();
  const filled = (value: number, name: string) => graph.constant(float32([16], new Float32Array(16).fill(value)), name);
  const [zeros, ones] = [filled(0, "zeros"), filled(1, "ones")];
  const layer = (x: Value, channels: number) => {
    const conv = graph.op("Conv", [x, graph.op("Constant", [], { value: fixed([16, channels, 1, 1]) })]);
    const statistics = [zeros, ones].map((name) => graph.op("Identity", [name]));
    return graph.op("Relu", [graph.op("BatchNormalization", [conv, ones, zeros, ...statistics])]);
  };
  const x = layer(layer(graph.input("image", "float32", ["N", 3, SIDE, SIDE]), 3), 16);
  graph.output(graph.op("Flatten", [graph.op("GlobalAveragePool", [x])], {}, "embedding"));
  return graph.build();
}

const NETWORKS = { chipnet: () => buildNetwork("chipnet", { bands: 3, sizePx: SIDE, seed: 1 }), "an exported one": exported };

it.each(Object.entries(NETWORKS))(
  "ships what was trained: folding moves no logit by more than 1e-5 of the largest: %s",
  async (_, build) => {
    const random = createRandom(3);
    const network = build();
    const named = namedWeights(network);
    const size = Number(tensorTypeOf(graphOf(named).output[0])?.shape?.[1]);
    const weights = Float32Array.from({ length: CLASSES * size }, () => 0.05 * random.normal());
    const start = { weights: float32([CLASSES, size], weights), bias: float32([CLASSES], [0, 0, 0]), head: "softmax" } as const;
    const model = appendLogits(named, start);
    const step = classifierStep({
      network: model,
      inputShape: [BATCH, 3, SIDE, SIDE],
      classes: CLASSES,
      head: "softmax",
      layout: PORTABLE,
    });
    const recipe = { optimizer: "adamw", weightDecay: 0.01, clip: 1, ema: 0 } as const;
    const trainer = await openTrainer({ step, recipe, threads: 1 });
    const pixels = Float32Array.from({ length: BATCH * 3 * SIDE * SIDE }, () => random.normal());
    const positive = Float32Array.from({ length: BATCH * CLASSES }, (_, i) => Number(i % CLASSES === 0) / BATCH);
    for (let i = 0; i < 4; i++) {
      await trainer.run({ pixels, positive, negative: new Float32Array(0) });
      trainer.update({ head: 0.01, backbone: 0.01, momentum: 0.9 });
    }
    const trained = trainedNetwork(network, start, trainer.learned());
    const before = await logits(withInitializers(model, trainer.learned()), pixels);
    await trainer.close();
    const after = await logits(logitsOf(trained), pixels);
    const untrained = await logits(model, pixels);
    const largest = Math.max(...before.map(Math.abs));
    for (let i = 0; i < before.length; i++) expect(Math.abs(after[i] - before[i])).toBeLessThan(1e-5 * largest);
    expect(Math.max(...before.map((value, i) => Math.abs(value - untrained[i])))).toBeGreaterThan(0.1 * largest);
    expect(graphOf(trained.network).node.map(({ opType }) => opType)).not.toContain("BatchNormalization");
  },
);
