import { isJpeg2000 } from "../jp2/boxes.js";
import { CONVERT_JP2 } from "../jp2/convert.js";
import { startsWith } from "./header.js";

/** A file that is often met where an image should be, refused by its name. */
export interface ForeignFile {
  /** Completes "this is …". */
  readonly what: string;
  readonly hint: string;
  readonly sniff: (bytes: Uint8Array) => boolean;
}

const CONVERT = "Convert it to JPEG, PNG, WebP or TIFF.";
const MAX_TEXT_BYTES = 1024;

/** Later rows are more general than earlier ones. */
export const FOREIGN_FILES: readonly ForeignFile[] = [
  {
    what: "a Git LFS pointer; the image itself was not fetched",
    hint: "Run `git lfs pull` in its repository.",
    sniff: (bytes) => startsWith(bytes, "version https://git-lfs.github.com/spec/"),
  },
  { what: "an SVG drawing, not pixels", hint: CONVERT, sniff: (bytes) => /<svg[\s>]|<!DOCTYPE svg/i.test(textOf(bytes)) },
  {
    what: "a web page, probably the error page of a failed download",
    hint: "Fetch the image again.",
    sniff: (bytes) => /^\s*<(!doctype html|html|head|body)\b/i.test(textOf(bytes)),
  },
  { what: "a BMP image", hint: CONVERT, sniff: (bytes) => startsWith(bytes, "BM") },
  {
    what: "a HEIC or AVIF image",
    hint: CONVERT,
    sniff: (bytes) => /^ftyp(hei|hev|mif1|msf1|avi)/.test(textOf(bytes.subarray(4))),
  },
  {
    what: "a JPEG 2000 image, which is read as a scene, not as a chip",
    hint: CONVERT_JP2,
    sniff: isJpeg2000,
  },
  { what: "a JPEG XL image", hint: CONVERT, sniff: (bytes) => startsWith(bytes, "JXL ", 4) || startsWith(bytes, [0xff, 0x0a]) },
  { what: "a Photoshop document", hint: CONVERT, sniff: (bytes) => startsWith(bytes, "8BPS") },
  { what: "a PDF document", hint: CONVERT, sniff: (bytes) => startsWith(bytes, "%PDF") },
  { what: "a zip archive", hint: "Unpack it and give the folder.", sniff: (bytes) => startsWith(bytes, "PK\u0003\u0004") },
  {
    what: "an HDF5 or netCDF file",
    hint: CONVERT,
    sniff: (bytes) => startsWith(bytes, [0x89, 0x48, 0x44, 0x46]) || startsWith(bytes, "CDF"),
  },
  { what: "a NITF image", hint: CONVERT, sniff: (bytes) => startsWith(bytes, "NITF") },
  { what: "text, not an image", hint: "Give the image itself.", sniff: (bytes) => /^[\t\n\r\x20-\x7e]+$/.test(textOf(bytes)) },
];

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, MAX_TEXT_BYTES));
}
