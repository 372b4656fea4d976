import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import type { WorkOptions } from "../../progress.js";
import type { Raster } from "../../raster/raster.js";
import { openRaster, type RasterInfo, type RasterReader } from "../../raster/reader.js";
import type { PixelWindow } from "../../raster/resample.js";
import { readChangeData } from "../../report/change-data.js";
import type { Task } from "../../task.js";
import { type ChangeRule, changeRules } from "../change/rules.js";
import { classesOf, type RasterClass } from "../chip/class-table.js";
import { NO_LABEL } from "../products.js";

/** What the cells of a window are. */
export interface MappedCells {
  /** What the map says: see `StratifiedMap.datesOf`; 0 without an answer. */
  readonly codes: ArrayLike<number>;
  /** A bit for each rule that says yes; undefined where there are no rules. */
  readonly rules: Uint32Array | undefined;
}

/** The labels of cells that may have several. */
export interface MappedLabels {
  /** A band for each class. */
  readonly reader: RasterReader;
  /** Whether a value says that the label is there, by date. */
  readonly isThere: readonly ((value: number) => boolean)[];
}

/** A map whose cells belong to strata: a class raster, or the folder of a change. */
export interface StratifiedMap {
  /** As it was given. */
  readonly file: string;
  /** All that is read: for hashes. */
  readonly files: readonly string[];
  readonly info: RasterInfo;
  readonly task: Task;
  /** Names of the dates; "" for a map of one date. */
  readonly dates: readonly string[];
  /** Where the scenes of the dates were, as far as the folder says. */
  readonly scenes: readonly string[];
  /** What marked their content, as `contentMark` says it. */
  readonly sceneMarks: readonly string[];
  readonly classes: readonly string[];
  readonly rules: readonly ChangeRule[];
  /** With several labels per cell; undefined where there is one class for each, or no raster of them. */
  readonly labels: MappedLabels | undefined;
  /** What a code says of the first and the last date: classes as indices, K where no label is there. */
  readonly datesOf: (code: number) => readonly number[];
  /** The stratum of a cell that has an answer. */
  readonly stratumOf: (code: number, rules: number) => string;
  read(window: PixelWindow, signal?: AbortSignal): Promise<MappedCells>;
  close(): Promise<void>;
}

export interface OpenMapOptions extends Pick<WorkOptions, "onWarning"> {
  /** What the values of a class raster mean: a file, or the name of a known legend. */
  readonly classTable?: string | undefined;
}

const CHANGE_RECORD = "change.json";
const CHANGE_RASTER = "change.tif";
/** Rules are bits of 32. */
const MOST_RULES = 32;
const MOST_CODE = 65_535;
const YES = 1;
/** As `sigmax map` writes `map.labels.tif`: 1 yes, 0 no. */
const LABELS_OF_ONE_DATE = [(value: number) => value === 1];
/** As `sigmax change` writes `labels.tif`: 0 absent, 1 there on both dates, 2 gained, 3 lost. */
const LABELS_OF_TWO_DATES = [(value: number) => value === 1 || value === 3, (value: number) => value === 1 || value === 2];
const CHANGE_LABELS = "labels.tif";

/**
 * Opens what a sample is drawn from. Strata of a class raster are its classes; those of a change are the rules that say yes together, "other
 * change", and each class that stays.
 *
 * @throws UserError `not-found`, `bad-file`, `bad-data` where it is neither
 */
export function openStratifiedMap(path: string, options: OpenMapOptions = {}): Promise<StratifiedMap> {
  const isFolder = existsSync(path) && statSync(path).isDirectory();
  return isFolder ? openChange(path, options) : openClasses(path, options);
}

