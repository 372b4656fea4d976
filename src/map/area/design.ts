import { writeFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mapInOrder } from "../../concurrency.js";
import { formatCsv } from "../../data/csv.js";
import { nearest, UserError } from "../../errors.js";
import { sizesOfStrata } from "../../learn/sample-sizes.js";
import { refuseFolder, writeFolder } from "../../output-folder.js";
import { throwIfAborted, type WorkOptions } from "../../progress.js";
import { DEFAULT_SEED } from "../../random.js";
import { encodePng } from "../../raster/encode.js";
import { cellAreas } from "../../raster/geo/cell-area.js";
import { crsOfEpsg } from "../../raster/geo/crs.js";
import { transformer } from "../../raster/geo/project.js";
import { applyTransform } from "../../raster/geo/transform.js";
import type { RasterInfo } from "../../raster/reader.js";
import type { Scene } from "../../raster/scene/open.js";
import { VERSION } from "../../version.js";
import { CELLS_ITEM } from "../cells.js";
import { NO_LABEL } from "../products.js";
import { contentMark } from "../provenance.js";
import { type ChipScene, chipPictures } from "./chip-pictures.js";
import { type AreaDesign, DESIGN_FILE, labelColumns, PICTURES_FOLDER, SAMPLE_FILE } from "./design-file.js";
import { checkCoverage, openShownScenes } from "./design-scenes.js";
import { countCells, type DrawnCell, drawCells, type MapCount } from "./draw.js";
import { transitionName } from "./questions.js";
import { openStratifiedMap, type StratifiedMap } from "./strata.js";

export interface AreaDesignOptions extends WorkOptions {
  /** A class raster, or the folder that `sigmax change` wrote. */
  readonly map: string;
  readonly out: string;
  /** Share of each stratum on which the map is expected to be right: of all, or by name; 0.8 where nothing is said. */
  readonly users?: number | Readonly<Record<string, number>> | undefined;
  /** Wanted of the overall accuracy. Default 0.01. */
  readonly standardError?: number | undefined;
  /** Samples of each stratum. Default 50. */
  readonly least?: number | undefined;
  readonly seed?: number | undefined;
  /** Scenes to look at, in the order of the dates. Default those that the change names, where they are still there. */
  readonly scenes?: readonly string[] | undefined;
  /** Cells around the one that is asked about, in its picture. */
  readonly chipContext?: number | undefined;
  /** What the values of a class raster mean: a file, or the name of a known legend. */
  readonly classTable?: string | undefined;
  readonly force?: boolean | undefined;
}

/** What was drawn. */
export interface AreaDesignResult {
  readonly folder: string;
  /** To be filled in. */
  readonly sample: string;
  readonly design: string;
  /** Undefined where there are no scenes to show. */
  readonly pictures: string | undefined;
  readonly samples: number;
  readonly strata: readonly Pick<AreaDesign["strata"][number], "name" | "cells" | "hectares" | "samples">[];
  readonly expectedStandardError: number;
}

const DEFAULT_USERS = 0.8;
const DEFAULT_STANDARD_ERROR = 0.01;
const DEFAULT_LEAST = 50;
const MOST_SAMPLES = 200_000;
const PICTURES_AT_ONCE = 4;

/**
 * Draws a stratified random sample of the cells of a map, to be checked by a person: a table to fill in, pictures to look at, and a
 * record of what the map says, which an estimate needs.
 *
 * @throws UserError `usage`, `not-found`, `bad-file`, `bad-data` where cells have no area or no answer, `limit`, `exists`, `aborted`
 */
