import type { RasterDType } from "../raster.js";
import { newSamples } from "../samples.js";
import type { Pixels } from "./block.js";
import type { Spool } from "./spool.js";

/** Size of a level in pixels. */
export interface LevelSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Larger than this, an image without overviews is slow to show. */
const LARGEST_SMALLEST_PX = 512;

/** The raster itself, then halves of halves (rounded up) until one block holds all of it. */
export function levelSizes(widthPx: number, heightPx: number, blockPx: number): readonly LevelSize[] {
  const enough = Math.min(blockPx, LARGEST_SMALLEST_PX);
  const sizes = [{ widthPx, heightPx }];
  for (let last = sizes[0]; last.widthPx > enough || last.heightPx > enough; ) {
    last = { widthPx: Math.ceil(last.widthPx / 2), heightPx: Math.ceil(last.heightPx / 2) };
    sizes.push(last);
  }
  return sizes;
}

/** One number for the `count` valid ones at the head of `cell`, 1 to 4. */
type Reduction = (cell: Float64Array, count: number) => number;

/** How four pixels become one. */
export const REDUCTIONS = {
  average(cell, count) {
    let sum = 0;
    for (let index = 0; index < count; index++) sum += cell[index];
    return sum / count;
  },
  /** The most frequent; of equally frequent ones the lowest. */
  mode(cell, count) {
    let best = cell[0];
    let bestVotes = 0;
    for (let index = 0; index < count; index++) {
      let votes = 0;
      for (let other = 0; other < count; other++) if (cell[other] === cell[index]) votes++;
      if (votes > bestVotes || (votes === bestVotes && cell[index] < best)) [best, bestVotes] = [cell[index], votes];
    }
    return best;
  },
} as const satisfies Record<string, Reduction>;

export type ReductionName = keyof typeof REDUCTIONS;

/** What decides about the samples of a reduced level. */
export interface ReductionRule {
  readonly dtype: RasterDType;
  /** As the type holds it. */
  readonly nodata: number | undefined;
  readonly reduction: ReductionName;
}

/**
 * Halves pixels `[C, h, w]` into a part of others. Nodata and NaN count for nothing; where nothing else is, nodata stays. Averages
 * of whole numbers are rounded half up; one that happens to be the nodata value gives way to one of its pixels.
 *
 * @param at upper left corner of the part in `target`
 */
export function halveInto(
  target: Pixels,
  at: { readonly left: number; readonly top: number },
  source: Pixels,
  rule: ReductionRule,
): void {
  const { dtype, nodata } = rule;
  const reduce: Reduction = REDUCTIONS[rule.reduction];
  const isFloat = dtype === "float32" || dtype === "float64";
  const rounded = isFloat
    ? dtype === "float32"
      ? Math.fround
      : (value: number) => value
    : (value: number) => Math.floor(value + 0.5);
  const nothing = nodata ?? Number.NaN;
  const cell = new Float64Array(4);
  const { widthPx, heightPx, data } = source;
  const bands = data.length / (widthPx * heightPx);
  for (let band = 0; band < bands; band++) {
    for (let row = 0; row < heightPx; row += 2) {
      const upper = (band * heightPx + row) * widthPx;
      let to = (band * target.heightPx + at.top + row / 2) * target.widthPx + at.left;
      const below = row + 1 < heightPx ? widthPx : 0;
      for (let column = 0; column < widthPx; column += 2, to++) {
        const from = upper + column;
        const right = column + 1 < widthPx ? 1 : 0;
        let count = 0;
        // At an odd edge there is no second row or column.
        for (let y = 0; y <= below; y += widthPx) {
          for (let x = 0; x <= right; x++) {
            const value = data[from + y + x];
            if (value !== nodata && !Number.isNaN(value)) cell[count++] = value;
          }
        }
        const value = count === 0 ? nothing : rounded(reduce(cell, count));
        target.data[to] = value === nodata && count > 0 ? cell[0] : value;
      }
    }
  }
}

/** The overviews of a raster that comes block by block. */
export interface Pyramid {
  /** Takes a block of a level, tight at the edges, and gives on every block of the levels above that is now complete. */
  add(level: number, column: number, row: number, block: Pixels): Promise<void>;
  /** Gives on the blocks that only a part of the raster was given for; the rest of them is filled. */
  finish(): Promise<void>;
}

