import { crc32c } from "@node-rs/crc32";

/**
 * The masked CRC-32C that guards each record of a TensorBoard event file: rotated right by 15 bits, plus a constant
 * (TFRecord format, after LevelDB's log format).
 */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
