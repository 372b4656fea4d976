/**
 * Where pixels lie: x = t0 + t1·column + t2·row, y = t3 + t4·column + t5·row, of the upper left corner of a pixel (GDAL's
 * geotransform).
 */
export type Affine = readonly [number, number, number, number, number, number];

/** Pixels to coordinates. */
export function applyTransform([x0, xc, xr, y0, yc, yr]: Affine, column: number, row: number): [x: number, y: number] {
  return [x0 + xc * column + xr * row, y0 + yc * column + yr * row];
}

/**
 * Coordinates to pixels.
 *
 * @throws RangeError for a transform that lays pixels on a line
 */
export function invertTransform(transform: Affine): Affine {
  if (isSingular(transform)) throw new RangeError(`the transform ${transform.join(", ")} cannot be inverted`);
  const [x0, xc, xr, y0, yc, yr] = transform;
  // The inverse of [a b; c d] is [d -b; -c a] / (a·d - b·c).
  const determinant = xc * yr - xr * yc;
  return [
    (xr * y0 - yr * x0) / determinant,
    yr / determinant,
    -xr / determinant,
    (yc * x0 - xc * y0) / determinant,
    -yc / determinant,
    xc / determinant,
  ];
}

/**
 * The transform of a raster whose pixel (0, 0) is at `leftPx`, `topPx` of this one, and whose pixels are `columnPx` × `rowPx` of
 * its pixels: of a window, or of an overview.
 */
export function placedTransform(
  [x0, xc, xr, y0, yc, yr]: Affine,
  { leftPx = 0, topPx = 0, columnPx = 1, rowPx = 1 }: { leftPx?: number; topPx?: number; columnPx?: number; rowPx?: number },
): Affine {
  return [x0 + xc * leftPx + xr * topPx, xc * columnPx, xr * rowPx, y0 + yc * leftPx + yr * topPx, yc * columnPx, yr * rowPx];
}

/** Whether all pixels lie on a line or a point: nothing can be found in such a raster. */
export function isSingular([, xc, xr, , yc, yr]: Affine): boolean {
  const determinant = xc * yr - xr * yc;
  return determinant === 0 || !Number.isFinite(determinant);
}

export function isFiniteTransform(transform: Affine): boolean {
  return transform.every(Number.isFinite);
}
