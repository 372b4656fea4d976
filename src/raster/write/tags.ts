import { RGB } from "../bands.js";
import type { Georeference, RasterDType } from "../raster.js";
import { integerRange } from "../samples.js";
import { TAGS } from "../tiff/tags.js";
import { PREDICTOR, predictorOf } from "./block.js";
import { type Tag, textTag } from "./directory.js";
import { type BandNotes, gdalMetadata } from "./gdal-metadata.js";
import { georeferenceTags } from "./georeference.js";

/** What a TIFF says of its pixels, the same for every level. */
export interface ImageNotes {
  readonly dtype: RasterDType;
  readonly bands: readonly BandNotes[];
  readonly nodata: number | undefined;
  /** Red, green and blue, 0 to 255, of the values 0, 1, 2, …. */
  readonly palette: readonly (readonly [number, number, number])[] | undefined;
  /** Value of TIFF's Compression tag. */
  readonly compression: number;
}

/** Where the blocks of one level lie. Offset and length 0: never written. */
export interface BlockPlaces {
  readonly offsets: ArrayLike<number>;
  readonly lengths: ArrayLike<number>;
}

/** One level: its size and its blocks. */
export interface LevelNotes {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Square tiles of a side, or strips of so many rows. */
  readonly blocks: { readonly tilePx: number } | { readonly stripRows: number };
  readonly places: BlockPlaces;
  readonly isOverview: boolean;
}

const PHOTOMETRIC = { grey: 1, rgb: 2, palette: 3 };
const PLANAR = { interleaved: 1, separate: 2 };
const EXTRA = { unspecified: 0, alpha: 2 };
const REDUCED = 1;
const MOST_COLOUR = 255;
/** Colour maps count to 65535. */
const COLOUR_SCALE = 257;

const unsigned = (bits: number) => ({ bits, format: 1 });
const signed = (bits: number) => ({ bits, format: 2 });
const floating = (bits: number) => ({ bits, format: 3 });
const SAMPLES: Readonly<Record<RasterDType, { readonly bits: number; readonly format: number }>> = {
  uint8: unsigned(8),
  uint16: unsigned(16),
  uint32: unsigned(32),
  int16: signed(16),
  int32: signed(32),
  float32: floating(32),
  float64: floating(64),
};

/** More bands than that are stored apart: who reads a few of many must not read all. */
const MOST_INTERLEAVED = 4;

/** The bands of each stored block: all of them, or one apart from the others. */
export function bandsOfBlocks(bands: number): readonly (readonly number[])[] {
  const all = Array.from({ length: bands }, (_, band) => band);
  return bands <= MOST_INTERLEAVED ? [all] : all.map((band) => [band]);
}

/** Nodata as samples of the type hold it; undefined where there is none, or none that the type can hold. */
export function storedNodata(dtype: RasterDType, nodata: number | undefined): number | undefined {
  if (nodata === undefined) return undefined;
  const range = integerRange(dtype);
  if (range === undefined) return dtype === "float32" ? Math.fround(nodata) : nodata;
  return Number.isInteger(nodata) && nodata >= range[0] && nodata <= range[1] ? nodata : undefined;
}

/** @throws RangeError for what no TIFF of ours can hold */
export function checkImage(notes: Pick<ImageNotes, "dtype" | "bands" | "palette">, widthPx: number, heightPx: number): void {
  const { dtype, bands, palette } = notes;
  for (const side of [widthPx, heightPx]) {
    if (!Number.isInteger(side) || side < 1 || side >= 2 ** 31)
      throw new RangeError(`${widthPx} × ${heightPx} is no size of an image`);
  }
  if (bands.length < 1 || bands.length > 65535) throw new RangeError(`a TIFF holds 1 to 65535 bands, not ${bands.length}`);
  if (palette === undefined) return;
  const values = { uint8: 2 ** 8, uint16: 2 ** 16 }[dtype as string];
  if (bands.length !== 1 || values === undefined || palette.length > values) {
    throw new RangeError(`${palette.length} colours do not fit ${bands.length} band(s) of ${dtype}`);
  }
  palette.forEach((colour, value) => {
    if (colour.length === 3 && colour.every((level) => Number.isInteger(level) && level >= 0 && level <= MOST_COLOUR)) return;
    throw new RangeError(
      `the colour of value ${value} is ${colour.join(", ")}, not three whole numbers from 0 to ${MOST_COLOUR}`,
    );
  });
}