export async function designArea(options: AreaDesignOptions): Promise<AreaDesignResult> {
  const { out, force = false, signal, onProgress, onWarning, seed = DEFAULT_SEED } = options;
  const marked = { force, marker: DESIGN_FILE };
  refuseFolder(out, marked);
  const map = await openStratifiedMap(options.map, { classTable: options.classTable, onWarning });
  let scenes: readonly Scene[] = [];
  try {
    const areas = await cellAreas(map.info.georeference, cellCount(map.info));
    if (areas.method === "unknown") {
      throw new UserError("bad-data", `${map.info.file}: nobody can tell how large its cells are: ${areas.why}`, {
        hint: "Say where it lies: gdal_translate -a_srs EPSG:<code> in.tif out.tif",
      });
    }
    scenes = await openShownScenes(map, options.scenes, { signal, onWarning });
    const work = { signal, onProgress, onWarning };
    const count = await countCells(map, areas.row, work);
    if (count.total.hectares === 0) throw new UserError("bad-data", `${map.info.file}: no cell has an answer`);
    const sizes = sizesOf(count, options);
    const drawn = await drawCells(map, areas.row, { strata: count.strata, sizes: sizes.samples, seed, ...work });
    if (options.scenes !== undefined) await checkCoverage(map, scenes, drawn, onWarning);
    const samples = await describedSamples(map, drawn);
    const design: AreaDesign = {
      version: 1,
      program: `sigmax ${VERSION}`,
      map: { file: options.map, hash: (await contentMark(map.files, signal)).text },
      ...{ task: map.task, dates: map.dates, classes: map.classes, rules: map.rules.map(({ text }) => text) },
      strata: count.strata.map(({ name, cells, hectares, codes, rules }, h) => ({
        ...{ name, cells, hectares, weight: sizes.weights[h], samples: sizes.samples[h], expectedUsers: sizes.users[h] },
        mapped: [...codes].sort((a, b) => a - b).map((code) => namesOf(map, code)),
        rules: [...rules].sort((a, b) => a - b).map((bits) => rulesOf(map, bits)),
      })),
      counted: { cells: count.total.cells, hectares: count.total.hectares, areas: countedAreas(map, count) },
      samples,
      settings: { ...sizes.settings, seed },
    };
    await writeFolder(out, marked, async (folder) => {
      writeFileSync(join(folder, DESIGN_FILE), `${JSON.stringify(design, undefined, 1)}\n`);
      writeFileSync(join(folder, SAMPLE_FILE), sampleCsv(design));
      if (scenes.length > 0) await writePictures(folder, map, scenes, design, options);
    });
    return {
      folder: out,
      sample: join(out, SAMPLE_FILE),
      design: join(out, DESIGN_FILE),
      pictures: scenes.length > 0 ? join(out, PICTURES_FOLDER) : undefined,
      samples: samples.length,
      strata: design.strata.map(({ name, cells, hectares, samples }) => ({ name, cells, hectares, samples })),
      expectedStandardError: sizes.settings.expectedStandardError,
    };
  } finally {
    for (const scene of scenes) await scene.close();
    await map.close();
  }
}

/** A map whose last cells are cut off by the edge of the scene says how much of them is there. */
function cellCount({ widthPx, heightPx, metadata }: RasterInfo): { readonly columns: number; readonly rows: number } {
  const [columns, rows] = (metadata[CELLS_ITEM] ?? "").split(" ").map(Number);
  const isCount = Math.ceil(columns) === widthPx && Math.ceil(rows) === heightPx;
  return isCount ? { columns, rows } : { columns: widthPx, rows: heightPx };
}

function sizesOf({ strata, total }: MapCount, options: AreaDesignOptions) {
  const { standardError = DEFAULT_STANDARD_ERROR, least = DEFAULT_LEAST } = options;
  const users = usersOf(strata, options.users ?? DEFAULT_USERS);
  const weights = strata.map(({ hectares }) => hectares / total.hectares);
  const cells = strata.map((one) => one.cells);
  const { samples, expectedStandardError } = sizesOfStrata({ weights, users, standardError, cells, least });
  const needed = samples.reduce((sum, count) => sum + count, 0);
  if (needed > MOST_SAMPLES) {
    const [flag, asks] =
      cells.reduce((sum, count) => sum + Math.min(least, count), 0) > MOST_SAMPLES
        ? ["smaller --least", `${least} samples of each stratum are`]
        : ["larger --se", `a standard error of ${standardError} needs`];
    throw new UserError("limit", `${asks} ${needed} samples; ${MOST_SAMPLES} at most`, { hint: `Choose a ${flag}.` });
  }
  return { users, weights, samples, settings: { standardError, expectedStandardError, least } };
}

function usersOf(
  strata: readonly { readonly name: string }[],
  given: number | Readonly<Record<string, number>>,
): readonly number[] {
  if (typeof given === "number") return strata.map(() => given);
  const names = strata.map(({ name }) => name);
  const shares = new Map(Object.entries(given));
  const unknown = [...shares.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, names);
    throw new UserError("usage", `--users: there is no stratum ${JSON.stringify(unknown)}`, {
      hint: `${meant === undefined ? "" : `Did you mean ${JSON.stringify(meant)}? `}The strata are ${names.join(", ")}.`,
    });
  }
  return names.map((name) => shares.get(name) ?? DEFAULT_USERS);
}

function namesOf(map: StratifiedMap, code: number): string[] {
  return map.datesOf(code).map((k) => map.classes[k] ?? NO_LABEL);
}

function rulesOf(map: StratifiedMap, bits: number): string[] {
  return map.rules.filter((_, i) => (bits & (1 << i)) !== 0).map(({ name }) => name);
}

