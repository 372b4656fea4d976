import { throwIfAborted, type WorkOptions } from "../../progress.js";
import { createRandom } from "../../random.js";
import type { CellAreas } from "../../raster/geo/cell-area.js";
import type { PixelWindow } from "../../raster/resample.js";
import type { MappedCells, StratifiedMap } from "./strata.js";

/** Cells and what they cover together. */
export interface Extent {
  cells: number;
  hectares: number;
}

/** A part of the map from which samples are drawn by themselves. */
export interface CountedStratum extends Extent {
  readonly name: string;
  /** What the map says of its cells: codes, and bits of rules. */
  readonly codes: Set<number>;
  readonly rules: Set<number>;
}

/** All cells of a map that have an answer. */
export interface MapCount {
  readonly strata: readonly CountedStratum[];
  readonly total: Extent;
  readonly byCode: ReadonlyMap<number, Extent>;
  readonly byRule: readonly Extent[];
  /** With several labels per cell: by date and class. */
  readonly byLabel: readonly (readonly Extent[])[];
}

/** A cell that was drawn. */
export interface DrawnCell {
  readonly stratum: string;
  readonly column: number;
  readonly row: number;
  readonly code: number;
  readonly rules: number;
}

/** Cells with an answer that are fewer are no stratum of their own: they would cost more samples than they say. */
const FEWEST_CELLS = 10;
const FEW = "few cells";
/** Cells that are read at once. */
const WINDOW_CELLS = 2 ** 22;

type AreaOfRow = Extract<CellAreas, { row: unknown }>["row"];

/** Counts the cells of a map. Memory goes with a few rows of it. */
export async function countCells(map: StratifiedMap, areas: AreaOfRow, work: WorkOptions): Promise<MapCount> {
  const strata = new Map<string, CountedStratum>();
  const byKind = new Map<number, Kind>();
  let last = -1;
  let kind: Kind | undefined;
  for await (const { cells, row, from, columns } of rowsOf(map, work, "counting cells")) {
    const hectares = areas(row);
    for (let column = 0; column < columns; column++) {
      const code = cells.codes[from + column];
      if (code === 0) continue;
      const rules = cells.rules === undefined ? 0 : cells.rules[from + column];
      const key = rules * CODES + code;
      // Neighbours are mostly alike.
      if (key !== last) kind = byKind.get(key);
      last = key;
      if (kind === undefined) {
        const name = map.stratumOf(code, rules);
        const stratum = strata.get(name) ?? { name, cells: 0, hectares: 0, codes: new Set<number>(), rules: new Set<number>() };
        strata.set(name, stratum);
        stratum.codes.add(code);
        stratum.rules.add(rules);
        kind = { code, rules, stratum, cells: 0, hectares: 0 };
        byKind.set(key, kind);
      }
      kind.cells++;
      kind.hectares += hectares[column];
    }
  }
  const byCode = new Map<number, Extent>();
  const byRule = map.rules.map((): Extent => ({ cells: 0, hectares: 0 }));
  const total: Extent = { cells: 0, hectares: 0 };
  for (const kind of byKind.values()) {
    const ofCode = byCode.get(kind.code) ?? { cells: 0, hectares: 0 };
    byCode.set(kind.code, ofCode);
    const said = byRule.filter((_, i) => (kind.rules & (1 << i)) !== 0);
    for (const extent of [kind.stratum, ofCode, total, ...said]) add(extent, kind);
  }
  return { strata: gathered([...strata.values()]), total, byCode, byRule, byLabel: await countLabels(map, areas, work) };
}

/** Cells of which the map says the same. */
interface Kind extends Extent {
  readonly code: number;
  readonly rules: number;
  readonly stratum: CountedStratum;
}

const CODES = 2 ** 16;

function add(to: Extent, { cells, hectares }: Extent): void {
  to.cells += cells;
  to.hectares += hectares;
}

/** Largest first; those of few cells become one, and that becomes part of the largest if it has few itself. */
function gathered(strata: readonly CountedStratum[]): readonly CountedStratum[] {
  const sorted = [...strata].sort((a, b) => b.cells - a.cells || (a.name < b.name ? -1 : 1));
  const few = sorted.filter(({ cells }) => cells < FEWEST_CELLS);
  if (few.length === 0 || few.length === sorted.length) return sorted;
  const large = sorted.slice(0, sorted.length - few.length);
  const together: CountedStratum = { name: FEW, cells: 0, hectares: 0, codes: new Set(), rules: new Set() };
  const isOwn = few.reduce((sum, { cells }) => sum + cells, 0) >= FEWEST_CELLS;
  const host = isOwn ? together : large[0];
  for (const one of few) {
    add(host, one);
    for (const code of one.codes) host.codes.add(code);
    for (const rules of one.rules) host.rules.add(rules);
  }
  return isOwn ? [...large, together] : large;
}

