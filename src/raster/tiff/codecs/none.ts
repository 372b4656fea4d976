/** Bytes as they are. */
export function decodeNone(bytes: Uint8Array): Uint8Array {
  return bytes;
}
