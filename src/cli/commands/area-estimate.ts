import { dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { refuseToOverwrite, writeFileAtomic } from "../../files.js";
import { estimateAreaOf, refuseOtherMap } from "../../map/area/estimate.js";
import { writeChangeReport } from "../../map/change/report.js";
import { printable } from "../../printable.js";
import type { AccuracyEstimate, AreaEstimates, EstimatedArea } from "../../report/area-estimates.js";
import { TASKS, type Task } from "../../task.js";
import { type Command, list } from "../command.js";
import { OUT_FLAGS } from "../flags.js";
import { text } from "../inputs.js";
import { alignColumns } from "../table.js";

export const areaEstimate: Command = {
  name: "area estimate",
  summary: "areas on the ground with 95 % intervals, and accuracies of the map, from a checked sample",
  examples: [
    "sigmax area estimate check/sample.csv",
    "sigmax area estimate check/sample.csv --change change/      the report of the change shows them too",
    "sigmax area estimate answers.csv --areas strata.csv --out estimate.json       a sample that sigmax did not draw: id,stratum,label",
  ],
  arguments: [
    { name: "sample", describe: "sample.csv of sigmax area design, its labels filled in; ? or nothing where nobody can tell" },
  ],
  flags: {
    areas: { value: "file", describe: "instead of the design beside the sample: a table with the columns stratum, hectares" },
    task: {
      value: "task",
      choices: TASKS,
      describe: "with --areas; multiclass: one label per cell; multilabel: any number",
      shownDefault: "multiclass",
    },
    classes: { value: "a,b,c", parse: list, describe: "classes that labels may name beside those of the map" },
    change: { value: "folder", describe: "folder of sigmax change whose change.html is to show the estimates" },
    out: { value: "file", describe: "JSON file to write", shownDefault: "estimate.json beside the sample" },
    ...OUT_FLAGS,
  },
  async run({ arguments: args, flags }, terminal) {
    const sample = String(args[0]);
    const areas = text(flags, "areas");
    const task = text(flags, "task") as Task | undefined; // one of its choices
    if (task !== undefined && areas === undefined) {
      throw new UserError("usage", "--task is for --areas: a design says it itself");
    }
    const out = text(flags, "out") ?? join(dirname(sample), "estimate.json");
    // Estimates of a sample are made again with every answer: what lies beside it is theirs.
    if (text(flags, "out") !== undefined) refuseToOverwrite(out, flags.force === true);
    const classes = flags.classes as readonly string[] | undefined; // read by list
    const change = text(flags, "change");
    if (change !== undefined && areas !== undefined)
      throw new UserError("usage", "--change is for samples of sigmax area design");
    if (change !== undefined) await refuseOtherMap(sample, change);
    const estimates = estimateAreaOf({ sample, areas, task, classes, onWarning: terminal.onWarning });
    writeFileAtomic(out, `${JSON.stringify(estimates, undefined, 1)}\n`);
    if (change !== undefined) writeChangeReport(change, estimates);
    if (terminal.json) terminal.print(JSON.stringify({ ...estimates, out }));
    else terminal.print(described(estimates, out));
  },
};

function described({ overall, classes, dates, strata }: AreaEstimates, out: string): string {
  const rows = classes.map((area) => [
    printable(nameOf(area, dates)),
    area.countedHectares === null ? "–" : hectares(area.countedHectares),
    area.countedInterval === null ? "" : between(area.countedInterval),
    area.hectares === null ? "–" : hectares(area.hectares),
    area.interval === null ? (area.why ?? "") : between(area.interval),
    accuracy(area.users),
    accuracy(area.producers),
    String(area.samples),
  ]);
  const head = ["", "counted ha", "if never wrong", "estimated ha", "95 % interval", "user's", "producer's", "found"];
  const unanswered = strata.reduce((sum, one) => sum + one.unanswered, 0);
  const samples = strata.reduce((sum, one) => sum + one.samples, 0);
  return `${alignColumns([head, ...rows])}
Overall accuracy: ${accuracy(overall)}; ${samples - unanswered} of ${samples} samples with an answer
Counted hectares are those of the map, its mistakes included; estimated ones are corrected by the sample.
Written: ${out}`;
}

function nameOf({ name, date }: EstimatedArea, dates: readonly string[]): string {
  return date === null || dates.length === 1 ? name : `${name}, ${dates[date]}`;
}

function hectares(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function between([low, high]: readonly [number, number]): string {
  return `${hectares(low)} – ${hectares(high)}`;
}

function accuracy(estimate: AccuracyEstimate | null): string {
  if (estimate === null) return "–";
  const percent = (100 * estimate.value).toFixed(1);
  return estimate.standardError === null ? `${percent} %` : `${percent} ± ${(196 * estimate.standardError).toFixed(1)} %`;
}
