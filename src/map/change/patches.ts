/** Patches of cells of one value that hang together by their sides. */
export interface Patches {
  /** By cell: the first cell of its patch, row by row; cells of value 0 are their own. */
  readonly first: Uint32Array;
  /** By first cell: cells of the patch. */
  readonly cells: Uint32Array;
}

/** The patches of values `[rows, columns]`; 0 belongs to none. */
export function patchesOf(values: ArrayLike<number>, columns: number): Patches {
  const first = Uint32Array.from({ length: values.length }, (_, cell) => cell);
  const rootOf = (cell: number) => {
    let root = cell;
    while (first[root] !== root) {
      first[root] = first[first[root]]; // halves the way of those who come later
      root = first[root];
    }
    return root;
  };
  const join = (a: number, b: number) => {
    const [rootA, rootB] = [rootOf(a), rootOf(b)];
    if (rootA < rootB) first[rootB] = rootA;
    else first[rootA] = rootB;
  };
  for (let cell = 0; cell < values.length; cell++) {
    const value = values[cell];
    if (value === 0) continue;
    if (cell % columns > 0 && values[cell - 1] === value) join(cell, cell - 1);
    if (cell >= columns && values[cell - columns] === value) join(cell, cell - columns);
  }
  const cells = new Uint32Array(values.length);
  for (let cell = 0; cell < values.length; cell++) {
    first[cell] = rootOf(cell);
    cells[first[cell]]++;
  }
  return { first, cells };
}
