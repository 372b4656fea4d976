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
  /** Share of neighbours in a row that differ by more than half the range, in the band where it is least: 8-bit images only. */
  readonly jumps: number;
  /** The value that most often stands in all bands of a pixel at once where nothing says that it is no measurement, and its share. */
  readonly filler?: { readonly value: number; readonly share: number };
}

/** What programs write where nothing was measured; black and white of 8-bit pictures are colours. */
const FILLERS: readonly number[] = [-9999, -32_768, 32_767, 65_535, 0, -9_999_999, Math.fround(-3.4028234663852886e38)];

/** Measures one decoded image. */
export function imageFacts(file: string, raster: Raster, stored: StoredImage): ImageFacts {
  const { widthPx, heightPx, dtype, bands, data } = raster;
  const planes = bands.map((_, band) => planeOf(raster, band));
  const filler = fillerOf(raster, planes);
  const full = fullValue(dtype);
  return {
    file,
    ...stored,
    widthPx,
    heightPx,
    dtype,
    bands,
    measures: bands.map((_, band) => measureValues(measuredOf(raster, band), full)),
    equalBands: planes.length > 1 && planes.every((plane) => equal(plane, planes[0])),
    eightBitSteps: dtype === "uint16" && every(data, (value) => value % 257 === 0),
    jumps: dtype === "uint8" ? Math.min(...planes.map((plane) => jumpsOf(plane, widthPx))) : 0,
    ...(filler && { filler }),
  };
}

/** The measured values of one band: without what the file declares to be none. */
export function measuredOf(raster: Raster, band: number): Raster["data"] {
  const { nodata, valid } = raster;
  const plane = planeOf(raster, band);
  if (nodata === undefined && valid === undefined) return plane;
  return plane.filter((value, i) => value !== nodata && (valid === undefined || valid[i] === 1));
}

/** Share of neighbours in a row whose difference is more than half of 8 bits: where numbers wrapped around, there are many. */
function jumpsOf(plane: ArrayLike<number>, widthPx: number): number {
  let jumps = 0;
  for (let i = 1; i < plane.length; i++) if (i % widthPx !== 0 && Math.abs(plane[i] - plane[i - 1]) > 128) jumps++;
  return jumps / Math.max(1, plane.length);
}

function fillerOf({ dtype, nodata, valid }: Raster, [first, ...others]: readonly Raster["data"][]): ImageFacts["filler"] {
  if (dtype === "uint8") return undefined;
  const counts = new Map(FILLERS.map((value) => [value, 0]));
  for (let i = 0; i < first.length; i++) {
    const value = first[i];
    const count = counts.get(value);
    if (count === undefined || value === nodata || valid?.[i] === 0) continue;
    if (others.every((plane) => plane[i] === value)) counts.set(value, count + 1);
  }
  const [[value, count]] = [...counts].sort(([, a], [, b]) => b - a);
  return count === 0 ? undefined : { value, share: count / first.length };
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
