/**
 * PackBits (TIFF 6.0, section 9): runs and literals, each behind a signed byte. What goes beyond `neededBytes` is left out; a block
 * that ends early comes back short.
 */
export function decodePackBits(bytes: Uint8Array, { neededBytes }: { neededBytes: number }): Uint8Array {
  const out = new Uint8Array(neededBytes);
  let at = 0;
  let done = 0;
  while (at < bytes.length && done < neededBytes) {
    const control = bytes[at++];
    if (control === 128) continue;
    if (control < 128) {
      const end = Math.min(at + control + 1, bytes.length, at + neededBytes - done);
      out.set(bytes.subarray(at, end), done);
      done += end - at;
      at += control + 1;
    } else if (at < bytes.length) {
      const end = Math.min(done + 257 - control, neededBytes);
      out.fill(bytes[at++], done, end);
      done = end;
    }
  }
  return out.subarray(0, done);
}
