import type { Metrics } from "../learn/metrics/report.js";
import { printable } from "../printable.js";
import { HEADS, type Head } from "../task.js";
import { type ComparedImage, type CompareReport, decisionColumns, metricKeys } from "./compare-data.js";
import { clip, fixed, plural } from "./format.js";
import { bestOf, wordsOf } from "./metric-words.js";

const WIDTH = 100;
const NAME_WIDTH = 34;
const CELL_WIDTH = 10;
/** Leaves room for the other lines within 40. */
const MAX_METRICS = 8;
const EXAMPLES = 5;

/** ANSI colours of the two heads, and of the best value of a row. */
const COLOURS = { softmax: "\u001b[34m", sigmoid: "\u001b[33m", best: "\u001b[1m", none: "" } as const;
const RESET = "\u001b[0m";

interface Cell {
  readonly text: string;
  readonly colour: keyof typeof COLOURS;
}
interface Column {
  readonly head: Head;
  readonly metrics: Metrics;
}

/**
 * The comparison for a terminal: at most 40 lines of 100 columns.
 *
 * @param options.colour ANSI codes for the names of the heads and the best values; off by default
 */
export function renderCompareText(data: CompareReport, { colour = false }: { readonly colour?: boolean } = {}): string {
  const { dataset, task, classes, counts, heads, testLabels, leftOutOfSoftmaxLoss } = data;
  const row = (name: string, cells: readonly Cell[]) => {
    const painted = cells.map(({ text, colour: code }) => {
      const padded = text.padStart(CELL_WIDTH);
      return colour && code !== "none" ? COLOURS[code] + padded + RESET : padded;
    });
    return `  ${clip(name, NAME_WIDTH - 2).padEnd(NAME_WIDTH - 2)}${painted.join("")}`;
  };
  const titles = (columns: readonly { readonly head: Head }[]) => columns.map(({ head }): Cell => ({ text: head, colour: head }));
  const table = (columns: readonly Column[]) => [
    row("", titles(columns)),
    ...metricKeys(columns.map(({ metrics }) => metrics))
      .slice(0, MAX_METRICS)
      .map((key) => row(wordsOf(key).label, metricCells(key, columns))),
  ];
  const decisions = decisionColumns(heads);
  const lines = [
    clip(`softmax or sigmoid? ${printable(dataset)}: ${task}, ${plural(classes.length, "class", "classes")}`, WIDTH),
    `${counts.train} train, ${counts.validation} validation, ${counts.test} test images; of these ${testLabels.none} without a label, ${testLabels.several} with several`,
    ...(leftOutOfSoftmaxLoss > 0
      ? [`${plural(leftOutOfSoftmaxLoss, "training image")} without a label left out of softmax's loss`]
      : []),
    "",
    "Without a threshold (* best of the row)",
    ...table(HEADS.map((head) => ({ head, metrics: heads[head].thresholdFree }))),
    "",
    "Decisions",
    row(
      "",
      decisions.map(({ rule }) => ({ text: RULE_NAMES[rule], colour: "none" })),
    ),
    ...table(decisions),
    "",
    "Test images by how many of their probabilities reach 0.5",
    row("", titles(HEADS.map((head) => ({ head })))),
    ...(["none", "one", "several"] as const).map((size) =>
      row(
        size,
        HEADS.map((head) => ({ text: String(heads[head].setsAtHalf[size]), colour: "none" })),
      ),
    ),
    ...examples(data),
    "",
    "Softmax's probabilities sum to 1; sigmoid's are independent: none, one or many may be high.",
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

const RULE_NAMES = { argmax: "highest", half: "≥ 0.5", tuned: "tuned" } as const;

function metricCells(key: string, columns: readonly Column[]): Cell[] {
  const values = columns.map(({ metrics }) => metrics[key]);
  const best = bestOf(key, values);
  return values.map((value, i) =>
    best.includes(i) ? { text: `*${fixed(value)}`, colour: "best" } : { text: fixed(value), colour: "none" },
  );
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
