import { UserError } from "../errors.js";
import { FOREIGN_FILES } from "./formats/foreign.js";
import { GIF } from "./formats/gif.js";
import { damaged, type ImageFormat, type ImageHeader } from "./formats/header.js";
import { JPEG } from "./formats/jpeg.js";
import { PNG } from "./formats/png.js";
import { TIFF } from "./formats/tiff.js";
import { WEBP } from "./formats/webp.js";
import type { Raster } from "./raster.js";

/** Every image format that sigmax reads, told apart by their first bytes. */
export const FORMATS: readonly ImageFormat[] = [JPEG, PNG, WEBP, TIFF, GIF];

/** Extensions under which images are looked for in a folder: lower case, with the dot. */
export const IMAGE_EXTENSIONS: readonly string[] = FORMATS.flatMap((format) => format.extensions);

/** The most pixels of one image unless told otherwise. */
export const MAX_IMAGE_PIXELS = 50e6;
/** The most bytes of one image file: check before reading it. */
export const MAX_IMAGE_BYTES = 512 * 2 ** 20;
/** The longest side of an image. */
const MAX_SIDE_PX = 65_535;

/** How an image is read. */
export interface DecodeOptions {
  /** Names the image in errors. */
  readonly file: string;
  readonly maxPixels?: number;
}

/**
 * Decodes one image. One rule for training and prediction: EXIF orientation applied, colour profiles ignored, transparency
 * dropped, CMYK made red, green, blue, the first frame of an animation, the first page of a TIFF. Grey stays one band; numbers stay as
 * they are stored, with their type.
 *
 * @throws UserError `bad-file` for anything damaged, cut off or of another format; `limit` for too many pixels or bytes
 */
export async function decodeRaster(bytes: Uint8Array, { file, maxPixels = MAX_IMAGE_PIXELS }: DecodeOptions): Promise<Raster> {
  const { format, header } = await checkedFormat(bytes, { file, maxPixels });
  return format.decode(bytes, header, { file, maxPixels });
}

/**
 * Reads what an image's first bytes say, without decoding it.
 *
 * @throws UserError as `decodeRaster`, for what can be seen without decoding
 */
export async function checkImage(bytes: Uint8Array, options: DecodeOptions): Promise<ImageHeader> {
  const { header } = await checkedFormat(bytes, options);
  return header;
}

async function checkedFormat(bytes: Uint8Array, { file, maxPixels = MAX_IMAGE_PIXELS }: DecodeOptions) {
  if (bytes.length === 0) throw damaged(file, "the file is empty");
  if (bytes.length > MAX_IMAGE_BYTES) throw tooLarge(file, `${bytes.length} bytes, the limit is ${MAX_IMAGE_BYTES}`);
  const format = FORMATS.find((row) => row.sniff(bytes));
  if (format === undefined) {
    const foreign = FOREIGN_FILES.find((row) => row.sniff(bytes));
    throw new UserError("bad-file", `${file}: this is ${foreign?.what ?? "not an image that sigmax knows"}`, {
      hint: foreign?.hint ?? `Images are ${FORMATS.map((row) => row.name).join(", ")}.`,
    });
  }
  const header = await format.check(bytes, file);
  const { widthPx, heightPx } = header;
  if (widthPx < 1 || heightPx < 1) throw damaged(file, `the ${format.name} says that it is ${widthPx} × ${heightPx} pixels`);
  if (widthPx * heightPx > maxPixels || Math.max(widthPx, heightPx) > MAX_SIDE_PX) {
    throw tooLarge(file, `${widthPx} × ${heightPx} pixels, the limit is ${maxPixels / 1e6} million and ${MAX_SIDE_PX} a side`);
  }
  return { format, header };
}

function tooLarge(file: string, what: string): UserError {
  return new UserError("limit", `${file}: too large: ${what}`, { hint: "Cut the image into smaller ones, or raise the limit." });
}
