import { RGB } from "../raster/bands.js";
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
/** The largest image has this many times the longer side of the smallest. */
const SIZE_RATIO = 2;

/** One check: the images that it is about, and what to say of them. */
interface PixelCheck {
  readonly kind: PixelFault;
  readonly concerns: (images: readonly ImageFacts[]) => readonly ImageFacts[];
  /** What is the case, why it matters, what to do; begins with the number of images. */
  readonly message: (concerned: readonly ImageFacts[], images: readonly ImageFacts[]) => string;
}

/** How flat: the widest band between lowest and highest value, as a share of the type's range. */
function contrast({ dtype, measures }: ImageFacts): number {
  const full = fullValue(dtype) ?? Math.max(...measures.map(({ highest }) => Math.abs(highest)), 1);
  return Math.max(...measures.map(({ lowest, highest }) => (highest - lowest) / full));
}

const share = (part: number, { widthPx, heightPx }: ImageFacts) => part / (widthPx * heightPx);
const isEmpty = (image: ImageFacts) => image.measures.every(({ zeros }) => share(zeros, image) >= EMPTY);
const isFlat = (image: ImageFacts) => contrast(image) <= FLAT;
const isGrey = ({ bands, equalBands }: ImageFacts) => bands.length === 1 || equalBands;
const isAlphaBand = (image: ImageFacts) =>
  image.bands.length > RGB.length && image.measures.slice(RGB.length).every(isMask(fullValue(image.dtype) ?? 1));
const isMask =
  (full: number) =>
  ({ count, zeros, saturated, highest }: ImageFacts["measures"][number]) =>
    highest === full && zeros + saturated === count;
/** An alpha channel that is neither clear nor opaque over most of the image holds something else. */
const isMeasurement = ({ alpha }: ImageFacts) => alpha !== undefined && alpha.clear + alpha.opaque < 0.5;
const percent = (value: number) => `${Math.round(100 * value)} %`;
const highestOf = (images: readonly ImageFacts[]) =>
  images.reduce((top, { measures }) => measures.reduce((most, { highest }) => Math.max(most, highest), top), 0);
const longerSide = ({ widthPx, heightPx }: ImageFacts) => Math.max(widthPx, heightPx);

/** Those of one type, where together they leave most of its range unused. */
function narrow(images: readonly ImageFacts[], dtype: ImageFacts["dtype"]): readonly ImageFacts[] {
  const some = images.filter((image) => image.dtype === dtype && !isEmpty(image));
  return some.length > 0 && highestOf(some) <= fullValue(dtype)! * NARROW ? some : [];
}

