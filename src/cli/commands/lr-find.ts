import { refuseToOverwrite, writeFileAtomic } from "../../files.js";
import { figureFile } from "../../report/plots/figure-file.js";
import { learningCurves } from "../../report/plots/lines.js";
import { HEAD_LOSSES, type Head, type HeadLoss } from "../../task.js";
import type { RatePoint } from "../../train/finetune/learning-rate.js";
import { type FoundRate, findRate } from "../../train/rate-finder.js";
import { type Command, decimal, integer, workOf } from "../command.js";
import { BACKBONE_FLAGS, DATA_FLAGS, HEAD_FLAG, OUT_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { backboneOptions, dataOptions, number, text } from "../inputs.js";
import { refuseUselessFlags } from "../recipe-checks.js";
import { memoryLimit, NETWORK_FLAGS, recipeOptions, STEP_FLAGS } from "../recipe-flags.js";
import { alignColumns } from "../table.js";

const ROWS = 16;
const BAR = 40;

/** The views of a classifier are made once it is there. */
const { views, ...BACKBONE } = BACKBONE_FLAGS;

export const lrFind: Command = {
  name: "lr-find",
  summary: "suggest a learning rate: train some steps while it rises, and see where the loss falls fastest",
  examples: [
    "sigmax lr-find photos/ --backbone squeezenet.onnx        for train --finetune",
    "sigmax lr-find chips/ --network chipnet --out rates.svg",
  ],
  arguments: [{ name: "data", describe: "folder of images" }],
  flags: {
    ...DATA_FLAGS,
    ...HEAD_FLAG,
    ...BACKBONE,
    network: NETWORK_FLAGS.network,
    memory: NETWORK_FLAGS.memory,
    ...STEP_FLAGS,
    lr: { ...STEP_FLAGS.lr, describe: "only its ratio to --lr-backbone counts" },
    classWeights: { value: "how", choices: ["none", "balanced"], describe: "as of train", shownDefault: "none" },
    ...SPLIT_FLAGS,
    loss: { value: "loss", choices: HEAD_LOSSES, describe: "as of train", shownDefault: "cross-entropy" },
    from: { value: "rate", parse: decimal(1e-12, 1e3), describe: "lowest rate", shownDefault: "1e-6" },
    to: { value: "rate", parse: decimal(1e-12, 1e3), describe: "highest rate", shownDefault: "1" },
    steps: { value: "n", parse: integer(10, 100_000), describe: "steps from the lowest to the highest", shownDefault: "100" },
    out: { value: "file.svg", describe: "draw the curve" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { flags } = input;
    refuseUselessFlags(lrFind.flags, input);
    const out = text(flags, "out");
    if (out !== undefined) refuseToOverwrite(out, flags.force === true);
    const result = await findRate({
      ...dataOptions(input),
      ...backboneOptions(input),
      head: text(flags, "head") as Head | undefined, // the flag's choices are the heads
      loss: text(flags, "loss") as HeadLoss | undefined, // the flag's choices
      seed: number(flags, "seed"),
      network: text(flags, "network"),
      recipe: recipeOptions(input),
      memoryLimit: memoryLimit(input),
      classWeights: flags.classWeights as "none" | "balanced" | undefined, // the flag's choices
      from: number(flags, "from"),
      to: number(flags, "to"),
      steps: number(flags, "steps"),
      ...workOf(terminal),
    });
    if (out !== undefined) writeFileAtomic(out, drawing(result.curve));
    if (terminal.json) {
      terminal.print(JSON.stringify(result));
      return;
    }
    terminal.print(`\n${plot(result.curve)}\n`);
    terminal.print(
      result.suggestion === undefined
        ? "The loss never falls: look at the labels, or let the rates start lower with --from."
        : suggestion(result),
    );
  },
};

function suggestion({ suggestion = 0, defaultRate, backboneRatio }: FoundRate): string {
  const rates = `--lr ${suggestion.toPrecision(2)} --lr-backbone ${(suggestion * backboneRatio).toPrecision(2)}`;
  return `suggestion  ${rates}   (the default is --lr ${defaultRate})`;
}

/** A row of bars for some of the rates. */
function plot(curve: readonly RatePoint[]): string {
  const shown = curve.filter((_, i) => i % Math.ceil(curve.length / ROWS) === 0);
  const highest = Math.max(...shown.map(({ smoothed }) => smoothed));
  return alignColumns([
    ["rate", "loss", ""],
    ...shown.map(({ lr, smoothed }) => [
      lr.toExponential(1),
      smoothed.toFixed(3),
      "█".repeat(Math.max(1, Math.round((BAR * smoothed) / highest))).padEnd(BAR),
    ]),
  ]);
}

function drawing(curve: readonly RatePoint[]): string {
  const points = (value: (point: RatePoint) => number) => curve.map((point) => [Math.log10(point.lr), value(point)] as const);
  return figureFile(
    learningCurves({
      title: "Loss while the learning rate rises",
      curves: [
        { name: "loss", tone: "other", points: points(({ loss }) => loss) },
        { name: "smoothed", tone: "softmax", points: points(({ smoothed }) => smoothed) },
      ],
      xLabel: "log10 of the learning rate",
      yLabel: "loss",
    }),
  );
}
