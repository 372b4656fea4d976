import { basename, join, resolve } from "node:path";
import { renderCompareText } from "../../report/compare-text.js";
import { compare as compareHeads, summary } from "../../train/compare.js";
import { type Command, workOf } from "../command.js";
import { commandOf } from "../command-line.js";
import { BACKBONE_FLAGS, DATA_FLAGS, EMBEDDINGS_FLAG, OUT_FLAGS, SPLIT_FLAGS, UNREADABLE_FLAG } from "../flags.js";
import { backboneOptions, dataOptions, number, text } from "../inputs.js";

export const compare: Command = {
  name: "compare",
  summary: "train softmax AND sigmoid on the same images and show what differs",
  examples: ["sigmax compare images/ --labels labels.csv", "sigmax compare photos/ --out runs/both"],
  arguments: [{ name: "data", describe: "folder of images" }],
  flags: {
    ...DATA_FLAGS,
    ...BACKBONE_FLAGS,
    ...EMBEDDINGS_FLAG,
    ...SPLIT_FLAGS,
    ...UNREADABLE_FLAG,
    out: {
      value: "folder",
      describe: "folder for compare.html and compare.json",
      shownDefault: "runs/<name of the data>-compare",
    },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const data = dataOptions(input);
    const out = text(input.flags, "out") ?? join("runs", `${basename(resolve(data.data))}-compare`);
    const { report, html } = await compareHeads({
      ...data,
      ...backboneOptions(input),
      seed: number(input.flags, "seed"),
      force: input.flags.force === true,
      out,
      command: commandOf(compare, input),
      ...workOf(terminal),
    });
    if (terminal.json) {
      terminal.print(JSON.stringify({ ...summary(report), html }));
      return;
    }
    terminal.print(`\n${renderCompareText(report, { colour: process.stdout.isTTY === true })}`);
    terminal.print(`\nopen ${html} in a browser`);
  },
};
