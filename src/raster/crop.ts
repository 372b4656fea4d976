import type { Raster } from "./raster.js";
import type { PixelWindow } from "./resample.js";
import { newSamples } from "./samples.js";

/**
 * Cuts a rectangle out of every band, sample by sample; the georeference, which no longer holds, is left out.
 * All of a raster is returned as it is.
 *
 * @throws RangeError if the window leaves the raster
 */
export function crop(raster: Raster, { leftPx, topPx, widthPx, heightPx }: PixelWindow): Raster {
  const { georeference: _, ...rest } = raster;
  if (widthPx === raster.widthPx && heightPx === raster.heightPx && leftPx === 0 && topPx === 0) return raster;
  if (leftPx < 0 || topPx < 0 || leftPx + widthPx > raster.widthPx || topPx + heightPx > raster.heightPx) {
    throw new RangeError(
      `${widthPx} × ${heightPx} pixels at ${leftPx}, ${topPx} leave the ${raster.widthPx} × ${raster.heightPx} raster`,
    );
  }
  const data = newSamples(raster.dtype, raster.bands.length * widthPx * heightPx);
  for (let band = 0, o = 0; band < raster.bands.length; band++) {
    for (let y = 0; y < heightPx; y++, o += widthPx) {
      const from = (band * raster.heightPx + topPx + y) * raster.widthPx + leftPx;
      data.set(raster.data.subarray(from, from + widthPx), o);
    }
  }
  return { ...rest, widthPx, heightPx, data };
}
