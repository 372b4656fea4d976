import { PARTS } from "../../task.js";
import { evaluate as evaluateClassifier } from "../../train/evaluate.js";
import { type Command, workOf } from "../command.js";
import { commandOf } from "../command-line.js";
import { ASSERT_FLAG, BACKBONE_FLAGS, DATA_FLAGS, OUT_FLAGS, RULE_FLAGS, SPLIT_FLAGS, UNREADABLE_FLAG } from "../flags.js";
import { partOptions, rulesOf, text, texts } from "../inputs.js";
import { metricTable } from "../table.js";

export const evaluate: Command = {
  name: "evaluate",
  summary: "score a classifier on labelled images",
  examples: [
    "sigmax evaluate runs/first/classifier.onnx photos/ --split runs/first/splits.csv --part test",
    "sigmax evaluate runs/first/classifier.onnx others/ --out others.html     with pictures",
    "sigmax evaluate runs/first/classifier.onnx others/ --assert 'f1Macro>=0.8'",
  ],
  arguments: [
    { name: "classifier", describe: "classifier.onnx of a run" },
    { name: "data", describe: "folder of images" },
  ],
  flags: {
    labels: DATA_FLAGS.labels,
    ...SPLIT_FLAGS,
    split: { ...SPLIT_FLAGS.split, shownDefault: "none: every labelled image is scored" },
    part: { value: "part", choices: PARTS, describe: "part of the split to score", shownDefault: "test" },
    ...RULE_FLAGS,
    ...ASSERT_FLAG,
    ...UNREADABLE_FLAG,
    out: { value: "file.html", describe: "write a report with pictures: one offline page" },
    ...OUT_FLAGS,
    threads: BACKBONE_FLAGS.threads,
    runtime: BACKBONE_FLAGS.runtime,
  },
  async run(input, terminal) {
    const { flags } = input;
    const result = await evaluateClassifier({
      ...partOptions(input),
      rules: rulesOf(flags),
      assert: texts(flags, "assert"),
      out: text(flags, "out"),
      force: flags.force === true,
      command: commandOf(evaluate, input),
      ...workOf(terminal),
    });
    if (terminal.json) {
      terminal.print(JSON.stringify(result));
      return;
    }
    const { counts, part, unreadable } = result;
    terminal.print(
      `\n${result.task}, head ${result.head}, ${counts[part]} images of the part "${part}"${unreadable.length > 0 ? `, ${unreadable.length} of them unreadable` : ""}\n`,
    );
    terminal.print(metricTable({ [part]: result.test, ...(result.atHalf && { "at 0.5": result.atHalf }) }, result));
    terminal.print("\nIn brackets: where 95 % of tests of this size would end.");
    const out = text(flags, "out");
    if (out !== undefined) terminal.print(`\nopen ${out} in a browser`);
  },
};
