import { latticeValue } from "../noise.js";

/** A number in [0, 1) that depends on nothing but two whole numbers and a seed. */
export function hashed(i: number, j: number, seed: number): number {
  return 0.5 + 0.5 * latticeValue(i, j, seed);
}

/** A seed of its own for a place or a date. */
export function seedOf(i: number, j: number, seed: number): number {
  return (latticeValue(i, j, seed) * 2147483648) | 0;
}
