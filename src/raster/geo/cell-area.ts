import { messageOf } from "../../errors.js";
import type { Georeference } from "../raster.js";
import { type Crs, crsOfEpsg } from "./crs.js";
import { authalicQ, EQUATOR_METERS, HECTARES_OF_Q, POLE_Q } from "./ellipsoid.js";
import { checkProjectable, type Transformer, transformer } from "./project.js";

/** How many cells a grid has; what is left of a whole number is the part of the last one that counts: 10.25 columns are 11, of which a quarter of the last. */
export interface CellCount {
  readonly columns: number;
  readonly rows: number;
}

/** Hectares of the cells of a grid. */
export type CellAreas =
  | {
      /** `ellipsoid`: on the ground. `plane`: as drawn, in a system that nobody can project. */
      readonly method: "ellipsoid" | "plane";
      /** Of each cell of a row; 0 for one that reaches off the earth. Fastest from the first row to the last. */
      readonly row: (row: number) => Float64Array;
    }
  | { readonly method: "unknown"; readonly why: string };

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
const RADIANS = Math.PI / 180;
const METERS_PER_DEGREE = EQUATOR_METERS * RADIANS;
const SQUARE_METERS = 10_000;

/**
 * How large cells are on the ground: their corners on the ellipsoid WGS 84, between sides that are straight on the grid.
 * In a system that nobody can project they are as large as they are drawn; unknown where it has no unit either.
 */
export async function cellAreas(georeference: Georeference | undefined, count: CellCount): Promise<CellAreas> {
  if (georeference === undefined) return { method: "unknown", why: "it does not say where it lies" };
  const { crs, transform } = georeference;
  if (crs !== undefined && isOfDegrees(crs)) {
    const [, , xr, , yc] = transform;
    return {
      method: "ellipsoid",
      row: xr === 0 && yc === 0 ? bands(georeference, count) : meshed(georeference, count, () => {}),
    };
  }
  try {
    checkProjectable(crs, DEGREES);
  } catch (error) {
    return planar(georeference, count, messageOf(error));
  }
  // Checked above.
  return { method: "ellipsoid", row: meshed(georeference, count, await transformer(crs as Crs, DEGREES)) };
}

// Code 4326 is built in.
const DEGREES = crsOfEpsg(4326) as Crs;

/** Whether coordinates are longitude and latitude on the earth: those of a datum without a shift to WGS 84 are as good as any for an area. */
function isOfDegrees(crs: Crs): boolean {
  if (crs.kind !== "geographic") return false;
  if (crs.epsg !== undefined && crsOfEpsg(crs.epsg) !== undefined) return true;
  try {
    checkProjectable(crs, DEGREES);
    return true;
  } catch {
    return false;
  }
}

function planar({ crs, transform }: Georeference, count: CellCount, why: string): CellAreas {
  const unit = crs?.metersPerUnit;
  if (unit === undefined) return { method: "unknown", why };
  const [, xc, xr, , yc, yr] = transform;
  const whole = (Math.abs(xc * yr - xr * yc) * unit * unit) / SQUARE_METERS;
  const widths = Float64Array.from({ length: Math.ceil(count.columns) }, (_, column) => Math.min(1, count.columns - column));
  return { method: "plane", row: (row) => widths.map((width) => width * whole * Math.min(1, count.rows - row)) };
}

/** Of a grid along longitude and latitude: the cells of a row are alike. */
function bands({ transform }: Georeference, { columns, rows }: CellCount): (row: number) => Float64Array {
  const [, xc, , y0, , yr] = transform;
  const qOf = (row: number) => authalicQ(Math.sin(latitudeOf(y0 + yr * row) * RADIANS));
  return (row) => {
    const height = Math.abs(qOf(Math.min(rows, row + 1)) - qOf(row));
    const whole = height * Math.abs(xc) * RADIANS * HECTARES_OF_Q;
    const areas = new Float64Array(Math.ceil(columns)).fill(whole);
    areas[areas.length - 1] *= columns - (areas.length - 1);
    return areas;
  };
}

/** Grids whose pixels are points reach past the poles by half a pixel. */
function latitudeOf(y: number): number {
  return Math.min(90, Math.max(-90, y));
}

/** ∫ q dλ and ∫ dλ along one side of every cell; NaN where a side touches a pole, passes it, or leaves the earth. */
interface Sides {
  readonly integrals: Float64Array;
  readonly turns: Float64Array;
}

/**
 * Of any grid. By Green's theorem a cell is a²/2 ∮ q dλ. What is along a line of the grid is used for the cells above and below it,
 * so that cells add up to what they cover together.
 */
function meshed(georeference: Georeference, count: CellCount, toDegrees: Transformer): (row: number) => Float64Array {
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

  const across = (row: number): Line => {
    const points = new Float64Array(2 * (columns * acrossPieces + 1));
    for (let i = 0; i <= columns * acrossPieces; i++) {
      points[2 * i] = between(x, i, acrossPieces);
      points[2 * i + 1] = y(row);
    }
    const line = pointsOf(placed(points));
    return { line, sides: sidesOf(line, columns, { pieces: acrossPieces, step: 1, stride: acrossPieces }) };
  };
  const down = (row: number, top: Places, bottom: Places): Sides => {
    const lines: Places[] = [every(top, acrossPieces)];
    for (let piece = 1; piece < downPieces; piece++) {
      const points = new Float64Array(2 * (columns + 1));
      const level = between(y, row * downPieces + piece, downPieces);
      for (let column = 0; column <= columns; column++) points.set([x(column), level], 2 * column);
      lines.push(pointsOf(placed(points)));
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
  return (row) => {
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
}

/** Where piece `i` begins between the lines of a grid, of which the last may be nearer than the others. */
function between(line: (index: number) => number, i: number, pieces: number): number {
  const index = Math.floor(i / pieces);
  const share = i / pieces - index;
  return share === 0 ? line(index) : line(index) + (line(index + 1) - line(index)) * share;
}

function piecesOf({ crs, transform }: Georeference): readonly [across: number, down: number] {
  const [, xc, xr, , yc, yr] = transform;
  const unit = crs?.kind === "geographic" ? METERS_PER_DEGREE : crs?.metersPerUnit;
  if (unit === undefined) return [UNKNOWN_PIECES, UNKNOWN_PIECES];
  const pieces = (side: number) => Math.min(MOST_PIECES, Math.max(1, Math.ceil((side * unit) / STRAIGHT_METERS)));
  return [pieces(Math.hypot(xc, yc)), pieces(Math.hypot(xr, yr))];
}

/** Points on the ellipsoid: longitudes in degrees, and q, NaN at a pole and off the earth. */
interface Places {
  readonly longitudes: Float64Array;
  readonly qs: Float64Array;
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
