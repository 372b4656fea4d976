import { throwIfAborted, type WorkOptions } from "../../progress.js";
import type { Georeference } from "../../raster/raster.js";
import { type Placement, placementOf } from "../placement.js";
import { polygonize, type Ring, type ValueRow } from "../polygons.js";
import { openFeatureCollection } from "../write-geojson.js";
import { type ChangedCells, codesOf, isChange, sinceOf } from "./changed-cells.js";
import type { SceneDate } from "./dates.js";
import { type Patches, patchesOf } from "./patches.js";
import type { RuleAnswers } from "./rule-answers.js";

/** Cells of one transition on one date that hang together by their sides. */
export interface ChangedPlace {
  /** From 1 on, the largest first. */
  readonly id: number;
  readonly before: string;
  readonly after: string;
  /** The date, counted from 0, from which on it is as on the last. */
  readonly since: number;
  /** Rules that say yes to most of its cells. */
  readonly rules: readonly string[];
  readonly cells: number;
  readonly hectares: number;
  /** Mean probability of its cells that they changed, 0 to 1. */
  readonly score: number;
  /** Of a cell in its middle, in degrees on WGS 84; undefined where nobody can say, and for all but the largest places. */
  readonly position: readonly [longitude: number, latitude: number] | undefined;
  /** In cells; right and lower side outside. */
  readonly box: readonly [left: number, top: number, right: number, bottom: number];
}

export interface PlacesOptions extends Pick<WorkOptions, "signal" | "onWarning"> {
  readonly cells: ChangedCells;
  /** Drawn classes. */
  readonly names: readonly string[];
  readonly rules: readonly RuleAnswers[];
  readonly dates: readonly SceneDate[];
  /** Of each cell. */
  readonly hectares: Float64Array;
  readonly georeference: Georeference;
  readonly metadata: Readonly<Record<string, string>>;
  /** GeoJSON. */
  readonly path: string;
}

/** Places that get a position: those that people look at. */
export const MOST_POSITIONS = 100;

/** A place before it has a name. */
interface Patch {
  readonly value: number;
  cells: number;
  hectares: number;
  score: number;
  left: number;
  top: number;
  right: number;
  bottom: number;
  readonly yes: number[];
  rings: readonly Float64Array[];
}

/** Writes the changed places as GeoJSON, the largest first, and returns them. @throws UserError `io`, `aborted` */
export async function writePlaces(options: PlacesOptions): Promise<readonly ChangedPlace[]> {
  const { cells, names, rules, dates, georeference, metadata, path, signal, onWarning } = options;
  const placement = await placementOf(georeference, cells, onWarning);
  const values = valuesOf(options, placement);
  const patches = patchesOf(values, cells.columns);
  const found = gather(options, values, patches);
  outline(found, values, cells, placement);
  const ordered = [...found.entries()].sort(([a, one], [b, other]) => other.hectares - one.hectares || a - b);
  const places: ChangedPlace[] = [];
  const file = await openFeatureCollection(path, { crs: placement.crs, metadata });
  try {
    for (const [root, patch] of ordered) {
      throwIfAborted(signal);
      const { code, since } = partsOf(patch.value, cells.drawn.length);
      const place: ChangedPlace = {
        id: places.length + 1,
        before: names[Math.floor((code - 1) / names.length)],
        after: names[(code - 1) % names.length],
        since,
        rules: rules.filter((_, i) => 2 * patch.yes[i] > patch.cells).map(({ name }) => name),
        cells: patch.cells,
        hectares: patch.hectares,
        score: patch.score / patch.cells / 100,
        position:
          places.length >= MOST_POSITIONS ? undefined : positionOf(patch, root, { patches, columns: cells.columns, placement }),
        box: [patch.left, patch.top, patch.right, patch.bottom],
      };
      places.push(place);
      if (patch.rings.length > 0) await file.write(propertiesOf(place, dates), patch.rings);
    }
    await file.finish();
  } finally {
    await file.discard();
  }
  const unplaced = ordered.filter(([, { rings }]) => rings.length === 0).length;
  if (unplaced > 0)
    onWarning?.(`${unplaced} changed places reach where nothing has a longitude and latitude: left out of ${path}`);
  return places;
}

/** By cell: transition, date and half of the earth in one number; 0 for what did not change. */
function valuesOf({ cells, names }: PlacesOptions, { halves }: Placement): Uint32Array {
  const [codes, since] = [codesOf(cells, names.length), sinceOf(cells)];
  const values = new Uint32Array(codes.length);
  for (let row = 0; row < cells.rows; row++) {
    const half = halves?.(row);
    for (let column = 0; column < cells.columns; column++) {
      const cell = row * cells.columns + column;
      if (!isChange(codes[cell], names.length)) continue;
      values[cell] = 2 * (codes[cell] * cells.drawn.length + since[cell]) + (half?.[column] ?? 0);
    }
  }
  return values;
}

