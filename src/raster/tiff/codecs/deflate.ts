import { promisify } from "node:util";
import { constants, inflate } from "node:zlib";
import { messageOf } from "../../../errors.js";
import { BadBlock } from "../bad-block.js";

const inflateBytes = promisify(inflate);

/** zlib gives its output in pieces of this size at most; one piece of the exact size saves a copy. */
const MOST_CHUNK_BYTES = 1 << 26;
const LEAST_CHUNK_BYTES = 64;

/**
 * Deflate in a zlib envelope (RFC 1950). A stream that ends early comes back short.
 *
 * @throws BadBlock where the stream is damaged, or would give more than `fullBytes`: nothing beyond is inflated
 */
export async function decodeDeflate(bytes: Uint8Array, { fullBytes }: { fullBytes: number }): Promise<Uint8Array> {
  try {
    return await inflateBytes(bytes, {
      maxOutputLength: fullBytes,
      chunkSize: Math.min(fullBytes + LEAST_CHUNK_BYTES, MOST_CHUNK_BYTES),
      finishFlush: constants.Z_SYNC_FLUSH,
    });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw new BadBlock(`inflates to more than its ${fullBytes} bytes`, { cause: error });
    }
    throw new BadBlock(`no Deflate stream: ${messageOf(error)}`, { cause: error });
  }
}
