import { shownBands } from "./picture.js";
import type { Raster } from "./raster.js";
import type { RasterReader } from "./reader.js";
import { readReduced } from "./reduced.js";
import { resize } from "./resample.js";

/**
 * The one or three bands of a raster file that a picture shows, in pixels of a picture: means where it is smaller than the file, repeated
 * pixels where it is larger. Memory goes with the size of the picture.
 *
 * @throws UserError what reading throws; `aborted`
 */
export async function readShown(
  reader: RasterReader,
  {
    widthPx,
    heightPx,
    signal,
  }: { readonly widthPx: number; readonly heightPx: number; readonly signal?: AbortSignal | undefined },
): Promise<Raster> {
  const { bands: all } = reader.info;
  const names = shownBands(all.filter(({ colour }) => colour !== "alpha").map(({ name }) => name));
  const bands = names.map((name) => all.findIndex((band) => band.name === name));
  const reduced = await readReduced(reader, { bands, widthPx, heightPx, signal });
  return resize(reduced, { widthPx, heightPx, interpolation: "nearest" });
}
