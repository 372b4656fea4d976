import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TrainOptions, train } from "sigmax";
import { DATA } from "./images.js";
import { runPeer } from "./python.js";

/** The images and their split. */
export const RSSCN7 = { data: join(DATA, "rsscn7"), split: join(DATA, "rsscn7-split.csv") };
const SEEDS = [1, 2, 3];
const THREADS = 2;

/** One kind of training, on both sides. */
export interface Trainings {
  /** What ours is told beyond the defaults. */
  readonly ours: Pick<TrainOptions, "backbone" | "finetune" | "network">;
  /** Arguments of bench/peers/finetune.py for the same recipe; `weights` is where it may be given a network to begin with. */
  readonly theirs: (seed: number, weights: string) => Promise<readonly string[]>;
}

/**
 * Trainings from images to test accuracy on RSSCN7, as the command line does them without further flags, and the same recipe in PyTorch
 * (channels_last, two threads), which learns from train and validation from the start. Three seeds each, in turns: `accuracy` is ours ÷
 * PyTorch's, means of the seeds; `time` is PyTorch's seconds of training ÷ our seconds of everything.
 */
export async function compareTrainings({ ours, theirs }: Trainings) {
  const nothing = (missing: string) => ({ ratios: { accuracy: null, time: null }, figures: { missing } });
  const absent = [RSSCN7.data, ours.backbone].find((path) => path !== undefined && !existsSync(path));
  if (absent !== undefined) return nothing(`no ${absent}`);
  const torch = runPeer("bench/peers/finetune.py", ["--frozen-only"]);
  if ("missing" in torch) return nothing(torch.missing);
  const folder = mkdtempSync(join(tmpdir(), "sigmax-trainings-"));
  const sum = { ours: { accuracy: 0, seconds: 0 }, theirs: { accuracy: 0, seconds: 0 } };
  const figures: Record<string, number> = {};
  try {
    for (const seed of SEEDS) {
      const started = performance.now();
      const { test } = await train({ ...RSSCN7, ...ours, seed, threads: THREADS, out: join(folder, String(seed)) });
      sum.ours.seconds += (performance.now() - started) / 1000;
      sum.ours.accuracy += test.accuracy;
      figures[`seed ${seed}, ours`] = test.accuracy;

      const recipe = await theirs(seed, join(folder, `${seed}.onnx`));
      const same = ["--seed", String(seed), "--threads", String(THREADS), "--decay-on", "weights"];
      const answer = runPeer("bench/peers/finetune.py", [...recipe, ...same]);
      if ("missing" in answer) return nothing(answer.missing);
      const { test: accuracy, epoch, "seconds per epoch": perEpoch } = answer.result;
      sum.theirs.seconds += Number(perEpoch) * Number(epoch);
      sum.theirs.accuracy += Number(accuracy);
      figures[`seed ${seed}, torch`] = Number(accuracy);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  figures["seconds, ours"] = sum.ours.seconds / SEEDS.length;
  figures["seconds, torch"] = sum.theirs.seconds / SEEDS.length;
  const ratios = { accuracy: sum.ours.accuracy / sum.theirs.accuracy, time: sum.theirs.seconds / sum.ours.seconds };
  return { ratios, figures };
}
