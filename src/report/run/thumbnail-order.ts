/** Thumbnails of one page, in bytes of text: leaves room below 8 MB for the names and probabilities of 10,000 images. */
export const THUMBNAIL_BYTES = 5_000_000;

/**
 * The order in which test images earn a thumbnail: mistakes before the rest, and within each the most confident image of every
 * combination of labels and decisions, then the second of every one, and so on. Whoever decodes images can stop when {@link THUMBNAIL_BYTES} are used up.
 *
 * @param labels `[N, K]`: 1, 0 or −1 (unknown)
 * @param decisions `[N, K]`: 1 or 0
 * @param probabilities `[N, K]`
 * @returns rows, each once
 */
export function thumbnailOrder(
  labels: ArrayLike<number>,
  decisions: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  classes: number,
): number[] {
  const rows = labels.length / classes;
  const confidence = new Float64Array(rows).fill(-1);
  const wrong = new Uint8Array(rows);
  const cells = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const [truth, decided]: number[][] = [[], []];
    for (let k = 0; k < classes; k++) {
      const cell = row * classes + k;
      if (labels[cell] === 1) truth.push(k);
      if (decisions[cell] === 1) decided.push(k);
      const isWrong = labels[cell] >= 0 && labels[cell] !== decisions[cell];
      if (isWrong && wrong[row] === 0) {
        // Of an image decided wrongly, only what is wrong counts.
        wrong[row] = 1;
        confidence[row] = -1;
      }
      if (!isWrong && wrong[row] === 1) continue;
      confidence[row] = Math.max(confidence[row], decisions[cell] === 1 ? probabilities[cell] : 1 - probabilities[cell]);
    }
    const key = `${truth}>${decided}`;
    const members = cells.get(key);
    if (members === undefined) cells.set(key, [row]);
    else members.push(row);
  }
  const rank = new Uint32Array(rows);
  for (const members of cells.values()) {
    members.sort((a, b) => confidence[b] - confidence[a] || a - b);
    members.forEach((row, place) => {
      rank[row] = place;
    });
  }
  return Array.from(rank.keys()).sort(
    (a, b) => wrong[b] - wrong[a] || rank[a] - rank[b] || confidence[b] - confidence[a] || a - b,
  );
}