function partsOf(value: number, dates: number): { readonly code: number; readonly since: number } {
  const place = Math.floor(value / 2);
  return { code: Math.floor(place / dates), since: place % dates };
}

/** The patches of changed cells by their first cell. */
function gather({ cells, rules, hectares }: PlacesOptions, values: Uint32Array, { first }: Patches): Map<number, Patch> {
  const found = new Map<number, Patch>();
  for (let cell = 0; cell < values.length; cell++) {
    if (values[cell] === 0) continue;
    const [column, row] = [cell % cells.columns, Math.floor(cell / cells.columns)];
    const patch = found.get(first[cell]) ?? {
      ...{ value: values[cell], cells: 0, hectares: 0, score: 0, yes: rules.map(() => 0), rings: [] },
      ...{ left: column, top: row, right: column + 1, bottom: row + 1 },
    };
    found.set(first[cell], patch);
    patch.cells++;
    patch.hectares += hectares[cell];
    patch.score += cells.evidence[cell];
    patch.left = Math.min(patch.left, column);
    patch.right = Math.max(patch.right, column + 1);
    patch.bottom = row + 1;
    for (let i = 0; i < rules.length; i++) if (rules[i].cells[cell] === 1) patch.yes[i]++;
  }
  return found;
}

/** Gives patches their rings where they lie on the earth; those without a place keep none. */
function outline(found: ReadonlyMap<number, Patch>, values: Uint32Array, { columns, rows }: ChangedCells, { place }: Placement) {
  const scores = new Float32Array(0);
  const rowsOf = function* (): Generator<ValueRow> {
    for (let row = 0; row < rows; row++) yield { values: values.subarray(row * columns, (row + 1) * columns), scores };
  };
  for (const { value, rings } of polygonize(rowsOf(), { columns, classes: 0 })) {
    const placed = rings.map((ring) => place(ring, value % 2));
    const patch = found.get(firstCellOf(rings[0], columns));
    if (patch === undefined) throw new RangeError("a polygon of cells that are no patch");
    if (!placed.includes(undefined)) patch.rings = placed as Float64Array[]; // none is missing
  }
}

/** The first cell, row by row, of what an outer ring goes round. */
function firstCellOf(ring: Ring, columns: number): number {
  let [column, row] = [ring[0], ring[1]];
  for (let at = 2; at < ring.length; at += 2) {
    if (ring[at + 1] < row || (ring[at + 1] === row && ring[at] < column)) [column, row] = [ring[at], ring[at + 1]];
  }
  return row * columns + column;
}

/** The middle of the cell of a patch that is nearest to the middle of its box. */
function positionOf(
  { value, left, top, right, bottom }: Patch,
  root: number,
  { patches, columns, placement }: { readonly patches: Patches; readonly columns: number; readonly placement: Placement },
): ChangedPlace["position"] {
  const [x, y] = [(left + right - 1) / 2, (top + bottom - 1) / 2];
  let [nearest, distance] = [root, Number.POSITIVE_INFINITY];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const cell = row * columns + column;
      const here = (column - x) ** 2 + (row - y) ** 2;
      if (here < distance && patches.first[cell] === root) [nearest, distance] = [cell, here];
    }
  }
  if (placement.crs !== undefined) return undefined;
  const [column, row] = [nearest % columns, Math.floor(nearest / columns)];
  const corners = placement.place(
    Int32Array.of(column, row, column, row + 1, column + 1, row + 1, column + 1, row, column, row),
    value % 2,
  );
  if (corners === undefined) return undefined;
  const points = corners.length / 2 - 1;
  const mean = (axis: number) => {
    let sum = 0;
    for (let i = 0; i < points; i++) sum += corners[2 * i + axis];
    return Math.round((sum / points) * 1e7) / 1e7;
  };
  return [mean(0), mean(1)];
}

function propertiesOf(
  { id, before, after, since, rules, cells, hectares, score }: ChangedPlace,
  dates: readonly SceneDate[],
): string {
  return JSON.stringify({
    ...{ id, before, after, rules },
    ...{
      hectares: rounded(hectares),
      cells,
      confidence: rounded(score),
      changed_after: dates[since - 1].label,
      by: dates[since].label,
    },
  });
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
