import type { InputValues } from "../onnx/input-values.js";
import type { BandMeasure } from "../raster/measure.js";
import type { Backbone } from "./backbone.js";

/** What a network was trained on, as far as its own numbers tell. */
export interface ExpectedInput {
  /** In words: "mean 0 and deviation 1 in every band". */
  readonly words: string;
  /** Where the values should lie. */
  readonly range: readonly [lowest: number, highest: number];
  /** Whether they should have mean 0 and deviation 1, roughly. */
  readonly standard: boolean;
  /** False where the scaling is none of those that networks are trained with. */
  readonly usual: boolean;
}

/** What the ends of the range of the pixels become: the lowest and the highest of all channels. */
type Ends = readonly [low: number, high: number];

interface Habit extends Omit<ExpectedInput, "usual"> {
  readonly fits: (ends: Ends) => boolean;
}

const near = (value: number, wanted: number, tolerance: number) => Math.abs(value - wanted) <= tolerance;
const within = (value: number, from: number, to: number) => value >= from && value <= to;
const STANDARD = { words: "mean about 0 and deviation about 1 in every band", range: [-3, 3], standard: true } as const;

/** How published networks take their pixels; the first that fits. See docs/how-images-are-read.md, step 7. */
const HABITS: readonly Habit[] = [
  {
    words: "values from 0 to 255",
    range: [0, 255],
    standard: false,
    fits: ([low, high]) => near(low, 0, 2) && near(high, 255, 3),
  },
  {
    words: "values from 0 to 1",
    range: [0, 1],
    standard: false,
    fits: ([low, high]) => near(low, 0, 0.01) && near(high, 1, 0.02),
  },
  {
    words: "values from −1 to 1",
    range: [-1, 1],
    standard: false,
    fits: ([low, high]) => near(low, -1, 0.02) && near(high, 1, 0.02),
  },
  {
    words: "values around 0, from about −128 to 128",
    range: [-128, 152],
    standard: false,
    fits: ([low, high]) => within(low, -160, -60) && within(high, 95, 200) && within(high - low, 245, 330),
  },
  { ...STANDARD, fits: ([low, high]) => within(low, -5, -0.4) && within(high, 0.8, 8) },
];

const OF_TRAINING: ExpectedInput = { ...STANDARD, words: `${STANDARD.words}, those of the training images`, usual: true };

/** Backbones that are made of the images themselves: nothing about their scaling can be unusual. */
const OWN: Readonly<Record<string, (ends: Ends) => ExpectedInput>> = {
  rcf: () => OF_TRAINING,
  stats: (range) => ({ words: `values as in the file, ${range[0]} to ${range[1]}`, range, standard: false, usual: true }),
};

/** What a backbone expects to see, told from what its first nodes do to the range of the pixels. */
export function expectedInput(
  { id, preprocess, normalize }: Pick<Backbone, "id" | "preprocess" | "normalize">,
  values: InputValues,
): ExpectedInput {
  if (normalize?.method === "standardize") return OF_TRAINING;
  const ends = endsOf(values, (band) => rangeOf({ preprocess, normalize }, band));
  if (Object.hasOwn(OWN, id)) return OWN[id](ends);
  if (values.standardized) return { ...STANDARD, words: `${STANDARD.words}, by the network's own first layer`, usual: true };
  const habit = HABITS.find(({ fits }) => fits(ends));
  if (habit === undefined)
    return { words: "not known: its scaling is not a usual one", range: ends, standard: false, usual: false };
  const { words, range, standard } = habit;
  return { words, range, standard, usual: true };
}

/** How far the spread may be from 1, and the mean from 0, before something must be wrong: real images are within a third of it. */
const SPREAD = { least: 0.1, most: 6 };
const FARTHEST_MEAN = 4;
/** Less than this share of the range between the middle 98 % of the values. */
const NARROWEST = 0.04;

/**
 * What is wrong between the values that reach the network and those that it expects, one sentence each; nothing where they fit.
 *
 * @param measures the values behind the normalisation, one measure per channel
 * @param middle the 1 % and 99 % quantiles of all of them
 */
export function judgeInput(
  expected: ExpectedInput,
  values: InputValues,
  {
    measures,
    middle,
    range,
  }: { readonly measures: readonly BandMeasure[]; readonly middle: Ends; readonly range: (band: number) => Ends },
): readonly string[] {
  if (!expected.usual) {
    const [low, high] = endsOf(values, range);
    const by = [255, 1 / 255].find((factor) => HABITS.some(({ fits }) => fits(rescaled(values, range, factor))));
    const cure =
      by === undefined
        ? "Compare --scale, --mean and --std with the description of the network."
        : `With a scale ${by > 1 ? "255 times larger" : "of 1/255 of it"} they would be usual: check --scale.`;
    return [
      `The network gets values from ${threeDigits(low)} to ${threeDigits(high)}: no published network is trained on such values, and this one answers by chance. ${cure}`,
    ];
  }
  if (expected.standard) {
    const off = measures.find(
      ({ mean, deviation }) => Math.abs(mean) > FARTHEST_MEAN || (deviation > 0 && !within(deviation, SPREAD.least, SPREAD.most)),
    );
    if (off === undefined) return [];
    return [
      `The network expects ${expected.words} and gets mean ${threeDigits(off.mean)} and deviation ${threeDigits(off.deviation)}: all images look alike to it. Check --scale, --mean and --std, and whether the images use the whole range of their values.`,
    ];
  }
  const share = (middle[1] - middle[0]) / (expected.range[1] - expected.range[0]);
  if (!(share < NARROWEST)) return [];
  return [
    `The network expects ${expected.words} and 98 % of the values lie between ${threeDigits(middle[0])} and ${threeDigits(middle[1])}: almost no contrast is left. Stretch the images to the whole range of their type, or use --normalize stretch.`,
  ];
}

/** Between which values a band of the input counts: the range of the pixels, or what a stretch does not cut off. */
export function rangeOf({ preprocess, normalize }: Pick<Backbone, "preprocess" | "normalize">, band: number): Ends {
  return normalize?.method === "stretch" ? [normalize.low[band], normalize.high[band]] : preprocess.range;
}

function endsOf({ order, factor, shift }: InputValues, range: (band: number) => Ends): Ends {
  const ends = factor.flatMap((by, k) => range(order[k]).map((end) => end * by + shift[k]));
  return [Math.min(...ends), Math.max(...ends)];
}

/** The ends with another scale before the mean is subtracted. */
function rescaled(values: InputValues, range: (band: number) => Ends, by: number): Ends {
  return endsOf({ ...values, factor: values.factor.map((factor) => factor * by) }, range);
}

/** Three digits, with a minus sign that is one. */
export function threeDigits(value: number): string {
  return String(Number(value.toPrecision(3))).replace("-", "−");
}
