import { printable } from "../printable.js";
import { HEADS } from "../task.js";
import { type ComparedImage, type ComparedMetric, type CompareReport, metricSections } from "./compare-data.js";
import { clip, fixed, plural, signed, signedInterval } from "./format.js";
import { scoresHead, wordsOf } from "./metric-words.js";

const WIDTH = 100;
const NAME_WIDTH = 34;
const CELL_WIDTH = 10;
const DIFFERENCE_WIDTH = 27;
/** The metrics that are shown here: five of each kind at most, which leaves room for the other lines within 40. */
const SHOWN: readonly string[] = [
  ...["accuracy", "balancedAccuracy", "mapMacro", "aucMacro", "f1Micro", "f1Macro", "f2Samples", "hammingLoss"],
  ...["subsetAccuracy", "logLoss", "brier", "ece"],
];
const EXAMPLES = 3;

/** ANSI colours of the two heads, and of the better value of a row. */
const COLOURS = { softmax: "\u001b[34m", sigmoid: "\u001b[33m", best: "\u001b[1m", none: "" } as const;
const RESET = "\u001b[0m";

interface Cell {
  readonly text: string;
  readonly colour: keyof typeof COLOURS;
}

/**
 * The comparison for a terminal: at most 40 lines of 100 columns.
 *
 * @param options.colour ANSI codes for the names of the heads and the better values; off by default
 */
export function renderCompareText(data: CompareReport, { colour = false }: { readonly colour?: boolean } = {}): string {
  const { dataset, task, classes, counts, heads, testLabels, leftOutOfSoftmaxLoss, labelsFrom } = data;
  const row = (name: string, cells: readonly Cell[], rest = "") => {
    const painted = cells.map(({ text, colour: code }) => {
      const padded = text.padStart(CELL_WIDTH);
      return colour && code !== "none" ? COLOURS[code] + padded + RESET : padded;
    });
    return `${clip(name, NAME_WIDTH).padEnd(NAME_WIDTH)}${painted.join("")}${rest}`;
  };
  const titles = HEADS.map((head): Cell => ({ text: head, colour: head }));
  const tables = metricSections(data).flatMap(({ rule, rows }) => [
    "",
    row(rule === undefined ? "Without a threshold" : RULE_NAMES[rule], titles, "  difference and 95 % interval"),
    ...rows
      .filter(({ metric }) => SHOWN.includes(metric))
      .map((item) => row(`  ${wordsOf(item.metric, labelsFrom).label}`, metricCells(item), differenceOf(item))),
  ]);
  const sets = HEADS.map((head) => {
    const { none, one, several } = heads[head].setsAtHalf;
    return `${head} ${none} / ${one} / ${several}`;
  });
  const lines = [
    clip(`softmax or sigmoid? ${printable(dataset)}: ${task}, ${plural(classes.length, "class", "classes")}`, WIDTH),
    `${counts.train} train, ${counts.validation} validation, ${counts.test} test images; of these ${testLabels.none} without a label, ${testLabels.several} with several`,
    ...(leftOutOfSoftmaxLoss > 0
      ? [`${plural(leftOutOfSoftmaxLoss, "training image")} without a label left out of softmax's loss`]
      : []),
    ...(labelsFrom ? [clip(`no person gave the labels: all scores are ${scoresHead(labelsFrom)}`, WIDTH)] : []),
    ...tables,
    "",
    `Test images with none / one / several from 0.5 on: ${sets.join(", ")}`,
    ...examples(data),
    "",
    "Softmax's probabilities sum to 1; sigmoid's are independent: none, one or many may be high.",
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

const RULE_NAMES = {
  argmax: "Decided: the highest",
  half: "Decided: all of 0.5 or more",
  tuned: "Decided: tuned thresholds",
} as const;

function metricCells({ values, difference }: ComparedMetric): Cell[] {
  return HEADS.map((head) => {
    const better = difference?.better === head;
    return { text: `${better ? "*" : ""}${fixed(values[head])}`, colour: better ? "best" : "none" };
  });
}

function differenceOf({ difference }: ComparedMetric): string {
  if (difference === undefined) return "";
  const numbers = `  ${signed(difference.difference)} (${signedInterval(difference.interval)})`;
  return `${numbers.padEnd(DIFFERENCE_WIDTH)} ${difference.better === null ? "not told apart" : `${difference.better} is better`}`;
}

/** The images on which the heads disagree most, one line each. */
function examples({ images, classes }: CompareReport): string[] {
  const chosen = images.filter(({ role }) => role === "disagreement").slice(0, EXAMPLES);
  if (chosen.length === 0) return [];
  const names = (yes: (k: number) => boolean) => {
    const labels = classes.filter((_, k) => yes(k)).map(printable);
    return labels.length > 0 ? labels.join(" ") : "none";
  };
  const describe = ({ file, labels, heads: { softmax, sigmoid } }: ComparedImage) =>
    `${printable(file)}: ${names((k) => labels[k] === 1)} | ${names((k) => softmax.decided[k])} | ${names((k) => sigmoid.decided[k])}`;
  return [
    "",
    "Where they disagree most: file: true | softmax | sigmoid",
    ...chosen.map((image) => `  ${clip(describe(image), WIDTH - 2)}`),
  ];
}
