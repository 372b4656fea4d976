import { existsSync, realpathSync } from "node:fs";
import { basename, resolve } from "node:path";
import { UserError } from "../errors.js";
import { refuseUnwritable, writeFileAtomic } from "../files.js";
import { type ClassifierFile, preprocessOf } from "../model/classifier.js";
import type { PixelFitness } from "../model/pixel-fitness.js";
import { readClassifier } from "../model/read-classifier.js";
import type { WorkOptions } from "../progress.js";
import { encodePng } from "../raster/encode.js";
import type { RasterInfo } from "../raster/reader.js";
import { openScene, type Scene, type SceneInput } from "../raster/scene/open.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { VERSION } from "../version.js";
import { type CellGrid, cellGeoreference, cellsItem } from "./cells.js";
import { type Clip, openClip } from "./clip.js";
import { continued, decideScene, journalPath } from "./decide-scene.js";
import { bandsNeeded, type CellSizes, cellsFor, checkPixels, checkScale, fittingBands } from "./fitness.js";
import type { Journal } from "./journal.js";
import type { MapMode, ModeReport } from "./mode.js";
import { writePolygons } from "./polygon-features.js";
import { type CellCounts, decidedRows, type MapFiles, writeProducts } from "./products.js";
import { type ContentMark, contentMark, markItem, readingOf, sceneItems, sha256 } from "./provenance.js";
import { openQuickLook } from "./quick-look.js";

export interface MapOptions extends WorkOptions, Omit<SceneInput, "bands">, CellSizes {
  readonly classifier: string | ClassifierFile;
  /** The map, `.tif`; its other files stand beside it. */
  readonly out: string;
  /** GeoJSON or GeoPackage: cells whose middle is not inside its polygons have no answer. */
  readonly clip?: string | undefined;
  /**
   * `dense` computes the features of a large window once for all chips in it, where the network allows it; `sliding` runs every chip.
   * Default `auto`: dense where it decides at least 98 % of 400 cells of this scene as sliding does.
   */
  readonly mode?: MapMode | undefined;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly force?: boolean | undefined;
}

export interface MapResult extends ModeReport {
  readonly files: MapFiles;
  readonly columns: number;
  readonly rows: number;
  readonly stridePx: number;
  readonly chipPx: number;
  readonly classes: readonly { readonly name: string; readonly cells: number }[];
  /** Cells on which no label is decided; with one label per image there are none. */
  readonly noLabel: number;
  /** Cells of which too little was measured. */
  readonly noAnswer: number;
  /** Cells outside `clip`. */
  readonly outside: number;
  /** How the scene's numbers become reflectance and what masks it, a line each. */
  readonly notes: readonly string[];
  /** How a sample of the scene's pixels fits those that the classifier was trained on; null where it remembers nothing of them. */
  readonly pixels: PixelFitness | null;
}

/**
 * Maps a scene: a classifier decides every cell by the chip around it. The rows that are done are kept beside the map, so that one
 * that was interrupted goes on; the same command gives the same bytes.
 *
 * @throws UserError `usage`, `not-found`, `bad-file`, `bad-model`, `bad-data` where scene and classifier do not fit, `exists`, `io`,
 *   `aborted`
 */
export async function mapScene(options: MapOptions): Promise<MapResult> {
  const { out, mode = "auto", runtime, force = false, signal, onProgress, onWarning } = options;
  const isResumed = existsSync(journalPath(out));
  refuseExisting(filesOf(out), { force, isResumed });
  const classifier = await readClassifier(options.classifier, { runtime, signal });
  const { manifest } = classifier;
  const preprocess = preprocessOf(manifest, classifier.file);
  const needs = (names: readonly string[]) => bandsNeeded(names, preprocess);
  const metersPerPixel = manifest.pixels?.metersPerPixel ?? undefined;
  const scene = await openScene(options, { needs, metersPerPixel, onWarning, signal });
  try {
    const bands = fittingBands(scene, preprocess, classifier);
    checkScale(scene.info, manifest, classifier.file, onWarning);
    const cells = cellsFor(options, scene.info, manifest, classifier.file);
    const clip = options.clip === undefined ? undefined : await openClip(options.clip, scene.info, onWarning);
    const files = withPolygons(withLabels(filesOf(out), classifier), scene.info, onWarning);
    refuseInputs(files, [...scene.files, classifier.file, ...(clip ? [clip.file] : [])]);
    const pixels = await checkPixels(scene, { bands, manifest, preprocess, signal, onWarning });
    const { wanted, outside } = clip?.cells(cells) ?? EVERYWHERE;
    const hashes = { classifier: sha256(classifier.bytes), scene: await contentMark(scene.files, signal) };
    const inputs = { ...hashes, ...readingOf(scene), clip: clip?.sha256 };
    const mapped = { scene, bands, cells, classes: manifest.classes.length, wanted };
    const decided = await decideScene(mapped, {
      ...{ mode, classifier, preprocess, threads: options.threads, runtime, signal, onProgress, onWarning },
      ...{ out, journal: journalPath(out), inputs },
    });
    const { journal, report } = decided;
    try {
      const written = { classifier, scene, cells, journal, files, hashes, clip, outside, report };
      const counts = await writeMap({ ...options, ...written, force: force || isResumed });
      journal.remove();
      const answers = resultOf(files, cells, manifest.classes, { ...counts, noAnswer: counts.noAnswer - outside });
      return { ...answers, ...report, outside, notes: scene.notes, pixels: pixels ?? null };
    } catch (error) {
      journal.close();
      throw continued(error, journal.rows, cells.rows);
    }
  } finally {
    await scene.close();
  }
}

