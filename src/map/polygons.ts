/** A row of cells: what is drawn, 0 for nothing, and scores `[columns, classes]`. */
export interface ValueRow {
  readonly values: ArrayLike<number>;
  readonly scores: ArrayLike<number>;
}

/** Cells of one value that hang together by their sides. */
export interface CellPolygon {
  readonly value: number;
  readonly cells: number;
  /** Means of the scores `[classes]`. */
  readonly means: Float64Array;
  /** The outer ring, then the holes: see `Ring`. */
  readonly rings: readonly Ring[];
}

/**
 * Corners between cells as [column, row, column, row, …], the first again as the last. With north up the inside is on the left: outer
 * rings run counterclockwise, holes clockwise. No ring touches itself. A corner stands also where three polygons meet on a straight
 * line, so that neighbours have the same corners and no projection tears them apart.
 */
export type Ring = Int32Array;

interface Corner {
  readonly column: number;
  readonly row: number;
  next: Corner | undefined;
}

/** One of the two ends of a line of corners that is not closed yet: its first corner or its last. */
interface End {
  corner: Corner;
  other: End;
}

/** Cells that are known to hang together; of two that meet, one becomes part of the other. */
interface Region {
  partOf: Region | undefined;
  readonly value: number;
  cells: number;
  readonly sums: number[];
  readonly rings: Ring[];
  /** The last row that has cells of it. */
  lastRow: number;
}

/**
 * The polygons of a map, each when its last row has passed. Memory grows with those that are open, not with the map.
 *
 * @param rows from north to south, `columns` values each
 */
export function* polygonize(
  rows: Iterable<ValueRow>,
  { columns, classes }: { readonly columns: number; readonly classes: number },
): Generator<CellPolygon> {
  // Nothing stands on all sides of the map, so that its edge is an edge like any other.
  let [above, below] = [new Uint32Array(columns + 2), new Uint32Array(columns + 2)];
  let [regionsAbove, regions] = [newRegions(columns), newRegions(columns)];
  const outlines = new Outlines(columns);
  let row = 0;
  const finished = function* (): Generator<CellPolygon> {
    for (let x = 1; x <= columns; x++) {
      if (above[x] === 0 || above[x] === above[x - 1]) continue;
      const region = wholeOf(regionsAbove[x] as Region); // a cell that has a value has a region
      if (region.lastRow >= row) continue;
      region.lastRow = Number.POSITIVE_INFINITY;
      yield polygonOf(region);
    }
  };
  const step = function* (): Generator<CellPolygon> {
    outlines.trace(row, above, below, regionsAbove, regions);
    yield* finished();
    [above, below] = [below, above];
    [regionsAbove, regions] = [regions, regionsAbove];
    row++;
  };
  for (const { values, scores } of rows) {
    for (let x = 0; x < columns; x++) below[x + 1] = values[x];
    for (let x = 1; x <= columns; x++) {
      const value = below[x];
      if (value === 0) {
        regions[x] = undefined;
        continue;
      }
      const goesOn = value === below[x - 1];
      let region = goesOn ? (regions[x - 1] as Region) : undefined; // it has the same value
      if (value === above[x] && !(goesOn && value === above[x - 1])) region = united(wholeOf(regionsAbove[x] as Region), region);
      region ??= { partOf: undefined, value, cells: 0, sums: new Array<number>(classes).fill(0), rings: [], lastRow: row };
      region.lastRow = row;
      region.cells++;
      const { sums } = region;
      for (let k = 0, at = (x - 1) * classes; k < classes; k++) sums[k] += scores[at + k];
      regions[x] = region;
    }
    yield* step();
  }
  below.fill(0);
  yield* step();
}

function newRegions(columns: number): (Region | undefined)[] {
  return new Array<Region | undefined>(columns + 2).fill(undefined);
}

function wholeOf(part: Region): Region {
  let region = part;
  while (region.partOf !== undefined) {
    // The next search has half the way.
    region.partOf = region.partOf.partOf ?? region.partOf;
    region = region.partOf;
  }
  return region;
}

/** Both as one: the larger takes in the smaller. */
function united(above: Region, left: Region | undefined): Region {
  if (left === undefined) return above;
  const other = wholeOf(left);
  if (other === above) return above;
  const [whole, part] = above.cells >= other.cells ? [above, other] : [other, above];
  whole.cells += part.cells;
  for (let k = 0; k < part.sums.length; k++) whole.sums[k] += part.sums[k];
  for (const ring of part.rings) whole.rings.push(ring);
  part.partOf = whole;
  return whole;
}

function polygonOf({ value, cells, sums, rings }: Region): CellPolygon {
  const outer = rings.findIndex((ring) => areaOf(ring) > 0);
  return {
    value,
    cells,
    means: new Float64Array(sums).map((sum) => sum / cells),
    rings: [rings[outer], ...rings.slice(0, outer), ...rings.slice(outer + 1)],
  };
}

/** In cells; positive where the ring runs counterclockwise with north up. */
export function areaOf(ring: Ring): number {
  let twice = 0;
  // Rows go south: the other sign than in a book.
  for (let at = 0; at + 3 < ring.length; at += 2) twice += ring[at + 2] * ring[at + 1] - ring[at] * ring[at + 3];
  return twice / 2;
}

/**
 * Lines between cells, traced from north to south. At a corner the sectors between its edges are taken one by one: the line around
 * the cells of a sector arrives by the later edge (counterclockwise) and leaves by the earlier.
 */
