import { decodeDeflate } from "./codecs/deflate.js";
import { decodeLzw } from "./codecs/lzw.js";
import { decodeNone } from "./codecs/none.js";
import { decodePackBits } from "./codecs/packbits.js";

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

/** A compression that is read. */
export interface Codec {
  /** Values of the tag Compression. */
  readonly ids: readonly number[];
  readonly name: string;
  /** "samples" are in the order of this machine and without predictor; "bytes" are as a file without compression has them. */
  readonly gives: "bytes" | "samples";
  /**
   * In memory that belongs to the caller.
   *
   * @throws BadBlock
   */
  readonly decode: (bytes: Uint8Array, shape: BlockShape) => Uint8Array | Promise<Uint8Array>;
}

/** A compression that is known by name only. */
interface UnreadCodec {
  readonly ids: readonly number[];
  readonly name: string;
  /** Completes "it is …". */
  readonly unread: "not yet read" | "not read";
}

/** Every known value of the tag Compression. */
export const CODECS: readonly (Codec | UnreadCodec)[] = [
  { ids: [1], name: "none", gives: "bytes", decode: decodeNone },
  { ids: [5], name: "LZW", gives: "bytes", decode: decodeLzw },
  { ids: [8, 32946], name: "Deflate", gives: "bytes", decode: decodeDeflate },
  { ids: [32773], name: "PackBits", gives: "bytes", decode: decodePackBits },
  { ids: [50000], name: "ZSTD", unread: "not yet read" },
  { ids: [34887], name: "LERC", unread: "not yet read" },
  { ids: [7], name: "JPEG", unread: "not yet read" },
  { ids: [50001, 34927], name: "WebP", unread: "not yet read" },
  { ids: [34925], name: "LZMA", unread: "not read" },
  { ids: [2, 3, 4, 32771], name: "CCITT fax", unread: "not read" },
  { ids: [6], name: "old-style JPEG", unread: "not read" },
  { ids: [9, 10, 34661, 34663], name: "JBIG", unread: "not read" },
  { ids: [32809], name: "ThunderScan", unread: "not read" },
  { ids: [34676, 34677], name: "LogLuv", unread: "not read" },
  { ids: [34712, 33003, 33005], name: "JPEG 2000", unread: "not read" },
  { ids: [50002, 52546], name: "JPEG XL", unread: "not read" },
];
