import { placedTransform } from "./geo/transform.js";
import type { Raster } from "./raster.js";
import type { PixelWindow } from "./resample.js";
import { newSamples } from "./samples.js";

/**
 * Cuts a rectangle out of every band, sample by sample, and of what is valid; the georeference is shifted with it.
 * All of a raster is returned as it is.
 *
 * @throws RangeError if the window leaves the raster
 */
export function crop(raster: Raster, { leftPx, topPx, widthPx, heightPx }: PixelWindow): Raster {
  if (widthPx === raster.widthPx && heightPx === raster.heightPx && leftPx === 0 && topPx === 0) return raster;
  if (leftPx < 0 || topPx < 0 || leftPx + widthPx > raster.widthPx || topPx + heightPx > raster.heightPx) {
    throw new RangeError(
      `${widthPx} × ${heightPx} pixels at ${leftPx}, ${topPx} leave the ${raster.widthPx} × ${raster.heightPx} raster`,
    );
  }
  const cut = <T extends Raster["data"]>(from: T, planes: number, into: T): T => {
    for (let row = 0; row < planes * heightPx; row++) {
      const start = (Math.floor(row / heightPx) * raster.heightPx + topPx + (row % heightPx)) * raster.widthPx + leftPx;
      into.set(from.subarray(start, start + widthPx) as T, row * widthPx);
    }
    return into;
  };
  const { bands, valid, georeference } = raster;
  return {
    ...raster,
    widthPx,
    heightPx,
    data: cut(raster.data, bands.length, newSamples(raster.dtype, bands.length * widthPx * heightPx)),
    ...(valid && { valid: cut(valid, 1, new Uint8Array(widthPx * heightPx)) }),
    ...(georeference && {
      georeference: { ...georeference, transform: placedTransform(georeference.transform, { leftPx, topPx }) },
    }),
  };
}
