import { UserError } from "../../errors.js";
import { createRandom, type Random } from "../../random.js";
import { keepsShape, TURNS, type Turn } from "../dihedral.js";
import type { PixelWindow } from "../resample.js";

/** Lowest and highest factor; each in between is as likely as any other. */
export type FactorRange = readonly [lowest: number, highest: number];

/** The options of every augmentation. */
interface StepOptions {
  /**
   * Cuts out a rectangle of the input's shape, square for a square input, at any place alike: its side is drawn uniformly between
   * these shares of the longest side that fits, which is the shorter side of the image. It takes the place of the fit of the preprocessing.
   */
  readonly crop: { readonly minShare: number; readonly maxShare: number };
  /** The flips and rotations that are drawn from. Inputs that are not square are given only those that keep their shape. */
  readonly turn: readonly Turn[];
  /** Multiplies the values, counted from the lowest of the range. */
  readonly brightness: FactorRange;
  /** Multiplies the distance of each value from the mean of its band in the image. */
  readonly contrast: FactorRange;
  /**
   * Hides a square whose side is this share of the input's shorter side. Its centre may be any pixel, so part of it may lie outside
   * (DeVries and Taylor 2017). `fill`: the mean of each band in the image, or one value in the range of the source pixels.
   */
  readonly cutout: { readonly share: number; readonly fill: "mean" | number };
}

export type AugmentationName = keyof StepOptions;

/** How images are changed at random while a network learns. What is left out is not done. */
export type AugmentOptions = { readonly [Name in AugmentationName]?: StepOptions[Name] | undefined };

/** What is drawn for every augmentation. */
interface StepDraws {
  /** In pixels of the source. */
  readonly crop: PixelWindow;
  readonly turn: Turn;
  readonly brightness: number;
  readonly contrast: number;
  /** In pixels of the input. */
  readonly cutout: { readonly window: PixelWindow; readonly fill: "mean" | number };
}

/** What happens to one image: one draw of each augmentation that is on. */
export type Augmentation = { readonly [Name in AugmentationName]?: StepDraws[Name] };

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Sizes of the image as it is stored and of the network's input. */
export interface AugmentFrame {
  readonly image: Size;
  readonly input: Size;
}

interface Step<Options, Draw> {
  /** What is wrong with the options and what would be right; undefined if nothing. */
  readonly problem: (options: Options) => string | undefined;
  readonly draw: (random: Random, options: Options, frame: AugmentFrame) => Draw;
}

/** 180 to 256 of 256 pixels, and all 8 turns: views from above have no upside. */
export const DEFAULT_AUGMENT: AugmentOptions = { crop: { minShare: 180 / 256, maxShare: 1 }, turn: TURNS };

