import { RGB } from "./bands.js";
import { decodeAlpha, readExtras } from "./formats/sharp.js";
import { FORMATS, MAX_IMAGE_PIXELS } from "./formats.js";
import type { Raster } from "./raster.js";

/** How an image lies in its file: what decoding passes over in silence. */
export interface StoredImage {
  /** A name of `FORMATS`. */
  readonly format: string;
  /** 1 to 8 as in EXIF; 1 is upright. */
  readonly orientation: number;
  /** Shares of the pixels that are fully transparent and fully opaque; undefined without an alpha channel. */
  readonly alpha?: { readonly clear: number; readonly opaque: number };
}

/**
 * Tells format, orientation and transparency of an image that `decodeRaster` has read. What cannot be told counts as upright and
 * without transparency: the pixels were read all the same.
 *
 * @param bands how many decoding gave: where there are more than a picture has, the channel that some take for alpha is among them
 */
export async function describeStored(bytes: Uint8Array, { bands }: Pick<Raster, "bands">): Promise<StoredImage> {
  const format = FORMATS.find((row) => row.sniff(bytes))?.name ?? "unknown";
  try {
    const { orientation, hasAlpha } = await readExtras(bytes, MAX_IMAGE_PIXELS);
    if (!hasAlpha || bands.length > RGB.length) return { format, orientation };
    const alpha = await decodeAlpha(bytes, MAX_IMAGE_PIXELS);
    let [clear, opaque] = [0, 0];
    for (const value of alpha) {
      if (value === 0) clear++;
      else if (value === 255) opaque++;
    }
    return { format, orientation, alpha: { clear: clear / alpha.length, opaque: opaque / alpha.length } };
  } catch {
    return { format, orientation: 1 };
  }
}
