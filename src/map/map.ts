import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../errors.js";
import { refuseUnwritable, writeFileAtomic } from "../files.js";
import { type ClassifierFile, preprocessOf } from "../model/classifier.js";
import { readClassifier } from "../model/read-classifier.js";
import type { WorkOptions } from "../progress.js";
import { encodePng } from "../raster/encode.js";
import { openRaster, type RasterInfo, type RasterReader } from "../raster/reader.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { VERSION } from "../version.js";
import { type CellGrid, cellGeoreference, cellGrid } from "./cells.js";
import { bandsFor, checkScale } from "./fitness.js";
import { type Journal, openJournal } from "./journal.js";
import { chooseWay, type MapMode, type ModeReport } from "./mode.js";
import { writePolygons } from "./polygon-features.js";
import { type CellCounts, decidedRows, type MapFiles, writeProducts } from "./products.js";
import { openQuickLook } from "./quick-look.js";
import { decideCells } from "./run.js";

export interface MapOptions extends WorkOptions {
  readonly classifier: string | ClassifierFile;
  /** Path of a GeoTIFF. */
  readonly scene: string;
  /** The map, `.tif`; its other files stand beside it. */
  readonly out: string;
  /** Side of a cell in pixels of the scene. Default that of a chip. */
  readonly stridePx?: number | undefined;
  /** Side of a chip in pixels of the scene. Default that of the chips which the classifier was trained on. */
  readonly chipPx?: number | undefined;
  /**
   * `dense` computes the features of a large window once for all chips in it, where the network allows it; `sliding` runs every chip.
   * Default `auto`: dense where it decides at least 98 % of 400 cells of this scene as sliding does.
   */
  readonly mode?: MapMode | undefined;
  /** Names of the scene's bands in their order, where the file does not say them. */
  readonly bandNames?: readonly string[] | undefined;
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
  readonly noAnswer: number;
}

/**
 * Maps a scene: a classifier decides every cell by the chip around it. The rows that are done are kept beside the map, so that one
 * that was interrupted goes on; the same command gives the same bytes.
 *
 * @throws UserError `usage`, `not-found`, `bad-file`, `bad-model`, `bad-data` where scene and classifier do not fit, `exists`, `io`,
 *   `aborted`
 */
export async function mapScene(options: MapOptions): Promise<MapResult> {
  const { scene: path, out, mode = "auto", runtime, force = false, signal, onProgress, onWarning } = options;
  const isResumed = existsSync(journalPath(out));
  refuseExisting(filesOf(out), { force, isResumed });
  const classifier = await readClassifier(options.classifier, { runtime, signal });
  const { manifest } = classifier;
  const preprocess = preprocessOf(manifest, classifier.file);
  const scene = await openRaster(path, { bandNames: options.bandNames, onWarning });
  try {
    const bands = bandsFor(scene.info, preprocess, classifier.file);
    checkScale(scene.info, manifest, classifier.file, onWarning);
    const cells = gridOfCells(options, scene.info, manifest, classifier.file);
    const hashes = { classifier: sha256(classifier.bytes), scene: await sha256OfFile(path) };
    const files = withPolygons(withLabels(filesOf(out), classifier), scene.info, onWarning);
    const classes = manifest.classes.length;
    const chosen = await chooseWay(
      { scene, bands, cells, classes, wanted: () => true },
      { ...options, mode, classifier, preprocess },
    );
    const { mapped, way, report } = chosen;
    const decidedBy = { ...hashes, ...cells, bands, runtime, mode: report.mode, version: VERSION };
    let journal: Journal | undefined;
    try {
      const fingerprint = sha256(Buffer.from(JSON.stringify(decidedBy)));
      journal = openJournal({ path: journalPath(out), fingerprint, columns: cells.columns, classes });
      await decideCells({ ...mapped, way, journal, signal, onProgress }).finally(chosen.close);
      const written = { classifier, scene, cells, journal, files, hashes, report };
      const counts = await writeMap({ ...options, ...written, force: force || isResumed });
      journal.remove();
      return { ...resultOf(files, cells, manifest.classes, counts), ...report };
    } catch (error) {
      await chosen.close();
      journal?.close();
      throw error;
    }
  } finally {
    await scene.close();
  }
}

