import { formatCsv } from "../../data/csv.js";
import { UserError } from "../../errors.js";
import { withRules } from "../../model/classifier.js";
import { readClassifier } from "../../model/read-classifier.js";
import { printable } from "../../printable.js";
import { type PredictedImage, predictFiles } from "../../train/predict.js";
import { type Command, integer, workOf } from "../command.js";
import { BACKBONE_FLAGS, RULE_FLAGS, UNREADABLE_FLAG } from "../flags.js";
import { imagesOf, number, rulesOf, runtimeOf } from "../inputs.js";

export const predict: Command = {
  name: "predict",
  summary: "label new images",
  examples: [
    "sigmax predict runs/first/classifier.onnx new/ --csv > labels.csv",
    "sigmax predict runs/first/classifier.onnx a.jpg b.png --top 3",
    'sigmax predict runs/first/classifier.onnx new/ --rule "exclusive: clear, cloudy, haze"',
  ],
  arguments: [
    { name: "classifier", describe: "classifier.onnx of a run" },
    { name: "images", describe: "image files, folders of them, or a text file with one path a line", variadic: true },
  ],
  flags: {
    csv: { describe: "print file,labels and one column of probabilities per class" },
    top: { value: "k", parse: integer(1), describe: "show the k most probable classes of each image", shownDefault: "3" },
    ...RULE_FLAGS,
    ...UNREADABLE_FLAG,
    threads: BACKBONE_FLAGS.threads,
    runtime: BACKBONE_FLAGS.runtime,
  },
  async run({ arguments: [classifier, images], flags }, terminal) {
    if (flags.csv === true && terminal.json) {
      throw new UserError("usage", "--csv and --json cannot go together", { hint: "Choose one form for stdout." });
    }
    const files = await imagesOf(images, terminal);
    const runtime = runtimeOf(flags);
    const read = withRules(await readClassifier(String(classifier), { runtime, signal: terminal.signal }), rulesOf(flags) ?? []);
    const { classes } = read.manifest;
    const top = Math.min(number(flags, "top") ?? 3, classes.length);
    if (flags.csv === true) terminal.print(formatCsv([["file", "labels", ...classes]]).trimEnd());
    let failed = 0;
    const predictions = predictFiles(read, files, {
      ...workOf(terminal),
      threads: number(flags, "threads"),
      runtime,
    });
    for await (const predicted of predictions) {
      if (predicted.error !== undefined) {
        failed++;
        if (flags.unreadable === "fail") throw predicted.error;
        terminal.onWarning(predicted.error.message);
      }
      const line =
        flags.csv === true
          ? csvLine(predicted)
          : terminal.json
            ? jsonLine(predicted, classes, top, flags.top !== undefined)
            : textLine(predicted, classes, top);
      if (line !== undefined) terminal.print(line);
    }
    if (failed > 0 && failed === files.length)
      throw new UserError("bad-file", `none of the ${files.length} images could be read`, {
        hint: "Each was named above, with its reason.",
      });
  },
};

function csvLine({ file, prediction }: PredictedImage): string | undefined {
  if (prediction === undefined) return undefined;
  return formatCsv([[file, prediction.labels.join("|"), ...prediction.probabilities.map((p) => p.toFixed(6))]]).trimEnd();
}

function jsonLine(
  { file, prediction, error }: PredictedImage,
  classes: readonly string[],
  top: number,
  withTop: boolean,
): string {
  if (prediction === undefined) return JSON.stringify({ file, error: { code: error.code, message: error.message } });
  const probabilities = Object.fromEntries(classes.map((name, k) => [name, prediction.probabilities[k]]));
  // A list, since JSON objects keep no order of names that are numbers.
  const first = ranked(prediction.probabilities)
    .slice(0, top)
    .map((k) => ({ label: classes[k], probability: prediction.probabilities[k] }));
  return JSON.stringify({ file, labels: prediction.labels, probabilities, ...(withTop ? { top: first } : {}) });
}

function textLine({ file, prediction }: PredictedImage, classes: readonly string[], top: number): string | undefined {
  if (prediction === undefined) return undefined;
  const labels = prediction.labels.length === 0 ? "(none)" : prediction.labels.join(", ");
  const details = ranked(prediction.probabilities)
    .slice(0, top)
    .map((k) => `${classes[k]} ${(100 * prediction.probabilities[k]).toFixed(1)} %`);
  return printable(`${file}  ${labels}  [${details.join(", ")}]`);
}

/** Class indices from most to least probable. */
function ranked(probabilities: readonly number[]): number[] {
  return probabilities.map((_, k) => k).sort((a, b) => probabilities[b] - probabilities[a] || a - b);
}
