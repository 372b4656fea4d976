/**
 * Where pixels lie: x = t0 + t1·column + t2·row, y = t3 + t4·column + t5·row, of the upper left corner of a pixel (GDAL's
 * geotransform).
 */
export type Affine = readonly [number, number, number, number, number, number];