/** The tags that every level has. */
export function levelTags(notes: ImageNotes, level: LevelNotes): Tag[] {
  const { dtype, bands, nodata, palette, compression } = notes;
  const { bits, format } = SAMPLES[dtype];
  const count = bands.length;
  const { photometric, extra } = colours(notes);
  const predictor = predictorOf(dtype);
  const apart = bandsOfBlocks(count).length > 1;
  return [
    ...(level.isOverview ? [long(TAGS.subfileType, REDUCED)] : []),
    long(TAGS.width, level.widthPx),
    long(TAGS.height, level.heightPx),
    shorts(TAGS.bitsPerSample, new Array<number>(count).fill(bits)),
    shorts(TAGS.compression, [compression]),
    shorts(TAGS.photometric, [photometric]),
    shorts(TAGS.samplesPerPixel, [count]),
    shorts(TAGS.planarConfiguration, [apart ? PLANAR.separate : PLANAR.interleaved]),
    ...(predictor === PREDICTOR.none ? [] : [shorts(TAGS.predictor, [predictor])]),
    ...(extra.length === 0 ? [] : [shorts(TAGS.extraSamples, extra)]),
    shorts(TAGS.sampleFormat, new Array<number>(count).fill(format)),
    ...(palette === undefined ? [] : [colourMap(palette, 2 ** bits)]),
    ...(nodata === undefined ? [] : [textTag(TAGS.gdalNodata, numberText(nodata))]),
    ...blockTags(level),
  ];
}

/** The tags of the whole: place, names, scales, metadata. They stand in the first directory. */
export function fileTags(
  { bands }: Pick<ImageNotes, "bands">,
  {
    georeference,
    metadata = {},
  }: { readonly georeference?: Georeference | undefined; readonly metadata?: Readonly<Record<string, string>> | undefined },
): Tag[] {
  return [
    ...(georeference === undefined ? [] : georeferenceTags(georeference)),
    textTag(TAGS.gdalMetadata, gdalMetadata(metadata, bands)),
  ];
}

function blockTags({ blocks, places }: LevelNotes): Tag[] {
  if ("tilePx" in blocks) {
    return [
      long(TAGS.tileWidth, blocks.tilePx),
      long(TAGS.tileHeight, blocks.tilePx),
      { id: TAGS.tileOffsets, type: "offset", values: places.offsets },
      { id: TAGS.tileByteCounts, type: "long", values: places.lengths },
    ];
  }
  return [
    long(TAGS.rowsPerStrip, blocks.stripRows),
    { id: TAGS.stripOffsets, type: "offset", values: places.offsets },
    { id: TAGS.stripByteCounts, type: "long", values: places.lengths },
  ];
}

/** Colour only where every viewer agrees on it: whole numbers that are red, green and blue first. */
function colours({ dtype, bands, palette }: ImageNotes): { readonly photometric: number; readonly extra: readonly number[] } {
  if (palette !== undefined) return { photometric: PHOTOMETRIC.palette, extra: [] };
  const isRgb = (dtype === "uint8" || dtype === "uint16") && RGB.every((name, index) => bands[index]?.name === name);
  const extra = bands
    .slice(isRgb ? RGB.length : 1)
    .map(({ name }, index, rest) => (name === "alpha" && index === rest.length - 1 ? EXTRA.alpha : EXTRA.unspecified));
  return { photometric: isRgb ? PHOTOMETRIC.rgb : PHOTOMETRIC.grey, extra };
}

/** TIFF keeps all reds, then all greens, then all blues. */
function colourMap(palette: readonly (readonly [number, number, number])[], values: number): Tag {
  const map = new Uint16Array(3 * values);
  palette.forEach((colour, value) => {
    for (let channel = 0; channel < 3; channel++) map[channel * values + value] = colour[channel] * COLOUR_SCALE;
  });
  return { id: TAGS.colorMap, type: "short", values: map };
}

/** As C reads numbers. */
function numberText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  return Number.isFinite(value) ? String(value) : value > 0 ? "inf" : "-inf";
}

const long = (id: number, value: number): Tag => ({ id, type: "long", values: [value] });
const shorts = (id: number, values: readonly number[]): Tag => ({ id, type: "short", values });
