import { compiledFile } from "../compiled.js";
import { mapInOrder } from "../concurrency.js";
import type { ClassifierFile } from "../model/classifier.js";
import { type DenseAxis, type DenseForm, type DensePlaces, denseForm, largestBytes, placesOf } from "../onnx/dense.js";
import { readModel, writeModel } from "../onnx/index.js";
import type { Hindrance } from "../onnx/places.js";
import { crop } from "../raster/crop.js";
import { type Preprocess, placement } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import type { PixelWindow, ResizeOptions } from "../raster/resample.js";
import { incompletePixels } from "../raster/values.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { type SharedModel, sharedModel } from "../runtime/shared-model.js";
import { openThreadPool } from "../runtime/thread-pool.js";
import { type CellGrid, chipOf } from "./cells.js";
import { decideCell, type Ground, LEAST_VALID, type MappedScene, mostCells, type Piece, type Way } from "./run.js";

/** Of the largest tensor that a window may need; a network holds a few of them at once. */
const TENSOR_BYTES = 32 * 2 ** 20;
const MOST_SIDE = 32;
/** Pixels computed for a window ÷ pixels of its chips: from here on, windows are not worth it. */
const LEAST_SHARING = 0.6;

/** What a worker thread is given when it starts. */
export interface DenseWorkerData extends Omit<DensePlaces, "ofWindow"> {
  readonly model: SharedModel;
  readonly preprocess: Preprocess;
  readonly runtime: RuntimeChoice;
}

/** One window of a scene and the chips in it. */
export interface DenseRequest extends Pick<DensePlaces, "ofWindow"> {
  readonly window: Raster;
  /** What it becomes: the network's input of all chips. */
  readonly size: ResizeOptions;
  readonly rows: DenseAxis;
  readonly columns: DenseAxis;
  readonly file: string;
}

/** What is known of a cell before it is decided. */
export const GROUND = { unmeasured: 0, incomplete: 1, complete: 2 } as const;

/** Cells whose chips overlap, decided by features of the window that holds them. */
export interface DenseWay extends Way {
  /** `GROUND` of each cell of a piece; those that are complete are decided by the window, the others by their own chips. */
  groundOf(piece: Piece, ground: Ground): Uint8Array;
  close(): Promise<void>;
}

export interface DenseWayOptions {
  readonly classifier: ClassifierFile;
  readonly preprocess: Preprocess;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** @returns the reason where a classifier or the cells do not allow it */
export async function openDenseWay(mapped: MappedScene, options: DenseWayOptions): Promise<DenseWay | Hindrance> {
  const { cells } = mapped;
  const { classifier, preprocess, threads, runtime = "auto", onWarning } = options;
  if (cells.stridePx >= cells.chipPx) return { why: "chips do not overlap" };
  const form = denseForm(readModel(classifier.bytes, { file: classifier.file }));
  if ("why" in form) return form;
  const side = sideOf(form, mapped, preprocess);
  if (sharing(cells, side) > LEAST_SHARING)
    return { why: `chips of ${cells.chipPx} px every ${cells.stridePx} px overlap too little` };

  const { maps } = form;
  const workerData: DenseWorkerData = {
    ...{ model: sharedModel(writeModel(form.model)), preprocess, runtime },
    ...{ maps, ofChip: placesOf(form, form.chip) },
  };
  const pool = await openThreadPool<DenseRequest, Float32Array>({
    file: compiledFile("./dense-worker.js", import.meta.url),
    workerData,
    name: "a mapping thread",
    threads,
    requests: Math.ceil(cells.columns / side) * Math.ceil(cells.rows / side),
    onWarning,
  });
  const frame = inputFrame(form, preprocess, cells);
  return {
    side,
    concurrency: 2 * pool.threads,
    groundOf: (piece, ground) => groundOfCells(mapped, piece, cutOut(mapped, piece, ground)),
    close: pool.close,
    async decide(piece, ground) {
      const cut = cutOut(mapped, piece, ground);
      const states = groundOfCells(mapped, piece, cut);
      const window = states.includes(GROUND.complete) ? pool.run(frame(cut), ownMemory(cut, ground)) : undefined;
      const alone = [...states.keys()].filter((cell) => states[cell] === GROUND.incomplete);
      const answers: (Float32Array | undefined)[] = Array.from(states, () => undefined);
      const decide = async (cell: number) => ({ cell, answer: await decideCell(mapped, ground, ...placeIn(piece, cell)) });
      window?.catch(() => {}); // thrown again below
      for await (const { cell, answer } of mapInOrder(alone, mapped.pool.concurrency, decide)) answers[cell] = answer;
      const probabilities = await window;
      for (const [cell, state] of states.entries()) {
        if (state !== GROUND.complete) continue;
        answers[cell] = probabilities?.subarray(cell * mapped.classes, (cell + 1) * mapped.classes);
      }
      return answers;
    },
  };
}

/** Column and row of a cell of a piece. */
export function placeIn({ firstRow, firstColumn, columns }: Piece, cell: number): [column: number, row: number] {
  return [firstColumn + (cell % columns), firstRow + Math.floor(cell / columns)];
}

/** The pixels that hold the chips of a piece. */
export function groundWindow({ cells, scene: { info } }: MappedScene, piece: Piece): PixelWindow {
  const { leftPx, topPx } = chipOf(cells, info, piece.firstColumn, piece.firstRow);
  const last = chipOf(cells, info, piece.firstColumn + piece.columns - 1, piece.firstRow + piece.rows - 1);
  return { leftPx, topPx, widthPx: last.leftPx + cells.chipPx - leftPx, heightPx: last.topPx + cells.chipPx - topPx };
}

/** A window and where its chips begin. */
interface CutOut {
  readonly window: Raster;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
  readonly file: string;
}

function cutOut(mapped: MappedScene, piece: Piece, ground: Ground): CutOut {
  const { cells, scene } = mapped;
  const place = groundWindow(mapped, piece);
  const { georeference: _, ...window } = crop(ground.raster, {
    ...place,
    ...{ leftPx: place.leftPx - ground.leftPx, topPx: place.topPx - ground.topPx },
  });
  const rows = Array.from({ length: piece.rows }, (_, i) => chipOf(cells, scene.info, 0, piece.firstRow + i).topPx - place.topPx);
  const columns = Array.from(
    { length: piece.columns },
    (_, i) => chipOf(cells, scene.info, piece.firstColumn + i, 0).leftPx - place.leftPx,
  );
  return { window, rows, columns, file: `${scene.info.file}, cells from ${piece.firstColumn}, ${piece.firstRow} on` };
}

/** Of what was cut out; what is all of the ground is still read. */
function ownMemory({ window: { data, valid } }: CutOut, { raster }: Ground): ArrayBuffer[] {
  if (data === raster.data) return [];
  return [data, ...(valid ? [valid] : [])].flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []));
}

