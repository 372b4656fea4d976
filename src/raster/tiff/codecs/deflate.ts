import { promisify } from "node:util";
import { constants, inflate, inflateSync } from "node:zlib";
import { messageOf } from "../../../errors.js";
import { BadBlock } from "../bad-block.js";

const inflateBytes = promisify(inflate);

/** zlib gives its output in pieces of this size at most; one piece of the exact size saves a copy. */
const MOST_CHUNK_BYTES = 1 << 26;
const LEAST_CHUNK_BYTES = 64;
/** To hand a smaller block over to another thread takes longer than to inflate it. */
const LEAST_HANDED_BYTES = 1 << 14;
/** Some writers leave a few bytes behind those of the block. */
const SURPLUS_BYTES = 4096;

/**
 * Deflate in a zlib envelope (RFC 1950). A stream that ends early comes back short.
 *
 * @throws BadBlock where the stream is damaged, or gives far more than `mostBytes`: nothing beyond is inflated
 */
export async function decodeDeflate(
  bytes: Uint8Array,
  { neededBytes, mostBytes, isInline = false }: { neededBytes: number; mostBytes: number; isInline?: boolean },
): Promise<Uint8Array> {
  try {
    const options = {
      maxOutputLength: mostBytes + SURPLUS_BYTES,
      chunkSize: Math.min(neededBytes + LEAST_CHUNK_BYTES, MOST_CHUNK_BYTES),
      finishFlush: constants.Z_SYNC_FLUSH,
    };
    if (isInline || neededBytes < LEAST_HANDED_BYTES) return inflateSync(bytes, options);
    return await inflateBytes(bytes, options);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw new BadBlock(`inflates to more than its ${mostBytes} bytes`, { cause: error });
    }
    throw new BadBlock(`no Deflate stream: ${messageOf(error)}`, { cause: error });
  }
}
