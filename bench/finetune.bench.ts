import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train } from "sigmax";
import { openNetwork } from "../src/model/backbones/network.js";
import { backboneContext, openSplitData, trainingSamples } from "../src/train/prepare.js";
import { DATA } from "./images.js";
import { runPeer } from "./python.js";

const SEEDS = [1, 2, 3];
const SIZE_PX = 64;
const rsscn7 = { data: join(DATA, "rsscn7"), split: join(DATA, "rsscn7-split.csv") };
const mobilenet = join(DATA, "onnx/mobilenet_v2_035_224_features.onnx");

interface Case {
  /** Ours, with the flags' defaults. */
  readonly ours: { readonly backbone: string; readonly finetune: true } | { readonly network: "chipnet" };
  /** Arguments of bench/peers/finetune.py: the same recipe. `weights` is where a network from scratch is handed over. */
  readonly theirs: (weights: string) => readonly string[];
}

const CASES: Readonly<Record<string, Case>> = {
  finetune: { ours: { backbone: mobilenet, finetune: true }, theirs: () => ["--network", mobilenet] },
  scratch: {
    ours: { network: "chipnet" },
    theirs: (weights) =>
      ["--scratch", "--network", weights, "--size", SIZE_PX, "--epochs", 40, "--lr", 3e-3, "--bn-momentum", 0.1].map(String),
  },
};

/**
 * Trainings from images to test accuracy on RSSCN7, as the command line does them without further flags, and the same recipe in PyTorch
 * (channels_last, two threads), which learns from train and validation from the start. Three seeds each, in turns: `_accuracy` is ours ÷
 * PyTorch's, means of the seeds; `_time` is PyTorch's seconds of training ÷ our seconds of everything.
 */
export async function run() {
  const keys = Object.keys(CASES).flatMap((name) => [`${name}_accuracy`, `${name}_time`]);
  const missing = (why: string) => ({ ratios: Object.fromEntries(keys.map((key) => [key, null])), figures: { missing: why } });
  if (!existsSync(rsscn7.data)) return missing(`no images in ${DATA}`);
  const folder = mkdtempSync(join(tmpdir(), "sigmax-finetune-"));
  const ratios: Record<string, number> = {};
  const figures: Record<string, number> = {};
  try {
    for (const [name, { ours, theirs }] of Object.entries(CASES)) {
      const sum = { ours: 0, theirs: 0, ourSeconds: 0, theirSeconds: 0 };
      for (const seed of SEEDS) {
        const started = performance.now();
        const { test } = await train({ ...rsscn7, ...ours, seed, out: join(folder, `${name}-${seed}`) });
        const seconds = (performance.now() - started) / 1000;
        const weights = join(folder, `${name}-${seed}.onnx`);
        if ("network" in ours) await writeUntrained(ours.network, seed, weights);
        const answer = runPeer("bench/peers/finetune.py", [...theirs(weights), "--seed", String(seed)]);
        if ("missing" in answer) return missing(answer.missing);
        const { test: accuracy, epoch, "seconds per epoch": perEpoch } = answer.result;
        figures[`${name} seed ${seed}, ours`] = test.accuracy;
        figures[`${name} seed ${seed}, torch`] = Number(accuracy);
        sum.ours += test.accuracy;
        sum.theirs += Number(accuracy);
        sum.ourSeconds += seconds;
        sum.theirSeconds += Number(perEpoch) * Number(epoch);
      }
      ratios[`${name}_accuracy`] = sum.ours / sum.theirs;
      ratios[`${name}_time`] = sum.theirSeconds / sum.ourSeconds;
      figures[`${name} seconds, ours`] = sum.ourSeconds / SEEDS.length;
      figures[`${name} seconds, torch`] = sum.theirSeconds / SEEDS.length;
    }
    return { ratios, figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The network that `train` begins with, for PyTorch: its normalisation is inside. */
async function writeUntrained(network: "chipnet", seed: number, path: string): Promise<void> {
  const data = await openSplitData({ ...rsscn7, seed });
  const { model } = await openNetwork(network, backboneContext(trainingSamples(data), { seed }), { sizePx: SIZE_PX });
  writeFileSync(path, model);
  writeFileSync(path.replace(/onnx$/, "json"), JSON.stringify({ do_rescale: false, do_normalize: false }));
}
