import type { TypedArrays } from "../tensor.js";
import type { Crs } from "./geo/crs.js";
import type { Affine } from "./geo/transform.js";

/** Sample types a raster can hold. */
export type RasterDType = "uint8" | "uint16" | "int16" | "uint32" | "int32" | "float32" | "float64";

/** Where a raster lies on the earth. */
export interface Georeference {
  /** Undefined where the file does not say. */
  readonly crs: Crs | undefined;
  readonly transform: Affine;
}

/** value = stored · scale + offset. */
export interface BandScaling {
  readonly scale: number;
  readonly offset: number;
}

/** Whether two scalings give the same values but for their last digits. */
export function isSameScaling(one: BandScaling, other: BandScaling): boolean {
  const largest = (key: keyof BandScaling) => Math.max(Math.abs(one[key]), Math.abs(other[key]));
  const isClose = (key: keyof BandScaling, to: number) => Math.abs(one[key] - other[key]) <= 1e-6 * to;
  return isClose("scale", largest("scale")) && isClose("offset", Math.max(largest("offset"), largest("scale")));
}

/** Pixels `[C, H, W]`, planar, with band names. */
export interface Raster {
  /** C names in order: "red", "green", "blue" for colour images, "grey" for one band. */
  readonly bands: readonly string[];
  readonly widthPx: number;
  readonly heightPx: number;
  readonly dtype: RasterDType;
  /** C·H·W samples. */
  readonly data: TypedArrays[RasterDType];
  /** The value that means "no measurement", where there is one. */
  readonly nodata?: number;
  readonly georeference?: Georeference;
  /** 1 where the pixel was measured, 0 elsewhere, `[H, W]`; absent where every pixel was. */
  readonly valid?: Uint8Array;
  /** How stored numbers become values, per band; absent where the file says nothing. Never applied by a reader. */
  readonly scaling?: readonly BandScaling[];
}
