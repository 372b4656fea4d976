import { RGB } from "../raster/bands.js";
import { scaleClash } from "../raster/scale-clash.js";
import type { Finding, PixelFault } from "./checks.js";
import { fullValue, type ImageFacts } from "./pixels.js";

/** Below this share of the type's range between its lowest and highest value an image shows nothing. */
const FLAT = 0.02;
/** From this share of zeros in every band on, an image counts as empty. */
const EMPTY = 0.9;
/** From this share of pixels at the upper end on, an image counts as burnt out. */
const BURNT = 0.5;
/** All images together use less than this share of the range of their type: 12 bits of 16, 4 of 8. */
const NARROW = 1 / 8;
/** From this share of pixels with the same odd value in all bands on, it is no measurement. */
const FILLED = 0.05;
/**
 * Share of neighbours that jump by half the range. Of 1,400 aerial pictures the middle one has 0.0001 and the highest, full of parked
 * cars, 0.03; of numbers modulo 256 three quarters of the chips have more than this, also of dark land, where few wrap around.
 */
const JUMPING = 0.08;
/** Reflectance × 10000 without its low byte ends below. */
const HIGH_BYTE = 64;
/** Numbers above use the range of 16 bits: no sensor's reflectance does. */
const FULL_SIXTEEN = 32_768;
/** The largest image has this many times the longer side of the smallest. */
const SIZE_RATIO = 2;

/** One check: the images that it is about, and what to say of them. */
interface PixelCheck {
  readonly kind: PixelFault;
  readonly concerns: (images: readonly ImageFacts[]) => readonly ImageFacts[];
  /** What they are, before their number: "Black images". */
  readonly what: string;
  /** What was seen, why it matters, what to do. */
  readonly message: (concerned: readonly ImageFacts[], images: readonly ImageFacts[]) => string;
}

/** How flat: the widest band between lowest and highest value, as a share of the type's range; of their own where that is hardly used. */
function contrast({ dtype, measures }: ImageFacts): number {
  const top = Math.max(...measures.map(({ highest }) => Math.abs(highest)), 1);
  const range = fullValue(dtype) ?? top;
  const full = top <= NARROW * range ? top : range;
  return Math.max(...measures.map(({ lowest, highest }) => (highest - lowest) / full));
}

const share = (part: number, { widthPx, heightPx }: ImageFacts) => part / (widthPx * heightPx);
const isEmpty = (image: ImageFacts) => image.measures.every(({ zeros }) => share(zeros, image) >= EMPTY);
const isFlat = (image: ImageFacts) => contrast(image) <= FLAT;
const showsNothing = (image: ImageFacts) => isFlat(image) || isEmpty(image);
const isGrey = ({ bands, equalBands }: ImageFacts) => bands.length === 1 || equalBands;
const isPicture = ({ bands }: ImageFacts) => bands.every((band) => band === "grey" || RGB.includes(band));
const isAlphaBand = (image: ImageFacts) =>
  image.bands.length > RGB.length && image.measures.slice(RGB.length).every(isMask(fullValue(image.dtype) ?? 1));
const isMask =
  (full: number) =>
  ({ count, zeros, saturated, highest }: ImageFacts["measures"][number]) =>
    highest === full && zeros + saturated === count;
/** An alpha channel that is neither clear nor opaque over most of the image holds something else. */
const isMeasurement = ({ alpha }: ImageFacts) => alpha !== undefined && alpha.clear + alpha.opaque < 0.5;
const most = (images: readonly ImageFacts[], amount: (image: ImageFacts) => number) =>
  images.reduce((top, image) => Math.max(top, amount(image)), Number.NEGATIVE_INFINITY);
const least = (images: readonly ImageFacts[], amount: (image: ImageFacts) => number) => -most(images, (image) => -amount(image));
const percent = (value: number) => `${Math.round(100 * value)} %`;
const highestOf = (images: readonly ImageFacts[]) =>
  most(images, ({ measures }) => Math.max(...measures.map(({ highest }) => highest)));