interface WrittenMap extends Pick<WorkOptions, "signal" | "onWarning"> {
  readonly classifier: ClassifierFile;
  readonly scene: RasterReader;
  readonly cells: CellGrid;
  readonly journal: Journal;
  readonly files: MapFiles;
  readonly hashes: Readonly<Record<"classifier" | "scene", string>>;
  readonly report: ModeReport;
  readonly force: boolean;
}

/** Writes everything of a map whose cells are decided; the map itself comes last: where it is, everything is. */
async function writeMap({ classifier, scene, cells, journal, files, hashes, report, ...work }: WrittenMap): Promise<CellCounts> {
  const { classes, task } = classifier.manifest;
  const georeference = cellGeoreference(cells, scene.info.georeference);
  const { geojson, parquet } = files;
  if (georeference !== undefined && geojson !== undefined && parquet !== undefined) {
    const rows = decidedRows(classifier, journal.read());
    await writePolygons({ classes, cells, georeference, rows, files: { geojson, parquet }, ...work });
  }
  const look = openQuickLook({
    ...{ scene, cells, classes, withNoLabel: task === "multilabel" },
    ...{ classifierSha256: hashes.classifier, signal: work.signal },
  });
  const finishLook = async () => writeFileAtomic(files.quickLook, await encodePng(await look.finish()));
  const metadata = {
    SIGMAX_VERSION: VERSION,
    SIGMAX_CLASSIFIER: basename(classifier.file),
    SIGMAX_CLASSIFIER_SHA256: hashes.classifier,
    SIGMAX_SCENE: basename(scene.info.file),
    SIGMAX_SCENE_SHA256: hashes.scene,
    SIGMAX_MODE: report.mode,
  };
  const companions = [{ row: look.row, finish: finishLook }];
  return writeProducts({ classifier, cells, georeference, metadata, journal, files, companions, ...work });
}

function resultOf(files: MapFiles, cells: CellGrid, classes: readonly string[], counts: CellCounts): Omit<MapResult, "mode"> {
  const { ofClasses, noLabel, noAnswer } = counts;
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

/** Rows that are done stand beside the map, hidden. */
function journalPath(out: string): string {
  const target = resolve(out);
  return join(dirname(target), `.${basename(target)}.cells`);
}

/** Of a map that was interrupted, files that stand beside it may be there already; the map itself comes last. */
function refuseExisting({ map, ...others }: MapFiles, { force, isResumed }: { force: boolean; isResumed: boolean }): void {
  refuseUnwritable(resolve(map));
  if (force) return;
  const there = [map, ...(isResumed ? [] : Object.values(others))].find((file) => file !== undefined && existsSync(file));
  if (there === undefined) return;
  throw new UserError("exists", `${there}: exists already`, { hint: "Choose another --out, or add --force to replace it." });
}

function gridOfCells(
  { chipPx, stridePx, scene }: MapOptions,
  info: { readonly widthPx: number; readonly heightPx: number },
  { pixels }: ClassifierFile["manifest"],
  file: string,
): CellGrid {
  const size = chipPx ?? pixels?.chipPx;
  if (size === undefined) {
    throw new UserError("usage", `${file}: does not say how large the chips were that it was trained on`, {
      hint: "Give --chip <pixels of the scene>.",
    });
  }
  if (size > info.widthPx || size > info.heightPx) {
    throw new UserError("bad-data", `${scene}: ${info.widthPx} × ${info.heightPx} pixels hold no chip of ${size} px`, {
      hint: "Give a larger scene, or --chip.",
    });
  }
  return cellGrid(info, { chipPx: size, stridePx: stridePx ?? size });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Larger files are told apart by size and time of change: reading them twice would take minutes. */
const HASHED_BYTES = 8 * 2 ** 30;

async function sha256OfFile(path: string): Promise<string> {
  const { size, mtimeMs } = statSync(path);
  const hash = createHash("sha256");
  if (size > HASHED_BYTES) return hash.update(`${size} ${mtimeMs}`).digest("hex");
  for await (const piece of createReadStream(path)) hash.update(piece as Uint8Array);
  return hash.digest("hex");
}
