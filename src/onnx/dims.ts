import { ShapeError } from "./known.js";
import type { Dim, Shape } from "./types.js";

/** An axis counted from the front. @throws ShapeError where there is none */
export function normalAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal < 0 || normal >= rank) throw new ShapeError(`there is no axis ${axis} among ${rank}`);
  return normal;
}

/** The product of two extents, unknown where one is. */
export function times(a: Dim, b: Dim): Dim {
  if (a === 1) return b;
  if (b === 1) return a;
  return typeof a === "number" && typeof b === "number" ? a * b : null;
}

/** The sum of two extents, unknown where one is. */
export function plus(a: Dim, b: Dim): Dim {
  if (b === 0) return a;
  return typeof a === "number" && typeof b === "number" ? a + b : null;
}

/** Extents that are all numbers, or undefined. */
export function numbers(value: readonly Dim[] | undefined): readonly number[] | undefined {
  return value?.every((item) => typeof item === "number") ? value : undefined;
}

/** A shape of which only the rank is known. */
export function nulls(rank: Dim): Shape | undefined {
  return typeof rank === "number" ? new Array<null>(rank).fill(null) : undefined;
}
