import type { VectorFeature, VectorLayer } from "../data/vector/layer.js";
import { UserError } from "../errors.js";
import { type Extent, extentOfPoints, polygonPlacer } from "../raster/geo/place-polygons.js";
import type { PlacedPolygon } from "../raster/geo/spans.js";
import { gridOf } from "../raster/grid.js";
import type { RasterInfo } from "../raster/reader.js";

/** Polygons of a file in pixels of a scene. */
export interface PlacedLayer {
  /** At least one. */
  readonly polygons: readonly PlacedPolygon[];
  /** Where the two lie, for a sentence that says they do not meet. */
  readonly places: string;
}

/** Points of all polygons on a scene. */
const MOST_POINTS = 30_000_000;

/**
 * Puts the polygons of a file on a scene.
 *
 * @param standsFor what a feature stands for; undefined to leave it out
 * @throws UserError `bad-data` where they lie elsewhere, naming both extents, or where either lies nowhere; `limit`
 */
export async function placedLayer(
  { file, crs, features }: VectorLayer,
  scene: RasterInfo,
  standsFor: (feature: VectorFeature) => number | undefined,
): Promise<PlacedLayer> {
  const { extent, place } = await polygonPlacer(crs, gridOf(scene), { from: file, to: scene.file });
  const polygons: PlacedPolygon[] = [];
  let points = 0;
  for (const feature of features) {
    const value = standsFor(feature);
    if (value === undefined) continue;
    for (const rings of feature.polygons.flatMap(place)) {
      polygons.push({ value, rings });
      points += rings.reduce((sum, ring) => sum + ring.length / 2, 0);
    }
    if (points > MOST_POINTS) {
      throw new UserError("limit", `${file}: has more than ${MOST_POINTS} points on ${scene.file}`, {
        hint: "Simplify it: ogr2ogr -simplify <tolerance> out.geojson in.geojson",
      });
    }
  }
  const own = extentOfPoints(ringsOf(features));
  const decimals = crs.kind === "geographic" ? 5 : 0;
  const places = `its polygons reach ${extentWords(own, decimals)}, ${scene.file} ${extentWords(extent, decimals)} (${crs.name})`;
  if (polygons.length === 0) {
    throw new UserError("bad-data", `${file}: lies elsewhere: ${places}`, {
      hint: "Do both show the same place? Is the reference system of both right?",
    });
  }
  return { polygons, places };
}

function* ringsOf(features: readonly VectorFeature[]): Generator<Float64Array> {
  for (const { polygons } of features) for (const rings of polygons) yield* rings;
}

/** "from west, south to east, north". */
export function extentWords(extent: Extent | undefined, decimals: number): string {
  if (extent === undefined) return "nowhere";
  const { left, bottom, right, top } = extent;
  const [west, south, east, north] = [left, bottom, right, top].map((number) => String(Number(number.toFixed(decimals))));
  return `from ${west}, ${south} to ${east}, ${north}`;
}
