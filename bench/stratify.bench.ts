import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "../src/data/dataset.js";
import { parseLabels } from "../src/data/open.js";
import { DEFAULT_FRACTIONS } from "../src/data/split/fractions.js";
import { splitDataset } from "../src/data/split.js";
import { PARTS, type Part } from "../src/task.js";
import { median, runPeer } from "./python.js";

const LABELS = join(process.env.SIGMAX_DATA ?? "../shared/data", "labels/planet_amazon_train_v2.csv");
const ROUNDS = 3;
const LIMIT_SECONDS = 2;

/**
 * Iterative stratification of the 40,479 × 17 Planet labels into 70, 10 and 20 %: seconds, and the largest difference between a
 * label's share of a part and the asked one. Peer: the plain algorithm in NumPy, as the package iterative-stratification has it.
 */
export async function run() {
  if (!existsSync(LABELS)) return { ratios: { stratify: null }, figures: { missing: LABELS } };
  const { classes: names, rows } = parseLabels(readFileSync(LABELS), { file: LABELS });
  const samples = rows.map(({ file, labels }) => ({ file, labels, path: file }));
  const dataset: Dataset = { root: ".", source: "csv", task: "multilabel", classes: names, samples };
  const folder = mkdtempSync(join(tmpdir(), "sigmax-bench-"));
  try {
    const matrix = Int8Array.from(dataset.samples.flatMap(({ labels }) => Array.from(labels, (label) => (label === 1 ? 1 : 0))));
    const classes = dataset.classes.length;
    writeFileSync(join(folder, "labels.i8"), matrix);
    const ours: number[] = [];
    const theirs: number[] = [];
    let split: readonly (Part | undefined)[] = [];
    let missing: string | undefined;
    let peerGap = Number.NaN;
    for (let round = 0; round < ROUNDS; round++) {
      const started = performance.now();
      split = splitDataset(dataset, { method: "iterative" });
      ours.push((performance.now() - started) / 1000);
      const peer = runPeer("bench/peers/stratify.py", [
        folder,
        String(classes),
        ...PARTS.map((part) => String(DEFAULT_FRACTIONS[part])),
      ]);
      if ("missing" in peer) {
        missing = peer.missing;
        break;
      }
      theirs.push(Number(peer.result.seconds));
      peerGap = Number(peer.result.gap);
    }
    const figures = {
      samples: dataset.samples.length,
      classes,
      seconds: median(ours),
      "largest gap, percentage points": 100 * largestGap(matrix, split, classes),
    };
    if (missing !== undefined)
      return { ratios: { stratify: null, limit: LIMIT_SECONDS / median(ours) }, figures: { ...figures, missing } };
    return {
      ratios: { stratify: median(theirs) / median(ours), limit: LIMIT_SECONDS / median(ours) },
      figures: { ...figures, "NumPy seconds": median(theirs), "NumPy largest gap, percentage points": 100 * peerGap },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function largestGap(matrix: Int8Array, split: readonly (Part | undefined)[], classes: number): number {
  let gap = 0;
  for (let k = 0; k < classes; k++) {
    const own = split.filter((_, i) => matrix[i * classes + k] === 1);
    for (const part of PARTS) {
      const share = own.filter((one) => one === part).length / own.length;
      gap = Math.max(gap, Math.abs(share - DEFAULT_FRACTIONS[part]));
    }
  }
  return gap;
}
