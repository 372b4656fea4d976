import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embed } from "sigmax";
import { DATA, realImages } from "./images.js";
import { median, runPeer } from "./python.js";

const ROUNDS = 3;
/** How the peer may divide its work; its best counts. */
const PEERS = [
  ["channels_last", "2", "1"],
  ["channels_last", "2", "2"],
  ["contiguous", "2", "1"],
] as const;

/** Embedding throughput from files: decode, resize, MobileNetV2 0.35 at 224 px. Peer: PyTorch + Pillow. Alternated, medians. */
export async function run() {
  const files = realImages();
  if (files.length === 0) return { ratios: { mobilenetv2: null }, figures: { missing: `no images in ${DATA}` } };
  const folder = mkdtempSync(join(tmpdir(), "sigmax-bench-"));
  try {
    const list = join(folder, "files.txt");
    writeFileSync(list, files.join("\n"));
    const images = files.map((path) => ({ file: path, path }));
    const backbone = join(DATA, "onnx/mobilenet_v2_035_224_features.onnx");
    const ours: number[] = [];
    const theirs = PEERS.map(() => [] as number[]);
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      await embed({ images, backbone, out: join(folder, "ours.npy"), force: true });
      ours.push(files.length / ((performance.now() - started) / 1000));
      for (const [i, peer] of PEERS.entries()) {
        const answer = runPeer("bench/peers/embed.py", [list, ...peer]);
        if ("missing" in answer)
          return { ratios: { mobilenetv2: null }, figures: { imagesPerSecond: median(ours), missing: answer.missing } };
        theirs[i].push(files.length / Number(answer.result.seconds));
      }
    }
    const best = Math.max(...theirs.map(median));
    return {
      ratios: { mobilenetv2: median(ours) / best },
      figures: {
        images: files.length,
        ours: median(ours),
        ...Object.fromEntries(PEERS.map((peer, i) => [`torch ${peer.join(" ")}`, median(theirs[i])])),
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
