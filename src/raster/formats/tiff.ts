import { GREY, RGB } from "../bands.js";
import { memoryBytes } from "../bytes/bytes.js";
import { openRaster, readRasterBytes } from "../reader.js";
import { isReadCompression } from "../tiff/codecs.js";
import { countOf, type Directory, isTiff, numberOf, numbersOf, readDirectories } from "../tiff/directory.js";
import type { ImageFormat, ImageHeader, PictureHeader } from "./header.js";
import { decodePicture } from "./picture.js";

/** Of one image, decoded. */
const MAX_DECODED_BYTES = 2 ** 30;
/** ExtraSamples that mean transparency; 0, or none said, is a measurement. */
const ALPHA = [1, 2];
const UNCOMPRESSED = 1;
/** ZSTD and LERC, which the decoder of pictures is built without. */
const UNKNOWN_TO_PICTURES = [50000, 34887];

const PHOTOMETRIC_GREY = 1;
const PHOTOMETRIC_RGB = 2;
/** Photometric interpretations and how many of the samples are colour. */
const PHOTOMETRIC: Readonly<Record<number, Pick<PictureHeader, "colour" | "bands"> & { readonly samples: number }>> = {
  0: { colour: "grey", bands: GREY, samples: 1 },
  [PHOTOMETRIC_GREY]: { colour: "grey", bands: GREY, samples: 1 },
  [PHOTOMETRIC_RGB]: { colour: "rgb", bands: RGB, samples: 3 },
  3: { colour: "rgb", bands: RGB, samples: 1 },
  5: { colour: "cmyk", bands: RGB, samples: 4 },
  6: { colour: "rgb", bands: RGB, samples: 3 },
};

/** TIFF; the first page. A picture of 8 bits is decoded as one, everything else by the reader of scenes. */
export const TIFF: ImageFormat = {
  name: "TIFF",
  extensions: [".tif", ".tiff"],
  sniff: isTiff,
  async check(bytes, file) {
    const [directory] = await readDirectories(memoryBytes(bytes, file));
    return pictureOf(directory) ?? measurements(bytes, file);
  },
  decode(bytes, header, limits) {
    if (isPicture(header)) return decodePicture(bytes, header, limits);
    return readRasterBytes(bytes, { ...limits, maxBytes: MAX_DECODED_BYTES });
  },
};

function isPicture(header: ImageHeader): header is PictureHeader {
  return header.colour !== "bands";
}

async function measurements(bytes: Uint8Array, file: string): Promise<ImageHeader> {
  const { info } = await openRaster(bytes, { file });
  const { widthPx, heightPx, dtype } = info;
  const bands = info.bands.filter(({ colour }) => colour !== "alpha").map(({ name }) => name);
  return { widthPx, heightPx, dtype, colour: "bands", bands };
}

/** Grey or colour of 8 bits (or 1), with transparency or one measurement at most; undefined for what is no picture. */
function pictureOf(directory: Directory): PictureHeader | undefined {
  const [widthPx, heightPx] = [numberOf(directory, "width", 0), numberOf(directory, "height", 0)];
  const photometric = numberOf(directory, "photometric", undefined);
  const kind = photometric === undefined ? undefined : PHOTOMETRIC[photometric];
  if (kind === undefined || (isMeasured(directory) && (photometric === PHOTOMETRIC_GREY || photometric === PHOTOMETRIC_RGB))) {
    return undefined;
  }
  const samples = numberOf(directory, "samplesPerPixel", 1);
  const extra = samples - kind.samples;
  const transparency = extra === 1 && ALPHA.includes(numberOf(directory, "extraSamples", 0));
  const measurement = extra === 1 && !transparency && photometric === PHOTOMETRIC_RGB;
  const bits = new Set(numbersOf(directory, "bitsPerSample") ?? [1]);
  const whole = bits.size === 1 && (bits.has(8) || (bits.has(1) && samples === 1));
  const unsigned = (numbersOf(directory, "sampleFormat") ?? Float64Array.of(1)).every((format) => format === 1);
  // One alpha channel, or one further band beside red, green and blue, is all that the decoder of pictures gets right.
  if (!whole || !unsigned || !(extra === 0 || transparency || measurement)) return undefined;
  const bands = measurement ? [...kind.bands, `band${kind.samples + 1}`] : kind.bands;
  return { widthPx, heightPx, colour: kind.colour, bands, dtype: "uint8" };
}

/**
 * Whether the file says more than a picture: where it lies, what is no measurement, names; or is stored as the decoder of pictures has it
 * not. And is compressed in a way that is read here.
 */
function isMeasured(directory: Directory): boolean {
  const compression = numberOf(directory, "compression", UNCOMPRESSED);
  if (!isReadCompression(compression)) return false;
  const tilesOfBands = numberOf(directory, "planarConfiguration", 1) === 2 && countOf(directory, "tileWidth") > 0;
  if (tilesOfBands || UNKNOWN_TO_PICTURES.includes(compression)) return true;
  return (["geoKeyDirectory", "gdalMetadata", "gdalNodata"] as const).some((tag) => countOf(directory, tag) > 0);
}
