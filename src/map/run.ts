import { mapInOrder } from "../concurrency.js";
import { UserError } from "../errors.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import { crop } from "../raster/crop.js";
import { measuredShare } from "../raster/measure.js";
import type { Raster } from "../raster/raster.js";
import type { RasterReader } from "../raster/reader.js";
import { release } from "../raster/release.js";
import { bytesPerSample } from "../raster/samples.js";
import type { ImagePool } from "../runtime/image-pool.js";
import { type CellGrid, chipOf, rowsWithin } from "./cells.js";
import { CELL, type CellRow, type Journal } from "./journal.js";

/** Memory for the pixels of the rows that are being decided; as much again is read ahead. */
const WINDOW_BYTES = 32 * 2 ** 20;
/** A chip of which less was measured has no answer. */
export const LEAST_VALID = 0.5;

/** A scene that is being mapped. */
export interface MappedScene {
  readonly scene: RasterReader;
  /** Bands to read, as indices into the scene's. */
  readonly bands: readonly number[];
  readonly cells: CellGrid;
  readonly classes: number;
  /** Decides chips one by one. */
  readonly pool: ImagePool;
  /** Whether a cell is wanted at all. */
  readonly wanted: (column: number, row: number) => boolean;
}

export interface MapRun extends MappedScene, WorkOptions {
  readonly way: Way;
  readonly journal: Journal;
}

/** Pixels of a scene, and where they lie in it. */
export interface Ground {
  readonly leftPx: number;
  readonly topPx: number;
  readonly raster: Raster;
}

/** Cells that are decided together. */
export interface Piece {
  readonly firstRow: number;
  readonly rows: number;
  readonly firstColumn: number;
  readonly columns: number;
}

/** How cells are decided. */
export interface Way {
  /** Cells along a side of a piece; those at the right and lower end of a map are smaller. */
  readonly side: number;
  /** Pieces to keep under way so that no core waits. */
  readonly concurrency: number;
  /** Of a piece with a wanted cell: probabilities `[K]` by row and column; undefined where there is nothing to decide on. @param ground holds the chips of all cells */
  decide(piece: Piece, ground: Ground): Promise<readonly (Float32Array | undefined)[]>;
}

interface StripRows {
  readonly firstRow: number;
  readonly rows: number;
}

interface Strip extends StripRows {
  /** Of the pieces that hold wanted cells; undefined where none does. */
  readonly ground: Ground | undefined;
}

/** Each cell by its own chip; cells at the edge of a scene that share one are decided once. */
export function slidingWay(mapped: MappedScene): Way {
  const row = { topPx: -1, chips: new Map<number, Promise<Float32Array | undefined>>() };
  return {
    side: 1,
    concurrency: mapped.pool.concurrency,
    async decide({ firstRow, firstColumn }, ground) {
      const { leftPx, topPx } = chipOf(mapped.cells, mapped.scene.info, firstColumn, firstRow);
      if (topPx !== row.topPx) Object.assign(row, { topPx, chips: new Map() });
      const answer = row.chips.get(leftPx) ?? decideCell(mapped, ground, firstColumn, firstRow);
      row.chips.set(leftPx, answer);
      return [await answer];
    },
  };
}

/** Decides the rows of cells that the journal does not have yet. @throws UserError what reading the scene throws; `aborted` */
export async function decideCells(run: MapRun): Promise<void> {
  const { cells, journal, classes, way, wanted, signal, onProgress } = run;
  const report = () => {
    onProgress?.({ stage: "map", done: journal.rows * cells.columns, total: cells.rows * cells.columns, unit: "cells" });
  };
  report();
  const decide = async ({ piece, ground }: PlacedPiece) => ({
    piece,
    ground,
    found: ground === undefined || !holdsWanted(piece, wanted) ? [] : await way.decide(piece, ground),
  });
  let rows: CellRow[] = [];
  let used: Ground | undefined;
  for await (const { piece, ground, found } of mapInOrder(piecesOf(run), way.concurrency, decide, signal)) {
    // Pieces come in order: of the strip before, all are decided.
    if (used !== undefined && ground !== used) release(used.raster.data);
    used = ground;
    const { firstRow, firstColumn, columns } = piece;
    if (firstColumn === 0) rows = Array.from({ length: piece.rows }, () => emptyRow(cells.columns, classes));
    found.forEach((probabilities, index) => {
      if (probabilities === undefined) return;
      const row = rows[Math.floor(index / columns)];
      const column = firstColumn + (index % columns);
      row.probabilities.set(probabilities, column * classes);
      row.states[column] = CELL.answered;
    });
    if (firstColumn + columns < cells.columns) continue;
    throwIfAborted(signal);
    // Of rows that were cut off by a kill, the first may be there.
    for (const row of rows.slice(journal.rows - firstRow)) journal.append(row);
    report();
  }
}

function emptyRow(columns: number, classes: number): CellRow {
  return { probabilities: new Float32Array(columns * classes), states: new Uint8Array(columns).fill(CELL.nodata) };
}

