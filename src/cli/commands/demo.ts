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
import { changeLines, demoChange } from "./demo-change.js";

const CHIPS: Readonly<Record<Task, number>> = { multiclass: 400, multilabel: 500 };

/** The scene that a generated chip was cut from, as its file name says: neighbours stay in one part of the split. */
const SCENE_OF_NAME = String.raw`generated-(\d+)_`;

export const demo: Command = {
  name: "demo",
  summary: "generate landscapes with known truth: both heads and what differs, then change between two dates and its areas",
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
    const { folder: data, labelsFile: labels } = sets.multilabel;
    // The same images twice, embedded once.
    const several = { data, labels, task: "multilabel", cache: join(out, "cache"), ...shared } as const;
    const multi = await train({ ...several, out: join(out, "run-sigmoid") });
    terminal.say("\n3. Both heads on the same images");
    const both = await compare({ ...several, out: join(out, "compare") });

    terminal.say("\n4. What changed between two dates, and on how many hectares");
    const changed = await demoChange(out, { seed, force: shared.force, command, ...workOf(terminal) });

    if (terminal.json) {
      const { change, estimates } = changed;
      terminal.print(JSON.stringify({ softmax: single, sigmoid: multi, compare: both.html, change, estimates }));
      return;
    }
    terminal.print("\nThe images are generated: the numbers show how the program works, not how well it does on real land.\n");
    terminal.print(`Softmax, one label per image (${sets.multiclass.count} chips, test part)`);
    terminal.print(`${metricTable({ "random features": single.test, "band statistics": single.baseline })}\n`);
    terminal.print(`Sigmoid, several labels per image (${sets.multilabel.count} chips, test part)`);
    terminal.print(`${metricTable({ "random features": multi.test, "band statistics": multi.baseline })}\n`);
    terminal.print(renderCompareText(both.report, { colour: process.stdout.isTTY === true }));
    terminal.print(`Change between two dates (${changed.change.cells.columns * changed.change.cells.rows} cells of a country that the classifier has not seen)
${changeLines(changed)}\n`);
    terminal.print(`Open in a browser
  ${both.html}   drag logits, see both heads
  ${join(out, "run-softmax", "report.html")}   the softmax run
  ${join(out, "run-sigmoid", "report.html")}   the sigmoid run
  ${join(out, "change", "change.html")}   two dates: before and after, hectares with intervals

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
