import { promisify } from "node:util";
import zlib from "node:zlib";
import { UserError } from "../../errors.js";

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
/** ZSTD_c_compressionLevel of zstd's interface. */
const ZSTD_LEVEL_PARAMETER = 100;

const deflate = promisify<Uint8Array, zlib.ZlibOptions, Buffer>(zlib.deflate);

type ZstdCompress = (
  bytes: Uint8Array,
  options: { readonly params: Readonly<Record<number, number>> },
  done: (error: Error | null, result: Buffer) => void,
) => void;

/** Looked up by name: the types are those of the oldest Node that is supported, which has no ZSTD. */
function zstdOf(library: object): ZstdCompress | undefined {
  const { zstdCompress } = library as { readonly zstdCompress?: ZstdCompress };
  return zstdCompress;
}

/**
 * The compression of that name.
 *
 * @throws UserError `usage` where this Node has no ZSTD
 */
export function compressionOf(name: CompressionName, library: object = zlib): Compression {
  if (name === "deflate") return { code: 8, compress: (bytes) => deflate(bytes, { level: DEFLATE_LEVEL }) };
  const zstdCompress = zstdOf(library);
  if (zstdCompress === undefined) {
    throw new UserError("usage", `compression zstd: Node ${process.versions.node} cannot write it`, {
      hint: "Use deflate, which every reader knows, or Node 22.15 or newer.",
    });
  }
  const options = { params: { [ZSTD_LEVEL_PARAMETER]: ZSTD_LEVEL } };
  return {
    code: 50000,
    compress: (bytes) =>
      new Promise((resolve, reject) => {
        zstdCompress(bytes, options, (error, result) => (error === null ? resolve(result) : reject(error)));
      }),
  };
}
