import { printable } from "../printable.js";
import { type ImbalanceReport, LABEL_METRICS, type Remedy, SHOWN_METRICS, verdictOf } from "./compare-imbalance-data.js";
import { between, clip, fixed, plural, signed, signedInterval } from "./format.js";
import { scoresHead, wordsOf } from "./metric-words.js";

const WIDTH = 100;
const NAME_WIDTH = 18;
const COUNT_WIDTH = 9;
const CELL_WIDTH = 16;
/** Labels beyond these are counted: the rarest matter here. */
const MAX_LABELS = 12;
const METRIC_WIDTH = 42;

const MARKS = { better: " ▲", worse: " ▼", "no difference shown": "  " } as const;

/** What each remedy did to the rare labels, for a terminal of 100 columns. */
export function renderImbalanceText(report: ImbalanceReport): string {
  const { dataset, task, head, counts, labels, remedies, labelsFrom } = report;
  const shown = labels.slice(0, MAX_LABELS);
  const row = (name: string, cells: readonly string[], [training, test]: readonly [string, string] = ["", ""]) =>
    [
      clip(name, NAME_WIDTH).padEnd(NAME_WIDTH),
      training.padStart(COUNT_WIDTH),
      test.padStart(COUNT_WIDTH),
      ...cells.map((cell) => cell.padStart(CELL_WIDTH)),
    ].join("");
  const lines = [
    clip(
      `what helps rare labels? ${printable(dataset)}: ${task}, ${plural(labels.length, "class", "classes")}, head ${head}`,
      WIDTH,
    ),
    `${counts.train} train, ${counts.validation} validation, ${counts.test} test images`,
    ...(labelsFrom ? [clip(`no person gave the labels: all scores are ${scoresHead(labelsFrom)}`, WIDTH)] : []),
    ...LABEL_METRICS.flatMap(([metric, title]) => [
      "",
      row(
        title,
        remedies.map(({ name }) => `${name}  `),
        ["training", "test"],
      ),
      ...shown.map(({ name, training, test }, place) =>
        row(
          `  ${printable(name)}`,
          remedies.map((remedy) => labelCell(remedy, place, metric)),
          [String(training), String(test)],
        ),
      ),
    ]),
    ...(labels.length > shown.length ? [`  … and ${labels.length - shown.length} more frequent`] : []),
    ...remedies.flatMap((remedy) => [
      "",
      `${remedy.name}${remedy.flags && ` (${remedy.flags})`}`,
      ...metricLines(remedy, report),
    ]),
    "",
    "▲ better, ▼ worse than cross-entropy: only where the paired 95 % interval does not hold 0.",
    "Where nothing is said, no difference was shown. Of twenty such intervals one misses by chance: a",
    "single mark among many cells says little.",
  ];
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function labelCell(remedy: Remedy, place: number, metric: string): string {
  const { metrics, differences } = remedy.perLabel[place];
  return `${fixed(metrics[metric])}${MARKS[verdictOf(remedy, differences, metric) ?? "no difference shown"]}`;
}

function metricLines(remedy: Remedy, { labelsFrom }: ImbalanceReport): string[] {
  const { metrics, intervals, differences } = remedy;
  return SHOWN_METRICS.filter((metric) => Object.hasOwn(metrics, metric)).map((metric) => {
    const interval = Object.hasOwn(intervals, metric) ? ` (${between(intervals[metric])})` : "";
    const line = `  ${clip(wordsOf(metric, labelsFrom).label, METRIC_WIDTH - 3).padEnd(METRIC_WIDTH - 2)}${fixed(metrics[metric])}${interval}`;
    const verdict = verdictOf(remedy, differences, metric);
    if (verdict === undefined) return line;
    const told = verdict === "no difference shown" ? "" : ` ${verdict}`;
    return `${line}  ${signed(differences[metric].difference)} (${signedInterval(differences[metric].interval)})${told}`;
  });
}
