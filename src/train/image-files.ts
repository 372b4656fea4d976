import { readWholeFile } from "../files.js";
import { decodeRaster, MAX_IMAGE_BYTES } from "../raster/formats.js";
import type { Raster } from "../raster/raster.js";

/** An image on disk. */
export interface NamedFile {
  /** Names it in messages. */
  readonly file: string;
  readonly path: string;
}

/** Errors that concern one image and leave the others alone. */
export const IMAGE_ERRORS: ReadonlySet<string> = new Set(["not-found", "bad-file", "bad-data", "limit", "numeric"]);

/**
 * Reads an encoded image whole.
 *
 * @throws UserError `not-found`, `bad-file` or `limit`
 */
export function readImageFile(path: string, file = path): Uint8Array {
  return readWholeFile(path, { maxBytes: MAX_IMAGE_BYTES, file });
}

/** Reads and decodes one image file. @throws UserError as `readImageFile` and `decodeRaster` */
export async function readRaster(path: string, file = path): Promise<Raster> {
  return decodeRaster(readImageFile(path, file), { file });
}
