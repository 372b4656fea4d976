import { decodeAlpha, readExtras } from "./formats/sharp.js";
import { TIFF } from "./formats/tiff.js";
import { FORMATS, MAX_IMAGE_PIXELS } from "./formats.js";
import { openRaster } from "./reader.js";
import { integerRange } from "./samples.js";

/** How an image lies in its file: what decoding passes over in silence. */
export interface StoredImage {
  /** A name of `FORMATS`. */
  readonly format: string;
  /** 1 to 8 as in EXIF; 1 is upright. */
  readonly orientation: number;
  /** Shares of the pixels that are fully transparent and fully opaque; undefined without an alpha channel. */
  readonly alpha?: { readonly clear: number; readonly opaque: number };
}

/** The numbers of a channel of transparency, and the one that is opaque. */
interface Alpha {
  readonly values: ArrayLike<number>;
  readonly full: number;
}

/**
 * Tells format, orientation and transparency of an image that `decodeRaster` has read. What cannot be told counts as upright and
 * without transparency: the pixels were read all the same.
 */
export async function describeStored(bytes: Uint8Array): Promise<StoredImage> {
  const format = FORMATS.find((row) => row.sniff(bytes))?.name ?? "unknown";
  const { orientation, hasAlpha } = await readExtras(bytes, MAX_IMAGE_PIXELS).catch(() => ({ orientation: 1, hasAlpha: false }));
  try {
    const alpha = format === TIFF.name ? await alphaOfTiff(bytes) : hasAlpha ? await alphaOfPicture(bytes) : undefined;
    return { format, orientation, ...(alpha && { alpha: sharesOf(alpha) }) };
  } catch {
    return { format, orientation };
  }
}

async function alphaOfPicture(bytes: Uint8Array): Promise<Alpha> {
  return { values: await decodeAlpha(bytes, MAX_IMAGE_PIXELS), full: 255 };
}

/** A decoder of pictures takes the second or fourth band for alpha, whatever the file calls it. */
async function alphaOfTiff(bytes: Uint8Array): Promise<Alpha | undefined> {
  const reader = await openRaster(bytes, { threads: 0, cacheBytes: 0 });
  try {
    const band = reader.info.bands.findIndex(({ colour }) => colour === "alpha");
    if (band < 0) return undefined;
    const { data, dtype } = await reader.read({ bands: [band], validity: false });
    return { values: data, full: integerRange(dtype)?.[1] ?? 1 };
  } finally {
    await reader.close();
  }
}

function sharesOf({ values, full }: Alpha): NonNullable<StoredImage["alpha"]> {
  let [clear, opaque] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) clear++;
    else if (values[i] === full) opaque++;
  }
  return { clear: clear / values.length, opaque: opaque / values.length };
}
