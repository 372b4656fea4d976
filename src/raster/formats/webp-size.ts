import { startsWith, viewOf } from "./header.js";

/** What the first chunk of a WebP says. */
export interface WebpSize {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly animated: boolean;
}

/** Bit of VP8X that says "several frames". */
const ANIMATED = 0x02;

/** Where each kind of first chunk keeps the size (RFC 9649). */
const SIZES: Readonly<Record<string, (view: DataView) => [widthPx: number, heightPx: number]>> = {
  "VP8 ": (view) => [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff],
  VP8L: (view) => [(view.getUint32(21, true) & 0x3fff) + 1, ((view.getUint32(21, true) >>> 14) & 0x3fff) + 1],
  VP8X: (view) => [(view.getUint32(24, true) & 0xffffff) + 1, (view.getUint32(26, true) >>> 8) + 1],
};

export function isWebp(bytes: Uint8Array): boolean {
  return startsWith(bytes, "RIFF") && startsWith(bytes, "WEBP", 8);
}

/** The size of a WebP, or what is wrong with it. */
export function webpSize(bytes: Uint8Array): WebpSize | string {
  if (bytes.length < 30) return "the WebP ends within its header";
  const view = viewOf(bytes);
  if (view.getUint32(4, true) + 8 > bytes.length) {
    return `the WebP is cut off: it has ${bytes.length} of ${view.getUint32(4, true) + 8} bytes`;
  }
  const kind = String.fromCharCode(...bytes.subarray(12, 16));
  const size = SIZES[kind];
  if (size === undefined) return "the WebP does not begin with pixels";
  const [widthPx, heightPx] = size(view);
  return { widthPx, heightPx, animated: kind === "VP8X" && (bytes[20] & ANIMATED) !== 0 };
}
