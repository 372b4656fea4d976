/** Two ways to write the same pixels, and the factor between their numbers. */
interface ScalePair {
  readonly factor: number;
  readonly larger: string;
  readonly smaller: string;
  /** Whether the smaller ones are shares of one; the larger never are. */
  readonly isShare: boolean;
}

const REFLECTANCE = "reflectance × 10000";
const EIGHT_BIT = "8-bit numbers";
const PAIRS: readonly ScalePair[] = [
  { factor: 10_000, larger: REFLECTANCE, smaller: "reflectance from 0 to 1", isShare: true },
  { factor: 255, larger: EIGHT_BIT, smaller: "8-bit numbers ÷ 255", isShare: true },
  { factor: 10_000 / 255, larger: "16-bit numbers ÷ 255", smaller: "reflectance from 0 to 1", isShare: true },
  { factor: 257, larger: "16-bit numbers of full range", smaller: EIGHT_BIT, isShare: false },
  { factor: 10_000 / 255, larger: REFLECTANCE, smaller: EIGHT_BIT, isShare: false },
];
/** Haze, season and sensor change brightness by less than this. */
const TOLERANCE = 2.5;
/** Shares of one lie below, 8-bit numbers of a landscape above. */
const SHARE = 2;

/**
 * What two brightnesses of like images look like that differ by a known scaling, as in "reflectance × 10000"; undefined where light,
 * season and sensor may make the difference.
 */
export function scaleClash(one: number, other: number): { readonly one: string; readonly other: string } | undefined {
  if (!(one > 0 && other > 0)) return undefined;
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  const pair = PAIRS.find(({ factor, isShare }) => {
    const off = high / low / factor;
    return off < TOLERANCE && off > 1 / TOLERANCE && low < SHARE === isShare && high >= SHARE;
  });
  return pair && (one > other ? { one: pair.larger, other: pair.smaller } : { one: pair.smaller, other: pair.larger });
}
