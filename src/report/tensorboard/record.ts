import { maskedCrc32c } from "../../crc32.js";

const HEADER_BYTES = 12;
const FOOTER_BYTES = 4;

/** Frames a payload as a TFRecord: length (uint64, little-endian), its masked CRC, payload, masked CRC. */
export function encodeRecord(payload: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER_BYTES + payload.length + FOOTER_BYTES);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(payload.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(payload, HEADER_BYTES);
  view.setUint32(HEADER_BYTES + payload.length, maskedCrc32c(payload), true);
  return record;
}

/** The payload of the record at `offset` (a view) and where the record ends, or what is wrong with it. */
export function decodeRecord(bytes: Uint8Array, offset: number): { payload: Uint8Array; end: number } | string {
  if (offset + HEADER_BYTES > bytes.length) return "half a record";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(offset + 8, true) !== maskedCrc32c(bytes.subarray(offset, offset + 8))) {
    return "a record length with a wrong checksum";
  }
  const start = offset + HEADER_BYTES;
  const end = start + Number(view.getBigUint64(offset, true));
  if (end + FOOTER_BYTES > bytes.length) return "half a record";
  const payload = bytes.subarray(start, end);
  if (view.getUint32(end, true) !== maskedCrc32c(payload)) return "a record with a wrong checksum";
  return { payload, end: end + FOOTER_BYTES };
}
