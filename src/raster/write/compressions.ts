import { promisify } from "node:util";
import zlib from "node:zlib";
import { zstdCompress } from "../zstd.js";

/** How blocks are compressed. */
export type CompressionName = "deflate" | "zstd";

interface Compression {
  /** Value of TIFF's Compression tag. */
  readonly code: number;
  readonly compress: (bytes: Uint8Array) => Promise<Uint8Array>;
}

/** Fixed, so that the same pixels give the same bytes. */
const DEFLATE_LEVEL = 6;
const ZSTD_LEVEL = 9;

const deflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflate);

const COMPRESSIONS: Readonly<Record<CompressionName, Compression>> = {
  deflate: { code: 8, compress: (bytes) => deflate(bytes, { level: DEFLATE_LEVEL }) },
  zstd: { code: 50000, compress: (bytes) => zstdCompress(bytes, ZSTD_LEVEL) },
};

/** The compression of that name. */
export function compressionOf(name: CompressionName): Compression {
  return COMPRESSIONS[name];
}
