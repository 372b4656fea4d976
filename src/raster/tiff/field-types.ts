/** A field type: bytes of a value, and how one is read. */
export interface FieldType {
  readonly bytes: number;
  readonly get: (view: DataView, at: number, little: boolean) => number;
}

/** Types of bytes and texts; a BYTE is a small number too. */
const BYTES: Readonly<Record<number, FieldType>> = {
  1: { bytes: 1, get: (view, at) => view.getUint8(at) },
  2: { bytes: 1, get: (view, at) => view.getUint8(at) },
  7: { bytes: 1, get: (view, at) => view.getUint8(at) },
};
const WHOLE: Readonly<Record<number, FieldType>> = {
  1: BYTES[1],
  3: { bytes: 2, get: (view, at, little) => view.getUint16(at, little) },
  4: { bytes: 4, get: (view, at, little) => view.getUint32(at, little) },
  6: { bytes: 1, get: (view, at) => view.getInt8(at) },
  8: { bytes: 2, get: (view, at, little) => view.getInt16(at, little) },
  9: { bytes: 4, get: (view, at, little) => view.getInt32(at, little) },
  13: { bytes: 4, get: (view, at, little) => view.getUint32(at, little) },
  // Beyond 2^53 digits are lost, never the comparison with the size of the file.
  16: { bytes: 8, get: (view, at, little) => Number(view.getBigUint64(at, little)) },
  17: { bytes: 8, get: (view, at, little) => Number(view.getBigInt64(at, little)) },
  18: { bytes: 8, get: (view, at, little) => Number(view.getBigUint64(at, little)) },
};
const NUMBERS: Readonly<Record<number, FieldType>> = {
  ...WHOLE,
  5: { bytes: 8, get: (view, at, little) => view.getUint32(at, little) / view.getUint32(at + 4, little) },
  10: { bytes: 8, get: (view, at, little) => view.getInt32(at, little) / view.getInt32(at + 4, little) },
  11: { bytes: 4, get: (view, at, little) => view.getFloat32(at, little) },
  12: { bytes: 8, get: (view, at, little) => view.getFloat64(at, little) },
};
/** Field types by their number (TIFF 6.0, section 2; BigTIFF), for each kind of values that a tag may have. */
export const FIELD_TYPES = { whole: WHOLE, numbers: NUMBERS, bytes: BYTES };