/** Every augmentation, in the order in which they are done. */
export const AUGMENTATIONS: {
  readonly [Name in AugmentationName]: Step<StepOptions[Name], StepDraws[Name]>;
} = {
  crop: {
    problem: ({ minShare, maxShare }) =>
      minShare > 0 && minShare <= maxShare && maxShare <= 1
        ? undefined
        : `minShare ${minShare} and maxShare ${maxShare}: 0 < minShare ≤ maxShare ≤ 1 would be right`,
    draw(random, { minShare, maxShare }, { image, input }) {
      const scale = Math.min(image.widthPx / input.widthPx, image.heightPx / input.heightPx);
      const longestPx = Math.max(input.widthPx, input.heightPx) * scale;
      const [minPx, maxPx] = [minShare, maxShare].map((share) => Math.max(1, Math.round(share * longestPx)));
      const sidePx = minPx + random.int(maxPx - minPx + 1);
      const side = (inputPx: number, imagePx: number) =>
        Math.min(imagePx, Math.max(1, Math.round((sidePx * inputPx) / Math.max(input.widthPx, input.heightPx))));
      const widthPx = side(input.widthPx, image.widthPx);
      const heightPx = side(input.heightPx, image.heightPx);
      const leftPx = random.int(image.widthPx - widthPx + 1);
      return { leftPx, topPx: random.int(image.heightPx - heightPx + 1), widthPx, heightPx };
    },
  },

  turn: {
    problem: (turns) => (turns.length > 0 ? undefined : `an empty list: give some of ${TURNS.join(", ")}`),
    draw(random, turns, { input }) {
      const fitting = input.widthPx === input.heightPx ? turns : turns.filter(keepsShape);
      return fitting.length === 0 ? "none" : fitting[random.int(fitting.length)];
    },
  },

  brightness: { problem: factorProblem, draw: drawFactor },
  contrast: { problem: factorProblem, draw: drawFactor },

  cutout: {
    problem: ({ share, fill }) => {
      if (!(share > 0 && share < 1)) return `share ${share}: between 0 and 1 would be right`;
      return fill === "mean" || Number.isFinite(fill) ? undefined : `fill ${fill}: "mean" or a number would be right`;
    },
    draw(random, { share, fill }, { input: { widthPx, heightPx } }) {
      const sidePx = Math.max(1, Math.round(share * Math.min(widthPx, heightPx)));
      const part = (lengthPx: number) => {
        const first = random.int(lengthPx) - Math.floor(sidePx / 2);
        return [Math.max(0, first), Math.min(lengthPx, first + sidePx)];
      };
      const [left, right] = part(widthPx);
      const [top, bottom] = part(heightPx);
      return { window: { leftPx: left, topPx: top, widthPx: right - left, heightPx: bottom - top }, fill };
    },
  },
};

/** Keys of a literal keep the order in which they are written. */
const NAMES = Object.keys(AUGMENTATIONS) as AugmentationName[]; // the table has no other keys

/** @throws UserError `usage` naming the augmentation that there is not, or whose options make no sense */
export function checkAugment(options: AugmentOptions): void {
  const names: readonly string[] = NAMES;
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UserError("usage", `there is no augmentation "${unknown}"`, { hint: `There are ${NAMES.join(", ")}.` });
  }
  for (const name of NAMES) {
    const problem = problemOf(name, options);
    if (problem !== undefined) {
      throw new UserError("usage", `augmentation "${name}": ${problem}`, { hint: `Correct it, or leave "${name}" out.` });
    }
  }
}

function problemOf<Name extends AugmentationName>(name: Name, options: AugmentOptions): string | undefined {
  const step: Step<StepOptions[Name], StepDraws[Name]> = AUGMENTATIONS[name];
  const own: AugmentOptions[Name] = options[name];
  return own === undefined ? undefined : step.problem(own);
}

/** Which image of a training is meant. */
export interface ImageVisit {
  readonly seed: number;
  readonly epoch: number;
  /** Of the image among the samples. */
  readonly index: number;
}

/**
 * Draws what happens to one image in one epoch. Depends on nothing but seed, epoch and index, and each step draws from a stream of
 * its own: another one switched on or off does not change it.
 */
export function drawAugmentation(options: AugmentOptions, { seed, epoch, index }: ImageVisit, frame: AugmentFrame): Augmentation {
  const random = createRandom(seed, `augment/${epoch}/${index}`);
  const drawn: { -readonly [Name in keyof Augmentation]: Augmentation[Name] } = {};
  const draw = <Name extends AugmentationName>(name: Name) => {
    const step: Step<StepOptions[Name], StepDraws[Name]> = AUGMENTATIONS[name];
    const own: AugmentOptions[Name] = options[name];
    if (own !== undefined) drawn[name] = step.draw(random.fork(name), own, frame);
  };
  for (const name of NAMES) draw(name);
  return drawn;
}

function factorProblem([lowest, highest]: FactorRange): string | undefined {
  return lowest >= 0 && lowest <= highest && Number.isFinite(highest)
    ? undefined
    : `factors from ${lowest} to ${highest}: 0 ≤ lowest ≤ highest would be right, as 0.8 and 1.2`;
}

function drawFactor(random: Random, [lowest, highest]: FactorRange): number {
  return lowest + random.next() * (highest - lowest);
}
