import { formatCsv } from "../../data/csv.js";
import { type ImageFile, listImages } from "../../data/open.js";
import { UserError } from "../../errors.js";
import { readManifest } from "../../model/classifier.js";
import { type PredictedImage, predictFiles, readClassifier } from "../../train/predict.js";
import { type Command, integer } from "../command.js";
import { BACKBONE_FLAGS } from "../flags.js";
import { number } from "../inputs.js";
import { printable } from "../table.js";

export const predict: Command = {
  name: "predict",
  summary: "label new images",
  examples: [
    "sigmax predict runs/first/classifier.onnx new/ --csv > labels.csv",
    "sigmax predict runs/first/classifier.onnx a.jpg b.png --top 3",
  ],
  arguments: [
    { name: "classifier", describe: "classifier.onnx of a run" },
    { name: "images", describe: "image files, folders of them, or a text file with one path a line", variadic: true },
  ],
  flags: {
    csv: { describe: "print file,labels and one column of probabilities per class" },
    top: { value: "k", parse: integer(1), describe: "show the k most probable classes of each image", shownDefault: "3" },
    unreadable: {
      value: "what",
      choices: ["skip", "fail"],
      describe: "what to do with images that cannot be read",
      shownDefault: "skip",
    },
    threads: BACKBONE_FLAGS.threads,
    runtime: BACKBONE_FLAGS.runtime,
  },
  async run({ arguments: [classifier, images], flags }, terminal) {
    const files: ImageFile[] = [];
    for (const path of [images ?? []].flat())
      files.push(...(await listImages(path, { signal: terminal.signal, onWarning: terminal.onWarning })));
    const runtime = flags.runtime as "auto" | undefined; // the flag's choices
    const { bytes } = await readClassifier(String(classifier), { runtime });
    const { classes } = readManifest(bytes, String(classifier));
    const top = Math.min(number(flags, "top") ?? 3, classes.length);
    if (flags.csv === true) terminal.print(formatCsv([["file", "labels", ...classes]]).trimEnd());
    let failed = 0;
    const predictions = predictFiles(bytes, files, files.length, {
      signal: terminal.signal,
      onProgress: terminal.onProgress,
      onWarning: terminal.onWarning,
      threads: number(flags, "threads"),
      runtime,
      trusted: true, // tried in a child process when it was read above
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
      throw new UserError("bad-file", `none of the ${files.length} images could be read`);
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
  onlyTop: boolean,
): string {
  if (prediction === undefined) return JSON.stringify({ file, error: { code: error.code, message: error.message } });
  const shown = onlyTop ? ranked(prediction.probabilities).slice(0, top) : classes.map((_, k) => k);
  const probabilities = Object.fromEntries(shown.map((k) => [classes[k], prediction.probabilities[k]]));
  return JSON.stringify({ file, labels: prediction.labels, probabilities });
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
