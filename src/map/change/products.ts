import { basename, join } from "node:path";
import { UserError } from "../../errors.js";
import { writeFileAtomic } from "../../files.js";
import type { ClassifierFile } from "../../model/classifier.js";
import type { WorkOptions } from "../../progress.js";
import { metersPerPixel } from "../../raster/grid.js";
import type { Georeference } from "../../raster/raster.js";
import type { RasterReader } from "../../raster/reader.js";
import { OTHER_CHANGE } from "../../report/change/words.js";
import type { ChangeReportData } from "../../report/change-data.js";
import { madeBy } from "../../report/metric-words.js";
import type { Task } from "../../task.js";
import type { CellGrid } from "../cells.js";
import { type Colour, classColours, colourOfHex, hexColour, NO_LABEL_COLOUR } from "../colours.js";
import type { Journal } from "../journal.js";
import { NO_LABEL } from "../products.js";
import { type ContentMark, sha256 } from "../provenance.js";
import { UNIT_TOLERANCE, wholeCellHectares } from "./cell-hectares.js";
import { type ChangedCells, codesOf, isChange, sieve } from "./changed-cells.js";
import type { SceneDate } from "./dates.js";
import { decideChange } from "./decide.js";
import { changeLegend } from "./legend.js";
import { drawChangePictures } from "./pictures.js";
import { type ChangedPlace, MOST_POSITIONS, writePlaces } from "./places.js";
import { writeChangeRasters } from "./rasters.js";
import { writeChangeReport } from "./report.js";
import { answerRules, type RuleAnswers } from "./rule-answers.js";
import type { ChangeRule } from "./rules.js";
import { areasCsv, type Counted, countChange, transitionsCsv } from "./tables.js";

