import { messageOf, UserError } from "../../errors.js";
import type { Raster } from "../raster.js";
import { HOST_LITTLE } from "../samples.js";
import { BadBlock } from "./bad-block.js";
import type { TiffImage } from "./check.js";
import type { BlockPlace } from "./layout.js";
import { rowBytes } from "./samples.js";

/**
 * Decodes one block: samples as `[rows, width, bands that lie together]`.
 *
 * @param bytes the block as stored, in memory that may be written to
 * @param isInline whether on the calling thread
 * @throws UserError `bad-file` naming file and block
 */
export async function decodeBlock(
  image: TiffImage,
  { index, rows }: BlockPlace,
  bytes: Uint8Array,
  { isInline }: { isInline: boolean },
): Promise<Raster["data"]> {
  const { grid, format, codec, predictor } = image;
  const samples = grid.planes === 1 ? image.samples : 1;
  const length = grid.widthPx * samples;
  const bytesPerRow = rowBytes(length, format.bits);
  const expected = rows * bytesPerRow;
  try {
    if (image.bitsReversed) reverseBits(bytes);
    const shape = {
      widthPx: grid.widthPx,
      heightPx: rows,
      samples,
      bits: format.bits,
      neededBytes: expected,
      mostBytes: image.mostBytes,
      isInline,
    };
    const decoded = await codec.decode(bytes, shape);
    if (decoded.length < expected) throw new BadBlock(`ends after ${decoded.length} of ${expected} bytes`);
    const whole = aligned(decoded.subarray(0, expected));
    if (image.directory.little !== HOST_LITTLE && (predictor?.swapped ?? true)) swapBytes(whole, format.bits);
    predictor?.undo(whole, { rows, length, stride: samples, bits: format.bits });
    return format.unpack(whole, { rows, length });
  } catch (error) {
    if (!(error instanceof BadBlock)) throw error;
    const { name } = image.directory.source;
    throw new UserError("bad-file", `${name}: block ${index + 1} is damaged (${codec.name}): ${messageOf(error)}`, {
      hint: "Fetch or export the file again.",
      cause: error,
    });
  }
}

/** Typed arrays of wider samples begin at multiples of their size. */
function aligned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);
}

/** Samples of 12, 20 … bits are streams of bits, which have no order of bytes. */
function swapBytes(bytes: Uint8Array, bits: number): void {
  if (![16, 24, 32, 64].includes(bits)) return;
  const size = bits / 8;
  for (let at = 0; at + size <= bytes.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = bytes[low];
      bytes[low] = bytes[high];
      bytes[high] = byte;
    }
  }
}

function reverseBits(bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    let byte = bytes[i];
    byte = ((byte & 0xf0) >> 4) | ((byte & 0x0f) << 4);
    byte = ((byte & 0xcc) >> 2) | ((byte & 0x33) << 2);
    bytes[i] = ((byte & 0xaa) >> 1) | ((byte & 0x55) << 1);
  }
}
