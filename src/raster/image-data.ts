import { RGB } from "./bands.js";
import type { Raster } from "./raster.js";

/** The pixels of a canvas, as the browser's `ImageData` holds them: interleaved red, green, blue, alpha. */
export interface ImagePixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/**
 * A colour raster from canvas pixels; alpha is dropped, as in every image that sigmax reads.
 *
 * @throws RangeError if the data do not hold width × height × 4 samples
 */
export function rasterFromImageData({ data, width, height }: ImagePixels): Raster {
  if (data.length !== width * height * 4) throw new RangeError(`${data.length} samples are not ${width} × ${height} RGBA pixels`);
  const planes = new Uint8Array(width * height * 3);
  for (let i = 0, red = 0, green = width * height, blue = 2 * green; i < data.length; i += 4) {
    planes[red++] = data[i];
    planes[green++] = data[i + 1];
    planes[blue++] = data[i + 2];
  }
  return { bands: RGB, widthPx: width, heightPx: height, dtype: "uint8", data: planes };
}
