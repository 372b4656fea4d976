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
}

/** Where parcels lie: a function of the place alone. */
export interface Farmland {
  readonly seed: number;
  /** The soil: good where it is high. */
  readonly soil: NoiseShape;
  readonly threshold: number;
}

/** Districts are the cells around jittered points; each is cut into strips, and each strip into parcels. */
const DISTRICT_PX = 760;
const JITTER = 0.32;
const CUT = 0.22;
/** A place and its neighbours on the lattice of districts. */
const AROUND = 9;

/** Finds the parcel of one place after another, fastest where they lie side by side. */
export interface ParcelFinder {
  /** The parcel at a place. */
  find(x: number, y: number): Parcel;
  /** How far the last place is from the edge of its parcel, in pixels. */
  edgePx(): number;
  /** How far the last place is from the edge of its district, where lanes run. */
  lanePx(): number;
}

interface District {
  readonly x: number;
  readonly y: number;
  readonly seed: number;
  readonly cos: number;
  readonly sin: number;
  readonly stripPx: number;
  readonly lengthPx: number;
}

export function parcelFinder({ seed, soil, threshold }: Farmland): ParcelFinder {
  let cellI = Number.NaN;
  let cellJ = Number.NaN;
  let around: District[] = [];
  const xs = new Float64Array(AROUND);
  const ys = new Float64Array(AROUND);
  let district: District | undefined;
  let stripStart = 0;
  let stripEnd = 0;
  let pieceStart = 0;
  let pieceEnd = 0;
  let edge = 0;
  let lane = 0;
  let parcel: Parcel;

  const look = ({ x, y, seed: own, cos, sin, stripPx, lengthPx }: District, u: number, v: number): Parcel => {
    const strip = cutAt(u, stripPx, own, 17);
    const piece = cutAt(v + hashed(strip, 3, own) * lengthPx, lengthPx, own, strip);
    const shift = hashed(strip, 3, own) * lengthPx;
    [stripStart, stripEnd] = [cutStart(strip, stripPx, own, 17), cutStart(strip + 1, stripPx, own, 17)];
    pieceStart = cutStart(piece, lengthPx, own, strip) - shift;
    pieceEnd = cutStart(piece + 1, lengthPx, own, strip) - shift;
    const id = seedOf(strip, piece, own);
    const [mu, mv] = [(stripStart + stripEnd) / 2, (pieceStart + pieceEnd) / 2];
    const isTilled = noiseAt(soil, x + mu * cos - mv * sin, y + mu * sin + mv * cos) > threshold;
    // Rows run along the parcel; now and then across it.
    const across = hashed(1, 1, id) < 0.15;
    return { id, isTilled, cos: across ? -sin : cos, sin: across ? cos : sin };
  };

  return {
    find(x, y) {
      const i = Math.floor(x / DISTRICT_PX);
      const j = Math.floor(y / DISTRICT_PX);
      if (i !== cellI || j !== cellJ) {
        around = districtsAround(i, j, seed);
        around.forEach((other, k) => {
          xs[k] = other.x;
          ys[k] = other.y;
        });
        cellI = i;
        cellJ = j;
        district = undefined;
      }
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
      const home = around[first];
      // Both are distances to one line: half the difference of squares over the distance between the points.
      lane = (second - nearest) / (2 * Math.sqrt((xs[first] - xs[next]) ** 2 + (ys[first] - ys[next]) ** 2));
      const u = (x - home.x) * home.cos + (y - home.y) * home.sin;
      const v = (y - home.y) * home.cos - (x - home.x) * home.sin;
      if (home !== district || u < stripStart || u >= stripEnd || v < pieceStart || v >= pieceEnd) {
        district = home;
        parcel = look(home, u, v);
      }
      edge = Math.min(lane, u - stripStart, stripEnd - u, v - pieceStart, pieceEnd - v);
      return parcel;
    },
    edgePx: () => edge,
    lanePx: () => lane,
  };
}

function districtsAround(i: number, j: number, seed: number): District[] {
  return Array.from({ length: AROUND }, (_, k): District => {
    const [column, row] = [i + (k % 3) - 1, j + Math.floor(k / 3) - 1];
    const own = seedOf(column, row, seed);
    const angle = Math.PI * hashed(0, 0, own);
    return {
      x: (column + 0.5 + JITTER * latticeValue(0, 1, own)) * DISTRICT_PX,
      y: (row + 0.5 + JITTER * latticeValue(0, 2, own)) * DISTRICT_PX,
      seed: own,
      cos: Math.cos(angle),
      sin: Math.sin(angle),
      stripPx: 110 + 70 * hashed(0, 3, own),
      lengthPx: 170 + 150 * hashed(0, 4, own),
    };
  });
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
