import { UserError } from "../../errors.js";
import { PARTS, type Part } from "../../task.js";

/** The share of each part; they sum to 1. */
export type Fractions = Readonly<Record<Part, number>>;

/** 70 % for training, 10 % for choosing, 20 % for judging. */
export const DEFAULT_FRACTIONS: Fractions = { train: 0.7, validation: 0.1, test: 0.2 };

/** @throws UserError `usage` unless the fractions are not negative and sum to 1 */
export function checkFractions(fractions: Fractions): void {
  const shares = PARTS.map((part) => fractions[part]);
  const sum = shares.reduce((a, b) => a + b, 0);
  if (shares.every((share) => share >= 0 && share <= 1) && Math.abs(sum - 1) < 1e-6) return;
  throw new UserError("usage", `the fractions ${shares.join(", ")} of train, validation and test do not make a whole`, {
    hint: "They are not negative and sum to 1: 0.7, 0.1, 0.2.",
  });
}
