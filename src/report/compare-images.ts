import { HEADS, type Head } from "../task.js";
import type { ComparedImage, ImageOutput } from "./compare-data.js";

/** What an image is shown for. */
export const IMAGE_ROLES = ["sum", "no-label", "several", "tie", "disagreement"] as const;
export type ImageRole = (typeof IMAGE_ROLES)[number];

/** All test images through both heads; matrices are row-major `[N, K]`. */
export interface ImagePool {
  readonly files: readonly string[];
  /** 1 yes, 0 no, −1 unknown. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
  readonly heads: Readonly<Record<Head, PoolOutputs>>;
}

/** One head's matrices `[N, K]`; decisions are 1 or 0, by the task's own rule. */
export interface PoolOutputs {
  readonly logits: ArrayLike<number>;
  readonly probabilities: ArrayLike<number>;
  readonly decisions: ArrayLike<number>;
}

type Candidate = Omit<ComparedImage, "role">;

/** How many images show a role, and how well one shows it (−Infinity: not at all). */
interface RoleRule {
  readonly count: number;
  readonly fitness: (image: Candidate) => number;
}

const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
const positives = ({ labels }: Candidate) => labels.filter((label) => label === 1).length;
const certain = ({ labels }: Candidate) => !labels.includes(-1);
const top = ({ probabilities }: ImageOutput) => Math.max(...probabilities);

/** Sets of one image's labels that sigmoid gives at 0.5. */
const setSize = ({ probabilities }: ImageOutput) => probabilities.filter((p) => p >= 0.5).length;

/** The difference between the two highest probabilities of softmax. */
function gap({ heads }: Candidate): number {
  const [first, second] = [...heads.softmax.probabilities].sort((a, b) => b - a);
  return first - second;
}

/** Distance of the two rows of probabilities, plus one for each label on which the heads decide differently. */
function disagreement({ heads: { softmax, sigmoid } }: Candidate): number {
  const apart = softmax.probabilities.map(
    (p, k) => Math.abs(p - sigmoid.probabilities[k]) + Number(softmax.decided[k] !== sigmoid.decided[k]),
  );
  return total(apart);
}

const RULES: Readonly<Record<ImageRole, RoleRule>> = {
  // The two sums are furthest apart.
  sum: { count: 2, fitness: ({ heads }) => Math.abs(total(heads.sigmoid.probabilities) - 1) },
  // Really without a label where there are such images; else those for which sigmoid gives none. Softmax at its most confident first.
  "no-label": {
    count: 2,
    fitness(image) {
      const { softmax, sigmoid } = image.heads;
      if (!certain(image) || (positives(image) > 0 && setSize(sigmoid) > 0)) return Number.NEGATIVE_INFINITY;
      return top(softmax) - top(sigmoid) + (positives(image) === 0 ? 2 : 0);
    },
  },
  // Really with several labels, all found by sigmoid, where there are such images; else those for which sigmoid gives several.
  several: {
    count: 2,
    fitness(image) {
      const { labels, heads } = image;
      const isMany = positives(image) > 1;
      if (!isMany && setSize(heads.sigmoid) < 2) return Number.NEGATIVE_INFINITY;
      const right = labels.filter((label, k) => (label === 1) === heads.sigmoid.probabilities[k] >= 0.5).length;
      return isMany ? 100 + right / labels.length + positives(image) : setSize(heads.sigmoid);
    },
  },
  tie: { count: 2, fitness: (image) => -gap(image) },
  disagreement: { count: 8, fitness: disagreement },
};

/**
 * Picks the images worth showing for each role, best first; the same image may serve several roles. Thumbnails are the
 * caller's to add. Deterministic: ties go to the earlier image.
 */
export function pickImages(pool: ImagePool): ComparedImage[] {
  const candidates = pool.files.map((_, row) => candidate(pool, row));
  return IMAGE_ROLES.flatMap((role) => {
    const { count, fitness } = RULES[role];
    return candidates
      .map((image) => ({ image, score: fitness(image) }))
      .filter(({ score }) => score > Number.NEGATIVE_INFINITY)
      .sort((a, b) => b.score - a.score)
      .slice(0, count)
      .map(({ image }) => ({ role, ...image }));
  });
}

function candidate({ files, labels, classes, heads }: ImagePool, row: number): Candidate {
  const cut = (matrix: ArrayLike<number>) => Array.from({ length: classes }, (_, k) => matrix[row * classes + k]);
  const [softmax, sigmoid] = HEADS.map((head) => ({
    logits: cut(heads[head].logits),
    probabilities: cut(heads[head].probabilities),
    decided: cut(heads[head].decisions).map((decision) => decision === 1),
  }));
  return { file: files[row], labels: cut(labels), heads: { softmax, sigmoid } };
}
