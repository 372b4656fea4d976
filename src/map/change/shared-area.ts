import { messageOf, UserError } from "../../errors.js";
import { type Crs, crsOfEpsg, sameCrs } from "../../raster/geo/crs.js";
import { type Extent, extentOfPoints } from "../../raster/geo/place-polygons.js";
import { checkProjectable, transformer } from "../../raster/geo/project.js";
import { applyTransform } from "../../raster/geo/transform.js";
import type { Grid } from "../../raster/grid.js";
import type { RasterReader } from "../../raster/reader.js";
import type { PixelWindow } from "../../raster/resample.js";
import { mappingOf } from "../../raster/warp.js";
import { extentWords } from "../placed-layer.js";
import type { ComparedScene } from "./comparable.js";

/** A scene and where it is. */
export interface PlacedScene {
  readonly scene: ComparedScene & RasterReader;
  readonly grid: Grid;
}

/** Points along each side of a scene that are looked at: sides are bent in another reference system. */
const ALONG = 32;
/** Edges that lie this near to each other are one. */
const TOLERANCE_PX = 1e-3;

/**
 * The whole pixels of one scene's grid that lie in the box around every scene.
 *
 * @throws UserError `bad-data` where there are none, naming where each scene lies; and for reference systems that cannot be projected
 */
export async function sharedWindow(base: PlacedScene, placed: readonly PlacedScene[]): Promise<PixelWindow> {
  let [left, top, right, bottom] = [0, 0, base.grid.widthPx, base.grid.heightPx];
  for (const one of placed) {
    if (one === base) continue;
    const covered = await coveredBy(one, base);
    // Rows count downwards: the bottom of an extent is the least of them.
    left = Math.max(left, Math.ceil((covered?.left ?? Number.POSITIVE_INFINITY) - TOLERANCE_PX));
    top = Math.max(top, Math.ceil((covered?.bottom ?? Number.POSITIVE_INFINITY) - TOLERANCE_PX));
    right = Math.min(right, Math.floor((covered?.right ?? 0) + TOLERANCE_PX));
    bottom = Math.min(bottom, Math.floor((covered?.top ?? 0) + TOLERANCE_PX));
  }
  if (left < right && top < bottom) return { leftPx: left, topPx: top, widthPx: right - left, heightPx: bottom - top };
  throw new UserError("bad-data", `the scenes show different places: ${await whereWords(placed)}`, {
    hint: "Give scenes of the same place. If they are, the reference system or corner of one is wrong: gdal_translate -a_srs EPSG:<code> -a_ullr <left> <top> <right> <bottom> in.tif out.tif",
  });
}

/** The box around a scene in pixels of another; undefined where it has no place in its system. */
async function coveredBy({ scene, grid }: PlacedScene, base: PlacedScene): Promise<Extent | undefined> {
  const points = borderOf(grid);
  try {
    (await mappingOf(grid, base.grid))(points);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { code, hint } = error;
    const message = `${scene.info.file}: cannot be brought to the grid of ${base.scene.info.file}: ${messageOf(error)}`;
    throw new UserError(code, message, { cause: error, ...(hint !== undefined && { hint }) });
  }
  return extentOfPoints([points]);
}

/** [column, row, column, row, …] all around a grid. */
function borderOf({ widthPx, heightPx }: Grid): Float64Array {
  const points: number[] = [];
  for (let step = 0; step <= ALONG; step++) {
    const [x, y] = [(widthPx * step) / ALONG, (heightPx * step) / ALONG];
    points.push(x, 0, x, heightPx, 0, y, widthPx, y);
  }
  return Float64Array.from(points);
}

const WGS84 = 4326;

/** Where scenes lie: "a.tif reaches from -74.6, -8.5 to -74.4, -8.3; b.tif from …, in longitude and latitude". */
export async function whereWords(placed: readonly PlacedScene[]): Promise<string> {
  const degrees = crsOfEpsg(WGS84);
  const inDegrees = degrees !== undefined && placed.every(({ grid }) => isProjectable(grid.crs, degrees)) ? degrees : undefined;
  const words: string[] = [];
  for (const { scene, grid } of placed) {
    const points = borderOf(grid);
    for (let at = 0; at < points.length; at += 2) points.set(applyTransform(grid.transform, points[at], points[at + 1]), at);
    if (inDegrees !== undefined && grid.crs !== undefined) (await transformer(grid.crs, inDegrees))(points);
    words.push(`${scene.info.file} reaches ${extentWords(extentOfPoints([points]), inDegrees === undefined ? 0 : 4)}`);
  }
  return `${words.join("; ")}, in ${inDegrees === undefined ? "coordinates of each" : "longitude and latitude"}`;
}

function isProjectable(from: Crs | undefined, to: Crs): boolean {
  if (sameCrs(from, to)) return true;
  try {
    checkProjectable(from, to);
    return true;
  } catch {
    return false;
  }
}
