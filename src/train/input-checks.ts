import type { Finding, InputFault } from "../data/checks.js";
import type { ImageFacts } from "../data/pixels.js";
import { cutShare, distortion, enlargement } from "../model/chain.js";
import type { Preprocess } from "../raster/preprocess.js";

/** From these on it is worth telling. */
const DISTORTED = 1.25;
const CUT = 0.3;
const ENLARGED = 2;
const SHRUNK = 6;

/** One check of how images are brought to the size of the input. */
interface InputCheck {
  readonly kind: InputFault;
  readonly amount: (image: ImageFacts, preprocess: Preprocess) => number;
  readonly from: number;
  readonly message: (worst: number, preprocess: Preprocess) => string;
}

const CHECKS: readonly InputCheck[] = [
  {
    kind: "distorted",
    amount: distortion,
    from: DISTORTED,
    message: (worst) =>
      `are stretched out of shape, by up to ${worst.toFixed(2)}: round things become oval, and differently in images of different shape. Cut them square.`,
  },
  {
    kind: "cut-off",
    amount: cutShare,
    from: CUT,
    message: (worst) =>
      `lose up to ${Math.round(100 * worst)} % of their area to the centre crop: what lies at the border is never seen, though the labels name it. Cut the images into squares.`,
  },
  {
    kind: "enlarged",
    amount: enlargement,
    from: ENLARGED,
    message: (worst, { widthPx, heightPx }) =>
      `are smaller than the network's input of ${widthPx}×${heightPx} and enlarged up to ${worst.toFixed(1)} times: blurred, with no detail gained. Use larger chips, or a network with a smaller input.`,
  },
  {
    kind: "shrunk",
    amount: (image, preprocess) => 1 / enlargement(image, preprocess),
    from: SHRUNK,
    message: (worst) =>
      `are shrunk up to ${worst.toFixed(1)} times: what is smaller than ${Math.ceil(2 * worst)} pixels, a house or a car, is gone. Cut them into smaller chips.`,
  },
];

/** Enlarging is part of these backbones' recipe: docs/decisions/0004-random-convolutional-features.md. */
const MAY_ENLARGE: ReadonlySet<string> = new Set(["rcf", "stats"]);

/** What bringing the images to the network's size does to them that it should not. */
export function checkPlacement(
  images: readonly ImageFacts[],
  { id, preprocess }: { readonly id: string; readonly preprocess: Preprocess },
): readonly Finding[] {
  return CHECKS.flatMap(({ kind, amount, from, message }) => {
    if (kind === "enlarged" && MAY_ENLARGE.has(id)) return [];
    const amounts = images.map((image) => ({ file: image.file, amount: amount(image, preprocess) }));
    const concerned = amounts.filter((image) => image.amount >= from);
    if (concerned.length === 0) return [];
    const worst = concerned.reduce((most, image) => Math.max(most, image.amount), 0);
    const text = `${concerned.length} of ${images.length} images ${message(worst, preprocess)}`;
    return [{ kind, message: text, files: concerned.map(({ file }) => [file]) }];
  });
}
