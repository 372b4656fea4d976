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
  // Column by column of Lᵀ, which is row by row of L: in the order of memory.
  for (let row = n - 1; row >= 0; row--) {
    x[row] /= l[row * n + row];
    for (let k = 0; k < row; k++) x[k] -= l[row * n + k] * x[row];
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
  // Four rows at a time: each pass over the matrix of sums, which may not fit into the cache, does four times the work.
  const [a, b, c, d] = Array.from({ length: 4 }, () => new Float64Array(columns));
  for (let first = 0; first < rows; first += 4) {
    [a, b, c, d].forEach((centred, k) => {
      const at = (first + k) * columns;
      for (let j = 0; j < columns; j++) centred[j] = first + k < rows ? data[at + j] - mean[j] : 0;
    });
    for (let i = 0; i < columns; i++) {
      const [ai, bi, ci, di] = [a[i], b[i], c[i], d[i]];
      for (let j = 0, at = i * columns; j <= i; j++, at++) sums[at] += ai * a[j] + bi * b[j] + ci * c[j] + di * d[j];
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
