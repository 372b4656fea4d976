import { writeFileSync } from "node:fs";
import { openNetwork } from "../src/model/backbones/network.js";
import { backboneContext, openSplitData, trainingSamples } from "../src/train/prepare.js";
import { compareTrainings, RSSCN7 } from "./whole-trainings.js";

const NETWORK = "chipnet";
const SIZE_PX = 64;

/** The same small network from the same untrained weights, at 64 px for 40 epochs. */
export function run() {
  return compareTrainings({
    ours: { network: NETWORK },
    async theirs(seed, weights) {
      await writeUntrained(seed, weights);
      const recipe = { size: SIZE_PX, epochs: 40, lr: 3e-3, "lr-head": 3e-3, "bn-momentum": 0.1 };
      return [
        "--scratch",
        "--network",
        weights,
        ...Object.entries(recipe).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
      ];
    },
  });
}

/** The network that `train` begins with, for PyTorch: its normalisation is inside. */
async function writeUntrained(seed: number, path: string): Promise<void> {
  const data = await openSplitData({ ...RSSCN7, seed });
  const { model } = await openNetwork(NETWORK, backboneContext(trainingSamples(data), { seed }), { sizePx: SIZE_PX });
  writeFileSync(path, model);
  writeFileSync(path.replace(/onnx$/, "json"), JSON.stringify({ do_rescale: false, do_normalize: false }));
}
