import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { train } from "sigmax";
import { openNetwork } from "../src/model/backbones/network.js";
import { backboneContext, openSplitData, trainingSamples } from "../src/train/prepare.js";
import { DATA } from "./images.js";
import { runPeer } from "./python.js";

const SEEDS = [1, 2, 3];
const THREADS = 2;
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
  const ratios: Record<string, number | null> = Object.fromEntries(keys.map((key) => [key, null]));
  const absent = [rsscn7.data, mobilenet].find((path) => !existsSync(path));
  if (absent !== undefined) return { ratios, figures: { missing: `no ${absent}` } };
  const torch = runPeer("bench/peers/finetune.py", ["--frozen-only"]);
  if ("missing" in torch) return { ratios, figures: { missing: torch.missing } };
  const figures: Record<string, number | string> = {};
  for (const [name, row] of Object.entries(CASES)) {
    const found = await compare(name, row, figures);
    if ("missing" in found) {
      figures[`${name} missing`] = found.missing;
      continue;
    }
    const { ours, theirs } = found;
    ratios[`${name}_accuracy`] = ours.accuracy / theirs.accuracy;
    ratios[`${name}_time`] = theirs.seconds / ours.seconds;
    figures[`${name} seconds, ours`] = ours.seconds / SEEDS.length;
    figures[`${name} seconds, torch`] = theirs.seconds / SEEDS.length;
  }
  return { ratios, figures };
}

/** Sums over the seeds; what each seed gave goes into the figures. */
async function compare(name: string, { ours: options, theirs: args }: Case, figures: Record<string, number | string>) {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-finetune-"));
  const ours = { accuracy: 0, seconds: 0 };
  const theirs = { accuracy: 0, seconds: 0 };
  try {
    for (const seed of SEEDS) {
      const started = performance.now();
      const { test } = await train({ ...rsscn7, ...options, seed, threads: THREADS, out: join(folder, String(seed)) });
      ours.seconds += (performance.now() - started) / 1000;
      ours.accuracy += test.accuracy;
      figures[`${name} seed ${seed}, ours`] = test.accuracy;

      const weights = join(folder, `${seed}.onnx`);
      if ("network" in options) await writeUntrained(options.network, seed, weights);
      const same = ["--seed", String(seed), "--threads", String(THREADS), "--decay-on", "weights"];
      const answer = runPeer("bench/peers/finetune.py", [...args(weights), ...same]);
      if ("missing" in answer) return answer;
      const { test: accuracy, epoch, "seconds per epoch": perEpoch } = answer.result;
      theirs.seconds += Number(perEpoch) * Number(epoch);
      theirs.accuracy += Number(accuracy);
      figures[`${name} seed ${seed}, torch`] = Number(accuracy);
    }
    return { ours, theirs };
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