async function openClasses(path: string, { classTable, onWarning }: OpenMapOptions): Promise<StratifiedMap> {
  const reader = await openRaster(path, { onWarning });
  const open = [reader];
  try {
    const { info } = reader;
    refuseUnlessCodes(info);
    const table = classesOf(info, classTable);
    const labels = await labelsBeside(path, onWarning);
    if (labels !== undefined) {
      open.push(labels);
      refuseOtherSize(labels.info, info);
    }
    const classes = labels === undefined ? table.map(({ name }) => name) : labels.info.bands.map(({ name }) => name);
    const numberOf = numbersOf(table, classes, info.file);
    return {
      file: path,
      files: open.map((one) => one.info.file),
      info,
      task: labels === undefined ? "multiclass" : "multilabel",
      dates: [""],
      scenes: [],
      sceneMarks: [],
      classes,
      rules: [],
      labels: labels && { reader: labels, isThere: LABELS_OF_ONE_DATE },
      datesOf: (code) => [code - 1],
      stratumOf: (code) => classes[code - 1] ?? NO_LABEL,
      async read(window, signal) {
        const { data, valid } = await reader.read({ window, signal });
        const codes = new Uint16Array(data.length);
        for (let i = 0; i < codes.length; i++) codes[i] = valid?.[i] === 0 ? 0 : (numberOf[data[i]] ?? 0);
        return { codes, rules: undefined };
      },
      close: () => closeAll(open),
    };
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

/** By value: the number of its class from 1 on, one more than the last for no label, 0 where it is none. */
function numbersOf(table: readonly RasterClass[], classes: readonly string[], file: string): Uint16Array {
  const numbers = new Uint16Array(MOST_CODE + 1);
  for (const { name, values } of table) {
    const k = classes.indexOf(name);
    if (k < 0 && name !== NO_LABEL) {
      throw new UserError(
        "bad-data",
        `${file}: the class ${JSON.stringify(name)} has no band in the raster of labels beside it`,
        {
          hint: "Keep the files of one map together, or move the raster of labels away.",
        },
      );
    }
    for (const value of values) numbers[value] = k < 0 ? classes.length + 1 : k + 1;
  }
  return numbers;
}

/** `map.labels.tif` beside `map.tif`, as `sigmax map` writes it. */
async function labelsBeside(path: string, onWarning: WorkOptions["onWarning"]): Promise<RasterReader | undefined> {
  const beside = path.replace(/(\.tiff?)$/i, ".labels$1");
  return beside !== path && existsSync(beside) ? openRaster(beside, { onWarning }) : undefined;
}

async function openChange(folder: string, { onWarning }: OpenMapOptions): Promise<StratifiedMap> {
  const data = readChangeData(join(folder, CHANGE_RECORD));
  const names = data.classes.map(({ name }) => name);
  // Where several labels may be there, there may be none: that is drawn like a class, and is none.
  const classes = names.filter((name) => !(LABEL_FILES[data.task] !== undefined && name === NO_LABEL));
  const texts = data.rules.map(({ name, rule }) => (rule.startsWith(`${name}:`) ? rule : `${name}: ${rule}`));
  const rules = changeRules(texts, classes);
  if (rules.length > MOST_RULES) throw new UserError("limit", `${folder}: ${rules.length} rules; there may be ${MOST_RULES}`);
  const open: RasterReader[] = [];
  try {
    const reader = await openRaster(join(folder, CHANGE_RASTER), { onWarning });
    open.push(reader);
    const { info } = reader;
    refuseUnlessCodes(info);
    const yes: RasterReader[] = [];
    for (const { file } of data.rules) {
      const raster = await openRaster(join(folder, file), { onWarning });
      open.push(raster);
      yes.push(raster);
      refuseOtherSize(raster.info, info);
    }
    const last = data.dates.length - 1;
    const labels = await labelsOfChange(folder, data.task, onWarning);
    if (labels !== undefined) {
      open.push(labels);
      refuseOtherSize(labels.info, info);
    }
    const drawn = names.length;
    const datesOf = (code: number) => [Math.floor((code - 1) / drawn), (code - 1) % drawn];
    return {
      file: folder,
      files: [join(folder, CHANGE_RECORD), ...open.map((one) => one.info.file)],
      info,
      task: data.task,
      dates: [data.dates[0].label, data.dates[last].label],
      scenes: [data.dates[0].scene, data.dates[last].scene],
      sceneMarks: [data.dates[0].sha256, data.dates[last].sha256],
      classes,
      rules,
      labels: labels && { reader: labels, isThere: LABELS_OF_TWO_DATES },
      datesOf,
      stratumOf(code, bits) {
        const said = rules.filter((_, i) => (bits & (1 << i)) !== 0).map(({ name }) => name);
        if (said.length > 0) return said.join(" + ");
        const [before, after] = datesOf(code);
        return before === after ? `stable ${classes[before] ?? NO_LABEL}` : "other change";
      },
      async read(window, signal) {
        const { data: codes, valid } = await reader.read({ window, signal });
        if (valid !== undefined) for (let i = 0; i < codes.length; i++) if (valid[i] === 0) codes[i] = 0;
        const bits = new Uint32Array(codes.length);
        for (const [rule, raster] of yes.entries()) {
          const { data: said }: Raster = await raster.read({ window, signal });
          for (let i = 0; i < said.length; i++) if (said[i] === YES) bits[i] |= 1 << rule;
        }
        return { codes, rules: bits };
      },
      close: () => closeAll(open),
    };
  } catch (error) {
    await closeAll(open);
    throw error;
  }
}

/** Files of labels of a change, which those of one class for each cell do not have. */
const LABEL_FILES: Readonly<Record<Task, string | undefined>> = { multiclass: undefined, multilabel: CHANGE_LABELS };

async function labelsOfChange(
  folder: string,
  task: Task,
  onWarning: WorkOptions["onWarning"],
): Promise<RasterReader | undefined> {
  const file = LABEL_FILES[task];
  return file === undefined || !existsSync(join(folder, file)) ? undefined : openRaster(join(folder, file), { onWarning });
}

function refuseUnlessCodes({ file, bands, dtype }: RasterInfo): void {
  if (bands.length === 1 && (dtype === "uint8" || dtype === "uint16")) return;
  throw new UserError(
    "bad-data",
    `${file}: ${bands.length} band${bands.length === 1 ? "" : "s"} of ${dtype} are no map of classes`,
    {
      hint: "Give a raster with one band of 8 or 16 bits whose values are classes, or the folder that sigmax change wrote.",
    },
  );
}

function refuseOtherSize(own: RasterInfo, { file, widthPx, heightPx }: RasterInfo): void {
  if (own.widthPx === widthPx && own.heightPx === heightPx) return;
  throw new UserError("bad-data", `${own.file}: is not of the size of ${file}`, {
    hint: "They do not belong together: make them again, or move the one that is not meant away.",
  });
}

async function closeAll(readers: readonly RasterReader[]): Promise<void> {
  for (const reader of readers) await reader.close();
}

/** A scene that a change folder names: as it says, or beside the folder; undefined where it is no longer there. */
export function foundScene(folder: string, scene: string): string | undefined {
  return [scene, join(folder, scene), join(dirname(folder), scene)].find((path) => existsSync(path));
}
