import { UserError } from "../errors.js";
import { toBands } from "./bands.js";
import { encodeInterleaved, type InterleavedPixels } from "./formats/sharp.js";
import { shownBands, toPicture } from "./picture.js";
import type { Raster } from "./raster.js";
import { resize } from "./resample.js";

const THUMBNAIL_QUALITY = 80;

/** PNG bytes of a grey or colour raster of 8 or 16 bits. @throws UserError `bad-data` for any other raster */
export function encodePng(raster: Raster): Promise<Uint8Array> {
  return encodeInterleaved(interleave(raster), { as: "png" });
}

/**
 * PNG bytes of an 8-bit colour raster that can be seen through.
 *
 * @param alpha `[H, W]`: 0 is not there, 255 hides all behind it
 * @throws UserError `bad-data` for any other raster
 */
export function encodeTransparentPng(raster: Raster, alpha: Uint8Array): Promise<Uint8Array> {
  if (raster.dtype !== "uint8" || raster.bands.length !== 3) throw notShowable(raster);
  const { data, ...size } = interleave(raster);
  const out = new Uint8Array(4 * alpha.length);
  for (let i = 0, o = 0, s = 0; i < alpha.length; i++, o += 4, s += 3) {
    out[o] = data[s];
    out[o + 1] = data[s + 1];
    out[o + 2] = data[s + 2];
    out[o + 3] = alpha[i];
  }
  return encodeInterleaved({ ...size, channels: 4, data: out }, { as: "png" });
}

/** JPEG bytes of a grey or colour raster, 16 bits shown as 8; quality 1 to 100. @throws UserError `bad-data` for any other raster */
export function encodeJpeg(raster: Raster, quality: number): Promise<Uint8Array> {
  return encodeInterleaved(interleave(toEightBit(raster)), { as: "jpeg", quality });
}

/** A small picture for reports, as a `data:` URI: the longer side at most `px`, never enlarged; of any bands, see {@link toPicture}. */
export async function thumbnail(raster: Raster, px: number): Promise<string> {
  const { jpeg } = await thumbnailJpeg(raster, px);
  return `data:image/jpeg;base64,${Buffer.from(jpeg).toString("base64")}`;
}

/** The bytes of a {@link thumbnail} and its size. */
export async function thumbnailJpeg(
  raster: Raster,
  px: number,
): Promise<{ readonly widthPx: number; readonly heightPx: number; readonly jpeg: Uint8Array }> {
  const scale = Math.min(1, px / Math.max(raster.widthPx, raster.heightPx));
  const widthPx = Math.max(1, Math.round(raster.widthPx * scale));
  const heightPx = Math.max(1, Math.round(raster.heightPx * scale));
  return {
    widthPx,
    heightPx,
    jpeg: await encodeJpeg(
      toPicture(resize(toBands(raster, shownBands(raster.bands)), { widthPx, heightPx })),
      THUMBNAIL_QUALITY,
    ),
  };
}

/** The whole image as a square of 8-bit red, green and blue. */
export function squareTile(raster: Raster, px: number): Raster {
  return toPicture(resize(toBands(raster, shownBands(raster.bands)), { widthPx: px, heightPx: px }));
}

function toEightBit(raster: Raster): Raster {
  if (raster.dtype !== "uint16") return raster;
  return { ...raster, dtype: "uint8", data: Uint8Array.from(raster.data, (value) => Math.round(value / 257)) };
}

function interleave({ bands, widthPx, heightPx, dtype, data }: Raster): InterleavedPixels {
  const channels = bands.length;
  if ((dtype !== "uint8" && dtype !== "uint16") || (channels !== 1 && channels !== 3)) {
    throw notShowable({ bands, dtype });
  }
  const planePx = widthPx * heightPx;
  const out = dtype === "uint8" ? new Uint8Array(data.length) : new Uint16Array(data.length);
  for (let band = 0, s = 0; band < channels; band++) {
    for (let p = 0, o = band; p < planePx; p++, s++, o += channels) out[o] = data[s];
  }
  return { widthPx, heightPx, channels, data: out };
}

function notShowable({ bands, dtype }: Pick<Raster, "bands" | "dtype">): UserError {
  return new UserError("bad-data", `${bands.length} bands of ${dtype} cannot be shown as an image`, {
    hint: "Pick one or three bands of 8 or 16 bits.",
  });
}