class Outlines {
  readonly #columns: number;
  /** By column of corners, the lines along the edge that comes from above: of the cell to the left, where it begins … */
  readonly #begins: (End | undefined)[];
  /** … and of the cell to the right, where it ends. */
  readonly #ends: (End | undefined)[];

  constructor(columns: number) {
    this.#columns = columns;
    this.#begins = new Array<End | undefined>(columns + 1).fill(undefined);
    this.#ends = new Array<End | undefined>(columns + 1).fill(undefined);
  }

  /** The corners between two rows. Rings that are closed there go to the regions of their cells. */
  trace(
    row: number,
    above: Uint32Array,
    below: Uint32Array,
    regionsAbove: readonly (Region | undefined)[],
    regionsBelow: readonly (Region | undefined)[],
  ): void {
    // Along the edge that comes from the left: the end of the line of the cell above, the beginning of that of the cell below.
    let [eastEnd, westBegin]: (End | undefined)[] = [];
    for (let x = 0; x <= this.#columns; x++) {
      const [nw, ne, sw, se] = [above[x], above[x + 1], below[x], below[x + 1]];
      const [hasNorth, hasSouth, hasWest, hasEast] = [nw !== ne, sw !== se, nw !== sw, ne !== se];
      if (!hasNorth && !hasSouth && !hasWest && !hasEast) continue;
      const edges = Number(hasNorth) + Number(hasSouth) + Number(hasWest) + Number(hasEast);
      const isCorner = edges > 2 || hasNorth !== hasSouth;
      const [northBegin, northEnd] = [this.#begins[x], this.#ends[x]];
      let [southBegin, southEnd, eastBegin, nextEastEnd]: (End | undefined)[] = [];
      const join = (region: Region | undefined, arriving: "north" | "west" | "south" | "east", leaving: typeof arriving) => {
        if (region === undefined) return;
        const line = arriving === "north" ? northEnd : arriving === "west" ? eastEnd : undefined;
        const ahead = leaving === "north" ? northBegin : leaving === "west" ? westBegin : undefined;
        let [begin, end] = [ahead, line];
        if (line !== undefined && ahead !== undefined) {
          if (isCorner) append(line, x, row);
          line.corner.next = ahead.corner;
          if (line.other === ahead) {
            const whole = wholeOf(region);
            for (const ring of simpleRings(ahead.corner, this.#columns)) whole.rings.push(ring);
          } else {
            line.other.other = ahead.other;
            ahead.other.other = line.other;
          }
          return;
        }
        if (line !== undefined) {
          if (isCorner) append(line, x, row);
        } else if (ahead !== undefined) {
          if (isCorner) ahead.corner = { column: x, row, next: ahead.corner };
        } else {
          [begin, end] = newLine(x, row);
        }
        if (arriving === "south") southBegin = begin;
        if (arriving === "east") eastBegin = begin;
        if (leaving === "south") southEnd = end;
        if (leaving === "east") nextEastEnd = end;
      };
      // Counterclockwise from the east; a sector is named by a cell of it.
      if (hasEast) join(regionsAbove[x + 1], hasNorth ? "north" : hasWest ? "west" : "south", "east");
      if (hasNorth) join(regionsAbove[x], hasWest ? "west" : hasSouth ? "south" : "east", "north");
      if (hasWest) join(regionsBelow[x], hasSouth ? "south" : hasEast ? "east" : "north", "west");
      if (hasSouth) join(regionsBelow[x + 1], hasEast ? "east" : hasNorth ? "north" : "west", "south");
      [this.#begins[x], this.#ends[x], eastEnd, westBegin] = [southBegin, southEnd, nextEastEnd, eastBegin];
    }
  }
}

function newLine(column: number, row: number): [begin: End, end: End] {
  const corner: Corner = { column, row, next: undefined };
  const begin = { corner } as { corner: Corner; other: End }; // its other end follows
  const end: End = { corner, other: begin };
  begin.other = end;
  return [begin, end];
}

function append(line: End, column: number, row: number): void {
  const corner: Corner = { column, row, next: undefined };
  line.corner.next = corner;
  line.corner = corner;
}

/** No ring with fewer corners touches itself: the one around two cells that meet at a corner has eight. */
const LEAST_TOUCHING = 8;

/**
 * The rings of a closed line. Where it comes to a corner for the second time, what lies between is a ring of its own: the cells hang
 * together elsewhere, so it is a hole that touches the ring around it there.
 */
function* simpleRings(first: Corner, columns: number): Generator<Ring> {
  const way: Corner[] = [];
  let corner: Corner | undefined = first;
  do {
    way.push(corner);
    corner = corner.next;
  } while (corner !== undefined && corner !== first);
  if (way.length < LEAST_TOUCHING) {
    yield closed(way);
    return;
  }
  const open: Corner[] = [];
  const places = new Map<number, number>();
  const placeOf = ({ column, row }: Corner) => row * (columns + 1) + column;
  for (const next of way) {
    const before = places.get(placeOf(next));
    if (before !== undefined) {
      const loop = open.splice(before);
      for (const one of loop) places.delete(placeOf(one));
      yield closed(loop);
    }
    places.set(placeOf(next), open.length);
    open.push(next);
  }
  yield closed(open);
}

function closed(corners: readonly Corner[]): Ring {
  const ring = new Int32Array(2 * corners.length + 2);
  for (let i = 0; i <= corners.length; i++) {
    const { column, row } = corners[i % corners.length];
    ring[2 * i] = column;
    ring[2 * i + 1] = row;
  }
  return ring;
}
