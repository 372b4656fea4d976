import { mapInOrder } from "../concurrency.js";
import { UserError } from "../errors.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import { crop } from "../raster/crop.js";
import { measuredShare } from "../raster/measure.js";
import type { Raster } from "../raster/raster.js";
import type { RasterReader } from "../raster/reader.js";
import { bytesPerSample } from "../raster/samples.js";
import type { ImagePool } from "../runtime/image-pool.js";
import { type CellGrid, chipOf, rowsWithin } from "./cells.js";
import { CELL, type Journal } from "./journal.js";

/** Memory for the pixels of the rows that are being decided; as much again is read ahead. */
const WINDOW_BYTES = 48 * 2 ** 20;
/** A chip of which less was measured has no answer. */
const LEAST_VALID = 0.5;

export interface MapRun extends WorkOptions {
  readonly scene: RasterReader;
  /** Bands to read, as indices into the scene's. */
  readonly bands: readonly number[];
  readonly cells: CellGrid;
  readonly classes: number;
  readonly pool: ImagePool;
  readonly journal: Journal;
  /** Whether a cell is wanted at all. */
  readonly wanted: (column: number, row: number) => boolean;
}

interface Strip {
  readonly firstRow: number;
  readonly rows: number;
  readonly topPx: number;
  /** Undefined where no cell is wanted. */
  readonly raster: Raster | undefined;
}

/** Decides the rows of cells that the journal does not have yet. @throws UserError what reading the scene throws; `aborted` */
export async function decideCells(run: MapRun): Promise<void> {
  const { cells, journal, classes, signal, onProgress } = run;
  const report = () => {
    onProgress?.({ stage: "map", done: journal.rows * cells.columns, total: cells.rows * cells.columns, unit: "cells" });
  };
  report();
  // One strip is decided while the next is read.
  for await (const strip of mapInOrder(stripsOf(run), 2, (place) => readStrip(run, place), signal)) {
    for (let row = strip.firstRow; row < strip.firstRow + strip.rows; row++) {
      const probabilities = new Float32Array(cells.columns * classes);
      const states = new Uint8Array(cells.columns);
      const columns = Array.from({ length: cells.columns }, (_, column) => column);
      const decide = async (column: number) => ({ column, found: await decideCell(run, strip, column, row) });
      for await (const { column, found } of mapInOrder(columns, run.pool.concurrency, decide, signal)) {
        if (found !== undefined) probabilities.set(found, column * classes);
        states[column] = found === undefined ? CELL.nodata : CELL.answered;
      }
      throwIfAborted(signal);
      journal.append({ probabilities, states });
      report();
    }
  }
}

function* stripsOf({ scene, bands, cells, journal }: MapRun): Generator<Omit<Strip, "raster">> {
  const { info } = scene;
  const rowBytes = info.widthPx * bands.length * bytesPerSample(info.dtype);
  const mostPx = Math.max(cells.chipPx, Math.floor(WINDOW_BYTES / rowBytes));
  for (let firstRow = journal.rows; firstRow < cells.rows; ) {
    const rows = rowsWithin(cells, info, firstRow, mostPx);
    yield { firstRow, rows, topPx: chipOf(cells, info, 0, firstRow).topPx };
    firstRow += rows;
  }
}

async function readStrip({ scene, bands, cells, wanted }: MapRun, place: Omit<Strip, "raster">): Promise<Strip> {
  if (!isWanted(cells, place, wanted)) return { ...place, raster: undefined };
  const last = chipOf(cells, scene.info, 0, place.firstRow + place.rows - 1);
  const window = {
    leftPx: 0,
    topPx: place.topPx,
    widthPx: scene.info.widthPx,
    heightPx: last.topPx + last.heightPx - place.topPx,
  };
  return { ...place, raster: await scene.read({ window, bands }) };
}

function isWanted({ columns }: CellGrid, { firstRow, rows }: Omit<Strip, "raster">, wanted: MapRun["wanted"]): boolean {
  for (let row = firstRow; row < firstRow + rows; row++) {
    for (let column = 0; column < columns; column++) if (wanted(column, row)) return true;
  }
  return false;
}

/** Probabilities of the classes `[K]`; undefined where there is nothing to decide on. */
async function decideCell(
  { scene, cells, classes, pool, wanted }: MapRun,
  { raster, topPx }: Strip,
  column: number,
  row: number,
): Promise<Float32Array | undefined> {
  if (raster === undefined || !wanted(column, row)) return undefined;
  const window = chipOf(cells, scene.info, column, row);
  const { georeference: _, ...chip } = crop(raster, { ...window, topPx: window.topPx - topPx });
  if (measuredShare(chip) < LEAST_VALID) return undefined;
  const { final_result: probabilities } = await pool.run(chip, `${scene.info.file}, cell ${column}, ${row}`);
  if (probabilities.length !== classes) {
    throw new UserError("bad-model", `the classifier gives ${probabilities.length} probabilities for ${classes} classes`, {
      hint: "The file is damaged: train it again.",
    });
  }
  return probabilities;
}
