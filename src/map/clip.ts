import { readVector } from "../data/vector/read.js";
import { UserError } from "../errors.js";
import type { WorkOptions } from "../progress.js";
import { coverageOf } from "../raster/geo/coverage.js";
import { spansOf } from "../raster/geo/spans.js";
import type { RasterInfo } from "../raster/reader.js";
import type { PixelWindow } from "../raster/resample.js";
import { type CellGrid, cellWindow } from "./cells.js";
import { enclosing } from "./chip/windows.js";
import { placedLayer } from "./placed-layer.js";

/** The part of a scene that is wanted. */
export interface Clip {
  readonly file: string;
  /** Of the file. */
  readonly sha256: string;
  /**
   * Which cells of a map have their middle in it, and how many do not.
   *
   * @throws UserError `bad-data` where none has
   */
  cells(cells: CellGrid): { readonly wanted: (column: number, row: number) => boolean; readonly outside: number };
  /** Those of the windows that lie wholly in it. */
  windows<T extends PixelWindow>(windows: readonly T[]): readonly T[];
  /** What to say where nothing of a scene is in it. */
  misses(what: string): UserError;
}

/** Lines and rounding may take so much of a window that lies wholly inside. */
const SLACK = 1e-3;

/**
 * Opens a file of polygons as the part of a scene that is wanted.
 *
 * @throws UserError as `readVector` and `placedLayer`
 */
export async function openClip(path: string, scene: RasterInfo, onWarning: WorkOptions["onWarning"]): Promise<Clip> {
  const layer = await readVector(path, { onWarning });
  const { polygons, places } = await placedLayer(layer, scene, () => 0);
  const misses = (what: string) =>
    new UserError("bad-data", `${path}: ${what}: ${places}`, { hint: "Do both show the same place? Give a larger area." });
  return {
    file: path,
    sha256: layer.sha256,
    misses,
    cells(cells) {
      const middle = (column: number, row: number) => {
        const { leftPx, topPx, widthPx, heightPx } = cellWindow(cells, scene, column, row);
        return { x: leftPx + widthPx / 2, y: topPx + heightPx / 2 };
      };
      const ys = Float64Array.from({ length: cells.rows }, (_, row) => middle(0, row).y);
      const xs = Float64Array.from({ length: cells.columns }, (_, column) => middle(column, 0).x);
      const spans = spansOf(polygons, ys, 1);
      const wanted = (column: number, row: number) => spans.holds(0, row, xs[column]);
      let outside = 0;
      for (let row = 0; row < cells.rows; row++) {
        for (let column = 0; column < cells.columns; column++) if (!wanted(column, row)) outside++;
      }
      if (outside === cells.columns * cells.rows) throw misses("the middle of no cell lies in it");
      return { wanted, outside };
    },
    windows(windows) {
      if (windows.length === 0) return windows;
      const covered = coverageOf(polygons, enclosing(windows), 1);
      return windows.filter((window) => covered(window).together >= 1 - SLACK);
    },
  };
}
