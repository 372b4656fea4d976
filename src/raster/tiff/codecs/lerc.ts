import { inCodecThread } from "../../codec-threads.js";
import { BadBlock } from "../bad-block.js";
import type { BlockShape, Decode, StoredPixels } from "../codecs.js";
import { decodeDeflate } from "./deflate.js";
import { checkLercBlob, LERC_TYPES } from "./lerc-blob.js";
import { decodeZstd } from "./zstd.js";

type Bytes = Pick<BlockShape, "neededBytes" | "mostBytes">;

/** What is around the blob, by the second value of the tag LercParameters. */
const AROUND: Readonly<Record<number, ((bytes: Uint8Array, shape: Bytes) => Promise<Uint8Array>) | undefined>> = {
  0: async (bytes) => bytes,
  1: decodeDeflate,
  2: decodeZstd,
};

/** A blob is larger than its samples where they do not compress: by masks, and a few bytes for each of its small blocks. */
const BLOB_SURPLUS_BYTES = 1 << 16;

/** LERC (Esri), which may be compressed once more with Deflate or ZSTD. */
export function bindLerc({ stored, lercCompression }: StoredPixels): Decode | { readonly unread: string } {
  const type = LERC_TYPES[stored];
  if (type === undefined) return { unread: `LERC of ${stored}` };
  const around = AROUND[lercCompression];
  if (around === undefined) return { unread: `LERC within compression ${lercCompression} (tag 50674)` };
  return async (bytes, { widthPx, heightPx, samples, mostBytes }) => {
    const mostBlobBytes = 2 * mostBytes + BLOB_SURPLUS_BYTES;
    const blob = await around(bytes, { neededBytes: Math.min(mostBytes, mostBlobBytes), mostBytes: mostBlobBytes });
    const checked = checkLercBlob(blob, { widthPx, heightPx, samples, type });
    const reply = await inCodecThread({ name: "lerc", bytes: blob, options: checked }, mostBlobBytes);
    if ("damage" in reply) throw new BadBlock(reply.damage);
    return reply.bytes;
  };
}
