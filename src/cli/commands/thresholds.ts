import { printable } from "../../printable.js";
import { PARTS } from "../../task.js";
import { tuneClassifier } from "../../train/retune.js";
import { type Command, workOf } from "../command.js";
import { BACKBONE_FLAGS, DATA_FLAGS, GOAL_FLAGS, OUT_FLAGS, SPLIT_FLAGS, UNREADABLE_FLAG } from "../flags.js";
import { goalOptions, partOptions, text } from "../inputs.js";
import { alignColumns } from "../table.js";

export const thresholds: Command = {
  name: "thresholds",
  summary: "tune from which probability each label is said, and store it in the classifier",
  examples: [
    "sigmax thresholds runs/first/classifier.onnx images/ --labels labels.csv --goal f2",
    "sigmax thresholds classifier.onnx new/ --labels new.csv --goal recall --min-precision 0.9 --out careful.onnx",
  ],
  arguments: [
    { name: "classifier", describe: "multi-label classifier.onnx of a run; it is changed in place unless --out is given" },
    { name: "data", describe: "folder of images that it has not learnt from, or those of its run" },
  ],
  flags: {
    ...GOAL_FLAGS,
    labels: DATA_FLAGS.labels,
    ...SPLIT_FLAGS,
    split: { ...SPLIT_FLAGS.split, shownDefault: "none: every labelled image is used" },
    part: { value: "part", choices: PARTS, describe: "part of the split to tune on", shownDefault: "validation" },
    ...UNREADABLE_FLAG,
    threads: BACKBONE_FLAGS.threads,
    runtime: BACKBONE_FLAGS.runtime,
    out: { value: "file", describe: "classifier to write", shownDefault: "the classifier itself" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { flags } = input;
    const result = await tuneClassifier({
      ...partOptions(input),
      ...goalOptions(input),
      out: text(flags, "out"),
      force: flags.force === true,
      ...workOf(terminal),
    });
    if (terminal.json) {
      terminal.print(JSON.stringify(result));
      return;
    }
    const { classes, before, after, intervals, scores, goal, minPrecision } = result;
    const f = goal === "f2" ? "f2" : "f1";
    const name = f.toUpperCase();
    terminal.print(
      `\ntuned for ${goal}${minPrecision === undefined ? "" : ` at precision ${minPrecision} or more`} on ${result.images} images${result.outOfFold ? " by logits of heads that had not seen them" : ""}\n`,
    );
    terminal.print(
      alignColumns([
        ["", "before", "after", "95 %", `${name} at 0.5`, "before", "after", "precision", "recall"],
        ...classes.map((label, k) => [
          printable(label),
          before[k].toFixed(3),
          after[k].toFixed(3),
          `${intervals[k][0].toFixed(3)}–${intervals[k][1].toFixed(3)}`,
          ...[scores.atHalf[k][f], scores.before[k][f], scores.after[k][f]].map((value) => value.toFixed(3)),
          scores.after[k].precision.toFixed(3),
          scores.after[k].recall.toFixed(3),
        ]),
      ]),
    );
    terminal.print(`\nclassifier  ${result.classifier}`);
  },
};
