import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { formatCsv } from "../../data/csv.js";
import { applyTransform } from "../../raster/geo/transform.js";
import type { Raster } from "../../raster/raster.js";
import { encodeGeoTiff } from "../../raster/write/tiff.js";
import { largestClass, type Shares, verdict } from "./labeller.js";
import type { ChipWindow } from "./windows.js";

/** Chips are in a folder of their own: thousands of files beside two tables hide the tables. */
export const CHIPS_FOLDER = "chips";
export const LABELS_FILE = "labels.csv";
export const LARGEST_FILE = "largest.csv";
/** Marks a folder as written by `sigmax chip`, and says how. */
export const RECORD_FILE = "chips.json";

/** A chip that has been cut. */
export interface LabelledChip {
  readonly window: ChipWindow;
  readonly raster: Raster;
  readonly shares: Shares;
}

export interface ChipTableOptions {
  readonly scene: string;
  readonly classes: readonly string[];
  readonly minShare: number;
  readonly digits: { readonly rows: number; readonly columns: number };
}

/** The rows of the two label tables, as chips come in. */
export interface ChipTable {
  /** The path of a chip within the dataset. */
  add(chip: LabelledChip): string;
  /** Chips in which a class is present, by class; and in which it is unknown. */
  readonly present: readonly number[];
  readonly unknown: readonly number[];
  readonly labelsCsv: () => string;
  readonly largestCsv: () => string;
}

/**
 * `labels.csv` says of every chip which classes are there (`forest|?road|`: forest, and perhaps road), with the share of each;
 * `largest.csv` names the class with the largest share, for one label per image. Coordinates are those of a chip's middle.
 */
export function chipTable({ scene, classes, minShare, digits }: ChipTableOptions): ChipTable {
  const labelRows: string[][] = [];
  const largestRows: string[][] = [];
  const present = new Array<number>(classes.length).fill(0);
  const unknown = new Array<number>(classes.length).fill(0);
  let coordinates: readonly string[] = ["x", "y"];
  return {
    present,
    unknown,
    add({ window, raster, shares }) {
      const [row, column] = [String(window.row).padStart(digits.rows, "0"), String(window.column).padStart(digits.columns, "0")];
      const file = `${CHIPS_FOLDER}/${scene}_r${row}_c${column}.tif`;
      const verdicts = Array.from(shares.ofClasses, (share) => verdict(share, shares.unseen, minShare));
      const tokens = classes.flatMap((name, k) => (verdicts[k] === 0 ? [] : [verdicts[k] === 1 ? `${name}|` : `?${name}|`]));
      for (const [k, found] of verdicts.entries()) {
        if (found === 1) present[k]++;
        if (found === -1) unknown[k]++;
      }
      if (raster.georeference?.crs?.kind === "geographic") coordinates = ["longitude", "latitude"];
      const place = middleOf(raster);
      const percent = Array.from(shares.ofClasses, (share) => share.toFixed(4));
      labelRows.push([file, ...place, scene, String(window.row), String(window.column), tokens.join(""), ...percent]);
      const largest = largestClass(shares);
      if (largest !== undefined) largestRows.push([file, ...place, classes[largest], percent[largest]]);
      return file;
    },
    labelsCsv: () =>
      formatCsv([
        ["file", ...coordinates, "scene", "cell_row", "cell_column", "tags", ...classes.map((name) => `share_${name}`)],
        ...labelRows,
      ]),
    largestCsv: () => formatCsv([["file", ...coordinates, "label", "share"], ...largestRows]),
  };
}

/** Writes a chip as a GeoTIFF that knows where it lies. */
export async function writeChip(
  folder: string,
  file: string,
  raster: Raster,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  await writeFile(join(folder, file), await encodeGeoTiff(raster, { metadata }));
}

export async function makeChipsFolder(folder: string): Promise<void> {
  await mkdir(join(folder, CHIPS_FOLDER), { recursive: true });
}

/** Coordinates of the middle; of a raster that lies nowhere, pixels are not to be mistaken for them. */
function middleOf({ georeference, widthPx, heightPx }: Raster): readonly [x: string, y: string] {
  if (georeference === undefined) return ["", ""];
  const [x, y] = applyTransform(georeference.transform, widthPx / 2, heightPx / 2);
  return [String(x), String(y)];
}
