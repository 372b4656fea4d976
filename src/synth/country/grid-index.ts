/** A rectangle in world pixels. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Finds things by place. */
export interface GridIndex<T> {
  readonly items: readonly T[];
  readonly boxOf: (item: T) => Box;
  /** All whose box touches this one, and maybe a few around, in the order in which they were given. */
  near(box: Box): T[];
}

const CELL_PX = 256;
const SHIFT = 2 ** 20;

/** Sorts things into a coarse grid. Memory grows with their number and extent, not with the area between them. */
export function gridIndex<T>(items: readonly T[], boxOf: (item: T) => Box): GridIndex<T> {
  const cells = new Map<number, number[]>();
  items.forEach((item, index) => {
    for (const key of keysOf(boxOf(item))) {
      const cell = cells.get(key);
      if (cell === undefined) cells.set(key, [index]);
      else cell.push(index);
    }
  });
  return {
    items,
    boxOf,
    near(box) {
      const found = new Set<number>();
      for (const key of keysOf(box)) for (const index of cells.get(key) ?? []) found.add(index);
      return [...found].sort((a, b) => a - b).map((index) => items[index]);
    },
  };
}

function* keysOf({ left, top, right, bottom }: Box): Generator<number> {
  for (let j = Math.floor(top / CELL_PX); j <= Math.floor(bottom / CELL_PX); j++) {
    for (let i = Math.floor(left / CELL_PX); i <= Math.floor(right / CELL_PX); i++) yield (j + SHIFT) * 2 * SHIFT + i + SHIFT;
  }
}