async function countLabels(map: StratifiedMap, areas: AreaOfRow, work: WorkOptions): Promise<MapCount["byLabel"]> {
  const { labels } = map;
  if (labels === undefined) return [];
  const extents = labels.isThere.map(() => map.classes.map((): Extent => ({ cells: 0, hectares: 0 })));
  for (const window of windowsOf(map, labels.reader.info.bands.length)) {
    throwIfAborted(work.signal);
    const { data } = await labels.reader.read({ window, signal: work.signal });
    const rows = Array.from({ length: window.heightPx }, (_, y) => areas(window.topPx + y));
    for (const [date, isThere] of labels.isThere.entries()) {
      for (let k = 0, i = 0; k < map.classes.length; k++) {
        const extent = extents[date][k];
        for (const hectares of rows) {
          for (let x = 0; x < hectares.length; x++, i++) {
            if (!isThere(data[i])) continue;
            extent.cells++;
            extent.hectares += hectares[x];
          }
        }
      }
    }
  }
  return extents;
}

/**
 * Draws cells of each stratum without replacement, every hectare of it as likely as any other: of cells of one size, each is as likely as
 * any other, and one that the edge of the scene cuts off is so much less. The same seed draws the same cells, in an order that says
 * nothing of strata.
 */
export async function drawCells(
  map: StratifiedMap,
  areas: AreaOfRow,
  {
    strata,
    sizes,
    seed,
    ...work
  }: WorkOptions & {
    readonly strata: readonly CountedStratum[];
    readonly sizes: ArrayLike<number>;
    readonly seed: number;
  },
): Promise<readonly DrawnCell[]> {
  const random = createRandom(seed, "area design");
  const reservoirs = strata.map((_, h) => reservoir<DrawnCell>(sizes[h]));
  const known = new Map<number, number>();
  let [last, lastStratum] = [-1, 0];
  const stratumOf = (code: number, rules: number) => {
    const key = rules * CODES + code;
    if (key === last) return lastStratum;
    let stratum = known.get(key);
    if (stratum === undefined) {
      stratum = strata.findIndex((one) => one.name === map.stratumOf(code, rules));
      // One of few cells: its codes alone could be those of another.
      if (stratum < 0)
        stratum = Math.max(
          0,
          strata.findIndex(({ name }) => name === FEW),
        );
      known.set(key, stratum);
    }
    [last, lastStratum] = [key, stratum];
    return stratum;
  };
  for await (const { cells, row, from, columns } of rowsOf(map, work, "drawing samples")) {
    const hectares = areas(row);
    for (let column = 0; column < columns; column++) {
      const code = cells.codes[from + column];
      if (code === 0) continue;
      const rules = cells.rules === undefined ? 0 : cells.rules[from + column];
      const h = stratumOf(code, rules);
      // Of keys ln(u) / w, the n largest are a sample in proportion to w (Efraimidis and Spirakis 2006).
      const key = Math.log(1 - random.next()) / hectares[column];
      if (key > reservoirs[h].least()) reservoirs[h].add(key, { stratum: strata[h].name, column, row, code, rules });
    }
  }
  return random.fork("order").shuffle(reservoirs.flatMap((one) => one.kept()));
}

/** Keeps the `size` items with the largest keys. */
function reservoir<T>(size: number) {
  let kept: { readonly key: number; readonly item: T }[] = [];
  let least = size === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  const prune = () => {
    kept.sort((a, b) => b.key - a.key);
    kept = kept.slice(0, size);
    if (kept.length === size && size > 0) least = kept[size - 1].key;
  };
  return {
    least: () => least,
    add(key: number, item: T) {
      kept.push({ key, item });
      if (kept.length >= 2 * size + 64) prune();
    },
    kept() {
      prune();
      return kept.map(({ item }) => item);
    },
  };
}

interface CellsOfRow {
  readonly cells: MappedCells;
  readonly row: number;
  /** Where the row begins in them. */
  readonly from: number;
  readonly columns: number;
}

async function* rowsOf(map: StratifiedMap, { signal, onProgress }: WorkOptions, stage: string): AsyncGenerator<CellsOfRow> {
  const { widthPx: columns, heightPx: total } = map.info;
  for (const window of windowsOf(map, 1 + map.rules.length)) {
    throwIfAborted(signal);
    const cells = await map.read(window, signal);
    for (let y = 0; y < window.heightPx; y++) yield { cells, row: window.topPx + y, from: y * columns, columns };
    onProgress?.({ stage, done: window.topPx + window.heightPx, total, unit: "rows" });
  }
}

/** Rows of a map that are read at once: whole blocks of them. */
function* windowsOf({ info }: StratifiedMap, bands: number): Generator<PixelWindow> {
  const { widthPx, heightPx, block } = info;
  const fitting = Math.floor(WINDOW_CELLS / widthPx / bands);
  const rows = Math.max(1, fitting > block.heightPx ? fitting - (fitting % block.heightPx) : fitting);
  for (let topPx = 0; topPx < heightPx; topPx += rows) {
    yield { leftPx: 0, topPx, widthPx, heightPx: Math.min(rows, heightPx - topPx) };
  }
}