/** Resizes windows as the preprocessing resizes chips. */
function inputFrame(form: DenseForm, preprocess: Preprocess, { chipPx }: CellGrid): (cut: CutOut) => DenseRequest {
  const { interpolation } = preprocess;
  const chip = placement({ widthPx: chipPx, heightPx: chipPx }, preprocess);
  const part = chip.window ?? { leftPx: 0, topPx: 0, ...chip };
  const places = new Map<string, DensePlaces["ofWindow"]>();
  return ({ window, rows, columns, file }) => {
    const [heightPx, widthPx] = [window.heightPx * chip.heightPx, window.widthPx * chip.widthPx].map((px) =>
      Math.round(px / chipPx),
    );
    const axis = (starts: readonly number[], scale: number, chipLength: number): DenseAxis => {
      const placed = starts.map((start) => start * scale);
      return { starts: placed, lengthPx: Math.floor(placed[placed.length - 1] + chipLength + 1e-6) };
    };
    const request = {
      rows: axis(rows, heightPx / window.heightPx, part.heightPx),
      columns: axis(columns, widthPx / window.widthPx, part.widthPx),
    };
    const [height, width] = [request.rows.lengthPx, request.columns.lengthPx];
    const key = `${height} ${width}`;
    const ofWindow = places.get(key) ?? placesOf(form, [height, width]);
    places.set(key, ofWindow);
    const cut = { leftPx: part.leftPx, topPx: part.topPx, widthPx: width, heightPx: height };
    return { ...request, window, size: { widthPx, heightPx, interpolation, window: cut }, ofWindow, file };
  };
}

/** As many cells as memory allows: the larger a window, the less of it is computed twice. */
function sideOf(form: DenseForm, mapped: MappedScene, preprocess: Preprocess): number {
  const { chipPx, stridePx, columns, rows } = mapped.cells;
  const scale = placement({ widthPx: chipPx, heightPx: chipPx }, preprocess).widthPx / chipPx;
  let side = Math.max(1, Math.min(MOST_SIDE, mostCells(mapped), Math.max(columns, rows)));
  const added = () => Math.ceil((side - 1) * stridePx * scale);
  while (side > 1 && largestBytes(form, [form.chip[0] + added(), form.chip[1] + added()]) > TENSOR_BYTES) side--;
  return side;
}

/** Pixels of a window ÷ pixels of all its chips. */
function sharing({ chipPx, stridePx }: CellGrid, side: number): number {
  return ((chipPx + (side - 1) * stridePx) / (side * chipPx)) ** 2;
}

function groundOfCells({ cells: { chipPx }, wanted }: MappedScene, piece: Piece, { window, rows, columns }: CutOut): Uint8Array {
  const incomplete = countsOf(window, incompletePixels(window));
  const unmeasured = countsOf(
    window,
    window.valid?.map((valid) => 1 - valid),
  );
  return Uint8Array.from({ length: piece.rows * piece.columns }, (_, cell) => {
    if (!wanted(...placeIn(piece, cell))) return GROUND.unmeasured;
    const [top, left] = [rows[Math.floor(cell / piece.columns)], columns[cell % piece.columns]];
    if (1 - unmeasured(left, top, chipPx) / chipPx ** 2 < LEAST_VALID) return GROUND.unmeasured;
    return incomplete(left, top, chipPx) > 0 ? GROUND.incomplete : GROUND.complete;
  });
}

/** Counts the marks in squares of a raster, by a table of sums (Crow 1984). */
function countsOf(
  { widthPx, heightPx }: Raster,
  marks: Uint8Array | undefined,
): (left: number, top: number, side: number) => number {
  if (marks === undefined || !marks.includes(1)) return () => 0;
  const across = widthPx + 1;
  const sums = new Uint32Array(across * (heightPx + 1));
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0, row = 0; x < widthPx; x++) {
      row += marks[y * widthPx + x];
      sums[(y + 1) * across + x + 1] = sums[y * across + x + 1] + row;
    }
  }
  return (left, top, side) => {
    const [from, to] = [top * across + left, (top + side) * across + left];
    return sums[to + side] - sums[to] - sums[from + side] + sums[from];
  };
}
