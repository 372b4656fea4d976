import * as checksums from "@node-rs/crc32";

/** CRC-32 (IEEE 802.3), as in zip and PNG. */
export function crc32(bytes: Uint8Array): number {
  return checksums.crc32(bytes);
}

/**
 * The masked CRC-32C that guards each record of a TensorBoard event file: rotated right by 15 bits, plus a constant
 * (TFRecord format, after LevelDB's log format).
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = checksums.crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
