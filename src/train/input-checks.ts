import type { Finding, InputFault } from "../data/checks.js";
import type { ImageFacts } from "../data/pixels.js";
import { cutShare, distortion, enlargement } from "../model/chain.js";
import { threeDigits } from "../model/expected-input.js";
import type { Preprocess } from "../raster/preprocess.js";

/** From these on it is worth telling. */
const DISTORTED = 1.25;
const CUT = 0.3;
const ENLARGED = 2;
const SHRUNK = 6;

/** One check of how images are brought to the size of the input. */
interface InputCheck {
  readonly kind: InputFault;
  /** What they are, before their number. */
  readonly what: string;
  readonly amount: (image: ImageFacts, preprocess: Preprocess) => number;
  readonly from: number;
  readonly message: (worst: number, preprocess: Preprocess) => string;
}

const CHECKS: readonly InputCheck[] = [
  {
    kind: "distorted",
    what: "Images stretched out of shape",
    amount: distortion,
    from: DISTORTED,
    message: (worst) =>
      `by a factor of up to ${threeDigits(worst)}. Round things become oval, and differently in images of different shape. Cut them square.`,
  },
  {
    kind: "cut-off",
    what: "Images cut by the centre crop",
    amount: cutShare,
    from: CUT,
    message: (worst) =>
      `up to ${Math.round(100 * worst)} % of their area is lost. What lies at the border is never seen, though the labels name it. Cut the images into squares.`,
  },
  {
    kind: "enlarged",
    what: "Images smaller than the input",
    amount: enlargement,
    from: ENLARGED,
    message: (worst, { widthPx, heightPx }) =>
      `enlarged up to ${threeDigits(worst)} times to ${widthPx}×${heightPx}: blurred, with no detail gained. Use larger chips, or a network with a smaller input.`,
  },
  {
    kind: "shrunk",
    what: "Images much larger than the input",
    amount: (image, preprocess) => 1 / enlargement(image, preprocess),
    from: SHRUNK,
    message: (worst) =>
      `shrunk up to ${threeDigits(worst)} times. What is smaller than ${Math.ceil(2 * worst)} pixels, a house or a car, is gone. Cut them into smaller chips.`,
  },
];

/** Enlarging is part of these backbones' recipe: docs/decisions/0004-random-convolutional-features.md. */
const MAY_ENLARGE: ReadonlySet<string> = new Set(["rcf", "stats"]);

/** What bringing the images to the network's size does to them that it should not. */
export function checkPlacement(
  images: readonly ImageFacts[],
  { id, preprocess }: { readonly id: string; readonly preprocess: Preprocess },
): readonly Finding[] {
  return CHECKS.flatMap(({ kind, what, amount, from, message }) => {
    if (kind === "enlarged" && MAY_ENLARGE.has(id)) return [];
    const amounts = images.map((image) => ({ file: image.file, amount: amount(image, preprocess) }));
    const concerned = amounts.filter((image) => image.amount >= from);
    if (concerned.length === 0) return [];
    const worst = concerned.reduce((most, image) => Math.max(most, image.amount), 0);
    const text = `${what}, ${concerned.length} of ${images.length}: ${message(worst, preprocess)}`;
    return [{ kind, message: text, files: concerned.map(({ file }) => [file]) }];
  });
}
