import type { Georeference } from "../raster.js";
import { authalicQ, EQUATOR_METERS, HECTARES_OF_Q, latitudeOf, POLE_Q } from "./ellipsoid.js";
import { interpolated, KNOT_CELLS, type Places } from "./knots.js";
import type { Transformer } from "./project.js";

/** Metres of a side that are as good as straight on the ellipsoid: the area of a cell is right to a part in ten millions. */
const STRAIGHT_METERS = 5000;
/** A side becomes no more pieces than these. */
const MOST_PIECES = 256;
/** Pieces of a side whose length nobody knows. */
const UNKNOWN_PIECES = 4;
/** So near to a pole, in degrees, longitudes mean nothing. */
const POLE_SLACK = 1e-9;
/** A side that turns so far, in radians, passes a pole. */
const HALF_TURN = 3;
/** Cells of sides up to this length are placed by interpolation. */
const SMOOTH_METERS = 600;
const RADIANS = Math.PI / 180;
const METERS_PER_DEGREE = EQUATOR_METERS * RADIANS;

/** ∫ q dλ and ∫ dλ along one side of every cell; NaN where a side touches a pole, passes it, or leaves the earth. */
interface Sides {
  readonly integrals: Float64Array;
  readonly turns: Float64Array;
}

/**
 * Of any grid. By Green's theorem a cell is a²/2 ∮ q dλ. What is along a line of the grid is used for the cells above and below it,
 * so that cells add up to what they cover together.
 */
export function meshed(
  georeference: Georeference,
  count: { readonly columns: number; readonly rows: number },
  toDegrees: Transformer,
): (row: number) => Float64Array {
  const columns = Math.ceil(count.columns);
  const [acrossPieces, downPieces] = piecesOf(georeference);
  const [x0, xc, xr, y0, yc, yr] = georeference.transform;
  const placed = (points: Float64Array) => {
    for (let at = 0; at < points.length; at += 2) {
      const [column, row] = [points[at], points[at + 1]];
      points[at] = x0 + xc * column + xr * row;
      points[at + 1] = y0 + yc * column + yr * row;
    }
    toDegrees(points);
    return points;
  };
  const x = (column: number) => Math.min(count.columns, column);
  const y = (row: number) => Math.min(count.rows, row);

  const at = (columnsOf: Float64Array, row: number): Places => {
    const points = new Float64Array(2 * columnsOf.length);
    for (let i = 0; i < columnsOf.length; i++) {
      points[2 * i] = columnsOf[i];
      points[2 * i + 1] = row;
    }
    return pointsOf(placed(points));
  };
  const corners = Float64Array.from({ length: columns * acrossPieces + 1 }, (_, i) => between(x, i, acrossPieces));
  const isSmooth = acrossPieces === 1 && columns > 4 * KNOT_CELLS && sideMeters(georeference)[0] <= SMOOTH_METERS;
  const across = (row: number): Line => {
    const line = isSmooth ? interpolated(corners, (some) => at(some, y(row))) : at(corners, y(row));
    return { line, sides: sidesOf(line, columns, { pieces: acrossPieces, step: 1, stride: acrossPieces }) };
  };
  const down = (row: number, top: Places, bottom: Places): Sides => {
    const lines: Places[] = [every(top, acrossPieces)];
    for (let piece = 1; piece < downPieces; piece++) {
      const level = between(y, row * downPieces + piece, downPieces);
      lines.push(
        at(
          Float64Array.from({ length: columns + 1 }, (_, column) => x(column)),
          level,
        ),
      );
    }
    const joined = concatenated([...lines, every(bottom, acrossPieces)]);
    return sidesOf(joined, columns + 1, { pieces: downPieces, step: columns + 1, stride: 1 });
  };
  const around = (column: number, row: number) => {
    const ring: number[] = [];
    for (let i = 0; i < acrossPieces; i++) ring.push(between(x, column * acrossPieces + i, acrossPieces), y(row));
    for (let i = 0; i < downPieces; i++) ring.push(x(column + 1), between(y, row * downPieces + i, downPieces));
    for (let i = acrossPieces; i > 0; i--) ring.push(between(x, column * acrossPieces + i, acrossPieces), y(row + 1));
    for (let i = downPieces; i > 0; i--) ring.push(x(column), between(y, row * downPieces + i, downPieces));
    return placed(Float64Array.from(ring));
  };

  let known: { readonly row: number; readonly of: Line } | undefined;
  const exact = (row: number) => {
    const above = known?.row === row ? known.of : across(row);
    const below = across(row + 1);
    known = { row: row + 1, of: below };
    const [top, bottom] = [above.sides, below.sides];
    const sides = down(row, above.line, below.line);
    const areas = new Float64Array(columns);
    for (let column = 0; column < columns; column++) {
      const turn = top.turns[column] + sides.turns[column + 1] - bottom.turns[column] - sides.turns[column];
      const integral = top.integrals[column] + sides.integrals[column + 1] - bottom.integrals[column] - sides.integrals[column];
      // A turn that is not 0 goes round a pole; NaN is not below 1 either.
      areas[column] = (Math.abs(turn) < 1 ? Math.abs(integral) : ringQ(around(column, row))) * HECTARES_OF_Q;
    }
    return areas;
  };
  return isSmooth && sideMeters(georeference)[1] <= SMOOTH_METERS ? betweenRows(exact, Math.floor(count.rows)) : exact;
}

