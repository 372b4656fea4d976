import { GREY, RGB } from "../bands.js";
import { damaged, type ImageFormat, type PictureHeader, startsWith, viewOf } from "./header.js";
import { decodePicture } from "./picture.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const IHDR_END = 33;

/** Legal bit depths and the colour of each PNG colour type (PNG specification, 11.2.1). */
const COLOUR_TYPES: Readonly<Record<number, { colour: "grey" | "rgb"; bits: readonly number[] }>> = {
  0: { colour: "grey", bits: [1, 2, 4, 8, 16] },
  2: { colour: "rgb", bits: [8, 16] },
  3: { colour: "rgb", bits: [1, 2, 4, 8] },
  4: { colour: "grey", bits: [8, 16] },
  6: { colour: "rgb", bits: [8, 16] },
};

/** PNG; 16-bit samples are kept as they are. */
export const PNG: ImageFormat<PictureHeader> = {
  name: "PNG",
  extensions: [".png"],
  sniff: (bytes) => startsWith(bytes, SIGNATURE),
  check(bytes, file) {
    const header = readHeader(bytes, file);
    checkChunks(bytes, file);
    return header;
  },
  decode: decodePicture,
};

function readHeader(bytes: Uint8Array, file: string): PictureHeader {
  if (bytes.length < IHDR_END) throw damaged(file, "the PNG ends within its header");
  const view = viewOf(bytes);
  if (view.getUint32(8) !== 13 || !startsWith(bytes, "IHDR", 12)) throw damaged(file, "the PNG does not begin with its header");
  if (view.getUint32(29) !== crc32(bytes.subarray(12, 29))) throw damaged(file, "the checksum of the PNG header is wrong");
  const [depth, type, compression, filter, interlace] = bytes.subarray(24, 29);
  const kind = COLOUR_TYPES[type];
  if (!kind?.bits.includes(depth)) throw damaged(file, `colour type ${type} with ${depth} bits is not legal in PNG`);
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw damaged(file, `compression ${compression}, filter ${filter}, interlace ${interlace} are not legal in PNG`);
  }
  return {
    widthPx: view.getUint32(16),
    heightPx: view.getUint32(20),
    colour: kind.colour,
    bands: kind.colour === "grey" ? GREY : RGB,
    dtype: depth === 16 ? "uint16" : "uint8",
  };
}

/** Every chunk lies within the file and the last is IEND: a file cut anywhere fails here, before decoding. */
function checkChunks(bytes: Uint8Array, file: string): void {
  const view = viewOf(bytes);
  for (let offset = 8; ; ) {
    if (offset + 12 > bytes.length) throw damaged(file, "the PNG is cut off: it has no end marker");
    const length = view.getUint32(offset);
    if (offset + 12 + length > bytes.length) throw damaged(file, `the PNG is cut off within the block at byte ${offset}`);
    if (startsWith(bytes, "IEND", offset + 4)) return;
    offset += 12 + length;
  }
}

/** CRC-32 (ISO 3309) bit by bit: only the 17 bytes of a header go through it. */
function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}
