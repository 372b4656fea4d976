import { decide } from "../learn/decide.js";
import type { ClassifierFile } from "../model/classifier.js";
import type { WorkOptions } from "../progress.js";
import type { Georeference, RasterDType } from "../raster/raster.js";
import { newSamples } from "../raster/samples.js";
import { type CogOptions, createCog, type RasterWriter } from "../raster/write/cog.js";
import type { CellGrid } from "./cells.js";
import { classColours, NO_LABEL_COLOUR } from "./colours.js";
import { CELL, type CellRow, type Journal } from "./journal.js";

/** The files of a map beside its own. */
export interface MapFiles {
  /** The decided class: its number from 1 on, 0 where there is no answer. */
  readonly map: string;
  /** A band for each class. */
  readonly probabilities: string;
  /** Entropy, and the lead of the first over the second class. */
  readonly certainty: string;
  /** With several labels per image: a band for each, 1 yes, 0 no. */
  readonly labels: string | undefined;
  /** Cells of one class that hang together, as polygons; undefined where the scene does not say where it lies. */
  readonly geojson: string | undefined;
  /** The same as GeoParquet. */
  readonly parquet: string | undefined;
  /** A PNG to look at: the scene, the map in its colours, and what they mean. */
  readonly quickLook: string;
}

/** A file of a map that is no raster: made of the same rows, and there before the map is. */
export interface Companion {
  /** The drawn numbers of the next row of cells, 0 without an answer; not kept by the caller. */
  row(drawn: Uint16Array): void;
  /** Writes the file. */
  finish(): Promise<void>;
}

/** Where no label is decided. */
export const NO_LABEL = "none";
/** Side of a block: rows of a map are held back until so many are there. */
const BLOCK_PX = 256;
const PROBABILITY_NODATA = 65_535;
const PROBABILITY_STEPS = 65_534;
const LABEL_NODATA = 255;
const BLACK = [0, 0, 0] as const;

export interface ProductOptions extends Pick<WorkOptions, "signal" | "onProgress"> {
  readonly classifier: ClassifierFile;
  readonly cells: CellGrid;
  readonly georeference: Georeference | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly journal: Journal;
  readonly files: MapFiles;
  readonly companions?: readonly Companion[];
  readonly force: boolean;
}

/** Counts of the cells of a map. */
export interface CellCounts {
  /** By class; a cell with several labels counts for the one that is drawn. */
  readonly ofClasses: readonly number[];
  readonly noLabel: number;
  readonly noAnswer: number;
}

/** One raster of a map: what it is written as, and what a row of cells becomes in it. */
interface Product {
  readonly path: string;
  readonly options: Pick<CogOptions, "dtype" | "bands" | "nodata" | "palette" | "categories" | "overviews">;
  /** Writes band by band, each `stride` after the other, from `at` on. */
  readonly put: (row: DecidedRow, out: ReturnType<typeof newSamples>, at: number, stride: number) => void;
}

/** A row of cells, decided. */
export interface DecidedRow extends CellRow {
  /** `[columns, K]` of 1 and 0. */
  readonly decided: Uint8Array;
  /** The number drawn, 0 without an answer. */
  readonly drawn: Uint16Array;
}

/** Writes the rasters of a map from its journal, row by row. @throws UserError `exists`, `io`, `aborted` */
export async function writeProducts(options: ProductOptions): Promise<CellCounts> {
  const { classifier, cells, georeference, metadata, journal, companions = [], signal, force } = options;
  const { classes } = classifier.manifest;
  const counts = new Float64Array(classes.length + 2);
  const products = productsOf(options);
  const writers: RasterWriter[] = [];
  try {
    for (const { path, options: form } of products) {
      writers.push(
        await createCog({
          path,
          widthPx: cells.columns,
          heightPx: cells.rows,
          ...form,
          georeference,
          metadata,
          blockPx: BLOCK_PX,
          force,
          signal,
        }),
      );
    }
    const held = products.map(({ options: { dtype, bands } }) =>
      newSamples(dtype as RasterDType, bands.length * cells.columns * BLOCK_PX),
    );
    let [top, count] = [0, 0];
    const flush = async () => {
      for (const [i, writer] of writers.entries()) {
        // Bands lie a whole block apart; of the last block only the rows that are there.
        const data = packed(held[i], products[i].options.bands.length, cells.columns * BLOCK_PX, cells.columns * count);
        await writer.write(0, top, { data, widthPx: cells.columns, heightPx: count });
      }
      top += count;
      count = 0;
    };
    for (const decided of decidedRows(classifier, journal.read())) {
      for (const drawn of decided.drawn) counts[drawn]++;
      for (const companion of companions) companion.row(decided.drawn);
      products.forEach(({ put }, i) => {
        put(decided, held[i], count * cells.columns, cells.columns * BLOCK_PX);
      });
      count++;
      if (count === BLOCK_PX) await flush();
    }
    if (count > 0) await flush();
    for (const companion of companions) await companion.finish();
    // The map itself last: where it is, everything is.
    for (const writer of [...writers].reverse()) await writer.finish();
  } finally {
    for (const writer of writers) await writer.close();
  }
  return {
    ofClasses: Array.from(counts.subarray(1, classes.length + 1)),
    noLabel: counts[classes.length + 1],
    noAnswer: counts[0],
  };
}

