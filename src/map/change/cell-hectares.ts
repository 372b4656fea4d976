import { UserError } from "../../errors.js";
import { cellAreas } from "../../raster/geo/cell-area.js";
import type { RasterInfo } from "../../raster/reader.js";
import { type CellGrid, cellGeoreference } from "../cells.js";

/** Hectares of every cell, on the ellipsoid; of those at the edge only what the scene fills. @throws UserError `bad-data` where nobody knows */
export async function cellHectares(
  { file, widthPx, heightPx, georeference }: Pick<RasterInfo, "file" | "widthPx" | "heightPx" | "georeference">,
  cells: CellGrid,
): Promise<Float64Array> {
  const count = { columns: widthPx / cells.stridePx, rows: heightPx / cells.stridePx };
  const areas = await cellAreas(cellGeoreference(cells, georeference), count);
  if (areas.method === "unknown") {
    throw new UserError("bad-data", `${file}: nobody knows how large its cells are: ${areas.why}`, {
      hint: "Bring it to a reference system with a unit: gdalwarp -t_srs EPSG:<code> in.tif out.tif",
    });
  }
  const hectares = new Float64Array(cells.columns * cells.rows);
  for (let row = 0; row < cells.rows; row++) hectares.set(areas.row(row), row * cells.columns);
  return hectares;
}

/** Hectares of a cell that no edge of the scene cuts off, the mean: in degrees they differ with the latitude. Where all are cut off, the largest. */
export function wholeCellHectares(
  hectares: Float64Array,
  { columns, stridePx }: CellGrid,
  { widthPx, heightPx }: Pick<RasterInfo, "widthPx" | "heightPx">,
): number {
  const whole = { columns: Math.floor(widthPx / stridePx), rows: Math.floor(heightPx / stridePx) };
  if (whole.columns === 0 || whole.rows === 0) return largestOf(hectares);
  let sum = 0;
  for (let row = 0; row < whole.rows; row++) {
    for (let column = 0; column < whole.columns; column++) sum += hectares[row * columns + column];
  }
  return sum / (whole.columns * whole.rows);
}

function largestOf(hectares: Float64Array): number {
  return hectares.reduce((most, value) => Math.max(most, value), 0);
}

/** A minimum mapping unit is as large as some cells if it is within this share of them: people write hectares in three or four digits. */
export const UNIT_TOLERANCE = 1e-3;

/** @throws UserError `usage` for a minimum mapping unit that is smaller than the largest cell */
export function checkUnit(unitHectares: number, hectares: Float64Array): void {
  const largest = largestOf(hectares);
  if (unitHectares >= largest * (1 - UNIT_TOLERANCE)) return;
  throw new UserError("usage", `--unit ${unitHectares}: is less than a cell, of ${largest.toPrecision(4)} ha`, {
    hint: "A map shows nothing smaller than its cells: give more hectares, or smaller cells with --stride.",
  });
}
