import { join } from "node:path";
import { DEFAULT_SEED } from "../../random.js";
import { renderCompareText } from "../../report/compare-text.js";
import { type ChipSet, writeChipSet } from "../../synth/chip-set.js";
import { generateChips } from "../../synth/chips.js";
import { TASKS, type Task } from "../../task.js";
import { compare } from "../../train/compare.js";
import { train } from "../../train/train.js";
import { type Command, workOf } from "../command.js";
import { commandOf } from "../command-line.js";
import { OUT_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { number, text } from "../inputs.js";
import { metricTable } from "../table.js";

const CHIPS: Readonly<Record<Task, number>> = { multiclass: 400, multilabel: 500 };

/** The scene that a generated chip was cut from, as its file name says: neighbours stay in one part of the split. */
const SCENE_OF_NAME = String.raw`generated-(\d+)_`;

export const demo: Command = {
  name: "demo",
  summary: "generate a landscape with known truth, train both heads on it, and show what differs",
  examples: ["sigmax demo", "sigmax demo --out my-demo --seed 7"],
  arguments: [],
  flags: {
    out: { value: "folder", describe: "folder for the generated images, runs and the comparison", shownDefault: "demo" },
    seed: SPLIT_FLAGS.seed,
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { flags } = input;
    const out = text(flags, "out") ?? "demo";
    const seed = number(flags, "seed") ?? DEFAULT_SEED;
    const command = commandOf(demo, input);
    const shared = { seed, force: flags.force === true, groupBy: SCENE_OF_NAME, command, ...workOf(terminal) };

    const sets = {} as Record<Task, ChipSet>; // filled for every task by the loop
    for (const task of TASKS) sets[task] = await generate(out, task, shared);

    terminal.say("\n1. One label per image: softmax");
    const single = await train({ data: sets.multiclass.folder, out: join(out, "run-softmax"), ...shared });
    terminal.say("\n2. Any number of labels per image: sigmoid");
    const labels = sets.multilabel.labelsFile;
    const multi = await train({
      data: sets.multilabel.folder,
      labels,
      task: "multilabel",
      out: join(out, "run-sigmoid"),
      ...shared,
    });
    terminal.say("\n3. Both heads on the same images");
    const both = await compare({
      data: sets.multilabel.folder,
      labels,
      task: "multilabel",
      out: join(out, "compare"),
      ...shared,
    });

    if (terminal.json) {
      terminal.print(JSON.stringify({ softmax: single, sigmoid: multi, compare: both.html }));
      return;
    }
    terminal.print("\nThe images are generated: the numbers show how the program works, not how well it does on real land.\n");
    terminal.print(`Softmax, one label per image (${sets.multiclass.count} chips, test part)`);
    terminal.print(`${metricTable({ "random features": single.test, "band statistics": single.baseline })}\n`);
    terminal.print(`Sigmoid, several labels per image (${sets.multilabel.count} chips, test part)`);
    terminal.print(`${metricTable({ "random features": multi.test, "band statistics": multi.baseline })}\n`);
    terminal.print(renderCompareText(both.report, { colour: process.stdout.isTTY === true }));
    terminal.print(`Open in a browser
  ${both.html}   drag logits, see both heads
  ${join(out, "run-softmax", "report.html")}   the softmax run
  ${join(out, "run-sigmoid", "report.html")}   the sigmoid run

Try next
  sigmax predict ${multi.classifier} ${join(sets.multilabel.folder, "images")} --top 3
  sigmax train <your folder>/                          one folder of images per class
  sigmax train <your folder>/ --labels labels.csv      image_name,tags`);
  },
};

function generate(
  out: string,
  task: Task,
  { seed, force, signal, onProgress }: { seed: number; force: boolean } & ReturnType<typeof workOf>,
): Promise<ChipSet> {
  const count = CHIPS[task];
  const stage = `generate ${task}`;
  return writeChipSet(join(out, `generated-${task}`), generateChips({ task, count, seed }), {
    task,
    force,
    total: count,
    signal,
    onProgress: (progress) => onProgress({ ...progress, stage }),
  });
}
