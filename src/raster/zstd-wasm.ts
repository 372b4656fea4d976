import { Zstd } from "@hpcc-js/wasm-zstd";
import type { CodecReply } from "./codec-threads.js";

/**
 * ZSTD in WebAssembly, for codec threads. A damaged or cut frame comes back short; what goes beyond `mostBytes` is left out. Memory is
 * bounded by that and by the window of the frame, of which more than 128 MiB are refused.
 */
export async function openZstd(): Promise<{
  decompress: (bytes: Uint8Array, options: { readonly mostBytes: number }) => CodecReply;
  compress: (bytes: Uint8Array, options: { readonly level: number }) => CodecReply;
}> {
  const zstd = await Zstd.load();
  return {
    decompress(bytes, { mostBytes }) {
      zstd.reset();
      return { bytes: own(zstd.decompressChunk(bytes, mostBytes)) };
    },
    compress: (bytes, { level }) => ({ bytes: own(zstd.compress(bytes, level)) }),
  };
}

/** A copy unless it has its memory for itself. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  return buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length ? new Uint8Array(buffer) : new Uint8Array(bytes);
}