export interface WriteChangeOptions extends Pick<WorkOptions, "signal" | "onWarning"> {
  /** Where files are written to; not yet under its final name. */
  readonly folder: string;
  readonly title: string;
  readonly classifier: ClassifierFile;
  /** By date, whole. */
  readonly journals: readonly Pick<Journal, "read">[];
  readonly cells: CellGrid;
  /** Of each cell. */
  readonly hectares: Float64Array;
  /** Cells that were not asked about. */
  readonly outside: number;
  /** Where the cells lie. */
  readonly georeference: Georeference | undefined;
  readonly rules: readonly ChangeRule[];
  readonly dates: readonly SceneDate[];
  /** By date, on one grid. */
  readonly readers: readonly RasterReader[];
  readonly scenes: readonly { readonly file: string; readonly mark: ContentMark; readonly generated: boolean }[];
  readonly stay: number;
  readonly confidence: number;
  readonly unitHectares: number | undefined;
  readonly match: boolean;
  readonly notes: readonly string[];
  readonly command: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a change came to. */
export type ChangeSummary = Pick<
  ChangeReportData,
  "dates" | "cells" | "classes" | "counts" | "rules" | "areas" | "transitions" | "places" | "settings"
>;

/** Names of the files in the folder. */
export interface ChangeFiles {
  readonly rasters: readonly string[];
  readonly others: readonly string[];
}

/** What may be drawn of a cell: the classes; with several labels per image also that none is there. */
const DRAWN: Readonly<Record<Task, { readonly without: readonly string[]; readonly kind: string }>> = {
  multiclass: { without: [], kind: "class" },
  multilabel: { without: [NO_LABEL], kind: "label" },
};
/** Transitions have numbers of 16 bits. */
const MOST_DRAWN = 255;

/** Names of what may be drawn of a cell. @throws UserError `limit` */
export function drawnNames({ task, classes }: ClassifierFile["manifest"]): readonly string[] {
  const names = [...classes, ...DRAWN[task].without];
  if (names.length <= MOST_DRAWN) return names;
  throw new UserError("limit", `${names.length} classes: a change map holds transitions between ${MOST_DRAWN} at most`, {
    hint: "Train a classifier of fewer classes.",
  });
}

/** Decides what changed and writes all files of it into a folder. @throws UserError `usage`, `limit`, `bad-data`, `io`, `aborted` */
export async function writeChange(options: WriteChangeOptions): Promise<ChangeSummary & { readonly files: ChangeFiles }> {
  const { folder, classifier, cells: grid, rules: asked, dates, georeference, metadata, signal, onWarning } = options;
  const { task, classes: labels } = classifier.manifest;
  const names = drawnNames(classifier.manifest);
  const colours = [...classColours(labels), ...DRAWN[task].without.map(() => NO_LABEL_COLOUR)];
  const { hectares } = options;
  const cells = decideChange({ ...options, ...grid });
  const belowUnit = options.unitHectares === undefined ? 0 : sieve(cells, hectares, options.unitHectares);
  const rules = answerRules(asked, cells);
  const cellHectares = wholeCellHectares(hectares, grid, options.readers[0].info);
  const counted = countChange({ cells, labels, names, rules, hectares });
  const several = task === "multilabel" ? labels : undefined;
  const rasters = await writeChangeRasters({
    ...{ folder, cells, names, colours, labels: several, rules, dates, georeference, metadata, signal },
  });
  const places =
    georeference === undefined
      ? []
      : await writePlaces({
          ...{ cells, names, rules, dates, hectares, georeference, metadata, signal, onWarning },
          path: join(folder, "changes.geojson"),
        });
  writeFileAtomic(join(folder, "transitions.csv"), transitionsCsv(counted, dates));
  writeFileAtomic(join(folder, "areas.csv"), areasCsv(counted, { dates, rules, kind: DRAWN[task].kind, cellHectares }));
  const pictures = await writePictures(options, { cells, names, rules, counted });
  const data = dataOf(options, { cells, cellHectares, counted, rules, places, names, colours, belowUnit, pictures });
  writeFileAtomic(join(folder, "change.json"), `${JSON.stringify(data, undefined, 2)}\n`);
  writeChangeReport(folder);
  const { dates: dated, classes, counts, areas, transitions, settings } = data;
  return {
    ...{ dates: dated, cells: data.cells, classes, counts, rules: data.rules, areas, transitions, places: data.places, settings },
    files: { rasters, others: OTHERS },
  };
}

/** Draws the dates and what changed; a cell that several rules say yes to has the colour of the first. Gives the files' names in `pictures/`. */
async function writePictures(
  { folder, title, cells: grid, dates, readers, signal }: WriteChangeOptions,
  { cells, names, rules, counted }: Pick<Found, "cells" | "names" | "rules" | "counted">,
): Promise<Found["pictures"]> {
  const LAYER = { noAnswer: 0, unchanged: 1, rules: 2 };
  const other = LAYER.rules + rules.length;
  const shown = codesOf(cells, names.length).map((code, cell) => {
    if (code === 0) return LAYER.noAnswer;
    const rule = rules.findIndex((one) => one.cells[cell] === 1);
    return rule >= 0 ? LAYER.rules + rule : isChange(code, names.length) ? other : LAYER.unchanged;
  });
  const colours = [...rules.map(({ colour }) => colour), colourOfHex(OTHER_CHANGE.colour)];
  const drawn = await drawChangePictures({
    ...{ title, scenes: readers, labels: dates.map(({ label }) => label), cells: grid, signal },
    codes: (row) => shown.subarray(row * grid.columns, (row + 1) * grid.columns),
    colourOf: (code) => colours[code - LAYER.rules],
    legend: changeLegend({ rules: ruleData(rules, counted) }),
  });
  const files = drawn.dates.map((_, i) => `date-${i + 1}.jpg`);
  for (const [i, bytes] of drawn.dates.entries()) writeFileAtomic(join(folder, "pictures", files[i]), bytes);
  writeFileAtomic(join(folder, "pictures", "change.png"), drawn.change);
  writeFileAtomic(join(folder, "side-by-side.png"), drawn.sideBySide);
  writeFileAtomic(join(folder, "animated.png"), drawn.animated);
  return { dates: files, change: "change.png" };
}

const OTHERS = [
  "changes.geojson",
  "transitions.csv",
  "areas.csv",
  "change.html",
  "change.json",
  "side-by-side.png",
  "animated.png",
];

interface Found {
  readonly cells: ChangedCells & { readonly undecided: number };
  /** Of a whole cell, the mean. */
  readonly cellHectares: number;
  readonly counted: Counted;
  readonly rules: readonly RuleAnswers[];
  readonly places: readonly ChangedPlace[];
  readonly names: readonly string[];
  readonly colours: readonly Colour[];
  readonly belowUnit: number;
  readonly pictures: { readonly dates: readonly string[]; readonly change: string };
}

function dataOf(options: WriteChangeOptions, found: Found): ChangeReportData {
  const { title, classifier, dates, scenes, cells: grid, georeference, stay, confidence, match, notes, command } = options;
  const { cells, cellHectares, counted, rules, places, names, colours, belowUnit, pictures } = found;
  const [metersWide, metersHigh] = (georeference &&
    metersPerPixel({ widthPx: grid.columns, heightPx: grid.rows, ...georeference })) ?? [0, 0];
  const { labelsFrom, task } = classifier.manifest;
  const codes = codesOf(cells, names.length);
  const last = dates.length - 1;
  return {
    ...{ version: 1, title, task, generated: scenes.some(({ generated }) => generated) },
    classifier: {
      file: basename(classifier.file),
      sha256: sha256(classifier.bytes),
      agreementWith: labelsFrom === undefined ? null : madeBy(labelsFrom),
    },
    dates: dates.map(({ label, day }, i) => {
      return { label, day, scene: scenes[i].file, sha256: scenes[i].mark.text, picture: pictures.dates[i] };
    }),
    cells: { columns: grid.columns, rows: grid.rows, metersWide, metersHigh, hectares: cellHectares },
    classes: names.map((name, k) => ({ name, colour: hexColour(colours[k]) })),
    counts: {
      cells: codes.length - options.outside,
      noAnswer: codes.reduce((sum, code) => sum + (code === 0 ? 1 : 0), 0) - options.outside,
      changed: codes.reduce((sum, code) => sum + (isChange(code, names.length) ? 1 : 0), 0),
      undecided: cells.undecided,
      belowUnit,
    },
    rules: ruleData(rules, counted),
    areas: counted.areas,
    transitions: counted.transitions
      .filter(({ from, to }) => from === 0 && to === last)
      .map(({ before, after, cells: count, hectares }) => ({ before, after, cells: count, hectares })),
    places: places.slice(0, MOST_POSITIONS).map(({ id, before, after, rules: named, hectares, position, since, score, box }) => ({
      ...{ id, before, after, rules: named, hectares, score, box },
      ...{ longitude: position?.[0] ?? null, latitude: position?.[1] ?? null },
      when: `between ${dates[since - 1].label} and ${dates[since].label}`,
    })),
    settings: { ...{ stay, confidence, match, notes }, ...unitOf(options.unitHectares, cellHectares) },
    command,
    changePicture: pictures.change,
  };
}

function ruleData(rules: readonly RuleAnswers[], counted: Counted): ChangeReportData["rules"] {
  return rules.map(({ name, text, colour }, i) => {
    const rule = text.slice(text.indexOf(":") + 1).trim();
    return { name, rule, colour: hexColour(colour), file: `${name}.tif`, ...counted.rules[i] };
  });
}

/** The mapping unit in words of the report: hectares, and how many whole cells that takes. */
function unitOf(
  unitHectares: number | undefined,
  cellHectares: number,
): { readonly unitCells: number; readonly unitHectares: number } {
  if (unitHectares === undefined || cellHectares === 0) return { unitCells: 1, unitHectares: cellHectares };
  return { unitCells: Math.max(1, Math.ceil((unitHectares / cellHectares) * (1 - UNIT_TOLERANCE))), unitHectares };
}