async function describedSamples(map: StratifiedMap, drawn: readonly DrawnCell[]): Promise<AreaDesign["samples"]> {
  const places = await middles(map.info, drawn);
  const digits = String(drawn.length).length;
  const samples: AreaDesign["samples"][number][] = [];
  for (const [i, { stratum, column, row, code, rules }] of drawn.entries()) {
    samples.push({
      ...{ id: `s${String(i + 1).padStart(digits, "0")}`, stratum, column, row },
      ...{ longitude: places?.[2 * i] ?? null, latitude: places?.[2 * i + 1] ?? null },
      ...{ mapped: namesOf(map, code), labels: await labelsAt(map, column, row), rules: rulesOf(map, rules) },
    });
  }
  return samples;
}

async function labelsAt({ labels, classes }: StratifiedMap, column: number, row: number): Promise<string[][] | null> {
  if (labels === undefined) return null;
  const { data } = await labels.reader.read({ window: { leftPx: column, topPx: row, widthPx: 1, heightPx: 1 } });
  return labels.isThere.map((isThere) => classes.filter((_, k) => isThere(data[k])));
}

/** Longitudes and latitudes of the middles of cells, to a tenth of a metre; undefined where nobody can project. */
async function middles(info: RasterInfo, cells: readonly DrawnCell[]): Promise<Float64Array | undefined> {
  const { crs, transform } = info.georeference ?? {};
  const degrees = crsOfEpsg(4326);
  if (crs === undefined || transform === undefined || degrees === undefined) return undefined;
  const points = new Float64Array(2 * cells.length);
  for (const [i, { column, row }] of cells.entries()) points.set(applyTransform(transform, column + 0.5, row + 0.5), 2 * i);
  try {
    (await transformer(crs, degrees))(points);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
  return points.every(Number.isFinite) ? points.map((value) => Math.round(value * 1e6) / 1e6) : undefined;
}

function countedAreas(map: StratifiedMap, count: MapCount): AreaDesign["counted"]["areas"] {
  const ofClasses = map.dates.flatMap((_, date) =>
    map.classes.map((name, k) => {
      const own = [...count.byCode].filter(([code]) => map.datesOf(code)[date] === k).map(([, extent]) => extent);
      const sum = (key: "cells" | "hectares") => own.reduce((all, extent) => all + extent[key], 0);
      return { of: "class" as const, name, date, cells: sum("cells"), hectares: sum("hectares") };
    }),
  );
  const ofLabels = count.byLabel.flatMap((extents, date) =>
    extents.map((extent, k) => ({ of: "label" as const, name: map.classes[k], date, ...extent })),
  );
  const ofRules = map.rules.map(({ name }, i) => ({ of: "rule" as const, name, date: null, ...count.byRule[i] }));
  const ofTransitions = [...count.byCode]
    .filter(([code]) => map.datesOf(code).length > 1)
    .sort(([a], [b]) => a - b)
    .map(([code, extent]) => ({ of: "transition" as const, name: transitionName(namesOf(map, code)), date: null, ...extent }));
  return [...ofClasses, ...ofLabels, ...ofRules, ...ofTransitions];
}

/** The table to fill in. What the map says stands in the stratum alone, which is not needed to answer. */
function sampleCsv({ dates, samples }: AreaDesign): string {
  const labels = labelColumns(dates);
  return formatCsv([
    ["id", "longitude", "latitude", "stratum", ...labels],
    ...samples.map(({ id, longitude, latitude, stratum }) => [
      ...[id, longitude === null ? "" : longitude.toFixed(6), latitude === null ? "" : latitude.toFixed(6), stratum],
      ...labels.map(() => ""),
    ]),
  ]);
}

async function writePictures(
  folder: string,
  map: StratifiedMap,
  scenes: readonly Scene[],
  design: AreaDesign,
  { chipContext, signal, onProgress }: AreaDesignOptions,
): Promise<void> {
  const shown = scenes.map((reader, date): ChipScene => ({ reader, caption: design.dates[date] || (reader.date ?? "scene") }));
  const picture = await chipPictures(map.info, shown, chipContext);
  await mkdir(join(folder, PICTURES_FOLDER));
  let done = 0;
  const total = design.samples.length;
  // Neighbours share blocks of the scenes.
  const byPlace = [...design.samples].sort((a, b) => a.row - b.row || a.column - b.column);
  const written = mapInOrder(byPlace, PICTURES_AT_ONCE, async ({ id, column, row, longitude, latitude }) => {
    throwIfAborted(signal);
    const place = longitude === null || latitude === null ? "" : `   ${longitude.toFixed(5)}, ${latitude.toFixed(5)}`;
    const png = await encodePng(await picture({ column, row, title: `${id}${place}` }));
    await writeFile(join(folder, PICTURES_FOLDER, `${id}.png`), png);
  });
  for await (const _ of written) onProgress?.({ stage: "drawing pictures", done: ++done, total, unit: "samples" });
}
