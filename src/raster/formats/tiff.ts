import { UserError } from "../../errors.js";
import { GREY, RGB } from "../bands.js";
import { isTiff } from "../tiff/directory.js";
import { damaged, type ImageFormat, type ImageHeader, viewOf } from "./header.js";

/** The tags looked at (TIFF 6.0) and what each means where it is absent. */
const TAGS = {
  width: { id: 256, absent: [] },
  height: { id: 257, absent: [] },
  bitsPerSample: { id: 258, absent: [1] },
  photometric: { id: 262, absent: [] },
  samplesPerPixel: { id: 277, absent: [1] },
  extraSamples: { id: 338, absent: [] },
  sampleFormat: { id: 339, absent: [1] },
} as const satisfies Record<string, { id: number; absent: readonly number[] }>;

/** Bytes of the integer field types BYTE, SHORT, LONG and LONG8. */
const TYPE_BYTES: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 16: 8 };
const MAX_ENTRIES = 4096;
const MAX_VALUES = 64;
/** ExtraSamples that mean transparency; 0, or none said, is a measurement. */
const ALPHA = [1, 2];

const PHOTOMETRIC_RGB = 2;
/** Photometric interpretations and how many of the samples are colour. */
const PHOTOMETRIC: Readonly<Record<number, { colour: ImageHeader["colour"]; bands: readonly string[]; samples: number }>> = {
  0: { colour: "grey", bands: GREY, samples: 1 },
  1: { colour: "grey", bands: GREY, samples: 1 },
  [PHOTOMETRIC_RGB]: { colour: "rgb", bands: RGB, samples: 3 },
  3: { colour: "rgb", bands: RGB, samples: 1 },
  5: { colour: "cmyk", bands: RGB, samples: 4 },
  6: { colour: "rgb", bands: RGB, samples: 3 },
};

/** TIFF with 8-bit pixels in 1, 3 or 4 bands; the first page. Everything else is left to the reader of scenes. */
export const TIFF: ImageFormat = {
  name: "TIFF",
  extensions: [".tif", ".tiff"],
  sniff: isTiff,
  check(bytes, file) {
    const tags = readFirstDirectory(bytes, file);
    const [widthPx, heightPx, photometric] = [tags.width[0], tags.height[0], tags.photometric[0]];
    const [samples] = tags.samplesPerPixel;
    if (widthPx === undefined || heightPx === undefined) throw damaged(file, "the TIFF has no size");
    const kind = PHOTOMETRIC[photometric];
    const bits = [...new Set(tags.bitsPerSample)];
    const extra = kind === undefined ? samples : samples - kind.samples;
    const transparency = extra === 1 && ALPHA.includes(tags.extraSamples[0]);
    const measurement = extra === 1 && !transparency && photometric === PHOTOMETRIC_RGB;
    const whole = bits.length === 1 && (bits[0] === 8 || (bits[0] === 1 && samples === 1));
    const unsigned = tags.sampleFormat.every((format) => format === 1);
    // One alpha channel, or one further band beside red, green and blue, is all that the decoder gets right.
    const readable = kind !== undefined && whole && unsigned && (extra === 0 || transparency || measurement);
    if (!readable) {
      throw new UserError(
        "bad-file",
        `${file}: a TIFF of ${samples} band${samples === 1 ? "" : "s"} with ${bits.join(", ")} bits${unsigned ? "" : ", not unsigned integers,"} cannot be read as an image`,
        {
          hint: "Images are 8-bit TIFF in grey or colour. The reader for multi-band and 16-bit scenes comes later; until then export three bands as 8-bit.",
        },
      );
    }
    const bands = measurement ? [...kind.bands, `band${kind.samples + 1}`] : kind.bands;
    return { widthPx, heightPx, colour: kind.colour, bands, dtype: "uint8" };
  },
};

type Tags = Record<keyof typeof TAGS, readonly number[]>;

function readFirstDirectory(bytes: Uint8Array, file: string): Tags {
  const view = viewOf(bytes);
  const little = bytes[0] === 0x49;
  const big = (little ? bytes[2] : bytes[3]) === 43;
  const within = (offset: number, length: number) => {
    if (offset + length > bytes.length) throw damaged(file, `the TIFF is cut off: it ends before byte ${offset + length}`);
    return offset;
  };
  // Offsets beyond 2^53 lose digits, never the comparison with the length of the file.
  const long8 = (offset: number) => Number(view.getBigUint64(within(offset, 8), little));
  const long = (offset: number) => view.getUint32(within(offset, 4), little);
  const short = (offset: number) => view.getUint16(within(offset, 2), little);
  const readers: Readonly<Record<number, (offset: number) => number>> = {
    1: (offset) => bytes[offset],
    2: short,
    4: long,
    8: long8,
  };

  const start = big ? long8(8) : long(4);
  const entries = big ? long8(start) : short(start);
  if (entries === 0 || entries > MAX_ENTRIES) throw damaged(file, `the TIFF claims ${entries} tags`);
  const entryBytes = big ? 20 : 12;
  const first = start + (big ? 8 : 2);
  within(first, entries * entryBytes);

  const found = new Map<number, number[]>();
  for (let entry = first; entry < first + entries * entryBytes; entry += entryBytes) {
    const size = TYPE_BYTES[short(entry + 2)];
    if (size === undefined) continue;
    const count = big ? long8(entry + 4) : long(entry + 4);
    const inline = entry + (big ? 12 : 8);
    if (count > MAX_VALUES) continue;
    const values = count * size <= (big ? 8 : 4) ? inline : within(big ? long8(inline) : long(inline), count * size);
    found.set(
      short(entry),
      Array.from({ length: count }, (_, index) => readers[size](values + index * size)),
    );
  }
  const valuesOf = (name: keyof typeof TAGS): readonly number[] => found.get(TAGS[name].id) ?? TAGS[name].absent;
  return {
    width: valuesOf("width"),
    height: valuesOf("height"),
    bitsPerSample: valuesOf("bitsPerSample"),
    photometric: valuesOf("photometric"),
    samplesPerPixel: valuesOf("samplesPerPixel"),
    extraSamples: valuesOf("extraSamples"),
    sampleFormat: valuesOf("sampleFormat"),
  };
}
