import { mapInOrder } from "../concurrency.js";
import type { Sample } from "../data/dataset.js";
import { UserError } from "../errors.js";
import type { WorkOptions } from "../progress.js";
import type { Raster } from "../raster/raster.js";
import { resize } from "../raster/resample.js";
import { readRaster } from "./image-files.js";
import { DECODED_AT_ONCE } from "./thumbnails.js";

/** Details are what a picture of 48 × 48 pixels shows and one of 12 × 12 does not. */
const FINE_PX = 48;
const COARSE_PX = 12;
/**
 * Correlation of details from which pictures that look the same from afar are the same. Copies of 280 images of RSSCN7 (75 % of the
 * size, 15 % brighter, JPEG quality 60) had 0.78 or more; different mosaics whose light and dark parts happen to agree 0.47 or less.
 */
const SAME = 0.65;
/** Details weaker than this share of the brightness are noise of the compression. */
const FLAT = 2e-3;
/** Different pictures among those that look the same from afar that are told apart; the rest is left out. */
const MOST_KINDS = 32;

/** The details of a picture, `[48 · 48]` with length 1: the mean of its bands, less what a coarse picture shows. Zero where there are none. */
export function detailOf(raster: Raster): Float32Array {
  const fine = resize(raster, { widthPx: FINE_PX, heightPx: FINE_PX });
  const places = FINE_PX * FINE_PX;
  const grey = new Float32Array(places);
  for (let i = 0; i < fine.data.length; i++) grey[i % places] += Number(fine.data[i]) / raster.bands.length;
  const plane: Raster = { bands: ["grey"], widthPx: FINE_PX, heightPx: FINE_PX, dtype: "float32", data: grey };
  const coarse = resize(resize(plane, { widthPx: COARSE_PX, heightPx: COARSE_PX }), { widthPx: FINE_PX, heightPx: FINE_PX });
  let [square, brightness] = [0, 0];
  const detail = grey.map((value, i) => {
    const rest = value - Number(coarse.data[i]);
    square += rest * rest;
    brightness += Math.abs(value) / places;
    return rest;
  });
  const length = Math.sqrt(square);
  return length > FLAT * FINE_PX * Math.max(1, brightness) ? detail.map((value) => value / length) : detail.fill(0);
}

/**
 * Of sets of images that look the same from afar, those that are the same in detail too. Images without detail are taken by their
 * looks. Each image is decoded once.
 *
 * @param sets rows of `samples`
 */
export async function confirmDuplicates(
  sets: readonly (readonly number[])[],
  samples: readonly Pick<Sample, "file" | "path">[],
  { signal }: WorkOptions = {},
): Promise<number[][]> {
  const confirmed: number[][] = [];
  for (const set of sets) {
    const kinds: { readonly detail: Float32Array; readonly rows: number[] }[] = [];
    const read = async (row: number) => ({ row, detail: await readDetail(samples[row]) });
    for await (const { row, detail } of mapInOrder(set, DECODED_AT_ONCE, read, signal)) {
      if (detail === undefined) continue;
      const kind = kinds.find((known) => sameDetail(known.detail, detail));
      if (kind) kind.rows.push(row);
      else if (kinds.length < MOST_KINDS) kinds.push({ detail, rows: [row] });
    }
    confirmed.push(...kinds.flatMap(({ rows }) => (rows.length > 1 ? [rows] : [])));
  }
  return confirmed.sort((a, b) => a[0] - b[0]);
}

async function readDetail({ path, file }: Pick<Sample, "file" | "path">): Promise<Float32Array | undefined> {
  try {
    return detailOf(await readRaster(path, file));
  } catch (error) {
    if (error instanceof UserError) return undefined; // became unreadable meanwhile
    throw error;
  }
}

function sameDetail(a: Float32Array, b: Float32Array): boolean {
  const correlation = a.reduce((sum, value, i) => sum + value * b[i], 0);
  const shows = (detail: Float32Array) => detail.some((value) => value !== 0);
  return shows(a) || shows(b) ? correlation >= SAME : true;
}
