/** Confidences between two edges, and how often they were right. */
export interface ReliabilityBin {
  /** Exclusive, except that the first bin holds 0. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly meanConfidence: number;
  /** Share of the bin that was right. */
  readonly accuracy: number;
}

/** Bins of equal width: whatever falls into each, summed. */
export interface BinSums {
  readonly counts: Float64Array;
  readonly confidences: Float64Array;
  readonly hits: Float64Array;
}

/** The bins of reliability plots and of ECE, where nothing else is asked for. */
export const RELIABILITY_BINS = 15;

/**
 * Sums confidences `[N, K]` in bins of equal width, closed on the right (Guo et al. 2017); the first holds 0 as well.
 *
 * @param correct `[N, K]`: 1, 0 or −1 (unknown, left out)
 * @param width K
 * @param weights of rows `[N]`, 1 each by default
 */
export function binSums(
  confidences: ArrayLike<number>,
  correct: ArrayLike<number>,
  width: number,
  weights?: Float64Array,
  bins = RELIABILITY_BINS,
): BinSums {
  const sums = { counts: new Float64Array(bins), confidences: new Float64Array(bins), hits: new Float64Array(bins) };
  const edges = Float64Array.from({ length: bins + 1 }, (_, bin) => bin / bins);
  for (let i = 0, k = 0, row = 0; i < confidences.length; i++) {
    if (correct[i] >= 0) {
      const confidence = confidences[i];
      const weight = weights === undefined ? 1 : weights[row];
      let bin = Math.min(bins, Math.max(0, confidence * bins)) | 0;
      // Closed on the right; and the product may round across an edge: the edges themselves decide.
      if (bin > 0 && confidence <= edges[bin]) bin--;
      if (bin < bins - 1 && confidence > edges[bin + 1]) bin++;
      else if (bin === bins) bin--;
      sums.counts[bin] += weight;
      sums.confidences[bin] += weight * confidence;
      sums.hits[bin] += weight * correct[i];
    }
    if (++k < width) continue;
    k = 0;
    row++;
  }
  return sums;
}

/** The bins of {@link binSums} of confidences `[N]` as means; empty ones are left out. */
export function reliability(
  confidences: ArrayLike<number>,
  correct: ArrayLike<number>,
  bins = RELIABILITY_BINS,
): ReliabilityBin[] {
  const sums = binSums(confidences, correct, 1, undefined, bins);
  return Array.from(sums.counts, (count, bin) => ({
    low: bin / bins,
    high: (bin + 1) / bins,
    count,
    meanConfidence: sums.confidences[bin] / count,
    accuracy: sums.hits[bin] / count,
  })).filter(({ count }) => count > 0);
}

/** Expected calibration error: Σ |confidences − hits| over all bins, a count; undefined without samples. */
export function expectedCalibrationError({ counts, confidences, hits }: BinSums): number | undefined {
  let [total, gaps] = [0, 0];
  for (const [bin, count] of counts.entries()) {
    total += count;
    gaps += Math.abs(confidences[bin] - hits[bin]);
  }
  return total === 0 ? undefined : gaps / total;
}

/** Expected and largest calibration error of reliability bins; undefined without samples. */
export function calibrationError(bins: readonly ReliabilityBin[]): { expected: number; largest: number } | undefined {
  const total = bins.reduce((all, { count }) => all + count, 0);
  if (total === 0) return undefined;
  const gaps = bins.map(({ count, meanConfidence, accuracy }) => ({ count, gap: Math.abs(meanConfidence - accuracy) }));
  return {
    expected: gaps.reduce((all, { count, gap }) => all + count * gap, 0) / total,
    largest: Math.max(...gaps.map(({ gap }) => gap)),
  };
}
