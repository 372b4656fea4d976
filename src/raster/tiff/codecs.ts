import { decodeDeflate } from "./codecs/deflate.js";
import { bindJpeg } from "./codecs/jpeg.js";
import { bindLerc } from "./codecs/lerc.js";
import { decodeLzw } from "./codecs/lzw.js";
import { decodeNone } from "./codecs/none.js";
import { decodePackBits } from "./codecs/packbits.js";
import { bindWebp } from "./codecs/webp.js";
import { decodeZstd } from "./codecs/zstd.js";

/** What a decoder may know of its block. */
export interface BlockShape {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Interleaved in this block: 1 where bands lie apart. */
  readonly samples: number;
  readonly bits: number;
  /** What is used of a decoded block. */
  readonly neededBytes: number;
  /** What it may have: rows below the lower edge of the image may be stored too. No less than `neededBytes`. */
  readonly mostBytes: number;
  /** Whether to decode on the calling thread. */
  readonly isInline?: boolean;
}

/** What an image says of all its blocks, for codecs that know pixels. */
export interface StoredPixels {
  /** "uint8", "float32" */
  readonly stored: string;
  /** Interleaved in a block. */
  readonly samples: number;
  /** The tag Photometric. */
  readonly photometric: number;
  /** The tag JPEGTables. */
  readonly tables: Uint8Array | undefined;
  /** The second value of the tag LercParameters. */
  readonly lercCompression: number;
}

/**
 * Gives samples or bytes in memory that belongs to the caller.
 *
 * @throws BadBlock
 */
export type Decode = (bytes: Uint8Array, shape: BlockShape) => Uint8Array | Promise<Uint8Array>;

/** A compression that is read. */
export interface Codec {
  /** Values of the tag Compression. */
  readonly ids: readonly number[];
  readonly name: string;
  /** "bytes" may have a predictor, "samples" have none. Either is in the order of the file, LERC's too (libtiff 4.5 swaps around it). */
  readonly gives: "bytes" | "samples";
  /** Whether its streams have an order of bits that the tag FillOrder does not change. */
  readonly ownBitOrder?: true;
  readonly decode: Decode;
}

/** A compression of pixels rather than bytes: what is read of it hangs on the image. */
interface PixelCodec extends Omit<Codec, "decode"> {
  readonly gives: "samples";
  readonly bind: (pixels: StoredPixels) => Decode | { readonly unread: string };
}

/** A compression that is known by name only. */
interface UnreadCodec {
  readonly ids: readonly number[];
  readonly name: string;
  readonly unread: true;
}

/** Every known value of the tag Compression. */
export const CODECS: readonly (Codec | PixelCodec | UnreadCodec)[] = [
  { ids: [1], name: "none", gives: "bytes", decode: decodeNone },
  { ids: [5], name: "LZW", gives: "bytes", decode: decodeLzw },
  { ids: [8, 32946], name: "Deflate", gives: "bytes", decode: decodeDeflate },
  { ids: [32773], name: "PackBits", gives: "bytes", decode: decodePackBits },
  { ids: [50000], name: "ZSTD", gives: "bytes", decode: decodeZstd },
  { ids: [34887], name: "LERC", gives: "samples", bind: bindLerc },
  { ids: [7], name: "JPEG", gives: "samples", ownBitOrder: true, bind: bindJpeg },
  { ids: [50001, 34927], name: "WebP", gives: "samples", bind: bindWebp },
  { ids: [34925], name: "LZMA", unread: true },
  { ids: [2, 3, 4, 32771], name: "CCITT fax", unread: true },
  { ids: [6], name: "old-style JPEG", unread: true },
  { ids: [9, 10, 34661, 34663], name: "JBIG", unread: true },
  { ids: [32809], name: "ThunderScan", unread: true },
  { ids: [34676, 34677], name: "LogLuv", unread: true },
  { ids: [34712, 33003, 33005], name: "JPEG 2000", unread: true },
  { ids: [50002, 52546], name: "JPEG XL", unread: true },
];

/** Whether blocks of this compression are read, of some images at least. */
export function isReadCompression(id: number): boolean {
  return CODECS.some((codec) => !("unread" in codec) && codec.ids.includes(id));
}
