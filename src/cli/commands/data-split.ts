import { basename, resolve } from "node:path";
import { isLabelled } from "../../data/dataset.js";
import { openDataset } from "../../data/open.js";
import { writeSplit } from "../../data/split/explicit.js";
import { splitDataset } from "../../data/split.js";
import { UserError } from "../../errors.js";
import { refuseToOverwrite } from "../../files.js";
import { PARTS } from "../../task.js";
import { splitOptions } from "../../train/prepare.js";
import { type Command, decimal, list, workOf } from "../command.js";
import { DATA_FLAGS, OUT_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { dataOptions, number, text } from "../inputs.js";

export const dataSplit: Command = {
  name: "data split",
  summary: "divide a dataset into train, validation and test, and write file,split",
  examples: [
    "sigmax data split photos/ --out split.csv",
    "sigmax data split images/ --labels labels.csv --group-by place --out split.csv",
    "sigmax data split images/ --labels labels.csv --split blocks --block-size 0.1 --buffer 0.02",
    "sigmax data split tiles/ --split blocks --coordinates '_(\\d+)_(\\d+)' --block-size 2048 --buffer 256",
  ],
  arguments: [{ name: "data", describe: "folder of images" }],
  flags: {
    ...DATA_FLAGS,
    ...SPLIT_FLAGS,
    fractions: {
      value: "a,b,c",
      parse: fractions,
      describe: "shares of train, validation and test",
      shownDefault: "0.7,0.1,0.2",
    },
    out: { value: "file", describe: "CSV file to write", shownDefault: "split.csv" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const options = dataOptions(input);
    const { data, labels, task, classes, groupBy } = options;
    const out = text(input.flags, "out") ?? "split.csv";
    refuseToOverwrite(out, input.flags.force === true);
    const work = workOf(terminal);
    const dataset = await openDataset(data, { labels, task, classes, groupBy, ...work });
    const given = input.flags.fractions as readonly number[] | undefined; // the flag's parse gives three numbers
    const parts = splitDataset(dataset, {
      ...splitOptions(options),
      seed: number(input.flags, "seed"),
      ...(given === undefined ? {} : { fractions: { train: given[0], validation: given[1], test: given[2] } }),
      onWarning: terminal.onWarning,
    });
    writeSplit(out, dataset, parts);
    const counts = Object.fromEntries(PARTS.map((part) => [part, parts.filter((other) => other === part).length]));
    const withoutPart = parts.filter((part, i) => part === undefined && isLabelled(dataset.samples[i])).length;
    const unlabelled = dataset.samples.filter((sample) => !isLabelled(sample)).length;
    if (terminal.json) terminal.print(JSON.stringify({ out, counts, unlabelled, withoutPart }));
    else
      terminal.print(
        `${out}: ${PARTS.map((part) => `${part} ${counts[part]}`).join(" · ")} of ${basename(resolve(data))}${unlabelled > 0 ? `, ${unlabelled} without a label left out` : ""}`,
      );
  },
};

function fractions(text: string): number[] {
  const shares = list(text).map(decimal(0, 1));
  if (shares.length !== 3) throw new UserError("usage", "expected three shares, like 0.7,0.1,0.2");
  return shares;
}
