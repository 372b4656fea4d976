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

/** Bins of equal width, closed on the right (Guo et al. 2017); empty ones are left out. */
export function reliability(confidences: ArrayLike<number>, correct: ArrayLike<number | boolean>, bins = 15): ReliabilityBin[] {
  const counts = new Float64Array(bins);
  const sums = new Float64Array(bins);
  const hits = new Float64Array(bins);
  for (let i = 0; i < confidences.length; i++) {
    let bin = Math.min(bins - 1, Math.max(0, Math.ceil(confidences[i] * bins) - 1));
    // The product may round across an edge: the edges themselves decide.
    if (bin > 0 && confidences[i] <= bin / bins) bin--;
    else if (bin < bins - 1 && confidences[i] > (bin + 1) / bins) bin++;
    counts[bin]++;
    sums[bin] += confidences[i];
    hits[bin] += Number(correct[i]);
  }
  return Array.from(counts, (count, bin) => ({
    low: bin / bins,
    high: (bin + 1) / bins,
    count,
    meanConfidence: sums[bin] / count,
    accuracy: hits[bin] / count,
  })).filter(({ count }) => count > 0);
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