/** What a pyramid is built of. */
export interface PyramidOptions extends ReductionRule {
  readonly levels: readonly LevelSize[];
  readonly bands: number;
  /** Even. */
  readonly blockPx: number;
  /** What is where no block was given. */
  readonly fill: number;
  /** Unfinished blocks above this many bytes wait in the spool. */
  readonly memoryBytes: number;
  readonly spool: Spool;
  readonly put: (level: number, column: number, row: number, block: Pixels) => Promise<void>;
}

interface Unfinished {
  readonly level: number;
  readonly column: number;
  readonly row: number;
  readonly size: LevelSize;
  /** Blocks of the level below that have not come. */
  missing: number;
  /** Undefined while it waits in the spool. */
  data: Pixels["data"] | undefined;
  slot: number | undefined;
}

/**
 * Builds overviews as blocks come, in any order: each block is a quarter of one above it, which is given on with its last quarter.
 * Calls must not overlap.
 */
export function openPyramid(options: PyramidOptions): Pyramid {
  const { levels, bands, blockPx, dtype, fill, memoryBytes, spool, put } = options;
  const bytesPerSample = newSamples(dtype, 0).BYTES_PER_ELEMENT;
  const slotBytes = bands * blockPx ** 2 * bytesPerSample;
  const inMemory = Math.max(1, Math.floor(memoryBytes / slotBytes));
  const unfinished = new Map<string, Unfinished>();
  /** The same, without those that wait in the spool; least recently used first. */
  const recent = new Set<Unfinished>();
  const freeSlots: number[] = [];
  let slots = 0;

  const begin = (level: number, column: number, row: number): Unfinished => {
    const inside = (count: number, below: number, index: number) => Math.min(count, Math.ceil(below / blockPx) - index);
    const { widthPx, heightPx } = levels[level];
    const below = levels[level - 1];
    return {
      level,
      column,
      row,
      size: {
        widthPx: Math.min(blockPx, widthPx - column * blockPx),
        heightPx: Math.min(blockPx, heightPx - row * blockPx),
      },
      missing: inside(2, below.widthPx, 2 * column) * inside(2, below.heightPx, 2 * row),
      data: undefined,
      slot: undefined,
    };
  };
  const park = async (block: Unfinished) => {
    if (block.data === undefined) return;
    block.slot ??= freeSlots.pop() ?? slots++;
    await spool.overwrite(new Uint8Array(block.data.buffer), block.slot * slotBytes);
    block.data = undefined;
    recent.delete(block);
  };
  const load = async (block: Unfinished): Promise<Pixels["data"]> => {
    if (block.data === undefined) {
      const data = newSamples(dtype, bands * block.size.widthPx * block.size.heightPx);
      if (block.slot === undefined) data.fill(fill);
      else new Uint8Array(data.buffer).set(await spool.read(block.slot * slotBytes, data.byteLength));
      block.data = data;
    }
    recent.delete(block);
    recent.add(block);
    for (const oldest of recent) {
      if (recent.size <= inMemory) break;
      await park(oldest);
    }
    return block.data;
  };
  const giveOn = async (key: string, block: Unfinished) => {
    const { level, column, row, size } = block;
    const data = await load(block);
    unfinished.delete(key);
    recent.delete(block);
    if (block.slot !== undefined) freeSlots.push(block.slot);
    await put(level, column, row, { ...size, data });
    await add(level, column, row, { ...size, data });
  };
  const add = async (level: number, column: number, row: number, block: Pixels) => {
    const above = level + 1;
    if (above >= levels.length) return;
    const [aboveColumn, aboveRow] = [column >> 1, row >> 1];
    const key = `${above} ${aboveRow} ${aboveColumn}`;
    const whole = unfinished.get(key) ?? begin(above, aboveColumn, aboveRow);
    unfinished.set(key, whole);
    const corner = { left: ((column & 1) * blockPx) / 2, top: ((row & 1) * blockPx) / 2 };
    halveInto({ ...whole.size, data: await load(whole) }, corner, block, options);
    whole.missing--;
    if (whole.missing === 0) await giveOn(key, whole);
  };
  return {
    add,
    async finish() {
      // Levels in rising order: what is given on here may begin blocks of the next.
      for (let level = 1; level < levels.length; level++) {
        const rest = [...unfinished].filter(([, block]) => block.level === level);
        rest.sort(([, a], [, b]) => a.row - b.row || a.column - b.column);
        for (const [key, block] of rest) await giveOn(key, block);
      }
    },
  };
}
