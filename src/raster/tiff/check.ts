import { UserError } from "../../errors.js";
import { type Blocks, checkBlocks, cutBlocks, cutStrips, type Refuse } from "./check-blocks.js";
import { CODECS, type Codec, type StoredPixels } from "./codecs.js";
import { bytesOf, type Directory, numberOf, numbersOf } from "./directory.js";
import { type BlockGrid, blockCount } from "./layout.js";
import { PREDICTORS, type Predictor } from "./predictors.js";
import { rowBytes, SAMPLE_KINDS, type SampleFormat, sampleFormat } from "./samples.js";

/** One image of a TIFF whose numbers hold: everything in it may be used without a further look. */
export interface TiffImage extends Blocks {
  readonly directory: Directory;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Bands. */
  readonly samples: number;
  readonly format: SampleFormat;
  readonly photometric: number;
  readonly codec: Codec;
  readonly predictor: Predictor | undefined;
  /** Whether the bits of every byte lie low bit first. */
  readonly bitsReversed: boolean;
  /** As the file says it. */
  readonly block: { readonly widthPx: number; readonly heightPx: number };
  /** As it is read: long strips without compression are cut into shorter ones. */
  readonly grid: BlockGrid;
  /** That a decoded block may have at the most: the last strip, too, may be stored with all its rows. */
  readonly mostBytes: number;
}

export interface CheckOptions {
  /** Of one decoded block. */
  readonly maxBlockBytes: number;
  readonly onWarning?: ((message: string) => void) | undefined;
}

const MAX_EXTENT_PX = 2 ** 31;
const MAX_SAMPLES = 4096;
/** Of a strip with more rows than the image, if it shall be taken at its word: writers that pad strips make short ones. */
const MAX_PADDED_BYTES = 2 ** 24;
/** Of a tile that is much larger than the image. */
const MAX_WASTED_BYTES = 2 ** 26;
const TILE_STEP_PX = 16;
const YCBCR = 6;
/** Colour spaces that are not measurements, by the tag Photometric. */
const UNREAD_COLOURS: Readonly<Record<number, string>> = {
  8: "CIE L*a*b*",
  9: "ICC L*a*b*",
  10: "ITU L*a*b*",
  32844: "LogL",
  32845: "LogLuv",
};

const CONVERT = "Convert it: gdal_translate -co COMPRESS=DEFLATE in.tif out.tif";

/**
 * Checks all that one directory says about pixels: the only place that decides what is readable.
 *
 * @throws UserError `bad-file` naming the tag and its value, `limit` for a block that is too large
 */
