import type { RasterDType } from "../raster.js";
import type { RasterBand, RasterInfo } from "../reader.js";
import { describeBands, paletteOf } from "./bands.js";
import type { TiffImage } from "./check.js";
import type { Companions } from "./companions.js";
import { textOf } from "./directory.js";
import { type GdalMetadata, parseGdalMetadata } from "./gdal-metadata.js";
import { georeferenceOf } from "./georeference.js";
import type { Level } from "./level.js";
import { type PamNotes, withNotes } from "./pam.js";
import { parseNodata } from "./validity.js";

/**
 * What a TIFF says of itself, and what is said beside it, in GDAL's order of precedence.
 *
 * @throws UserError `bad-file` for a place that is none, `usage` for names that do not fit its bands
 */
export async function infoOf(
  { image, levels, bandNames }: { image: TiffImage; levels: readonly Level[]; bandNames: readonly string[] | undefined },
  companions: Partial<Companions>,
  warn: ((message: string) => void) | undefined,
): Promise<RasterInfo> {
  const { directory, format } = image;
  const metadata = withPam(parseGdalMetadata(textOf(directory, "gdalMetadata") ?? "", warn), companions.notes);
  // As GDAL calls it.
  const writtenAt = textOf(directory, "dateTime");
  const bands = describeBands(image, metadata, bandNames);
  const nodata = nodataOf({ dtype: format.dtype, tag: textOf(directory, "gdalNodata") }, bands, companions.notes, warn);
  const alpha = bands.some(({ colour }) => colour === "alpha");
  return {
    file: directory.source.name,
    widthPx: image.widthPx,
    heightPx: image.heightPx,
    dtype: format.dtype,
    stored: format.stored,
    bands,
    nodata,
    validity: levels[0].mask !== undefined ? "mask" : nodata !== undefined ? "nodata" : alpha ? "alpha" : "all",
    georeference: await georeferenceOf(directory, companions, warn),
    levels: levels.map(({ image: { widthPx, heightPx } }) => ({ widthPx, heightPx })),
    block: image.block,
    compression: image.codec.name,
    categories: companions.notes?.categories,
    palette: paletteOf(image),
    metadata: { ...(writtenAt && { TIFFTAG_DATETIME: writtenAt }), ...metadata.file },
  };
}

/** What a file says, with what the notes beside it say. */
export function withPam({ file, bands }: GdalMetadata, notes: PamNotes | undefined): GdalMetadata {
  if (notes === undefined) return { file, bands };
  const all = [...new Set([...bands.keys(), ...notes.bands.keys()])];
  return {
    file: { ...file, ...notes.file },
    bands: new Map(all.map((band) => [band, withNotes(bands.get(band), notes.bands.get(band))] as const)),
  };
}

/** The notes have a value for each band, the tag (a text) one for all; a raster here has one. */
export function nodataOf(
  { dtype, tag }: { readonly dtype: RasterDType; readonly tag: string | undefined },
  bands: readonly RasterBand[],
  notes: PamNotes | undefined,
  warn: ((message: string) => void) | undefined,
): number | undefined {
  const parsed = (text: string | undefined) => parseNodata(text, dtype, warn);
  const ofTag = parsed(tag);
  const texts = bands.flatMap(({ colour }, band) => (colour === "alpha" ? [] : [notes?.bands.get(band)?.nodata]));
  // A set holds NaN once.
  const values = [...new Set([...new Set(texts)].map((text) => parsed(text) ?? ofTag))];
  if (values.length > 1) {
    const list = values.map((value) => value ?? "none").join(", ");
    warn?.(`its bands have different nodata values (${list}): that of the first counts for all`);
  }
  return values.length === 0 ? ofTag : values[0];
}