const longerSide = ({ widthPx, heightPx }: ImageFacts) => Math.max(widthPx, heightPx);

/** Those of one type, where together they leave most of its range unused. */
function narrow(images: readonly ImageFacts[], dtype: ImageFacts["dtype"]): readonly ImageFacts[] {
  const some = images.filter((image) => image.dtype === dtype && !isEmpty(image));
  return some.length > 0 && highestOf(some) <= fullValue(dtype)! * NARROW && !isEight(some) ? some : [];
}

/** 16-bit images that all end within 8 bits. */
function isEight(images: readonly ImageFacts[]): boolean {
  return images.every(({ dtype }) => dtype !== "uint8") && highestOf(images) <= 255;
}

/** 8-bit images, if half of them or more show it: a fault of how all were made, and not of a cloud. */
function inMost(images: readonly ImageFacts[], shows: (image: ImageFacts) => boolean): readonly ImageFacts[] {
  const some = images.filter(({ dtype }) => dtype === "uint8");
  const concerned = some.filter(shows);
  return some.length > 0 && 2 * concerned.length >= some.length ? concerned : [];
}

/** Brightness of an image for comparing scales. */
const brightness = (image: ImageFacts) => highestOf([image]);

/** How an image and another come to have numbers of other sizes, if not by what they show. */
function clashOf(image: ImageFacts, other: ImageFacts): ReturnType<typeof scaleClash> {
  const [one, two] = [brightness(image), brightness(other)];
  // A dark chip of water and a bright one of sand may differ fortyfold in the same type, and shares of one from 8 bits by their size alone.
  if (image.dtype === other.dtype && Math.min(one, two) >= 2) return undefined;
  // Full ranges of types are brought together.
  if (Math.max(one, two) > FULL_SIXTEEN) return undefined;
  return scaleClash(one, two);
}

/** The image in the middle by brightness: one of the many. */
function usual(images: readonly ImageFacts[]): ImageFacts {
  return [...images].sort((a, b) => brightness(a) - brightness(b))[images.length >> 1];
}

/** Those that have less than half of the images on their side; none where all are alike. */
function minority(images: readonly ImageFacts[], keyOf: (image: ImageFacts) => string | boolean): readonly ImageFacts[] {
  const counts = new Map<string | boolean, number>();
  for (const image of images) counts.set(keyOf(image), (counts.get(keyOf(image)) ?? 0) + 1);
  const [usual] = [...counts].sort(([, a], [, b]) => b - a).map(([key]) => key);
  return images.filter((image) => keyOf(image) !== usual);
}

