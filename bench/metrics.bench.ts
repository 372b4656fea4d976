import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DECIDE } from "../src/learn/decide.js";
import { METRICS } from "../src/learn/metrics/report.js";
import { createRandom } from "../src/random.js";
import { TASKS, type Task } from "../src/task.js";
import { median, runPeer } from "./python.js";

const ROWS = 1_000_000;
const CLASSES = 20;
const ROUNDS = 3;
const LIMIT_SECONDS = 2;
const LIMIT_MB = 600;

/**
 * All headline metrics of 1,000,000 × 20 probabilities, each time in a new process: seconds, and its peak memory with the
 * arrays in it. Peer: scikit-learn computing the same metrics of the same numbers, once.
 */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-bench-"));
  try {
    const ratios: Record<string, number | null> = {};
    const figures: Record<string, number | string> = { rows: ROWS, classes: CLASSES };
    for (const task of TASKS) {
      write(task, folder);
      const ours = Array.from({ length: ROUNDS }, () => measureApart(task, folder));
      const seconds = median(ours.map((one) => one.seconds));
      const peakMb = Math.max(...ours.map((one) => one.peakMb));
      Object.assign(figures, { [`${task} seconds`]: seconds, [`${task} peak MB`]: peakMb });
      ratios[`${task} memory`] = LIMIT_MB / peakMb;
      ratios[`${task} limit`] = LIMIT_SECONDS / seconds;
      const peer = runPeer("bench/peers/metrics.py", [task, folder, String(CLASSES)]);
      ratios[task] = "missing" in peer ? null : Number(peer.result.seconds) / seconds;
      if ("missing" in peer) {
        figures.missing = peer.missing;
        continue;
      }
      figures[`${task} scikit-learn seconds`] = peer.result.seconds;
      for (const [name, value] of Object.entries(ours[0].metrics)) {
        const gap = Math.abs(value - Number(peer.result[name]));
        if (!(gap <= 1e-9)) throw new Error(`${task} ${name}: ${value} here, ${peer.result[name]} there`);
      }
    }
    return { ratios, figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Reads the arrays and measures once; run in a process of its own. */
export function measure(task: Task, folder: string) {
  const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)));
  const labels = new Int8Array(read("labels.i8").buffer);
  const probabilities = new Float32Array(read("probabilities.f32").buffer);
  const decisions = read("decisions.u8");
  const started = performance.now();
  const metrics = METRICS[task](labels, probabilities, decisions, CLASSES);
  const seconds = (performance.now() - started) / 1000;
  return { metrics, seconds, peakMb: process.resourceUsage().maxRSS / 1000 };
}

function measureApart(task: Task, folder: string): ReturnType<typeof measure> {
  const program = `import { measure } from ${JSON.stringify(import.meta.url)};
    console.log(JSON.stringify(measure(${JSON.stringify(task)}, ${JSON.stringify(folder)})));`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

/** Rare and frequent labels, scores that know something of them: softmax or sigmoid of logits. */
function write(task: Task, folder: string): void {
  const random = createRandom(1, "metrics bench");
  const labels = new Int8Array(ROWS * CLASSES);
  const probabilities = new Float32Array(ROWS * CLASSES);
  for (let start = 0; start < labels.length; start += CLASSES) {
    const own = random.int(CLASSES);
    let total = 0;
    for (let k = 0; k < CLASSES; k++) {
      const prior = 3 / (k + 4);
      labels[start + k] = Number(task === "multiclass" ? k === own : random.next() < prior / 2);
      const logit = 2.5 * labels[start + k] + 2 * (random.next() + random.next() + random.next()) - 5 + prior;
      const odds = Math.exp(logit);
      probabilities[start + k] = task === "multiclass" ? odds : odds / (1 + odds);
      total += odds;
    }
    if (task === "multiclass") for (let k = 0; k < CLASSES; k++) probabilities[start + k] /= total;
  }
  writeFileSync(join(folder, "labels.i8"), labels);
  writeFileSync(join(folder, "probabilities.f32"), probabilities);
  writeFileSync(join(folder, "decisions.u8"), DECIDE[task](probabilities, CLASSES));
}
