import { decode, getBlobInfo, type LercData, load } from "lerc";
import { messageOf } from "../../../errors.js";
import type { CodecReply } from "../../codec-threads.js";
import { LERC_TYPES, type LercBlob } from "./lerc-blob.js";

const OPAQUE = 255;

/** LERC in WebAssembly, for codec threads: the blob's samples `[H, W, S]` in the order of this machine. */
export async function openLerc(): Promise<(bytes: Uint8Array, blob: LercBlob) => CodecReply> {
  await load();
  return (block, blob) => {
    const bytes = block.subarray(0, blob.blobBytes);
    let decoded: LercData;
    try {
      const info = getBlobInfo(bytes);
      const same = info.width === blob.widthPx && info.height === blob.heightPx && info.depthCount === blob.depth;
      if (!same || info.dataType !== blob.type || info.bandCount !== 1) return { damage: "the blob is not what its header says" };
      decoded = decode(bytes, { returnInterleaved: true });
    } catch (error) {
      // Anything else is no verdict on the blob, but the end of the decoder.
      if (error instanceof Error && error.constructor === Error && error.message.includes("error code")) {
        return { damage: messageOf(error) };
      }
      throw error;
    }
    return { bytes: samplesOf(decoded, blob) };
  };
}

/** The mask of a blob is alpha where a band is missing, and NaN in samples that can be NaN. */
function samplesOf({ pixels: [values], mask, validPixelCount }: LercData, blob: LercBlob): Uint8Array<ArrayBuffer> {
  const { widthPx, heightPx, samples, depth, type } = blob;
  const pixels = widthPx * heightPx;
  const isValid = (pixel: number) => validPixelCount > 0 && (mask === null || mask[pixel] !== 0);
  if (depth < samples) {
    const out = new Uint8Array(pixels * samples);
    for (let pixel = 0, from = 0, to = 0; pixel < pixels; pixel++) {
      for (let band = 0; band < depth; band++) out[to++] = values[from++];
      out[to++] = isValid(pixel) ? OPAQUE : 0;
    }
    return out;
  }
  if ((type === LERC_TYPES.float32 || type === LERC_TYPES.float64) && validPixelCount < pixels) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      if (!isValid(pixel)) values.fill(Number.NaN, pixel * depth, (pixel + 1) * depth);
    }
  }
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return bytes.length === values.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