/**
 * Rows of small cells change so little that each 16th is enough: those between are off by (16 side / R)² / 8, less than 3 · 10⁻⁷. Not where
 * cells reach off the earth, which has an edge.
 *
 * @param whole rows that are not cut off
 */
function betweenRows(exact: (row: number) => Float64Array, whole: number): (row: number) => Float64Array {
  let span: Span = { first: Number.NaN, above: NO_CELLS, below: NO_CELLS, isOnEarth: false };
  const spanOf = (first: number) => {
    if (span.first === first) return span;
    const above = span.first + KNOT_CELLS === first ? span.below : exact(first);
    const below = exact(first + KNOT_CELLS);
    span = { first, above, below, isOnEarth: !above.includes(0) && !below.includes(0) };
    return span;
  };
  return (row) => {
    const first = row - (row % KNOT_CELLS);
    if (first + KNOT_CELLS >= whole) return exact(row);
    const { above, below, isOnEarth } = spanOf(first);
    if (!isOnEarth) return exact(row);
    const share = (row - first) / KNOT_CELLS;
    const areas = new Float64Array(above.length);
    for (let column = 0; column < areas.length; column++) {
      areas[column] = above[column] + share * (below[column] - above[column]);
    }
    return areas;
  };
}

/** Areas of two rows that are known, and of which those between are made. */
interface Span {
  readonly first: number;
  readonly above: Float64Array;
  readonly below: Float64Array;
  readonly isOnEarth: boolean;
}

const NO_CELLS = new Float64Array(0);

/** Where piece `i` begins between the lines of a grid, of which the last may be nearer than the others. */
function between(line: (index: number) => number, i: number, pieces: number): number {
  const index = Math.floor(i / pieces);
  const share = i / pieces - index;
  return share === 0 ? line(index) : line(index) + (line(index + 1) - line(index)) * share;
}

/** Sides of a cell as they are drawn; NaN where nobody knows. */
function sideMeters({ crs, transform }: Georeference): readonly [across: number, down: number] {
  const [, xc, xr, , yc, yr] = transform;
  const unit = crs?.kind === "geographic" ? METERS_PER_DEGREE : (crs?.metersPerUnit ?? Number.NaN);
  return [Math.hypot(xc, yc) * unit, Math.hypot(xr, yr) * unit];
}

function piecesOf(georeference: Georeference): readonly [across: number, down: number] {
  const pieces = (side: number) =>
    Number.isNaN(side) ? UNKNOWN_PIECES : Math.min(MOST_PIECES, Math.max(1, Math.ceil(side / STRAIGHT_METERS)));
  const [across, down] = sideMeters(georeference);
  return [pieces(across), pieces(down)];
}

/** A line between two rows of cells. */
interface Line {
  readonly line: Places;
  readonly sides: Sides;
}

