import { convertDataset } from "../../data/convert.js";
import { openDataset } from "../../data/open.js";
import { SOURCES } from "../../data/sources.js";
import { UserError } from "../../errors.js";
import { type Command, workOf } from "../command.js";
import { DATA_FLAGS, OUT_FLAGS } from "../flags.js";
import { dataOptions, text } from "../inputs.js";

export const dataConvert: Command = {
  name: "data convert",
  summary: "write the labels of a dataset in another form",
  examples: [
    "sigmax data convert images/ --labels labels.csv --to label-files --out labels/     one text file per image",
    "sigmax data convert images/ --labels labels/ --to csv --out labels.csv             and back",
    "sigmax data convert images/ --labels labels.csv --to one-hot --out one-hot.csv",
  ],
  arguments: [{ name: "data", describe: "folder of images, or a label file whose images may be elsewhere" }],
  flags: {
    ...DATA_FLAGS,
    to: { value: "form", choices: SOURCES.map(({ name }) => name), describe: "form to write" },
    copyImages: { describe: "copy the images as well; folders of classes need it" },
    out: { value: "file|folder", describe: "what to write" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { data, labels, task, classes } = dataOptions(input);
    const to = text(input.flags, "to");
    const out = text(input.flags, "out");
    if (to === undefined || out === undefined) throw new UserError("usage", "--to <form> and --out <file or folder> are needed");
    const work = workOf(terminal);
    const copyImages = input.flags.copyImages === true;
    // Labels can be converted without their images; copying needs them.
    const dataset = await openDataset(data, { labels, task, classes, missing: copyImages ? "skip" : "keep", ...work });
    const converted = await convertDataset(dataset, { to, out, copyImages, force: input.flags.force === true, ...work });
    const result = { from: dataset.source, to, path: converted.path, samples: dataset.samples.length, files: converted.files };
    if (terminal.json) terminal.print(JSON.stringify(result));
    else terminal.print(`${result.path}: ${result.samples} images, from ${result.from} to ${to}`);
  },
};
