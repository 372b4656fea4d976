import { UserError } from "../../errors.js";
import type { Raster, RasterDType } from "../raster.js";

/** What the first bytes of an image say, read before anything is decoded or allocated. */
export interface ImageHeader {
  readonly widthPx: number;
  readonly heightPx: number;
  /** How the pixels are stored; CMYK becomes red, green, blue. "bands" are measurements, and no picture. */
  readonly colour: "grey" | "rgb" | "cmyk" | "bands";
  /** Names of the bands after decoding; any further stored channel is transparency and dropped. */
  readonly bands: readonly string[];
  readonly dtype: RasterDType;
}

/** The header of a picture: what cameras and painting programs write. */
export interface PictureHeader extends ImageHeader {
  readonly colour: "grey" | "rgb" | "cmyk";
  readonly dtype: "uint8" | "uint16";
}

/** One image format: a row of the table of formats. `H` is what its header says. */
export interface ImageFormat<H extends ImageHeader = ImageHeader> {
  readonly name: string;
  /** With the dot, lower case. */
  readonly extensions: readonly string[];
  /** Whether the bytes start as this format does; the extension is never believed. */
  readonly sniff: (bytes: Uint8Array) => boolean;
  /**
   * Reads the header and finds what a decoder would miss or take for harmless.
   *
   * @throws UserError `bad-file` naming the file
   */
  check(bytes: Uint8Array, file: string): H | Promise<H>;
  /**
   * Decodes what was checked.
   *
   * @throws UserError `bad-file`
   */
  decode(bytes: Uint8Array, header: H, limits: { readonly file: string; readonly maxPixels: number }): Promise<Raster>;
}

/** The error of an image that is not what its format promises. */
export function damaged(file: string, what: string): UserError {
  return new UserError("bad-file", `${file}: ${what}`, { hint: "Fetch or export the image again, or leave it out." });
}

/** Whether the bytes at `offset` are these; numbers are byte values, text is Latin-1. */
export function startsWith(bytes: Uint8Array, start: string | readonly number[], offset = 0): boolean {
  const expected = typeof start === "string" ? Array.from(start, (letter) => letter.charCodeAt(0)) : start;
  return expected.every((byte, index) => bytes[offset + index] === byte);
}

/** A view for reading numbers of more than one byte. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