/** @param points longitudes and latitudes in degrees, [λ, φ, λ, φ, …] */
function pointsOf(points: Float64Array): Places {
  const longitudes = new Float64Array(points.length / 2);
  const qs = new Float64Array(points.length / 2);
  for (let i = 0; i < qs.length; i++) {
    const latitude = latitudeOf(points[2 * i + 1]);
    longitudes[i] = points[2 * i];
    qs[i] = isPole(latitude) ? Number.NaN : authalicQ(Math.sin(latitude * RADIANS));
  }
  return { longitudes, qs };
}

function every({ longitudes, qs }: Places, nth: number): Places {
  if (nth === 1) return { longitudes, qs };
  const isKept = (_: number, i: number) => i % nth === 0;
  return { longitudes: longitudes.filter(isKept), qs: qs.filter(isKept) };
}

function concatenated(lines: readonly Places[]): Places {
  const length = lines.reduce((sum, { qs }) => sum + qs.length, 0);
  const [longitudes, qs] = [new Float64Array(length), new Float64Array(length)];
  let at = 0;
  for (const line of lines) {
    longitudes.set(line.longitudes, at);
    qs.set(line.qs, at);
    at += line.qs.length;
  }
  return { longitudes, qs };
}

/** Where the points of sides stand: from one point of a side to the next, and from a side to the next. */
interface SideSteps {
  readonly pieces: number;
  readonly step: number;
  readonly stride: number;
}

function sidesOf({ longitudes, qs }: Places, count: number, { pieces, step, stride }: SideSteps): Sides {
  const integrals = new Float64Array(count);
  const turns = new Float64Array(count);
  for (let side = 0; side < count; side++) {
    for (let piece = 0, from = side * stride; piece < pieces; piece++, from += step) {
      const to = from + step;
      const turn = turnOf(longitudes[from], longitudes[to]);
      integrals[side] += Math.abs(turn) < HALF_TURN ? ((qs[from] + qs[to]) / 2) * turn : Number.NaN;
      turns[side] += turn;
    }
    if (Number.isNaN(integrals[side])) turns[side] = Number.NaN;
  }
  return { integrals, turns };
}

/** From one longitude in degrees to another, the shorter way, in radians. */
function turnOf(from: number, to: number): number {
  const degrees = to - from;
  return (degrees > 180 ? degrees - 360 : degrees < -180 ? degrees + 360 : degrees) * RADIANS;
}

function isPole(latitude: number): boolean {
  return Math.abs(latitude) > 90 - POLE_SLACK;
}

/**
 * |∮ q dλ| round a cell at a pole. A side that ends in a pole or passes it goes along a meridian to it, there round to the meridian
 * on which it goes on, and back: only the middle part counts. Where the pole lies within, the way round is held against that of the pole.
 */
function ringQ(points: Float64Array): number {
  if (!points.every(Number.isFinite)) return 0;
  const length = points.length / 2;
  const longitudes: number[] = [];
  const qs: number[] = [];
  const afterPole: boolean[] = [];
  // Begun behind a point that is no pole, so that a pole always lies between two points.
  const start = Array.from({ length }, (_, i) => i).find((i) => !isPole(latitudeOf(points[2 * i + 1])));
  if (start === undefined) return 0;
  let passed = false;
  for (let i = 1; i <= length; i++) {
    const at = 2 * ((start + i) % length);
    const latitude = latitudeOf(points[at + 1]);
    if (isPole(latitude)) {
      passed = true;
      continue;
    }
    longitudes.push(points[at]);
    qs.push(authalicQ(Math.sin(latitude * RADIANS)));
    afterPole.push(passed);
    passed = false;
  }
  const poleQ = qs.reduce((sum, q) => sum + q, 0) < 0 ? -POLE_Q : POLE_Q;
  let [integral, round] = [0, 0];
  for (let i = 0; i < qs.length; i++) {
    const before = (i + qs.length - 1) % qs.length;
    const turn = turnOf(longitudes[before], longitudes[i]);
    const isPast = afterPole[i] || Math.abs(turn) >= HALF_TURN;
    integral += (isPast ? poleQ : (qs[before] + qs[i]) / 2) * turn;
    round += turn;
  }
  return Math.abs(Math.abs(round) < 1 ? integral : 2 * Math.PI * Math.sign(round) * poleQ - integral);
}
