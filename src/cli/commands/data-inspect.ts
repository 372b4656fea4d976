import { checkContent, checkLabels, describeUnreadable, type Unreadable } from "../../data/checks.js";
import { type Inspection, inspectDataset } from "../../data/inspect.js";
import { openDataset } from "../../data/open.js";
import { describeSizes, type ImageSizes, measureImages } from "../../data/sizes.js";
import { splitDataset } from "../../data/split.js";
import { refuseToOverwrite, refuseUnwritable, writeFileAtomic } from "../../files.js";
import { printable, printableLines } from "../../printable.js";
import { contactSheet } from "../../raster/contact-sheet.js";
import { encodePng } from "../../raster/encode.js";
import { renderInspection } from "../../report/inspect.js";
import { PARTS } from "../../task.js";
import { type BandValues, SHARES } from "../../train/band-values.js";
import { type Examination, examineImages } from "../../train/doctor.js";
import { inspectionReport } from "../../train/inspect-report.js";
import { openInspectedBackbone } from "../../train/inspected-backbone.js";
import { splitOptions } from "../../train/prepare.js";
import { type Command, integer, workOf } from "../command.js";
import { BACKBONE_FLAGS, DATA_FLAGS, OUT_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { backboneOptions, dataOptions, number, text } from "../inputs.js";
import { alignColumns } from "../table.js";

const PICTURES = 24;
const { backbone, size, scale, mean, std, normalize, channelOrder, resample, embedding, cache, runtime } = BACKBONE_FLAGS;

export const dataInspect: Command = {
  name: "data inspect",
  summary: "show what a dataset holds, what looks wrong, and what happens to its images before a network sees them",
  examples: [
    "sigmax data inspect photos/",
    "sigmax data inspect images/ --labels labels.csv --split split.csv --json",
    "sigmax data inspect photos/ --backbone squeezenet.onnx --out inspect.html",
    "sigmax data inspect photos/ --sheet before-and-after.png",
  ],
  arguments: [{ name: "data", describe: "folder of images, or a label file" }],
  flags: {
    ...DATA_FLAGS,
    ...SPLIT_FLAGS,
    images: {
      value: "n",
      parse: integer(1, 100_000),
      describe: "images to decode and measure, evenly spread over the dataset",
      shownDefault: "200",
    },
    ...{ backbone, size, scale, mean, std, normalize, channelOrder, resample, embedding, cache, runtime },
    out: { value: "file", describe: "write it all as one page: pictures before and after, histograms, findings (.html)" },
    sheet: { value: "file", describe: "write the pictures alone, each above what the network gets of it (.png)" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const options = dataOptions(input);
    const { data, labels, task, classes, groupBy } = options;
    const work = workOf(terminal);
    const [out, sheet] = [text(input.flags, "out"), text(input.flags, "sheet")];
    for (const path of [out, sheet]) {
      if (path === undefined) continue;
      refuseToOverwrite(path, input.flags.force === true);
      refuseUnwritable(path);
    }
    const dataset = await openDataset(data, { labels, task, classes, groupBy, missing: "skip", unlabelled: true, ...work });
    const seed = number(input.flags, "seed");
    const parts = splitDataset(dataset, { ...splitOptions(options), seed, onWarning: terminal.onWarning });
    const found = inspectDataset(dataset, parts);
    const content = await checkContent(dataset, parts, work);
    const sizes = await measureImages(dataset, work);
    const examined = await examineImages(dataset.samples, {
      classes: dataset.classes,
      backbone: await openInspectedBackbone(dataset, parts, { ...backboneOptions(input), seed, ...work }),
      limit: number(input.flags, "images"),
      pictures: out === undefined && sheet === undefined ? 0 : PICTURES,
      ...work,
    });
    const findings = [...checkLabels(found), ...content.findings, ...examined.findings];
    const unreadable = firstOfEach([...content.unreadable, ...sizes.unreadable, ...examined.unreadable]);
    if (out !== undefined) {
      const report = await inspectionReport({
        name: data,
        found,
        examined,
        findings,
        unreadable,
        sizes: describeSizes(sizes.kinds),
      });
      writeFileAtomic(out, renderInspection(report));
    }
    if (sheet !== undefined) writeFileAtomic(sheet, await encodePng(contactSheet(examined.pictures)));
    if (terminal.json) {
      const { lookedAt, values, preprocessing } = examined;
      const { kinds } = sizes;
      terminal.print(
        JSON.stringify({
          ...found,
          findings,
          sizes: { lookedAt: sizes.lookedAt, kinds },
          pixels: { lookedAt, values },
          preprocessing,
          unreadable,
        }),
      );
      return;
    }
    terminal.print(countsText(data, found));
    terminal.print(imagesText(sizes, found.samples, examined));
    if (unreadable.length > 0) terminal.print(`\n${printableLines(describeUnreadable(unreadable, found.samples))}`);
    for (const { message } of findings) terminal.print(`\n! ${printable(message)}`);
    for (const path of [out, sheet]) if (path !== undefined) terminal.print(`\nwritten: ${printable(path)}`);
  },
};

/** Several passes meet the same unreadable file; the first says why. */
function firstOfEach(all: readonly Unreadable[]): readonly Unreadable[] {
  const byFile = new Map<string, Unreadable>();
  for (const item of all) if (!byFile.has(item.file)) byFile.set(item.file, item);
  return [...byFile.values()];
}

function countsText(data: string, found: Inspection): string {
  const perImage = found.labelsPerSample.flatMap((count, many) => (count > 0 ? [`${count} with ${many}`] : []));
  return [
    `${printable(data)}: ${found.source}, ${found.task}, ${found.samples} images, ${found.labelled} labelled, ${found.classes.length} classes\n`,
    alignColumns([
      ["class", "images", ...PARTS, "no", "unknown"],
      ...found.classes.map(({ name, yes, no, unknown, parts: inPart }) => [
        printable(name),
        ...[yes, ...PARTS.map((part) => inPart?.[part] ?? 0), no, unknown].map(String),
      ]),
    ]),
    `\nlabels per image: ${perImage.join(", ")}`,
  ].join("\n");
}

function imagesText({ lookedAt, kinds }: ImageSizes, samples: number, examined: Examination): string {
  const some = lookedAt < samples ? ` (${lookedAt} of ${samples} looked at)` : "";
  const { values, preprocessing } = examined;
  return [
    ...(kinds.length > 0 ? [printable(`image sizes${some}: ${describeSizes(kinds)}`)] : []),
    ...(values.length > 0 ? [`\npixels of ${examined.facts.length} images\n${valuesTable(values)}`] : []),
    ...(preprocessing
      ? [
          `\nwhat happens to them: ${printable(preprocessing.steps.join(" → "))}`,
          `\nwhat the network gets (${preprocessing.expected.words})\n${valuesTable(preprocessing.values)}`,
        ]
      : []),
  ].join("\n");
}

function valuesTable(values: readonly BandValues[]): string {
  const digits = (value: number) => (Number.isFinite(value) ? String(Number(value.toPrecision(4))) : "–");
  const share = (part: number, { count }: BandValues) => `${((100 * part) / Math.max(1, count)).toFixed(1)} %`;
  // Behind the normalisation no value is the end of a type.
  const stored = values.some(({ dtype }) => dtype !== "float32");
  return alignColumns([
    [
      ...["band", "type", "images", "lowest", ...SHARES.map((at) => `${100 * at} %`), "highest", "mean", "deviation"],
      ...(stored ? ["zero", "saturated"] : []),
    ],
    ...values.map((row) => [
      printable(row.band),
      row.dtype,
      String(row.images),
      ...[row.lowest, ...row.quantiles, row.highest, row.mean, row.deviation].map(digits),
      ...(stored ? [share(row.zeros, row), share(row.saturated, row)] : []),
    ]),
  ]);
}
