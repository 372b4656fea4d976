import { authalicQ } from "./ellipsoid.js";

/** Points on the ellipsoid: longitudes in degrees, and q, NaN at a pole and off the earth. */
export interface Places {
  readonly longitudes: Float64Array;
  readonly qs: Float64Array;
}

/** From one knot to the next. */
export const KNOT_CELLS = 16;
/** Points that a polynomial goes through. */
const KNOTS = 4;
/** Nearer to a pole than 10° longitudes may change too quickly for it. */
const TAME_Q = authalicQ(Math.sin((80 * Math.PI) / 180));
/** A degree from knot to knot, and it is no longer a small part of the earth. */
const TAME_DEGREES = 1;

/**
 * The places of many points on a straight line of a grid: each 16th is projected, and cubic polynomials go through them (Lagrange). With
 * cells of 600 m they are off by less than 10⁻¹¹ of the earth's radius. Near poles, across 180° and off the earth all are projected.
 *
 * @param columns rising, the last at most one apart from the one before, the others one
 * @param at projects columns of the line
 */
export function interpolated(columns: Float64Array, at: (columns: Float64Array) => Places): Places {
  const spans = Math.ceil((columns.length - 1) / KNOT_CELLS);
  const knots = at(Float64Array.from({ length: Math.max(KNOTS, spans + 1) }, (_, knot) => knot * KNOT_CELLS));
  const [longitudes, qs] = [new Float64Array(columns.length), new Float64Array(columns.length)];
  for (let span = 0; span < spans; span++) {
    const first = Math.min(Math.max(0, span - 1), knots.qs.length - KNOTS);
    const start = span * KNOT_CELLS;
    const end = Math.min(columns.length, start + KNOT_CELLS + 1);
    if (!isTame(knots, first)) {
      const exact = at(columns.subarray(start, end));
      longitudes.set(exact.longitudes, start);
      qs.set(exact.qs, start);
      continue;
    }
    const [l0, l1, l2, l3] = knots.longitudes.subarray(first, first + KNOTS);
    const [q0, q1, q2, q3] = knots.qs.subarray(first, first + KNOTS);
    for (let i = start; i < end; i++) {
      const t = columns[i] / KNOT_CELLS - first;
      const w0 = ((t - 1) * (t - 2) * (t - 3)) / -6;
      const w1 = (t * (t - 2) * (t - 3)) / 2;
      const w2 = (t * (t - 1) * (t - 3)) / -2;
      const w3 = (t * (t - 1) * (t - 2)) / 6;
      longitudes[i] = w0 * l0 + w1 * l1 + w2 * l2 + w3 * l3;
      qs[i] = w0 * q0 + w1 * q1 + w2 * q2 + w3 * q3;
    }
  }
  return { longitudes, qs };
}

function isTame({ longitudes, qs }: Places, first: number): boolean {
  for (let knot = first; knot < first + KNOTS; knot++) {
    // NaN is in no bounds.
    if (!(Math.abs(qs[knot]) < TAME_Q)) return false;
    if (knot > first && !(Math.abs(longitudes[knot] - longitudes[knot - 1]) < TAME_DEGREES)) return false;
  }
  return true;
}
