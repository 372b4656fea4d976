import { join } from "node:path";
import type { WorkOptions } from "../../progress.js";
import type { Georeference } from "../../raster/raster.js";
import { newSamples } from "../../raster/samples.js";
import { type CogOptions, createCog } from "../../raster/write/cog.js";
import type { Colour } from "../colours.js";
import { alertValue } from "./alerts.js";
import { type ChangedCells, codesOf, sinceOf } from "./changed-cells.js";
import type { SceneDate } from "./dates.js";
import { NO_ANSWER, type RuleAnswers } from "./rule-answers.js";

export interface ChangeRasterOptions extends Pick<WorkOptions, "signal"> {
  readonly folder: string;
  readonly cells: ChangedCells;
  /** Drawn classes: those of the classifier, and "none" where a cell may have no label. */
  readonly names: readonly string[];
  readonly colours: readonly Colour[];
  /** The labels of a classifier that gives several; undefined for one label per image. */
  readonly labels: readonly string[] | undefined;
  readonly rules: readonly RuleAnswers[];
  readonly dates: readonly SceneDate[];
  readonly georeference: Georeference | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** One raster of a change: what it is written as, and its values. */
interface ChangeRaster {
  readonly file: string;
  readonly form: Pick<CogOptions, "bands" | "nodata" | "palette" | "categories" | "overviews"> & {
    readonly dtype: "uint8" | "uint16";
  };
  /** `[C, cells]` */
  readonly values: readonly ArrayLike<number>[];
}

const BLOCK_PX = 256;
const BLACK: Colour = [0, 0, 0];
const GREY: Colour = [225, 225, 222];
/** How a label of several changed. */
const KEPT = { absent: 0, there: 1, gained: 2, lost: 3 } as const;

/** Writes the rasters of a change into a folder; returns the names of their files. @throws UserError `io`, `aborted` */
export async function writeChangeRasters(options: ChangeRasterOptions): Promise<readonly string[]> {
  const { folder, cells, georeference, metadata, signal } = options;
  const rasters = rastersOf(options);
  for (const { file, form, values } of rasters) {
    const writer = await createCog({
      ...{ path: join(folder, file), widthPx: cells.columns, heightPx: cells.rows, ...form },
      ...{ georeference, metadata, blockPx: BLOCK_PX, signal },
    });
    try {
      for (let top = 0; top < cells.rows; top += BLOCK_PX) {
        const heightPx = Math.min(BLOCK_PX, cells.rows - top);
        const length = cells.columns * heightPx;
        const data = newSamples(form.dtype, values.length * length);
        values.forEach((band, i) => {
          for (let at = 0; at < length; at++) data[i * length + at] = band[top * cells.columns + at];
        });
        await writer.write(0, top, { data, widthPx: cells.columns, heightPx });
      }
      await writer.finish();
    } finally {
      await writer.close();
    }
  }
  return rasters.map(({ file }) => file);
}

function rastersOf(options: ChangeRasterOptions): readonly ChangeRaster[] {
  const { cells, rules, labels, dates } = options;
  const alerts = alertsOf(options);
  return [
    changeRaster(options),
    ...rules.map(ruleRaster),
    sinceRaster(cells, dates),
    evidenceRaster(cells),
    ...(labels === undefined ? [] : [labelRaster(cells, labels)]),
    ...(alerts === undefined ? [] : [alerts]),
  ];
}

/** Unchanged classes pale, changed ones in the colour of what they became. */
function changeRaster({ cells, names, colours }: ChangeRasterOptions): ChangeRaster {
  const pairs = names.flatMap((before, i) => names.map((after, j) => ({ before, after, i, j })));
  return {
    file: "change.tif",
    form: {
      dtype: pairs.length > 255 ? "uint16" : "uint8",
      bands: [{ name: "change" }],
      nodata: 0,
      palette: [BLACK, ...pairs.map(({ i, j }) => (i === j ? pale(colours[i]) : colours[j]))],
      categories: ["", ...pairs.map(({ before, after, i, j }) => (i === j ? before : `${before} -> ${after}`))],
    },
    values: [codesOf(cells, names.length)],
  };
}

function pale(colour: Colour): Colour {
  const [red, green, blue] = colour.map((part) => Math.round(255 - (255 - part) * 0.25));
  return [red, green, blue];
}

function ruleRaster({ name, colour, cells }: RuleAnswers): ChangeRaster {
  return {
    file: `${name}.tif`,
    form: {
      ...{ dtype: "uint8", bands: [{ name }], nodata: NO_ANSWER },
      ...{ palette: [GREY, colour], categories: ["no", "yes"] },
    },
    values: [cells],
  };
}

/** The number of the date, from 2 on, from which on a cell is as on the last; 0 where it did not change. */
function sinceRaster(cells: ChangedCells, dates: readonly SceneDate[]): ChangeRaster {
  const since = sinceOf(cells);
  return {
    file: "when.tif",
    form: {
      ...{ dtype: "uint8", bands: [{ name: "changed by" }], nodata: NO_ANSWER, overviews: "mode" },
      categories: ["unchanged", "", ...dates.slice(1).map(({ label }) => `by ${label}`)],
    },
    values: [since.map((date, cell) => (cells.answered[cell] === 0 ? NO_ANSWER : date === 0 ? 0 : date + 1))],
  };
}

function evidenceRaster({ answered, evidence }: ChangedCells): ChangeRaster {
  return {
    file: "confidence.tif",
    form: {
      dtype: "uint8",
      bands: [{ name: "probability of change", scaling: { scale: 0.01, offset: 0 } }],
      nodata: NO_ANSWER,
    },
    values: [evidence.map((percent, cell) => (answered[cell] === 1 ? percent : NO_ANSWER))],
  };
}

/** With several labels per image, a band for each: 0 absent, 1 there on the first and last date, 2 gained, 3 lost. */
function labelRaster({ classes, answered, present }: ChangedCells, labels: readonly string[]): ChangeRaster {
  const [before, after] = [present[0], present[present.length - 1]];
  return {
    file: "labels.tif",
    form: {
      ...{ dtype: "uint8", bands: labels.map((name) => ({ name })), nodata: NO_ANSWER, overviews: "mode" },
      categories: Object.keys(KEPT),
    },
    values: labels.map((_, k) =>
      answered.map((has, cell) => {
        const [was, is] = [before[cell * classes + k], after[cell * classes + k]];
        if (has === 0) return NO_ANSWER;
        return was === is ? (is === 1 ? KEPT.there : KEPT.absent) : is === 1 ? KEPT.gained : KEPT.lost;
      }),
    ),
  };
}

/** The rule whose cells are alerts of forest loss. */
const ALERTED = "deforestation";

/** Undefined where there is no such rule, or no date that the coding has a number for. */
function alertsOf({ rules, dates, cells }: ChangeRasterOptions): ChangeRaster | undefined {
  const rule = rules.find(({ name }) => name === ALERTED);
  const isCoded = dates.slice(1).some(({ day }) => day !== null && alertValue(day, 0) !== undefined);
  if (rule === undefined || !isCoded) return undefined;
  return {
    file: "alerts.tif",
    form: { dtype: "uint16", bands: [{ name: "alert" }], nodata: 0, overviews: "mode" },
    values: [
      Uint16Array.from(rule.cells, (answer, cell) => {
        const { day } = dates[rule.since[cell]];
        return answer === 1 && day !== null ? (alertValue(day, cells.evidence[cell]) ?? 0) : 0;
      }),
    ],
  };
}
