import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { cholesky, covariance, solveCholesky } from "./linalg.js";

/** A random symmetric positive definite matrix G Gᵀ + I. */
function positiveDefinite(n: number): Float64Array {
  const random = createRandom(n);
  const g = Float64Array.from({ length: n * n }, () => random.normal());
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let sum = i === j ? 1 : 0;
    for (let k = 0; k < n; k++) sum += g[i * n + k] * g[j * n + k];
    return sum;
  });
}

describe.each([1, 2, 7, 40])("a positive definite matrix of %i rows", (n) => {
  const matrix = positiveDefinite(n);
  const l = cholesky(matrix, n);

  it("is the product of its factor and the factor's transpose", () => {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let sum = 0;
        for (let k = 0; k < n; k++) sum += l[i * n + k] * l[j * n + k];
        expect(sum).toBeCloseTo(matrix[i * n + j], 10);
      }
    }
  });

  it("has a factor that is zero above the diagonal", () => {
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) expect(l[i * n + j]).toBe(0);
  });

  it("times the solution gives the right side, which stays as it was", () => {
    const b = Float64Array.from({ length: n }, (_, i) => i - 2);
    const x = solveCholesky(l, n, b);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += matrix[i * n + j] * x[j];
      expect(sum).toBeCloseTo(i - 2, 9);
      expect(b[i]).toBe(i - 2);
    }
  });
});

it("refuses a matrix that is not positive definite, naming the pivot", () => {
  expect(() => cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toThrow("pivot 1 is -3");
  expect(() => cholesky(Float64Array.from([Number.NaN]), 1)).toThrow(RangeError);
});

it("gives the means and covariances of columns", () => {
  // Columns 1 2 3 and 2 4 9: covariances over 3 rows by hand.
  const { mean, covariance: sigma } = covariance(Float32Array.from([1, 2, 2, 4, 3, 9]), 2);
  expect([...mean]).toEqual([2, 5]);
  [2 / 3, 7 / 3, 7 / 3, 26 / 3].forEach((value, i) => {
    expect(sigma[i]).toBeCloseTo(value, 12);
  });
});

it("gives zeros for a matrix without rows", () => {
  expect(covariance(new Float32Array(0), 2)).toEqual({ mean: new Float64Array(2), covariance: new Float64Array(4) });
});
