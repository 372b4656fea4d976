import { type BandMeasure, measureValues } from "../raster/measure.js";
import type { Raster } from "../raster/raster.js";
import { integerRange } from "../raster/samples.js";
import type { StoredImage } from "../raster/stored.js";

/** What one image holds, before anything is done to it. */
export interface ImageFacts extends StoredImage {
  readonly file: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly dtype: Raster["dtype"];
  readonly bands: readonly string[];
  /** One per band. */
  readonly measures: readonly BandMeasure[];
  /** Several bands, all the same: a grey image stored as colour. */
  readonly equalBands: boolean;
  /** 16-bit values that are all multiples of 257: 8 bits written as 16. */
  readonly eightBitSteps: boolean;
}

/** Measures one decoded image. */
export function imageFacts(file: string, raster: Raster, stored: StoredImage): ImageFacts {
  const { widthPx, heightPx, dtype, bands, data } = raster;
  const planes = bands.map((_, band) => planeOf(raster, band));
  const full = fullValue(dtype);
  return {
    file,
    ...stored,
    widthPx,
    heightPx,
    dtype,
    bands,
    measures: planes.map((plane) => measureValues(plane, full)),
    equalBands: planes.length > 1 && planes.every((plane) => equal(plane, planes[0])),
    eightBitSteps: dtype === "uint16" && every(data, (value) => value % 257 === 0),
  };
}

/** The values of one band `[H·W]`, in the memory of the raster. */
export function planeOf({ data, widthPx, heightPx }: Raster, band: number): Raster["data"] {
  return data.subarray(band * widthPx * heightPx, (band + 1) * widthPx * heightPx);
}

/** The highest value of an integer type: pixels that have it may have lost what was above. */
export function fullValue(dtype: Raster["dtype"]): number | undefined {
  return integerRange(dtype)?.[1];
}

function equal(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  return every(a, (value, i) => value === b[i]);
}

function every(values: ArrayLike<number>, holds: (value: number, i: number) => boolean): boolean {
  for (let i = 0; i < values.length; i++) if (!holds(values[i], i)) return false;
  return true;
}
