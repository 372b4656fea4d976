import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Answer, type Competitor, openCompetitor } from "./competitor.js";
import { median, PYTHON } from "./python.js";
import { openOurs, type TrainingCase } from "./train-ours.js";

const ROUNDS = 5;
const WARM_UP = 2;
/** A turn is long enough that what the one before left in caches and threads does not count. */
const TURN_SECONDS = 3;

const CASES = {
  resnet18w32_64: { network: "resnet18-w32", sizePx: 64, batch: 64 },
  mobilenetv2_64: { network: "mobilenetv2-1.0", sizePx: 64, batch: 64 },
  resnet18w32_32: { network: "resnet18-w32", sizePx: 32, batch: 32 },
} as const satisfies Record<string, TrainingCase>;

const OUR_LAYOUTS = ["blocked", "portable"] as const;
const PEER_LAYOUTS = ["channels_last", "nchw"] as const;

interface Measured {
  readonly imagesPerSecond: number;
  readonly peakMb: number;
  /** What the engine said it would need; of ours only. */
  readonly saidMb?: number;
}

/**
 * Training steps (forward, softmax cross-entropy, backward, SGD with momentum) of the same networks, on two threads. Every competitor
 * is a process of its own that does nothing else, so that its peak of memory is that of training; they take turns, and the medians of all
 * their steps are compared. Peer: PyTorch in the better of its two layouts; `_memory` is PyTorch's peak in that layout ÷ ours.
 */
export async function run() {
  const speed: [string, number | null][] = [];
  const memory: [string, number | null][] = [];
  const figures: Record<string, number | string> = {};
  const absent: string[] = [];
  for (const [key, training] of Object.entries(CASES)) {
    const { ours, theirs, missing } = await compare(training);
    absent.push(...missing.map((reason) => `${key} ${reason}`));
    for (const [name, { imagesPerSecond, peakMb, saidMb }] of [...ours, ...theirs]) {
      figures[`${key} ${name} images/s`] = imagesPerSecond;
      figures[`${key} ${name} MB`] = peakMb;
      if (saidMb !== undefined) figures[`${key} ${name} MB, as announced`] = saidMb;
    }
    const [best] = [...theirs.values()].sort((a, b) => b.imagesPerSecond - a.imagesPerSecond);
    const { blocked, portable } = { blocked: ours.get("blocked"), portable: ours.get("portable") };
    speed.push([key, best && blocked ? blocked.imagesPerSecond / best.imagesPerSecond : null]);
    memory.push([`${key}_memory`, best && blocked ? best.peakMb / blocked.peakMb : null]);
    const nchw = theirs.get("torch nchw");
    if (nchw && portable) figures[`${key} portable ÷ torch nchw`] = portable.imagesPerSecond / nchw.imagesPerSecond;
  }
  if (absent.length > 0) figures.missing = absent.join("; ");
  return { ratios: Object.fromEntries([...speed, ...memory]), figures };
}

/** Lets everybody take turns at one case. */
async function compare(training: TrainingCase) {
  const open = new Map<string, Competitor>();
  const missing: string[] = [];
  /** A competitor that cannot come, like the blocked layout on a machine without it, is named; the others go on. */
  const enter = async (name: string, command: string, args: readonly string[]) => {
    try {
      open.set(name, await openCompetitor(command, args));
    } catch (error) {
      missing.push(`${name}: ${error instanceof Error ? error.message : error}`);
    }
  };
  try {
    const { network, batch, sizePx } = training;
    for (const layout of OUR_LAYOUTS) {
      await enter(layout, process.execPath, [fileURLToPath(import.meta.url), JSON.stringify({ ...training, layout })]);
    }
    for (const layout of PEER_LAYOUTS) {
      const args = ["bench/peers/train_speed.py", network, String(batch), String(sizePx), "--layout", layout, "--serve"];
      await enter(`torch ${layout}`, PYTHON, args);
    }
    const answers = await takeTurns(open);
    const measured = [...answers].map(([name, turns]) => [name, summary(turns, training.batch)] as const);
    return {
      ours: new Map(measured.filter(([name]) => !name.startsWith("torch"))),
      theirs: new Map(measured.filter(([name]) => name.startsWith("torch"))),
      missing,
    };
  } finally {
    for (const competitor of open.values()) await competitor.close();
  }
}

/** One step each to see how many fill a turn, then the rounds, backwards every other time, so that nobody always follows the same one. */
async function takeTurns(open: ReadonlyMap<string, Competitor>): Promise<Map<string, Answer[]>> {
  const steps = new Map<string, number>();
  for (const [name, competitor] of open) {
    const { seconds } = await competitor.ask("1");
    steps.set(name, Math.max(2, Math.ceil(TURN_SECONDS / Number(seconds))));
  }
  const answers = new Map([...open.keys()].map((name) => [name, [] as Answer[]]));
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [...open] : [...open].reverse();
    for (const [name, competitor] of order) answers.get(name)?.push(await competitor.ask(String(steps.get(name))));
  }
  return answers;
}

function summary(turns: readonly Answer[], batch: number): Measured {
  const seconds = turns.flatMap(({ steps }) => (Array.isArray(steps) ? steps.map(Number) : []));
  const said = turns[0].saidMb;
  return {
    imagesPerSecond: batch / median(seconds),
    peakMb: Math.max(...turns.map(({ peakMb }) => Number(peakMb))),
    ...(said === undefined ? {} : { saidMb: Number(said) }),
  };
}

/** Our side of the conversation, in a process of its own: the same lines as bench/peers/train_speed.py. */
async function serve(question: string) {
  const trainer = await openOurs(JSON.parse(question));
  for (let i = 0; i < WARM_UP; i++) await trainer.step();
  console.log(JSON.stringify({ ready: 1 }));
  for await (const line of createInterface({ input: process.stdin })) {
    const steps: number[] = [];
    let loss = 0;
    for (let i = 0; i < Number(line); i++) {
      const started = performance.now();
      loss = await trainer.step();
      steps.push((performance.now() - started) / 1000);
    }
    console.log(JSON.stringify({ seconds: median(steps), steps, loss, peakMb: peakMb(), saidMb: trainer.peakBytes() / 1e6 }));
  }
  await trainer.close();
}

/** The high-water mark of this process alone: maxRSS also counts what the process that started it had. */
function peakMb(): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]) / 1000;
  } catch {
    return process.resourceUsage().maxRSS / 1000;
  }
}

// The bundle is both: what `npm run bench` imports, and the process that it starts with a question.
if (process.argv[1] === fileURLToPath(import.meta.url)) await serve(process.argv[2]);
