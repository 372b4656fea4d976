/** The ellipsoid WGS 84; others of the earth differ from it by less than a part in a thousand. */
export const EQUATOR_METERS = 6_378_137;
const FLATTENING = 1 / 298.257223563;
export const ECCENTRICITY_SQUARED = FLATTENING * (2 - FLATTENING);

const ECCENTRICITY = Math.sqrt(ECCENTRICITY_SQUARED);

/**
 * q of a latitude (Snyder 1987, eq. 3-12): in it and the longitude λ, areas on the ellipsoid are areas in the plane, dA = a²/2 dq dλ.
 *
 * @param sine of the latitude
 */
export function authalicQ(sine: number): number {
  const es = ECCENTRICITY * sine;
  // ln((1 - x) / (1 + x)) = -2 artanh x
  return (1 - ECCENTRICITY_SQUARED) * (sine / (1 - es * es) + Math.atanh(es) / ECCENTRICITY);
}

/** q of the north pole. */
export const POLE_Q = authalicQ(1);

/** Hectares of dq dλ = 1: a²/2. */
export const HECTARES_OF_Q = (EQUATOR_METERS * EQUATOR_METERS) / 2 / 10_000;

/** Latitude in degrees of a y that may lie past a pole: grids whose pixels are points reach so far by half a pixel. */
export function latitudeOf(y: number): number {
  return Math.min(90, Math.max(-90, y));
}
