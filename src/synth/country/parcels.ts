import { latticeValue, type NoiseShape, noiseAt } from "../noise.js";
import { hashed, seedOf } from "./hashing.js";

/** A piece of land that one farmer works. */
export interface Parcel {
  /** A seed of its own. */
  readonly id: number;
  /** Whether it is ploughed, as far as the land around decides. */
  readonly isTilled: boolean;
  /** Direction across its rows. */
  readonly cos: number;
  readonly sin: number;
  /** Its sides, along the strips of its district. */
  readonly stripStart: number;
  readonly stripEnd: number;
  readonly pieceStart: number;
  readonly pieceEnd: number;
}

/** Where parcels lie: a function of the place alone. */
export interface Farmland {
  readonly seed: number;
  /** The soil: good where it is high. */
  readonly soil: NoiseShape;
  readonly threshold: number;
}

/** Districts are the cells around jittered points; each is cut into strips, and each strip into parcels. */
const DISTRICT_PX = 470;
const JITTER = 0.32;
const CUT = 0.22;
/** How far rows may turn from the sides of their parcel, radians. */
const ASKEW = 0.16;
/** A place and its neighbours on the lattice of districts. */
const AROUND = 9;
/** Distances to edges are exact up to here; what is further may be told nearer, but not nearer than this. */
const NEAR_PX = 6;

/** Finds the parcel of one place after another, fastest where they lie side by side. */
export interface ParcelFinder {
  /** The parcel at a place. */
  find(x: number, y: number): Parcel;
  /** Whether the last place is nearer than so many pixels, at most 6, to the edge of its parcel. */
  isAtEdge(withinPx: number): boolean;
}

interface District {
  readonly x: number;
  readonly y: number;
  readonly seed: number;
  readonly cos: number;
  readonly sin: number;
  readonly stripPx: number;
  readonly lengthPx: number;
  /** Parcels met so far, by strip and piece. */
  readonly parcels: Map<number, Parcel>;
}

export function parcelFinder(farmland: Farmland): ParcelFinder {
  const districts = new Map<number, District>();
  let around: District[] = [];
  const xs = new Float64Array(AROUND);
  const ys = new Float64Array(AROUND);
  let cellI = Number.NaN;
  let cellJ = Number.NaN;
  let home: District | undefined;
  let parcel: Parcel | undefined;
  // The last place that was compared with all districts, and how far from it home cannot change.
  let lastX = 0;
  let lastY = 0;
  let safePx = 0;
  let edge = 0;

  const enter = (i: number, j: number) => {
    around = Array.from({ length: AROUND }, (_, k) => {
      const [column, row] = [i + (k % 3) - 1, j + Math.floor(k / 3) - 1];
      const key = row * 65536 + column;
      const district = districts.get(key) ?? districtAt(column, row, farmland.seed);
      districts.set(key, district);
      return district;
    });
    around.forEach((district, k) => {
      xs[k] = district.x;
      ys[k] = district.y;
    });
    cellI = i;
    cellJ = j;
    home = undefined;
  };

  /** The nearest district; its edge lies where the second is as near. */
  const settle = (x: number, y: number): District => {
    let nearest = Number.POSITIVE_INFINITY;
    let second = nearest;
    let first = 0;
    let next = 0;
    for (let k = 0; k < AROUND; k++) {
      const dx = x - xs[k];
      const dy = y - ys[k];
      const squared = dx * dx + dy * dy;
      if (squared < nearest) {
        second = nearest;
        next = first;
        nearest = squared;
        first = k;
      } else if (squared < second) {
        second = squared;
        next = k;
      }
    }
    // Moving by d changes each distance by d at most, so home stays nearest for half the difference.
    safePx = (Math.sqrt(second) - Math.sqrt(nearest)) / 2;
    lastX = x;
    lastY = y;
    // Half the difference of squares over the distance between the points.
    edge = (second - nearest) / (2 * Math.sqrt((xs[first] - xs[next]) ** 2 + (ys[first] - ys[next]) ** 2));
    return around[first];
  };

  return {
    find(x, y) {
      const i = Math.floor(x / DISTRICT_PX);
      const j = Math.floor(y / DISTRICT_PX);
      if (i !== cellI || j !== cellJ) enter(i, j);
      const left = safePx - Math.abs(x - lastX) - Math.abs(y - lastY);
      if (home === undefined || left < NEAR_PX) {
        const nearest = settle(x, y);
        if (nearest !== home) parcel = undefined;
        home = nearest;
      } else edge = left;
      const u = (x - home.x) * home.cos + (y - home.y) * home.sin;
      const v = (y - home.y) * home.cos - (x - home.x) * home.sin;
      if (
        parcel === undefined ||
        !(u >= parcel.stripStart && u < parcel.stripEnd && v >= parcel.pieceStart && v < parcel.pieceEnd)
      ) {
        parcel = parcelAt(home, u, v, farmland);
      }
      const ofStrip = Math.min(u - parcel.stripStart, parcel.stripEnd - u);
      edge = Math.min(edge, ofStrip, v - parcel.pieceStart, parcel.pieceEnd - v);
      return parcel;
    },
    isAtEdge: (withinPx) => edge < withinPx,
  };
}

