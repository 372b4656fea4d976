import { throwIfAborted, type WorkOptions } from "../progress.js";
import type { Georeference } from "../raster/raster.js";
import type { CellGrid } from "./cells.js";
import { type Placement, placementOf } from "./placement.js";
import { polygonize, type ValueRow } from "./polygons.js";
import { type DecidedRow, NO_LABEL } from "./products.js";
import { openGeoJson } from "./write-geojson.js";
import { openGeoParquet } from "./write-geoparquet.js";

/** A polygon of a map as vector files hold it. */
export interface PolygonFeature {
  /** As in the map: from 1 on. */
  readonly classId: number;
  readonly className: string;
  readonly cells: number;
  /** JSON: class → mean probability of its cells, to four decimals. */
  readonly scores: string;
  /** [x, y, x, y, …], the outer ring first; inside on the left. */
  readonly rings: readonly Float64Array[];
}

/** What a vector file says of all its features. */
export interface FeatureFileOptions extends Pick<Placement, "crs"> {
  /** What the map was made of. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A vector file that is being written. */
export interface FeatureFile {
  /** @throws UserError `io` */
  write(feature: PolygonFeature): Promise<void>;
  /** @throws UserError `io` */
  finish(): Promise<void>;
  /** Gives up what is not finished. */
  discard(): Promise<void>;
}

export interface PolygonOptions extends Pick<WorkOptions, "signal" | "onWarning"> {
  readonly classes: readonly string[];
  readonly cells: Pick<CellGrid, "columns" | "rows">;
  readonly georeference: Georeference;
  /** From north to south. */
  readonly rows: Iterable<Pick<DecidedRow, "drawn" | "probabilities">>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly files: { readonly geojson: string; readonly parquet: string };
}

/** Writes the polygons of a map: cells of one class that hang together. @throws UserError `io`, `aborted` */
export async function writePolygons(options: PolygonOptions): Promise<void> {
  const { cells, georeference, metadata, files, signal, onWarning } = options;
  const placement = await placementOf(georeference, cells, onWarning);
  const said = { crs: placement.crs, metadata };
  const open: FeatureFile[] = [];
  try {
    open.push(await openGeoJson(files.geojson, said));
    open.push(await openGeoParquet(files.parquet, said));
    let unplaced = 0;
    for (const feature of featuresOf(options, placement)) {
      throwIfAborted(signal);
      if (feature === undefined) unplaced++;
      else for (const file of open) await file.write(feature);
    }
    for (const file of open) await file.finish();
    if (unplaced > 0) {
      onWarning?.(
        `${unplaced} ${unplaced === 1 ? "polygon reaches" : "polygons reach"} where nothing has a longitude and latitude: left out`,
      );
    }
  } finally {
    for (const file of open) await file.discard();
  }
}

/** In the order in which they end, from north to south; undefined for one that has no place. */
function* featuresOf(
  { classes, cells: { columns }, rows }: PolygonOptions,
  { halves, place }: Placement,
): Generator<PolygonFeature | undefined> {
  const names = [...classes, NO_LABEL];
  const keys = classes.map((name) => JSON.stringify(name));
  const valueRows = function* (): Generator<ValueRow> {
    let row = 0;
    for (const { drawn, probabilities } of rows) {
      const ofRow = halves?.(row++);
      const values = Uint32Array.from(drawn, (id, column) => (id === 0 ? 0 : 2 * id + (ofRow?.[column] ?? 0)));
      yield { values, scores: probabilities };
    }
  };
  for (const { value, cells, means, rings } of polygonize(valueRows(), { columns, classes: classes.length })) {
    const placed = rings.map((ring) => place(ring, value % 2));
    const classId = Math.floor(value / 2);
    yield placed.includes(undefined)
      ? undefined
      : {
          classId,
          className: names[classId - 1],
          cells,
          // By hand, since an object would put names like "10" first.
          scores: `{${keys.map((key, k) => `${key}:${Math.round(means[k] * 1e4) / 1e4}`).join(",")}}`,
          rings: placed as Float64Array[], // none is missing
        };
  }
}