export async function checkImage(directory: Directory, { maxBlockBytes, onWarning }: CheckOptions): Promise<TiffImage> {
  const { name } = directory.source;
  const refuse = (what: string, hint = CONVERT) => new UserError("bad-file", `${name}: ${what}`, { hint });

  const [widthPx, heightPx] = [numberOf(directory, "width", undefined), numberOf(directory, "height", undefined)];
  if (widthPx === undefined || heightPx === undefined) {
    throw refuse(`has no ${widthPx === undefined ? "width (tag 256)" : "height (tag 257)"}`);
  }
  for (const extent of [widthPx, heightPx]) {
    if (!Number.isInteger(extent) || extent < 1 || extent >= MAX_EXTENT_PX) {
      throw refuse(`is ${widthPx} × ${heightPx} pixels; sides go from 1 to ${MAX_EXTENT_PX - 1}`);
    }
  }
  const samples = numberOf(directory, "samplesPerPixel", 1);
  if (!Number.isInteger(samples) || samples < 1 || samples > MAX_SAMPLES) {
    throw refuse(`claims ${samples} samples a pixel (tag 277); there may be 1 to ${MAX_SAMPLES}`);
  }
  const format = checkFormat(directory, samples, refuse);
  const planar = numberOf(directory, "planarConfiguration", 1);
  if (planar !== 1 && planar !== 2) throw refuse(`has the planar configuration ${planar} (tag 284); there are 1 and 2`);
  const photometric = numberOf(directory, "photometric", 1);
  const codec = checkCodec(directory, { stored: format.stored, samples: planar === 2 ? 1 : samples, photometric }, refuse);
  const unreadColour = photometric === YCBCR && codec.name !== "JPEG" ? "YCbCr without JPEG" : UNREAD_COLOURS[photometric];
  if (unreadColour !== undefined) throw refuse(`its colours are ${unreadColour} (tag 262), which is not read`);
  const predictor = codec.gives === "samples" ? undefined : checkPredictor(directory, format, refuse);
  const stored = checkGrid(directory, { widthPx, heightPx, planes: planar === 2 ? samples : 1 }, refuse, onWarning);

  const perPixel = planar === 2 ? 1 : samples;
  const bytesPerRow = rowBytes(stored.widthPx * perPixel, format.bits);
  const grid = codec.name === "none" ? cutStrips(stored, bytesPerRow, directory.source.size) : stored;
  const blockBytes = bytesPerRow * grid.heightPx;
  const tooLarge = (what: string) =>
    new UserError("limit", `${name}: its blocks of ${grid.widthPx} × ${grid.heightPx} pixels ${what}`, {
      hint: "Store it in smaller blocks: gdal_translate -co TILED=YES -co COMPRESS=DEFLATE in.tif out.tif",
    });
  if (blockBytes > maxBlockBytes) throw tooLarge(`have ${blockBytes} bytes, more than ${maxBlockBytes}`);
  const allBytes = blockBytes * blockCount(grid);
  const wasted = grid.tiled && allBytes > 4 * paddedBytes(grid, perPixel * format.bits);
  if (wasted && (blockBytes > MAX_WASTED_BYTES || allBytes > maxBlockBytes)) {
    throw tooLarge(`have ${allBytes} bytes for an image of ${widthPx} × ${heightPx} pixels`);
  }
  const blocks = await checkBlocks(directory, stored, { codec, bytesPerRow }, refuse);
  // Codecs that are read make a block larger by half at the most.
  const compressed = blocks.byteCounts.reduce((most, bytes) => Math.max(most, bytes), 0);
  if (codec.name !== "none" && compressed > 2 * maxBlockBytes) {
    throw new UserError("limit", `${name}: has a block of ${compressed} bytes; there may be ${2 * maxBlockBytes}`, {
      hint: CONVERT,
    });
  }
  return {
    directory,
    widthPx,
    heightPx,
    samples,
    format,
    photometric,
    codec,
    predictor,
    bitsReversed: numberOf(directory, "fillOrder", 1) === 2 && !codec.ownBitOrder,
    block: { widthPx: stored.widthPx, heightPx: stored.heightPx },
    grid,
    mostBytes: grid.tiled ? blockBytes : Math.max(blockBytes, paddedStrip(directory, bytesPerRow)),
    ...(grid === stored ? blocks : cutBlocks(stored, grid, bytesPerRow, blocks)),
  };
}

function checkFormat(directory: Directory, samples: number, refuse: Refuse): SampleFormat {
  const one = (tag: "bitsPerSample" | "sampleFormat", words: string): number => {
    const values = numbersOf(directory, tag) ?? [1];
    if (values.length !== 1 && values.length !== samples) {
      throw refuse(`has ${samples} samples a pixel, ${words} for ${values.length}`);
    }
    const different = [...new Set(values)];
    if (different.length > 1) {
      throw refuse(
        `its bands have different ${words}: ${different.join(", ")}`,
        "Split it into files: gdal_translate -b 1 in.tif band1.tif",
      );
    }
    return values[0];
  };
  const bits = one("bitsPerSample", "bits (tag 258)");
  const code = one("sampleFormat", "sample formats (tag 339)");
  const kind = SAMPLE_KINDS[code];
  if (kind === undefined) throw refuse(`has the sample format ${code} (tag 339), which there is not`);
  const format = sampleFormat(kind, bits);
  if (format === undefined) {
    throw refuse(
      `its samples are ${kind} of ${bits} bits, which are not read`,
      "Convert it: gdal_translate -ot Float32 in.tif out.tif",
    );
  }
  return format;
}

