/** What a predictor needs to know of a decoded block. */
export interface PredictedRows {
  readonly rows: number;
  /** Samples in a row, all bands of a pixel together. */
  readonly length: number;
  /** Samples from one value of a band to its next: bands that are interleaved here. */
  readonly stride: number;
  readonly bits: number;
}

/** A value of the tag Predictor. */
export interface Predictor {
  readonly name: string;
  /** Bits per sample it is defined for. */
  readonly bits: readonly number[];
  readonly floatOnly: boolean;
  /** Whether bytes must be in the order of this machine before; else they are so after. */
  readonly swapped: boolean;
  /** In place. */
  readonly undo: (bytes: Uint8Array, rows: PredictedRows) => void;
}

/** Predictors by their number (TIFF 6.0, section 14; TIFF Technical Note 3). */
export const PREDICTORS: Readonly<Record<number, Predictor>> = {
  2: { name: "horizontal differences", bits: [8, 16, 32, 64], floatOnly: false, swapped: true, undo: undoDifferences },
  3: { name: "floating point", bits: [16, 24, 32, 64], floatOnly: true, swapped: false, undo: undoFloatingPoint },
};

// x[i] += x[i - stride]; one loop per type, so that each stays a loop over one kind of array.
const SUMS: Readonly<Record<number, (bytes: Uint8Array, rows: PredictedRows) => void>> = {
  8: (bytes, { rows, length, stride }) => {
    for (let row = 0; row < rows; row++) {
      for (let i = row * length + stride, end = (row + 1) * length; i < end; i++) bytes[i] += bytes[i - stride];
    }
  },
  16: ({ buffer, byteOffset }, { rows, length, stride }) => {
    const values = new Uint16Array(buffer, byteOffset, rows * length);
    for (let row = 0; row < rows; row++) {
      for (let i = row * length + stride, end = (row + 1) * length; i < end; i++) values[i] += values[i - stride];
    }
  },
  32: ({ buffer, byteOffset }, { rows, length, stride }) => {
    const values = new Uint32Array(buffer, byteOffset, rows * length);
    for (let row = 0; row < rows; row++) {
      for (let i = row * length + stride, end = (row + 1) * length; i < end; i++) values[i] += values[i - stride];
    }
  },
  64: ({ buffer, byteOffset }, { rows, length, stride }) => {
    const values = new BigUint64Array(buffer, byteOffset, rows * length);
    for (let row = 0; row < rows; row++) {
      for (let i = row * length + stride, end = (row + 1) * length; i < end; i++) values[i] += values[i - stride];
    }
  },
};

function undoDifferences(bytes: Uint8Array, rows: PredictedRows): void {
  SUMS[rows.bits](bytes, rows);
}

/** The bytes of a row are in planes, the most significant first, and each byte is a difference to the one `stride` before it. */
function undoFloatingPoint(bytes: Uint8Array, { rows, length, stride, bits }: PredictedRows): void {
  const size = bits / 8;
  const planes = new Uint8Array(length * size);
  for (let row = 0; row < rows; row++) {
    const target = bytes.subarray(row * planes.length, (row + 1) * planes.length);
    planes.set(target);
    for (let i = stride; i < planes.length; i++) planes[i] += planes[i - stride];
    for (let byte = 0; byte < size; byte++) {
      // Planes run from the high byte down, memory from the low byte up.
      for (let i = 0, o = size - 1 - byte, from = byte * length; i < length; i++, o += size) target[o] = planes[from + i];
    }
  }
}
