import { UserError } from "../../errors.js";
import type { Raster } from "../raster.js";
import { blockBytes, type Pixels, predictorOf } from "./block.js";
import { compressionOf } from "./compressions.js";
import { encodeDirectories } from "./directory.js";
import { type BlockPlaces, bandsOfBlocks, checkImage, fileTags, type ImageNotes, levelTags } from "./tags.js";

/** Strips are read whole: this many bytes are still read at once. */
const STRIP_BYTES = 2 ** 20;
/** From here on offsets may not fit a classic TIFF. */
export const CLASSIC_BYTES = 2 ** 32 - 2 ** 20;

/**
 * A small GeoTIFF in one go, for chips: Deflate in strips, without overviews, with band names, scales, nodata and place. The same
 * raster gives the same bytes.
 *
 * @param options.metadata items of the file, for GDAL's metadata
 * @throws RangeError if the samples do not fill `[C, H, W]`
 * @throws UserError `limit` if it would not fit a classic TIFF of 4 GiB
 */
export async function encodeGeoTiff(
  raster: Raster,
  { metadata }: { readonly metadata?: Readonly<Record<string, string>> } = {},
): Promise<Uint8Array> {
  const { widthPx, heightPx, dtype, data, nodata, georeference } = raster;
  const compression = compressionOf("deflate");
  const bands = raster.bands.map((name, band) => ({ name, scaling: raster.scaling?.[band] }));
  const notes: ImageNotes = { dtype, bands, nodata, palette: undefined, compression: compression.code };
  checkImage(notes, widthPx, heightPx);
  if (data.length !== bands.length * widthPx * heightPx) {
    throw new RangeError(`${data.length} samples do not fill [${bands.length}, ${heightPx}, ${widthPx}]`);
  }

  const groups = bandsOfBlocks(bands.length);
  const rowBytes = widthPx * groups[0].length * data.BYTES_PER_ELEMENT;
  const stripRows = Math.min(heightPx, Math.max(1, Math.floor(STRIP_BYTES / rowBytes)));
  const blocks: Uint8Array[] = [];
  for (const group of groups) {
    for (let top = 0; top < heightPx; top += stripRows) {
      const rows = Math.min(stripRows, heightPx - top);
      const form = { dtype, predictor: predictorOf(dtype), widthPx, heightPx: rows, fill: 0 };
      const strip = rowsOf(raster, group, top, rows);
      blocks.push(await compression.compress(blockBytes(strip, [...group.keys()], form)));
    }
  }

  const head = (offsets: ArrayLike<number>) => {
    const places: BlockPlaces = { offsets, lengths: blocks.map((block) => block.length) };
    const level = { widthPx, heightPx, blocks: { stripRows }, places, isOverview: false };
    return encodeDirectories([[...levelTags(notes, level), ...fileTags(notes, { georeference, metadata })]], { big: false });
  };
  let end = head(new Float64Array(blocks.length)).length;
  const offsets = blocks.map((block) => {
    end += block.length;
    return end - block.length;
  });
  if (end > CLASSIC_BYTES) {
    throw new UserError("limit", `a GeoTIFF of ${end} bytes is too large to be made in memory`, { hint: "Write it as a COG." });
  }
  const bytes = new Uint8Array(end);
  bytes.set(head(offsets));
  blocks.forEach((block, index) => {
    bytes.set(block, offsets[index]);
  });
  return bytes;
}

/** Some rows of some bands. */
function rowsOf({ data, widthPx, heightPx }: Pixels, bands: readonly number[], top: number, rows: number): Pixels {
  const rowsData = data.slice(0, bands.length * rows * widthPx);
  bands.forEach((band, index) => {
    const start = (band * heightPx + top) * widthPx;
    rowsData.set(data.subarray(start, start + rows * widthPx), index * rows * widthPx);
  });
  return { data: rowsData, widthPx, heightPx: rows };
}
