import { BadBlock } from "../bad-block.js";

const CLEAR = 256;
const END = 257;
const FIRST = 258;
const MOST_BITS = 12;
const CODES = 1 << MOST_BITS;

/**
 * LZW (TIFF 6.0, section 13), and the form of before 1988 with codes from the low bit on. What goes beyond `neededBytes` is left
 * out; a block that ends early comes back short. Memory is bounded by `neededBytes`, whatever the bytes are.
 *
 * @throws BadBlock at a code that stands for nothing yet
 */
export function decodeLzw(bytes: Uint8Array, { neededBytes }: { neededBytes: number }): Uint8Array {
  // A clear code comes first: 1 0000 0000 from the high bit on begins with 0x80, from the low bit on with 0x00 0x01.
  const old = bytes.length > 1 && bytes[0] === 0 && (bytes[1] & 1) === 1;
  const nextCode = old ? lowFirst(bytes) : highFirst(bytes);
  // The new form widens its codes one code early.
  const early = old ? 0 : 1;
  const out = new Uint8Array(neededBytes);
  // A string is a stretch of what was put out: the previous string and the first byte of the one behind it.
  const starts = new Int32Array(CODES);
  const lengths = new Uint16Array(CODES);
  let next = FIRST;
  let bits = 9;
  let done = 0;
  let previousStart = -1;
  let previousLength = 0;

  while (done < neededBytes) {
    const code = nextCode(bits);
    if (code < 0 || code === END) break;
    if (code === CLEAR) {
      next = FIRST;
      bits = 9;
      previousStart = -1;
      continue;
    }
    if (previousStart >= 0 && next < CODES) {
      starts[next] = previousStart;
      lengths[next] = previousLength + 1;
      next++;
      if (next + early >= 1 << bits && bits < MOST_BITS) bits++;
    }
    if (code > END && code >= next) throw new BadBlock(`LZW code ${code} where ${next - 1} is the highest`);
    const length = code < CLEAR ? 1 : Math.min(lengths[code], neededBytes - done);
    if (code < CLEAR) out[done] = code;
    else for (let from = starts[code], to = done, end = done + length; to < end; from++, to++) out[to] = out[from];
    previousStart = done;
    previousLength = length;
    done += length;
  }
  return out.subarray(0, done);
}

/** Reads codes of so many bits, high bit first; -1 at the end. */
function highFirst(bytes: Uint8Array): (bits: number) => number {
  let at = 0;
  let held = 0;
  let heldBits = 0;
  return (bits) => {
    while (heldBits < bits) {
      if (at >= bytes.length) return -1;
      held = ((held << 8) | bytes[at++]) & 0xffffff;
      heldBits += 8;
    }
    heldBits -= bits;
    return (held >>> heldBits) & ((1 << bits) - 1);
  };
}

/** Reads codes of so many bits, low bit first; -1 at the end. */
function lowFirst(bytes: Uint8Array): (bits: number) => number {
  let at = 0;
  let held = 0;
  let heldBits = 0;
  return (bits) => {
    while (heldBits < bits) {
      if (at >= bytes.length) return -1;
      held |= bytes[at++] << heldBits;
      heldBits += 8;
    }
    const code = held & ((1 << bits) - 1);
    held >>>= bits;
    heldBits -= bits;
    return code;
  };
}
