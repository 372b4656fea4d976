import { BadBlock } from "../bad-block.js";

/** What a LERC blob must hold, so that decoding it takes the memory of its block and no more. */
export interface LercBlob {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Interleaved in the block. */
  readonly samples: number;
  /** Values of a pixel in the blob: one fewer than samples where alpha is in its mask. */
  readonly depth: number;
  /** LERC's number of its type. */
  readonly type: number;
  /** Its length; what follows is not part of it. */
  readonly blobBytes: number;
}

/** LERC's numbers of types of samples as the file stores them. */
export const LERC_TYPES: Readonly<Record<string, number>> = {
  int8: 0,
  uint8: 1,
  int16: 2,
  uint16: 3,
  int32: 4,
  uint32: 5,
  float32: 6,
  float64: 7,
};

const MAGIC = "Lerc2 ";
/** The magic, then the version. */
const FIXED_BYTES = 10;
/** Versions from 3 on have a checksum, from 4 on more than one value in a pixel. */
const CHECKED_VERSION = 3;
const DEEP_VERSION = 4;
const MAX_VERSION = 6;

/**
 * Compares a blob's header with its block, before anything is allocated (Esri, Lerc2.h).
 *
 * @throws BadBlock where they differ
 */
export function checkLercBlob(bytes: Uint8Array, expected: Omit<LercBlob, "depth" | "blobBytes">): LercBlob {
  const { widthPx, heightPx, samples, type } = expected;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (!Array.from(MAGIC, (letter) => letter.charCodeAt(0)).every((code, i) => bytes[i] === code) || bytes.length < 46) {
    throw new BadBlock("no LERC blob");
  }
  const version = view.getInt32(6, true);
  if (version < 1 || version > MAX_VERSION) throw new BadBlock(`a LERC blob of version ${version}; 1 to ${MAX_VERSION} are read`);
  let at = FIXED_BYTES + (version >= CHECKED_VERSION ? 4 : 0);
  const next = () => {
    const value = view.getInt32(at, true);
    at += 4;
    return value;
  };
  const [rows, columns, depth] = [next(), next(), version >= DEEP_VERSION ? next() : 1];
  const [valid, , size, blobType] = [next(), next(), next(), next()];
  if (rows !== heightPx || columns !== widthPx) {
    throw new BadBlock(`the blob is ${columns} × ${rows} pixels, its block ${widthPx} × ${heightPx}`);
  }
  if (blobType !== type) throw new BadBlock(`the blob holds samples of another type (${blobType}) than its image (${type})`);
  const alphaInMask = type === LERC_TYPES.uint8 && samples > 1 && depth === samples - 1;
  if (depth !== samples && !alphaInMask) throw new BadBlock(`the blob has ${depth} bands, its block ${samples}`);
  if (valid < 0 || valid > widthPx * heightPx) throw new BadBlock(`the blob claims ${valid} valid pixels`);
  if (size < at || size > bytes.length) throw new BadBlock(`the blob claims ${size} bytes, its block has ${bytes.length}`);
  return { ...expected, depth, blobBytes: size };
}
