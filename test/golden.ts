import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

const GOLDEN = process.env.SIGMAX_GOLDEN ?? "../shared/golden";
const NUMBERS: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
};

/** Parsed reference values, non-finite numbers restored; undefined, with a warning, where the file is absent. */
// biome-ignore lint/suspicious/noExplicitAny: reference files are read case by case, each test knows its own
export function readGolden(name: string): any {
  const path = join(GOLDEN, name);
  if (!existsSync(path)) {
    console.warn(`SKIPPED: no reference values at ${path}; set SIGMAX_GOLDEN`);
    return undefined;
  }
  return JSON.parse(readFileSync(path, "utf8"), (_, value) => (typeof value === "string" ? (NUMBERS[value] ?? value) : value));
}

/** |actual − expected| ≤ absolute + relative·|expected|, element by element. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative, absolute }: { relative: number; absolute: number },
): void {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i] - expected[i]);
    if (!(error <= absolute + relative * Math.abs(expected[i])) && actual[i] !== expected[i]) {
      expect.fail(`element ${i}: ${actual[i]} is not ${expected[i]} (off by ${error})`);
    }
  }
}