/** Those that have less than half of the images on their side; none where all are alike. */
function minority(images: readonly ImageFacts[], keyOf: (image: ImageFacts) => string | boolean): readonly ImageFacts[] {
  const counts = new Map<string | boolean, number>();
  for (const image of images) counts.set(keyOf(image), (counts.get(keyOf(image)) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a).map(([key]) => key);
  return images.filter((image) => keyOf(image) !== most);
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
    concerns: (images) => images.filter(isEmpty),
    message: () =>
      "are black: 9 of 10 pixels or more are 0 in every band, as at the edge of a scene. They teach the network that black belongs to their label: leave them out.",
  },
  {
    kind: "constant",
    concerns: (images) => images.filter((image) => isFlat(image) && !isEmpty(image)),
    message: () =>
      "hold one single value, or nearly: there is nothing in them to learn from. Leave them out or export them again.",
  },
  {
    kind: "saturated",
    concerns: (images) =>
      images.filter((image) => !isFlat(image) && image.measures.some(({ saturated }) => share(saturated, image) >= BURNT)),
    message: () =>
      "are burnt out: half of a band or more stands at its highest value, from clouds, snow or a stretch that was too strong. What was there is lost: export them with a weaker stretch.",
  },
  {
    kind: "grey-among-colour",
    concerns: (images) => (images.every(isGrey) ? [] : images.filter(isGrey)),
    message: () =>
      "are grey among images in colour. Grey serves as red, green and blue alike; if it comes with some labels more than with others, the network learns the camera and not the land.",
  },
  {
    kind: "mixed-dtypes",
    concerns: (images) => minority(images, ({ dtype }) => dtype),
    message: (_, images) =>
      `have other numbers than the rest (${counted(images, ({ dtype }) => dtype)}). Each is scaled by the full range of its type: bring all to the same type with the same stretch.`,
  },
  {
    kind: "narrow-range",
    concerns: (images) => narrow(images, "uint16"),
    message: (concerned) =>
      `use values up to ${highestOf(concerned)} of 65535: 16-bit files with fewer bits in them. Brought to 0–255 they reach ${Math.floor(highestOf(concerned) / 257)} and are black to the network. Stretch them first: gdal_translate -ot Byte -scale 0 ${highestOf(concerned)} 0 255.`,
  },
  {
    kind: "narrow-range",
    concerns: (images) => narrow(images, "uint8"),
    message: (concerned) =>
      `use values up to ${highestOf(concerned)} of 255: numbers of classes, a mask, or 0 to 1 written as whole numbers? Export pictures with values 0 to 255.`,
  },
  {
    kind: "eight-bit-in-sixteen",
    concerns: (images) => images.filter((image) => image.eightBitSteps && !isFlat(image) && !isEmpty(image)),
    message: () =>
      "hold 8 bits in 16: every value is a multiple of 257. No harm for the network; as 8-bit files they take half the room.",
  },
  {
    kind: "alpha-dropped",
    concerns: (images) => images.filter((image) => (image.alpha?.clear ?? 0) > 0 && !isMeasurement(image)),
    message: (concerned) =>
      `have transparent pixels (up to ${percent(Math.max(...concerned.map(({ alpha }) => alpha!.clear)))} of an image). Transparency is dropped and the colour under it, mostly black, goes to the network: crop it away, or leave those images out.`,
  },
  {
    kind: "measurement-as-alpha",
    concerns: (images) => images.filter(isMeasurement),
    message: () =>
      "have an alpha channel that is neither clear nor opaque: a fourth band (near infrared?) that was saved as transparency. It is dropped: export it as a band of its own (gdal_translate -colorinterp_4 undefined).",
  },
  {
    kind: "alpha-as-band",
    concerns: (images) => images.filter(isAlphaBand),
    message: (concerned) =>
      `have a band ${concerned[0].bands.slice(RGB.length).join(", ")} that is a mask and no measurement: transparency saved as a band. The network would look at it: export red, green and blue alone (gdal_translate -b 1 -b 2 -b 3).`,
  },
  {
    kind: "turned",
    concerns: (images) => images.filter(({ orientation }) => orientation > 1),
    message: () =>
      "are stored turned or mirrored and say so in EXIF. They are set upright here, and must be wherever the classifier is used.",
  },
  {
    kind: "mixed-formats",
    concerns: (images) => minority(images, ({ format }) => format),
    message: (_, images) =>
      `come in another format than the rest (${counted(images, ({ format }) => format)}). JPEG leaves traces that a network sees: if a format goes with a label, it learns the format.`,
  },
  {
    kind: "mixed-sizes",
    concerns(images) {
      const sides = images.map(longerSide);
      const smallest = sides.reduce((least, side) => Math.min(least, side), Number.POSITIVE_INFINITY);
      const largest = sides.reduce((most, side) => Math.max(most, side), 0);
      return largest >= SIZE_RATIO * smallest ? images.filter((image) => longerSide(image) * SIZE_RATIO <= largest) : [];
    },
    message: (concerned, images) =>
      `are half as large as the largest or smaller (longer sides ${Math.min(...concerned.map(longerSide))} to ${Math.max(...images.map(longerSide))} px). All are brought to one size: the same house is then large in one and small in another. Cut images of equal size on the ground.`,
  },
];

/** What is wrong with the pixels of some images, each fault with the images that have it. */
export function checkPixels(images: readonly ImageFacts[]): readonly Finding[] {
  return CHECKS.flatMap(({ kind, concerns, message }) => {
    const concerned = concerns(images);
    if (concerned.length === 0) return [];
    const text = `${concerned.length} of ${images.length} images ${message(concerned, images)}`;
    return [{ kind, message: text, files: concerned.map(({ file }) => [file]) }];
  });
}