function checkCodec(
  directory: Directory,
  pixels: Pick<StoredPixels, "stored" | "samples" | "photometric">,
  refuse: Refuse,
): Codec {
  const id = numberOf(directory, "compression", 1);
  const codec = CODECS.find(({ ids }) => ids.includes(id));
  if (codec === undefined) throw refuse(`has the compression ${id} (tag 259), which is not known`);
  const unread = (name: string) => refuse(`is compressed with ${name} (tag 259 is ${id}), which is not read`);
  if ("unread" in codec) throw unread(codec.name);
  if (!("bind" in codec)) return codec;
  const { bind, ...row } = codec;
  const lercCompression = numbersOf(directory, "lercParameters")?.[1] ?? 0;
  const decode = bind({ ...pixels, tables: bytesOf(directory, "jpegTables"), lercCompression });
  if ("unread" in decode) throw unread(decode.unread);
  return { ...row, decode };
}

function checkPredictor(directory: Directory, format: SampleFormat, refuse: Refuse): Predictor | undefined {
  const id = numberOf(directory, "predictor", 1);
  // Without a codec that has one, the tag means nothing: libtiff does not look at it.
  const compression = numberOf(directory, "compression", 1);
  if (id === 1 || compression === 1 || compression === 32773) {
    if (id !== 1 && PREDICTORS[id] === undefined) throw refuse(`has the predictor ${id} (tag 317); there are 1, 2 and 3`);
    return undefined;
  }
  const predictor = PREDICTORS[id];
  if (predictor === undefined) throw refuse(`has the predictor ${id} (tag 317); there are 1, 2 and 3`);
  if (!predictor.bits.includes(format.bits) || (predictor.floatOnly && !format.stored.startsWith("float"))) {
    throw refuse(`has the predictor ${id} (${predictor.name}), which is not defined for ${format.stored}`);
  }
  return predictor;
}

function checkGrid(
  directory: Directory,
  { widthPx, heightPx, planes }: { widthPx: number; heightPx: number; planes: number },
  refuse: Refuse,
  onWarning: CheckOptions["onWarning"],
): BlockGrid {
  const image = { imageWidthPx: widthPx, imageHeightPx: heightPx, planes };
  const tileWidth = numberOf(directory, "tileWidth", undefined);
  const tileHeight = numberOf(directory, "tileHeight", undefined);
  if (tileWidth === undefined && tileHeight === undefined) {
    const rows = numberOf(directory, "rowsPerStrip", heightPx);
    if (!Number.isInteger(rows) || rows < 1) throw refuse(`has ${rows} rows per strip (tag 278)`);
    const stripPx = Math.min(rows, heightPx);
    return { ...image, widthPx, heightPx: stripPx, columns: 1, rows: Math.ceil(heightPx / stripPx), tiled: false };
  }
  for (const side of [tileWidth, tileHeight]) {
    if (side === undefined || !Number.isInteger(side) || side < 1) {
      throw refuse(`has tiles of ${tileWidth} × ${tileHeight} pixels (tags 322 and 323)`);
    }
  }
  const [width, height] = [tileWidth ?? 1, tileHeight ?? 1];
  if (width % 16 !== 0 || height % 16 !== 0) {
    onWarning?.(`${directory.source.name}: its tiles are ${width} × ${height} pixels, no multiples of 16`);
  }
  return {
    ...image,
    widthPx: width,
    heightPx: height,
    columns: Math.ceil(widthPx / width),
    rows: Math.ceil(heightPx / height),
    tiled: true,
  };
}

/** Of an image whose sides are rounded up to whole steps of tiles. */
function paddedBytes({ imageWidthPx, imageHeightPx, planes }: BlockGrid, bits: number): number {
  const padded = (side: number) => Math.ceil(side / TILE_STEP_PX) * TILE_STEP_PX;
  return rowBytes(padded(imageWidthPx), bits) * padded(imageHeightPx) * planes;
}

/** Bytes of a strip of as many rows as the file says, where it can be believed; else 0. */
function paddedStrip(directory: Directory, bytesPerRow: number): number {
  const bytes = bytesPerRow * numberOf(directory, "rowsPerStrip", 0);
  return bytes <= MAX_PADDED_BYTES ? bytes : 0;
}