/** Of a map that is not clipped. */
const EVERYWHERE = { wanted: () => true, outside: 0 };

interface WrittenMap extends Pick<WorkOptions, "signal" | "onWarning"> {
  readonly classifier: ClassifierFile;
  readonly scene: Scene;
  readonly cells: CellGrid;
  readonly journal: Journal;
  readonly files: MapFiles;
  readonly hashes: { readonly classifier: string; readonly scene: ContentMark };
  readonly clip: Clip | undefined;
  /** Cells that are not in it. */
  readonly outside: number;
  readonly report: ModeReport;
  readonly force: boolean;
}

/** Writes everything of a map whose cells are decided; the map itself comes last: where it is, everything is. */
async function writeMap({
  classifier,
  scene,
  cells,
  journal,
  files,
  hashes,
  clip,
  outside,
  report,
  ...work
}: WrittenMap): Promise<CellCounts> {
  const { classes, task } = classifier.manifest;
  const georeference = cellGeoreference(cells, scene.info.georeference);
  const metadata = {
    SIGMAX_VERSION: VERSION,
    SIGMAX_CLASSIFIER: basename(classifier.file),
    SIGMAX_CLASSIFIER_SHA256: hashes.classifier,
    SIGMAX_SCENE: basename(scene.info.file),
    ...markItem("SIGMAX_SCENE", hashes.scene),
    ...sceneItems(scene),
    ...(clip && { SIGMAX_CLIP: basename(clip.file), SIGMAX_CLIP_SHA256: clip.sha256 }),
    SIGMAX_MODE: report.mode,
    ...cellsItem(cells, scene.info),
  };
  const { geojson, parquet } = files;
  if (georeference !== undefined && geojson !== undefined && parquet !== undefined) {
    const rows = decidedRows(classifier, journal.read());
    await writePolygons({ classes, cells, georeference, metadata, rows, files: { geojson, parquet }, ...work });
  }
  const look = openQuickLook({
    ...{ scene, cells, classes, withNoLabel: task === "multilabel" },
    ...{ outside, classifierSha256: hashes.classifier, signal: work.signal },
  });
  const finishLook = async () => writeFileAtomic(files.quickLook, await encodePng(await look.finish()));
  const companions = [{ row: look.row, finish: finishLook }];
  return writeProducts({ classifier, cells, georeference, metadata, journal, files, companions, ...work });
}

function resultOf(
  files: MapFiles,
  cells: CellGrid,
  classes: readonly string[],
  { ofClasses, noLabel, noAnswer }: CellCounts,
): Pick<MapResult, "files" | keyof CellGrid | "classes" | "noLabel" | "noAnswer"> {
  return { files, ...cells, classes: classes.map((name, k) => ({ name, cells: ofClasses[k] })), noLabel, noAnswer };
}

function filesOf(out: string): MapFiles {
  if (!/\.tiff?$/i.test(out)) {
    throw new UserError("usage", `--out ${out}: a map is a GeoTIFF`, {
      hint: "Name it map.tif; its other files stand beside it.",
    });
  }
  const beside = (ending: string) => out.replace(/\.tiff?$/i, `.${ending}`);
  return {
    map: out,
    probabilities: beside("probabilities.tif"),
    certainty: beside("certainty.tif"),
    labels: beside("labels.tif"),
    geojson: beside("geojson"),
    parquet: beside("parquet"),
    quickLook: beside("png"),
  };
}

function withLabels(files: MapFiles, { manifest }: ClassifierFile): MapFiles {
  return manifest.task === "multilabel" ? files : { ...files, labels: undefined };
}

function withPolygons(files: MapFiles, { file, georeference }: RasterInfo, onWarning: WorkOptions["onWarning"]): MapFiles {
  if (georeference !== undefined) return files;
  onWarning?.(`${file} does not say where it lies on the earth: the map gets no polygons`);
  return { ...files, geojson: undefined, parquet: undefined };
}

/** Of a map that was interrupted, files that stand beside it may be there already; the map itself comes last. */
function refuseExisting({ map, ...others }: MapFiles, { force, isResumed }: { force: boolean; isResumed: boolean }): void {
  refuseUnwritable(resolve(map));
  if (force) return;
  const there = [map, ...(isResumed ? [] : Object.values(others))].find((file) => file !== undefined && existsSync(file));
  if (there === undefined) return;
  throw new UserError("exists", `${there}: exists already`, { hint: "Choose another --out, or add --force to replace it." });
}

/** Whatever `force` says: what a map is made of is not to be lost. */
function refuseInputs(files: MapFiles, inputs: readonly string[]): void {
  const placeOf = (file: string) => (existsSync(file) ? realpathSync(file) : resolve(file));
  const places = new Set(inputs.map(placeOf));
  const lost = Object.values(files).find((file) => file !== undefined && places.has(placeOf(file)));
  if (lost === undefined) return;
  throw new UserError("usage", `${lost}: the map is made of this file, and would take its place`, {
    hint: "Choose another --out.",
  });
}
