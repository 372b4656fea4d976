import { checkContent, checkLabels, describeUnreadable } from "../../data/checks.js";
import { inspectDataset } from "../../data/inspect.js";
import { openDataset } from "../../data/open.js";
import { describeSizes, measureImages } from "../../data/sizes.js";
import { splitDataset } from "../../data/split.js";
import { printable, printableLines } from "../../printable.js";
import { PARTS } from "../../task.js";
import { splitChoice } from "../../train/prepare.js";
import { type Command, workOf } from "../command.js";
import { DATA_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { dataOptions, number } from "../inputs.js";
import { alignColumns } from "../table.js";

export const dataInspect: Command = {
  name: "data inspect",
  summary: "show what a dataset holds: classes, labels, parts, what looks wrong",
  examples: ["sigmax data inspect photos/", "sigmax data inspect images/ --labels labels.csv --split split.csv --json"],
  arguments: [{ name: "data", describe: "folder of images, or a label file" }],
  flags: { ...DATA_FLAGS, ...SPLIT_FLAGS },
  async run(input, terminal) {
    const { data, labels, task, classes, split, groupBy } = dataOptions(input);
    const work = workOf(terminal);
    const dataset = await openDataset(data, { labels, task, classes, groupBy, missing: "skip", unlabelled: true, ...work });
    const parts = splitDataset(dataset, {
      ...splitChoice(split),
      groupBy,
      seed: number(input.flags, "seed"),
      onWarning: terminal.onWarning,
    });
    const found = inspectDataset(dataset, parts);
    const content = await checkContent(dataset, parts, work);
    const { lookedAt, kinds, unreadable: damaged } = await measureImages(dataset, work);
    const findings = [...checkLabels(found), ...content.findings];
    const told = new Set(content.unreadable.map(({ file }) => file));
    const unreadable = [...content.unreadable, ...damaged.filter(({ file }) => !told.has(file))];
    if (terminal.json) {
      terminal.print(JSON.stringify({ ...found, findings, sizes: { lookedAt, kinds }, unreadable }));
      return;
    }
    terminal.print(
      `${printable(data)}: ${found.source}, ${found.task}, ${found.samples} images, ${found.labelled} labelled, ${found.classes.length} classes\n`,
    );
    terminal.print(
      alignColumns([
        ["class", "images", ...PARTS, "no", "unknown"],
        ...found.classes.map(({ name, yes, no, unknown, parts: inPart }) => [
          printable(name),
          ...[yes, ...PARTS.map((part) => inPart?.[part] ?? 0), no, unknown].map(String),
        ]),
      ]),
    );
    const perImage = found.labelsPerSample.flatMap((count, many) => (count > 0 ? [`${count} with ${many}`] : []));
    terminal.print(`\nlabels per image: ${perImage.join(", ")}`);
    const some = lookedAt < found.samples ? ` (${lookedAt} of ${found.samples} looked at)` : "";
    if (kinds.length > 0) terminal.print(printable(`image sizes${some}: ${describeSizes(kinds)}`));
    if (unreadable.length > 0) terminal.print(`\n${printableLines(describeUnreadable(unreadable, found.samples))}`);
    for (const { message } of findings) terminal.print(`\n! ${printable(message)}`);
  },
};