interface PlacedPiece {
  readonly piece: Piece;
  readonly ground: Ground | undefined;
}

/** From left to right, from top to bottom; one strip of the scene is decided while the next is read. */
async function* piecesOf(run: MapRun): AsyncGenerator<PlacedPiece> {
  const { cells, way, signal } = run;
  for await (const strip of mapInOrder(stripsOf(run), 2, (rows) => readStrip(run, rows), signal)) {
    const endRow = strip.firstRow + strip.rows;
    for (let firstRow = strip.firstRow; firstRow < endRow; firstRow += way.side) {
      for (let firstColumn = 0; firstColumn < cells.columns; firstColumn += way.side) {
        const rows = Math.min(way.side, endRow - firstRow);
        const columns = Math.min(way.side, cells.columns - firstColumn);
        yield { piece: { firstRow, rows, firstColumn, columns }, ground: strip.ground };
      }
    }
  }
}

function holdsWanted({ firstRow, rows, firstColumn, columns }: Piece, wanted: MapRun["wanted"]): boolean {
  for (let row = firstRow; row < firstRow + rows; row++) {
    for (let column = firstColumn; column < firstColumn + columns; column++) if (wanted(column, row)) return true;
  }
  return false;
}

/** Rows of pixels that are read at once, as many as memory allows. */
function mostRowsPx({ scene: { info }, bands, cells }: Omit<MappedScene, "pool" | "wanted">): number {
  const rowBytes = info.widthPx * bands.length * bytesPerSample(info.dtype);
  return Math.max(cells.chipPx, Math.floor(WINDOW_BYTES / rowBytes));
}

/** Cells along a side of a piece whose pixels are read at once. */
export function mostCells(mapped: Omit<MappedScene, "pool" | "wanted">): number {
  const { chipPx, stridePx } = mapped.cells;
  return Math.floor((mostRowsPx(mapped) - chipPx) / stridePx) + 1;
}

function* stripsOf(run: MapRun): Generator<StripRows> {
  const { cells, journal, way, scene } = run;
  // Pieces always begin at the same rows: where they begin, their last digits change.
  for (let firstRow = journal.rows - (journal.rows % way.side); firstRow < cells.rows; ) {
    const most = rowsWithin(cells, scene.info, firstRow, mostRowsPx(run));
    const rows = firstRow + most < cells.rows ? Math.max(1, Math.floor(most / way.side)) * way.side : most;
    yield { firstRow, rows };
    firstRow += rows;
  }
}

/** From the first piece with a wanted cell to the last one. */
async function readStrip({ scene, bands, cells, wanted, way, signal }: MapRun, strip: StripRows): Promise<Strip> {
  const columns = piecesWanted(cells, strip, way.side, wanted);
  if (columns === undefined) return { ...strip, ground: undefined };
  const first = chipOf(cells, scene.info, columns.first, strip.firstRow);
  const last = chipOf(cells, scene.info, columns.last, strip.firstRow + strip.rows - 1);
  const { leftPx, topPx } = first;
  const window = {
    ...{ leftPx, topPx },
    widthPx: last.leftPx + last.widthPx - leftPx,
    heightPx: last.topPx + last.heightPx - topPx,
  };
  return { ...strip, ground: { leftPx, topPx, raster: await scene.read({ window, bands, signal }) } };
}

/** First and last column of the pieces that hold wanted cells of some rows. */
function piecesWanted(
  { columns }: CellGrid,
  { firstRow, rows }: StripRows,
  side: number,
  wanted: MapRun["wanted"],
): { readonly first: number; readonly last: number } | undefined {
  let [first, last] = [columns, -1];
  for (let row = firstRow; row < firstRow + rows; row++) {
    for (let column = 0; column < first; column++) if (wanted(column, row)) first = column;
    for (let column = columns - 1; column > last; column--) if (wanted(column, row)) last = column;
  }
  if (last < 0) return undefined;
  return { first: first - (first % side), last: Math.min(last - (last % side) + side, columns) - 1 };
}

/** Probabilities of the classes `[K]`; undefined where there is nothing to decide on. */
export async function decideCell(
  { scene, cells, classes, pool, wanted }: MappedScene,
  { raster, leftPx, topPx }: Ground,
  column: number,
  row: number,
): Promise<Float32Array | undefined> {
  if (!wanted(column, row)) return undefined;
  const window = chipOf(cells, scene.info, column, row);
  const { georeference: _, ...chip } = crop(raster, { ...window, leftPx: window.leftPx - leftPx, topPx: window.topPx - topPx });
  if (measuredShare(chip) < LEAST_VALID) return undefined;
  const { final_result: probabilities } = await pool.run(chip, `${scene.info.file}, cell ${column}, ${row}`);
  if (probabilities.length !== classes) {
    throw new UserError("bad-model", `the classifier gives ${probabilities.length} probabilities for ${classes} classes`, {
      hint: "The file is damaged: train it again.",
    });
  }
  return probabilities;
}
