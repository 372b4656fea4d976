import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embed, type ImageFile } from "sigmax";
import { DATA, realImages } from "./images.js";
import { median } from "./python.js";

const ROUNDS = 3;

/** The embedding stage of real images with a warm cache against a cold one, by backbone. */
export async function run() {
  const images = realImages().map((path) => ({ file: path, path }));
  if (images.length === 0) return { ratios: {}, figures: { missing: `no images in ${DATA}` } };
  const ratios: Record<string, number> = {};
  const figures: Record<string, number> = { images: images.length };
  for (const [name, backbone] of [
    ["mobilenetv2", join(DATA, "onnx/mobilenet_v2_035_224_features.onnx")],
    ["rcf", "rcf"],
  ]) {
    const cold: number[] = [];
    const warm: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const folder = mkdtempSync(join(tmpdir(), "sigmax-bench-"));
      try {
        cold.push(await stageSeconds(images, backbone, folder));
        warm.push(await stageSeconds(images, backbone, folder));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    }
    ratios[name] = median(cold) / median(warm);
    figures[`${name} cold seconds`] = median(cold);
    figures[`${name} warm seconds`] = median(warm);
  }
  return { ratios, figures };
}

/** From the first event of the stage to its last. */
async function stageSeconds(images: readonly ImageFile[], backbone: string, folder: string): Promise<number> {
  let started = 0;
  let ended = 0;
  await embed({
    images,
    backbone,
    cache: folder,
    out: join(folder, "embeddings.npy"),
    force: true,
    onProgress({ stage, done, total }) {
      if (stage !== "embed") return;
      if (done === 0) started = performance.now();
      if (done === total) ended = performance.now();
    },
  });
  return (ended - started) / 1000;
}
