import { RGB } from "../bands.js";
import { damaged, type ImageFormat, type PictureHeader, startsWith, viewOf } from "./header.js";
import { decodePicture } from "./picture.js";

/** Where each kind of first chunk keeps the size (RFC 9649). */
const SIZES: Readonly<Record<string, (view: DataView) => [widthPx: number, heightPx: number]>> = {
  "VP8 ": (view) => [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff],
  VP8L: (view) => [(view.getUint32(21, true) & 0x3fff) + 1, ((view.getUint32(21, true) >>> 14) & 0x3fff) + 1],
  VP8X: (view) => [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1],
};

/** WebP; the first frame of an animation. */
export const WEBP: ImageFormat<PictureHeader> = {
  name: "WebP",
  extensions: [".webp"],
  sniff: (bytes) => startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8),
  check(bytes, file) {
    if (bytes.length < 30) throw damaged(file, "the WebP ends within its header");
    const view = viewOf(bytes);
    if (view.getUint32(4, true) + 8 > bytes.length) {
      throw damaged(file, `the WebP is cut off: it has ${bytes.length} of ${view.getUint32(4, true) + 8} bytes`);
    }
    const kind = String.fromCharCode(...bytes.subarray(12, 16));
    const size = SIZES[kind];
    if (size === undefined) throw damaged(file, "the WebP does not begin with pixels");
    const [widthPx, heightPx] = size(view);
    return { widthPx, heightPx, colour: "rgb", bands: RGB, dtype: "uint8" };
  },
  decode: decodePicture,
};
