import { basename, join, resolve } from "node:path";
import { UserError } from "../../errors.js";
import { renderImbalanceText } from "../../report/compare-imbalance-text.js";
import { renderCompareText } from "../../report/compare-text.js";
import type { Head } from "../../task.js";
import { compare as compareHeads, summary } from "../../train/compare.js";
import { type CompareImbalanceOptions, compareImbalance } from "../../train/compare-imbalance.js";
import { type Command, workOf } from "../command.js";
import { commandOf } from "../command-line.js";
import { BACKBONE_FLAGS, DATA_FLAGS, EMBEDDINGS_FLAG, HEAD_FLAG, OUT_FLAGS, SPLIT_FLAGS, UNREADABLE_FLAG } from "../flags.js";
import { backboneOptions, dataOptions, number, text } from "../inputs.js";

export const compare: Command = {
  name: "compare",
  summary: "train softmax AND sigmoid, or every remedy for rare labels, on the same images and show what differs",
  examples: [
    "sigmax compare images/ --labels labels.csv                      softmax and sigmoid",
    "sigmax compare photos/ --out runs/both",
    "sigmax compare images/ --labels labels.csv --across imbalance   what helps the rare labels",
  ],
  arguments: [{ name: "data", describe: "folder of images" }],
  flags: {
    across: {
      value: "what",
      choices: ["heads", "imbalance"],
      describe:
        "heads: softmax and sigmoid; imbalance: class weights (pos_weight), focal and asymmetric loss, and the rare labels",
      shownDefault: "heads",
    },
    ...DATA_FLAGS,
    ...HEAD_FLAG,
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
    const across = ACROSS[text(input.flags, "across") ?? "heads"];
    const { result, page, lines } = await across(
      {
        ...data,
        ...backboneOptions(input),
        head: text(input.flags, "head") as Head | undefined, // the flag's choices are the heads
        seed: number(input.flags, "seed"),
        force: input.flags.force === true,
        out,
        command: commandOf(compare, input),
        ...workOf(terminal),
      },
      process.stdout.isTTY === true,
    );
    if (terminal.json) {
      terminal.print(JSON.stringify({ ...result, html: page }));
      return;
    }
    terminal.print(`\n${lines}`);
    terminal.print(`\nopen ${page} in a browser`);
  },
};

/** What can be compared: for programs, for a browser, and for a terminal. */
const ACROSS: Readonly<
  Record<string, (options: CompareImbalanceOptions, colour: boolean) => Promise<{ result: object; page: string; lines: string }>>
> = {
  async heads({ head, ...options }, colour) {
    if (head !== undefined) {
      throw new UserError("usage", `--head ${head} goes with --across imbalance: --across heads trains both heads`, {
        hint: "Leave --head out, or add --across imbalance.",
      });
    }
    const { report, html } = await compareHeads(options);
    return { result: summary(report), page: html, lines: renderCompareText(report, { colour }) };
  },
  async imbalance(options) {
    const { report, html } = await compareImbalance(options);
    return { result: report, page: html, lines: renderImbalanceText(report) };
  },
};
