import { basename, join, resolve } from "node:path";
import { printable } from "../../printable.js";
import { HEAD_LOSSES, type Head, type HeadLoss } from "../../task.js";
import { describeLeakage } from "../../train/leakage.js";
import { train as trainClassifier } from "../../train/train.js";
import { type Command, decimal, workOf } from "../command.js";
import { commandOf } from "../command-line.js";
import {
  ASSERT_FLAG,
  BACKBONE_FLAGS,
  DATA_FLAGS,
  EMBEDDINGS_FLAG,
  GOAL_FLAGS,
  HEAD_FLAG,
  OUT_FLAGS,
  RULE_FLAGS,
  SPLIT_FLAGS,
  UNREADABLE_FLAG,
} from "../flags.js";
import { backboneOptions, dataOptions, goalOptions, number, text, texts } from "../inputs.js";
import { refuseUselessFlags } from "../recipe-checks.js";
import { describePlan, memoryLimit, NETWORK_FLAGS, RECIPE_FLAGS, recipeOptions } from "../recipe-flags.js";
import { metricTable } from "../table.js";

export const train: Command = {
  name: "train",
  summary: "train a classifier on labelled images and write a run folder",
  examples: [
    "sigmax train photos/                                     photos/<class>/*.jpg, softmax",
    "sigmax train images/ --labels labels.csv                 image_name,tags; sigmoid",
    "sigmax train photos/ --views 8 --out runs/steady         slower and better",
    "sigmax train photos/ --backbone squeezenet.onnx          features of a network you have",
    "sigmax train tiles/ --split blocks --coordinates '_(\\d+)_(\\d+)' --block-size 2048 --buffer 256",
    "sigmax train photos/ --backbone squeezenet.onnx --finetune   every layer of it learns: slower, and several points better",
    "sigmax train chips/ --network chipnet --size 64          a small network from scratch, any number of bands",
    "sigmax train photos/ --assert 'accuracy>=0.9'            no classifier unless it is that good",
  ],
  arguments: [{ name: "data", describe: "folder of images" }],
  flags: {
    ...DATA_FLAGS,
    ...HEAD_FLAG,
    ...BACKBONE_FLAGS,
    ...EMBEDDINGS_FLAG,
    ...NETWORK_FLAGS,
    ...RECIPE_FLAGS,
    ...SPLIT_FLAGS,
    ...RULE_FLAGS,
    l2: { value: "number", parse: decimal(0, 1e6), describe: "strength of the L2 penalty", shownDefault: "chosen on validation" },
    classWeights: {
      value: "how",
      choices: ["none", "balanced"],
      describe: "balanced: rare classes count as much as frequent ones (sigmoid: positives as much as negatives); try it first",
      shownDefault: "none",
    },
    loss: {
      value: "loss",
      choices: HEAD_LOSSES,
      describe: "focal: hard images count more; asymmetric (sigmoid): and easy absences hardly. See compare --across imbalance",
      shownDefault: "cross-entropy",
    },
    ...GOAL_FLAGS,
    ...ASSERT_FLAG,
    ...UNREADABLE_FLAG,
    out: { value: "folder", describe: "run folder to write", shownDefault: "runs/<name of the data>" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { flags } = input;
    refuseUselessFlags(train.flags, input);
    const data = dataOptions(input);
    const out = text(flags, "out") ?? join("runs", basename(resolve(data.data)));
    const result = await trainClassifier({
      ...data,
      ...backboneOptions(input),
      head: text(flags, "head") as Head | undefined, // the flag's choices are the heads
      seed: number(flags, "seed"),
      l2: number(flags, "l2"),
      classWeights: flags.classWeights as "none" | "balanced" | undefined, // the flag's choices
      loss: text(flags, "loss") as HeadLoss | undefined, // the flag's choices
      ...goalOptions(input),
      finetune: flags.finetune === true ? true : undefined,
      network: text(flags, "network"),
      recipe: recipeOptions(input),
      checkpointSeconds: number(flags, "checkpointEvery"),
      memoryLimit: memoryLimit(input),
      onPlan: (plan) => terminal.say(describePlan(plan)),
      assert: texts(flags, "assert"),
      force: flags.force === true,
      out,
      command: commandOf(train, input),
      ...workOf(terminal),
    });
    if (terminal.json) {
      terminal.print(JSON.stringify(result));
      return;
    }
    const { counts } = result;
    terminal.print(
      `\n${result.task}, ${result.classes.length} classes, head ${result.head}: ${result.classes.map(printable).join(", ")}`,
    );
    terminal.print(`train ${counts.train} · validation ${counts.validation} · test ${counts.test}\n`);
    terminal.print(
      metricTable(
        {
          test: result.test,
          ...(result.atHalf && { "at 0.5": result.atHalf }),
          ...(result.frozen && { "not fine-tuned": result.frozen }),
          "band statistics": result.baseline,
        },
        result,
      ),
    );
    terminal.print("\nIn brackets: where 95 % of tests of this size would end.");
    if (result.leakage !== undefined) terminal.print(`\n${printable(describeLeakage(result.leakage, result.task))}`);
    terminal.print(`\nclassifier  ${result.classifier}\nreport      ${join(out, "report.html")}`);
    terminal.print(`try         sigmax predict ${result.classifier} <images>`);
  },
};
