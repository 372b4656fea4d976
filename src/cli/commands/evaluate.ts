import { PARTS, type Part } from "../../task.js";
import { evaluate as evaluateClassifier } from "../../train/evaluate.js";
import type { Command } from "../command.js";
import { BACKBONE_FLAGS, DATA_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { number, text } from "../inputs.js";
import { metricTable } from "../table.js";

export const evaluate: Command = {
  name: "evaluate",
  summary: "score a classifier on labelled images",
  examples: ["sigmax evaluate runs/first/classifier.onnx photos/ --split runs/first/splits.csv --part test"],
  arguments: [
    { name: "classifier", describe: "classifier.onnx of a run" },
    { name: "data", describe: "folder of images" },
  ],
  flags: {
    labels: DATA_FLAGS.labels,
    split: { ...SPLIT_FLAGS.split, shownDefault: "none: every labelled image is scored" },
    groupBy: SPLIT_FLAGS.groupBy,
    seed: SPLIT_FLAGS.seed,
    part: { value: "part", choices: PARTS, describe: "part of the split to score", shownDefault: "test" },
    unreadable: {
      value: "what",
      choices: ["skip", "fail"],
      describe: "what to do with images that cannot be read",
      shownDefault: "skip",
    },
    threads: BACKBONE_FLAGS.threads,
    runtime: BACKBONE_FLAGS.runtime,
  },
  async run({ arguments: [classifier, data], flags }, terminal) {
    const result = await evaluateClassifier({
      classifier: String(classifier),
      data: String(data),
      labels: text(flags, "labels"),
      split: text(flags, "split"),
      groupBy: text(flags, "groupBy"),
      seed: number(flags, "seed"),
      part: text(flags, "part") as Part | undefined, // the flag's choices are the parts
      unreadable: flags.unreadable as "skip" | "fail" | undefined, // the flag's choices
      threads: number(flags, "threads"),
      runtime: flags.runtime as "auto" | undefined, // the flag's choices
      signal: terminal.signal,
      onProgress: terminal.onProgress,
      onWarning: terminal.onWarning,
    });
    if (terminal.json) {
      terminal.print(JSON.stringify(result));
      return;
    }
    const { counts, part, unreadable } = result;
    terminal.print(
      `\n${result.task}, head ${result.head}, ${counts[part]} images of the part "${part}"${unreadable.length > 0 ? `, ${unreadable.length} of them unreadable` : ""}\n`,
    );
    terminal.print(metricTable({ [part]: result.test }));
  },
};