function packed<T extends ReturnType<typeof newSamples>>(held: T, bands: number, stride: number, length: number): T {
  if (stride === length) return held;
  const out = new (held.constructor as new (length: number) => T)(bands * length);
  for (let band = 0; band < bands; band++) out.set(held.subarray(band * stride, band * stride + length) as T, band * length);
  return out;
}

/** Rows of cells, and what a classifier decides by their probabilities. */
export function* decidedRows(classifier: ClassifierFile, rows: Iterable<CellRow>): Generator<DecidedRow> {
  for (const row of rows) yield decidedRow(classifier, row);
}

function decidedRow({ manifest: { task, classes, thresholds }, rules }: ClassifierFile, row: CellRow): DecidedRow {
  const { probabilities, states } = row;
  const count = classes.length;
  const decided = decide(task, probabilities, count, thresholds, rules);
  const drawn = new Uint16Array(states.length);
  for (let cell = 0; cell < states.length; cell++) {
    if (states[cell] !== CELL.answered) {
      decided.fill(0, cell * count, (cell + 1) * count);
      continue;
    }
    let best = -1;
    for (let k = 0; k < count; k++) {
      const at = cell * count + k;
      if (decided[at] === 1 && (best < 0 || probabilities[at] > probabilities[cell * count + best])) best = k;
    }
    drawn[cell] = best < 0 ? count + 1 : best + 1;
  }
  return { ...row, decided, drawn };
}

function productsOf({ classifier: { manifest }, files }: ProductOptions): readonly Product[] {
  const { classes, task } = manifest;
  const withNone = task === "multilabel";
  const map: Product = {
    path: files.map,
    options: {
      dtype: classes.length + 1 > 255 ? "uint16" : "uint8",
      bands: [{ name: "class" }],
      nodata: 0,
      palette: [BLACK, ...classColours(classes), ...(withNone ? [NO_LABEL_COLOUR] : [])],
      categories: ["", ...classes, ...(withNone ? [NO_LABEL] : [])],
    },
    put: ({ drawn }, out, at) => out.set(drawn, at),
  };
  const probabilities: Product = {
    path: files.probabilities,
    options: {
      dtype: "uint16",
      bands: classes.map((name) => ({ name, scaling: { scale: 1 / PROBABILITY_STEPS, offset: 0 } })),
      nodata: PROBABILITY_NODATA,
    },
    put: ({ probabilities, states }, out, at, stride) =>
      eachCell(states, classes.length, (cell, k, answered) => {
        out[at + k * stride + cell] = answered
          ? Math.round(probabilities[cell * classes.length + k] * PROBABILITY_STEPS)
          : PROBABILITY_NODATA;
      }),
  };
  const certainty: Product = {
    path: files.certainty,
    options: { dtype: "float32", bands: [{ name: "entropy" }, { name: "margin" }], nodata: Number.NaN },
    put: ({ probabilities, states }, out, at, stride) =>
      eachCell(states, 1, (cell, _, answered) => {
        const row = probabilities.subarray(cell * classes.length, (cell + 1) * classes.length);
        out[at + cell] = answered ? CERTAINTY[task].entropy(row) : Number.NaN;
        out[at + stride + cell] = answered ? CERTAINTY[task].margin(row) : Number.NaN;
      }),
  };
  if (files.labels === undefined) return [map, probabilities, certainty];
  const labels: Product = {
    path: files.labels,
    options: { dtype: "uint8", bands: classes.map((name) => ({ name })), nodata: LABEL_NODATA, overviews: "mode" },
    put: ({ decided, states }, out, at, stride) =>
      eachCell(states, classes.length, (cell, k, answered) => {
        out[at + k * stride + cell] = answered ? decided[cell * classes.length + k] : LABEL_NODATA;
      }),
  };
  return [map, probabilities, certainty, labels];
}

function eachCell(states: Uint8Array, classes: number, put: (cell: number, k: number, answered: boolean) => void): void {
  for (let k = 0; k < classes; k++) {
    for (let cell = 0; cell < states.length; cell++) put(cell, k, states[cell] === CELL.answered);
  }
}

/** How sure a classifier is of a cell, 0 to 1 each: entropy 0 is certain, margin 1 is certain. */
const CERTAINTY: Readonly<
  Record<ClassifierFile["manifest"]["task"], Record<"entropy" | "margin", (probabilities: Float32Array) => number>>
> = {
  multiclass: {
    // Shannon's, of that of all classes alike.
    entropy: (p) =>
      p.length < 2 ? 0 : p.reduce((sum, value) => sum - (value > 0 ? value * Math.log(value) : 0), 0) / Math.log(p.length),
    margin(p) {
      let [first, second] = [0, 0];
      for (const value of p) {
        if (value > first) [first, second] = [value, first];
        else if (value > second) second = value;
      }
      return first - second;
    },
  },
  multilabel: {
    // Of the label that is least certain, in bits; and how far it is from one half.
    entropy: (p) => p.reduce((most, value) => Math.max(most, bits(value)), 0),
    margin: (p) => p.reduce((least, value) => Math.min(least, Math.abs(2 * value - 1)), 1),
  },
};

function bits(p: number): number {
  return p <= 0 || p >= 1 ? 0 : -(p * Math.log2(p) + (1 - p) * Math.log2(1 - p));
}
