import type { TypedArrays } from "../tensor.js";

/** Sample types a raster can hold. */
export type RasterDType = "uint8" | "uint16" | "int16" | "uint32" | "int32" | "float32" | "float64";

/** Where a raster lies on the earth. */
export interface Georeference {
  /** EPSG code of the coordinate reference system. */
  readonly epsg: number;
  /** GDAL's affine transform: x = t0 + t1·column + t2·row, y = t3 + t4·column + t5·row. */
  readonly transform: readonly [number, number, number, number, number, number];
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
}
