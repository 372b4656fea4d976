import sharp from "sharp";
import type { PictureHeader } from "./header.js";

// Each image is decoded once: a cache of operations would only hold memory.
sharp.cache(false);
// One thread per image: the parallelism is several images at once beside the network, not several threads on one small image.
sharp.concurrency(1);

const TIMEOUT_SECONDS = 30;
/** The colour space that each storage is read in, so that libvips converts nothing. */
const COLOURSPACE = {
  uint8: { grey: "b-w", rgb: "srgb", cmyk: "cmyk" },
  uint16: { grey: "grey16", rgb: "rgb16", cmyk: "cmyk" },
} as const satisfies Record<PictureHeader["dtype"], Record<PictureHeader["colour"], string>>;

/** Samples interleaved by pixel, as libvips stores them. */
export interface InterleavedPixels {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array;
}

/**
 * Decodes the first frame upright (EXIF orientation; an illegal value is none), without applying colour profiles.
 *
 * @throws Error with libvips's message on anything that is damaged or cut off, also where its decoders would only warn
 */
export async function decodeInterleaved(bytes: Uint8Array, header: PictureHeader, maxPixels: number): Promise<InterleavedPixels> {
  const space = COLOURSPACE[header.dtype][header.colour];
  const pipeline = sharp(bytes, { failOn: "warning", limitInputPixels: maxPixels, autoOrient: true, ignoreIcc: true })
    .timeout({ seconds: TIMEOUT_SECONDS })
    .toColourspace(space)
    .raw({ depth: header.dtype === "uint16" ? "ushort" : "uchar" });
  if (header.colour === "cmyk") pipeline.pipelineColourspace("cmyk");
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
  const samples = header.dtype === "uint16" ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
  return { widthPx: info.width, heightPx: info.height, channels: info.channels, data: samples };
}

/** The colour space of a JPEG or WebP of so many samples, for which libvips converts nothing. */
const SPACE_OF_SAMPLES: Readonly<Record<number, string>> = { 1: "b-w", 2: "srgb", 3: "srgb", 4: "srgb" };
const BLOCK_TIMEOUT_SECONDS = 10;

/**
 * Decodes the samples of a JPEG or WebP as they are stored: not turned, and no colours converted but those of the file format itself.
 *
 * @throws Error with libvips's message on anything that is damaged or cut off, also where its decoders would only warn
 */
export async function decodeSamples(
  bytes: Uint8Array,
  { widthPx, heightPx, samples }: { readonly widthPx: number; readonly heightPx: number; readonly samples: number },
): Promise<InterleavedPixels & { readonly data: Uint8Array }> {
  const cmyk = samples === 4 && bytes[0] === 0xff;
  const pipeline = sharp(bytes, { failOn: "warning", limitInputPixels: widthPx * heightPx, ignoreIcc: true })
    .timeout({ seconds: BLOCK_TIMEOUT_SECONDS })
    .toColourspace(cmyk ? "cmyk" : SPACE_OF_SAMPLES[samples])
    .raw({ depth: "uchar" });
  if (cmyk) pipeline.pipelineColourspace("cmyk");
  const { data, info } = await pipeline.toBuffer({ resolveWithObject: true });
  // libvips takes four components of a JPEG for inverted inks.
  if (cmyk) for (let i = 0; i < data.length; i++) data[i] = 255 - data[i];
  return { widthPx: info.width, heightPx: info.height, channels: info.channels, data };
}

/** What an image file holds beside the pixels that are read of it. */
export interface StoredExtras {
  /** How far the picture was turned, 1 to 8 as in EXIF; 1 is upright. */
  readonly orientation: number;
  readonly hasAlpha: boolean;
}

/** Reads the metadata without the pixels. @throws Error with libvips's message */
export async function readExtras(bytes: Uint8Array, maxPixels: number): Promise<StoredExtras> {
  const { orientation = 1, hasAlpha } = await sharp(bytes, { limitInputPixels: maxPixels }).metadata();
  return { orientation, hasAlpha: hasAlpha === true };
}

/** The alpha channel in 8 bits, the first frame. @throws Error with libvips's message */
export async function decodeAlpha(bytes: Uint8Array, maxPixels: number): Promise<Uint8Array> {
  return sharp(bytes, { limitInputPixels: maxPixels, failOn: "warning" })
    .timeout({ seconds: TIMEOUT_SECONDS })
    .extractChannel("alpha")
    .toColourspace("b-w")
    .raw({ depth: "uchar" })
    .toBuffer();
}

/** Encodings of pixels for people to look at. */
export type Encoding = { readonly as: "png" } | { readonly as: "jpeg"; readonly quality: number };

/** Encodes 1 or 3 interleaved channels, or 4 of which the last is alpha. */
export async function encodeInterleaved(
  { widthPx, heightPx, channels, data }: InterleavedPixels,
  encoding: Encoding,
): Promise<Uint8Array> {
  const raw = { width: widthPx, height: heightPx, channels: channels === 1 || channels === 4 ? channels : 3 } as const;
  const wide = data instanceof Uint16Array;
  const image = sharp(data, { raw }).toColourspace(channels === 1 ? (wide ? "grey16" : "b-w") : wide ? "rgb16" : "srgb");
  return encoding.as === "png" ? image.png().toBuffer() : image.jpeg({ quality: encoding.quality }).toBuffer();
}