function districtAt(column: number, row: number, seed: number): District {
  const own = seedOf(column, row, seed);
  const angle = Math.PI * hashed(0, 0, own);
  return {
    x: (column + 0.5 + JITTER * latticeValue(0, 1, own)) * DISTRICT_PX,
    y: (row + 0.5 + JITTER * latticeValue(0, 2, own)) * DISTRICT_PX,
    seed: own,
    cos: Math.cos(angle),
    sin: Math.sin(angle),
    stripPx: 84 + 46 * hashed(0, 3, own),
    lengthPx: 120 + 110 * hashed(0, 4, own),
    parcels: new Map(),
  };
}

/** The parcel of a district at a place across (u) and along (v) its strips. */
function parcelAt(
  { x, y, seed, cos, sin, stripPx, lengthPx, parcels }: District,
  u: number,
  v: number,
  farmland: Farmland,
): Parcel {
  const strip = cutAt(u, stripPx, seed, 17);
  const shift = hashed(strip, 3, seed) * lengthPx;
  const piece = cutAt(v + shift, lengthPx, seed, strip);
  const key = strip * 4096 + piece;
  const known = parcels.get(key);
  if (known !== undefined) return known;
  const [stripStart, stripEnd] = [cutStart(strip, stripPx, seed, 17), cutStart(strip + 1, stripPx, seed, 17)];
  const pieceStart = cutStart(piece, lengthPx, seed, strip) - shift;
  const pieceEnd = cutStart(piece + 1, lengthPx, seed, strip) - shift;
  const id = seedOf(strip, piece, seed);
  const [mu, mv] = [(stripStart + stripEnd) / 2, (pieceStart + pieceEnd) / 2];
  const isTilled = noiseAt(farmland.soil, x + mu * cos - mv * sin, y + mu * sin + mv * cos) > farmland.threshold;
  // Rows run along the parcel or across it, more or less.
  const turn = (hashed(1, 1, id) < 0.4 ? Math.PI / 2 : 0) + ASKEW * latticeValue(1, 2, id);
  const rows = { cos: cos * Math.cos(turn) - sin * Math.sin(turn), sin: sin * Math.cos(turn) + cos * Math.sin(turn) };
  const parcel = { id, isTilled, ...rows, stripStart, stripEnd, pieceStart, pieceEnd };
  parcels.set(key, parcel);
  return parcel;
}

/** Which of the pieces that hashed cuts make of a line holds a place. */
function cutAt(place: number, length: number, seed: number, key: number): number {
  const index = Math.floor(place / length);
  if (place < cutStart(index, length, seed, key)) return index - 1;
  return place >= cutStart(index + 1, length, seed, key) ? index + 1 : index;
}

function cutStart(index: number, length: number, seed: number, key: number): number {
  return (index + CUT * latticeValue(index, key, seed)) * length;
}
