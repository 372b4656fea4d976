const DAY_MS = 86_400_000;
/** Day 0 of the coding. */
const START = Date.UTC(2014, 11, 31);
/** Days that its four digits hold. */
const MOST_DAYS = 9999;
/** Probabilities in percent from which an alert is of high, and of highest confidence. */
const HIGH = 90;
const HIGHEST = 99;

/**
 * An alert in the coding of Global Forest Watch's integrated deforestation alerts: the first digit is the confidence, 2 low, 3 high,
 * 4 highest; the other four are days since 31 December 2014. There, highest means that several systems agree; here, that the
 * probability of the change is 99 % or more.
 *
 * @param day ISO day on which the loss was first seen
 * @param percent probability that the cell changed
 * @returns undefined for days that the coding has no number for
 */
export function alertValue(day: string, percent: number): number | undefined {
  const days = Math.round((Date.parse(`${day}T00:00:00Z`) - START) / DAY_MS);
  if (!(days >= 1 && days <= MOST_DAYS)) return undefined;
  const confidence = percent >= HIGHEST ? 4 : percent >= HIGH ? 3 : 2;
  return confidence * 10_000 + days;
}
