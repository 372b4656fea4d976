import { writeFileSync } from "node:fs";
import { createRandom } from "../src/random.js";
import { crsOfEpsg } from "../src/raster/geo/crs.js";
import { transformer } from "../src/raster/geo/project.js";
import type { Raster } from "../src/raster/raster.js";
import { UTM_18S } from "./utm-18s.js";

export const [WIDTH, HEIGHT, CHIP] = [240, 200, 16];
export const NODATA = 65535;

/** A name, and left, top, right and bottom in pixels of the landscape. */
export type LandBox = readonly [land: string, ...px: readonly number[]];

/** Bright noise to the left of column `border`, dark to the right; a corner of 40 × 40 pixels was not measured. */
export function landscape(
  pixelMeters: number,
  { border = 100, seed = 1, eastMeters = 500_000 }: { border?: number; seed?: number; eastMeters?: number } = {},
): Raster {
  const random = createRandom(seed, "map test");
  const px = WIDTH * HEIGHT;
  const data = Uint16Array.from({ length: 2 * px }, (_, i) => {
    const [x, y] = [i % WIDTH, Math.floor((i % px) / WIDTH)];
    if (x < 40 && y < 40) return NODATA;
    // Not below 0, which would come round as nodata.
    return Math.max(1, Math.round((x < border ? 3000 : 800) + 200 * random.normal()));
  });
  const georeference = { crs: UTM_18S, transform: [eastMeters, pixelMeters, 0, 9_000_000, 0, -pixelMeters] as const };
  return { bands: ["red", "nir"], widthPx: WIDTH, heightPx: HEIGHT, dtype: "uint16", data, nodata: NODATA, georeference };
}

/** Writes rectangles in pixels of the landscape, of 10 m, as GeoJSON in longitude and latitude. */
export async function writePolygons(path: string, boxes: readonly LandBox[]): Promise<string> {
  const toDegrees = await transformer(UTM_18S, crsOfEpsg(4326)!);
  const features = boxes.map(([land, left, top, right, bottom]) => {
    const corners = [left, top, left, bottom, right, bottom, right, top, left, top];
    const points = Float64Array.from(corners, (px, i) => (i % 2 === 0 ? 500_000 + 10 * px : 9_000_000 - 10 * px));
    toDegrees(points);
    const ring = Array.from({ length: corners.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]]);
    return { type: "Feature", properties: { land }, geometry: { type: "Polygon", coordinates: [ring] } };
  });
  writeFileSync(path, JSON.stringify({ type: "FeatureCollection", features }));
  return path;
}