function counted(images: readonly ImageFacts[], keyOf: (image: ImageFacts) => string): string {
  const counts = new Map<string, number>();
  for (const image of images) counts.set(keyOf(image), (counts.get(keyOf(image)) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([key, count]) => `${count} ${key}`)
    .join(", ");
}

const CHECKS: readonly PixelCheck[] = [
  {
    kind: "almost-empty",
    what: "Black images",
    concerns: (images) => images.filter(isEmpty),
    message: () =>
      "9 of 10 pixels or more are 0 in every band, as at the edge of a scene. They teach the network that black belongs to their label: leave them out.",
  },
  {
    kind: "constant",
    what: "Images of one colour",
    concerns: (images) => images.filter((image) => isFlat(image) && !isEmpty(image)),
    message: () => "one single value, or nearly. There is nothing in them to learn from. Leave them out or export them again.",
  },
  {
    kind: "saturated",
    what: "Burnt-out images",
    concerns: (images) =>
      images.filter((image) => !isFlat(image) && image.measures.some(({ saturated }) => share(saturated, image) >= BURNT)),
    message: () =>
      "half of a band or more stands at its highest value, from clouds, snow or a stretch that was too strong. What was there is lost: export them with a weaker stretch.",
  },
  {
    kind: "grey-among-colour",
    what: "Grey images among colour",
    concerns(images) {
      const some = images.filter((image) => !showsNothing(image));
      return some.every(isGrey) ? [] : some.filter(isGrey);
    },
    message: () =>
      "grey serves as red, green and blue alike; if it comes with some labels more than with others, the network learns the camera and not the land.",
  },
  {
    kind: "mixed-dtypes",
    what: "Images with other numbers than the rest",
    concerns: (images) => minority(images, ({ dtype }) => dtype),
    message: (_, images) =>
      `${counted(images, ({ dtype }) => dtype)}. Each is scaled by the full range of its type: bring all to the same type with the same stretch.`,
  },
  {
    kind: "narrow-range",
    what: "Dark 16-bit images",
    // What is more than a picture is standardised, and no network takes its full range for granted.
    concerns: (images) => narrow(images.filter(isPicture), "uint16"),
    message: (concerned) =>
      `their values end at ${highestOf(concerned)} of 65535, so they hold fewer bits than their type. Brought to 0–255 they reach ${Math.floor(highestOf(concerned) / 257)} and are black to the network. Stretch them first: gdal_translate -ot Byte -scale 0 ${highestOf(concerned)} 0 255.`,
  },
  {
    kind: "narrow-range",
    what: "Images of few values",
    concerns: (images) => narrow(images, "uint8"),
    message: (concerned) =>
      `their values end at ${highestOf(concerned)} of 255. Are they numbers of classes, a mask, 0 to 1 written as whole numbers, or the high bytes alone of 16-bit ones? Export pictures with values 0 to 255.`,
  },
  {
    kind: "sixteen-as-eight",
    what: "8-bit images that were 16-bit ones",
    concerns: (images) => inMost(images, (image) => image.measures.every(({ saturated }) => share(saturated, image) >= BURNT)),
    message: () =>
      "half of every band or more stands at 255, in most images: larger numbers were cut off there. What was above is lost: export the original again with a stretch (gdal_translate -ot Byte -scale).",
  },
  {
    kind: "sixteen-as-eight",
    what: "8-bit images that were 16-bit ones",
    concerns: (images) => inMost(images, ({ jumps }) => jumps >= JUMPING),
    message: () =>
      "neighbours jump from dark to bright and back all over, in every band: the low bytes of 16-bit numbers, read without the high ones. Export the original again with a stretch (gdal_translate -ot Byte -scale).",
  },
  {
    kind: "sixteen-as-eight",
    what: "8-bit images that were 16-bit ones",
    concerns(images) {
      const some = inMost(images, (image) => !isEmpty(image));
      const highest = highestOf(some);
      return highest < HIGH_BYTE && highest > NARROW * 255 ? some : [];
    },
    message: (concerned) =>
      `none has a value above ${highestOf(concerned)}, as if only the high bytes of reflectance × 10000 had been kept: few steps are left and all is dark. Export the original again with a stretch (gdal_translate -ot Byte -scale).`,
  },
  {
    kind: "eight-as-sixteen",
    what: "16-bit images whose values all lie within 8 bits",
    concerns(images) {
      const some = images.filter((image) => image.dtype === "uint16" && !isEmpty(image));
      return some.length > 0 && isEight(some) ? some : [];
    },
    message: (concerned) =>
      `none is above ${highestOf(concerned)}. Either 8-bit numbers were written into a larger type, and the network, which takes the whole range for granted, sees black: gdal_translate -ot Byte. Or the high bytes were lost: export the original again.`,
  },
  {
    kind: "mixed-scales",
    what: "Images with numbers of another scale than the rest",
    concerns(images) {
      const some = images.filter((image) => !showsNothing(image) && brightness(image) > 0);
      return some.length === 0 ? [] : some.filter((image) => clashOf(image, usual(some)) !== undefined);
    },
    message(concerned, images) {
      const rest = usual(images.filter((image) => !showsNothing(image) && brightness(image) > 0));
      const clash = clashOf(concerned[0], rest);
      return `they look like ${clash?.one}, the rest like ${clash?.other} (÷ 255 against ÷ 10000 against none). The network learns the scaling and not the land: bring all to the same.`;
    },
  },
  {
    kind: "nodata-in-statistics",
    what: "Images with pixels that were not measured, undeclared",
    concerns: (images) => images.filter(({ filler }) => (filler?.share ?? 0) >= FILLED),
    message: (concerned) =>
      `${[...new Set(concerned.map(({ filler }) => filler!.value))].join(", ")} stands in all bands of up to ${percent(most(concerned, ({ filler }) => filler!.share))} of the pixels, and counts as a measurement in means, stretches and training. Say that it is none: gdal_edit.py -a_nodata ${concerned[0].filler!.value} file.tif.`,
  },
  {
    kind: "eight-bit-in-sixteen",
    what: "8-bit images in 16-bit files",
    concerns: (images) => images.filter((image) => image.eightBitSteps && !showsNothing(image)),
    message: () => "every value is a multiple of 257. No harm for the network; as 8-bit files they take half the room.",
  },
  {
    kind: "alpha-dropped",
    what: "Images with transparent pixels",
    concerns: (images) => images.filter((image) => (image.alpha?.clear ?? 0) > 0 && !isMeasurement(image)),
    message: (concerned) =>
      `up to ${percent(most(concerned, ({ alpha }) => alpha!.clear))} of an image. Transparency is dropped and the colour under it, mostly black, goes to the network: crop it away, or leave those images out.`,
  },
  {
    kind: "measurement-as-alpha",
    what: "A band (near infrared?) taken for transparency",
    concerns: (images) => images.filter(isMeasurement),
    message: () =>
      "the alpha channel is neither clear nor opaque over most of the image, like a measurement. It is dropped: export it as a band of its own (gdal_translate -colorinterp_4 undefined).",
  },
  {
    kind: "alpha-as-band",
    what: "Transparency saved as a band",
    concerns: (images) => images.filter(isAlphaBand),
    message: (concerned) =>
      `${concerned[0].bands.slice(RGB.length).join(", ")} is a mask and no measurement. The network would look at it: export red, green and blue alone (gdal_translate -b 1 -b 2 -b 3).`,
  },
  {
    kind: "turned",
    what: "Images stored turned",
    concerns: (images) => images.filter(({ orientation }) => orientation > 1),
    message: () =>
      "EXIF says that they are turned or mirrored. They are set upright here, and must be wherever the classifier is used.",
  },
  {
    kind: "mixed-formats",
    what: "Images of another format than the rest",
    concerns: (images) => minority(images, ({ format }) => format),
    message: (_, images) =>
      `${counted(images, ({ format }) => format)}. JPEG leaves traces that a network sees: if a format goes with a label, it learns the format.`,
  },
  {
    kind: "mixed-sizes",
    what: "Images half as large as the largest, or smaller",
    concerns(images) {
      const largest = most(images, longerSide);
      return images.filter((image) => longerSide(image) * SIZE_RATIO <= largest);
    },
    message: (_, images) =>
      `longer sides are ${least(images, longerSide)} to ${most(images, longerSide)} px. All are brought to one size: the same house is then large in one and small in another. Cut images of equal size on the ground.`,
  },
];

/** What is wrong with the pixels of some images, each fault with the images that have it. */
export function checkPixels(images: readonly ImageFacts[]): readonly Finding[] {
  return CHECKS.flatMap(({ kind, what, concerns, message }) => {
    const concerned = concerns(images);
    if (concerned.length === 0) return [];
    const text = `${what}, ${concerned.length} of ${images.length}: ${message(concerned, images)}`;
    return [{ kind, message: text, files: concerned.map(({ file }) => [file]) }];
  });
}
