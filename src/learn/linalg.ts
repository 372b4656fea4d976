/**
 * The lower triangle L of a symmetric positive definite matrix A = L Lᵀ (Cholesky).
 *
 * @param matrix `[n, n]`, of which the lower triangle is read
 * @returns L `[n, n]`, zero above the diagonal
 * @throws RangeError when the matrix is not positive definite
 */
export function cholesky(matrix: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let rest = matrix[row * n + column];
      for (let k = 0; k < column; k++) rest -= l[row * n + k] * l[column * n + k];
      if (row > column) l[row * n + column] = rest / l[column * n + column];
      else if (rest > 0) l[row * n + row] = Math.sqrt(rest);
      else throw new RangeError(`the matrix is not positive definite: pivot ${row} is ${rest}`);
    }
  }
  return l;
}

/** The solution x of L Lᵀ x = b, by substitution forwards and backwards; `[n]`. */
export function solveCholesky(l: Float64Array, n: number, b: Float64Array): Float64Array {
  const x = b.slice();
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < row; k++) x[row] -= l[row * n + k] * x[k];
    x[row] /= l[row * n + row];
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let k = row + 1; k < n; k++) x[row] -= l[k * n + row] * x[k];
    x[row] /= l[row * n + row];
  }
  return x;
}

/** Means `[columns]` and covariances `[columns, columns]` (divided by the number of rows) of a matrix `[rows, columns]`; 0 without rows. */
export function covariance(data: Float32Array, columns: number): { mean: Float64Array; covariance: Float64Array } {
  const rows = data.length / columns;
  const share = rows > 0 ? 1 / rows : 0;
  const mean = new Float64Array(columns);
  for (let i = 0; i < data.length; i++) mean[i % columns] += data[i] * share;
  const sums = new Float64Array(columns * columns);
  const centred = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < columns; k++) centred[k] = data[row * columns + k] - mean[k];
    for (let i = 0; i < columns; i++) {
      const value = centred[i];
      for (let j = 0, at = i * columns; j <= i; j++, at++) sums[at] += value * centred[j];
    }
  }
  for (let i = 0; i < columns; i++) {
    for (let j = 0; j <= i; j++) {
      sums[i * columns + j] *= share;
      sums[j * columns + i] = sums[i * columns + j];
    }
  }
  return { mean, covariance: sums };
}
