import { join } from "node:path";
import { DATA } from "./images.js";
import { compareTrainings } from "./whole-trainings.js";

const backbone = join(DATA, "onnx/mobilenet_v2_035_224_features.onnx");

/** MobileNetV2-0.35, fine-tuned at 224 px for 15 epochs. */
export function run() {
  return compareTrainings({ ours: { backbone, finetune: true }, theirs: async () => ["--network", backbone] });
}
