import type { Random } from "../../random.js";
import type { Point } from "../geometry.js";
import { type GridIndex, gridIndex } from "./grid-index.js";
import { hashed } from "./hashing.js";
import { type Waters, waterDistanceAt } from "./waters.js";

/** A town or village: blocks of houses around a centre, more of them on every date. */
export interface Settlement {
  readonly at: Point;
  /** On the first date. */
  readonly radiusPx: number;
  /** How much of its radius it gains in the long run. */
  readonly growth: number;
  /** Direction of its streets. */
  readonly cos: number;
  readonly sin: number;
  /** Direction into which it stretches. */
  readonly lobe: number;
  readonly seed: number;
}

/** A settlement for so many square pixels. */
const SETTLEMENT_AREA = 1120 ** 2;
/** Of what is left to grow, a date adds so much. */
const STEP = 0.2;
const LOBE = 0.22;
const RAGGED = 0.1;

/** Blocks of two rows of houses: across and along the houses, street included. */
export const BLOCK = { acrossPx: 48, alongPx: 92, streetPx: 5 } as const;

/** Settlements that keep apart from each other on all dates, and out of the water. */
export function createSettlements(sizePx: number, waters: Waters, random: Random): Settlement[] {
  const wanted = Math.max(1, Math.round(sizePx ** 2 / SETTLEMENT_AREA));
  const settlements: Settlement[] = [];
  for (let attempt = 0; attempt < 40 * wanted && settlements.length < wanted; attempt++) {
    const inner = settlements.length === 0 ? 0.25 : 0.02;
    const at: Point = [sizePx * (inner + (1 - 2 * inner) * random.next()), sizePx * (inner + (1 - 2 * inner) * random.next())];
    const radiusPx = Math.min(120 + 170 * random.next() ** 1.5, sizePx / 5);
    const growth = 0.65 + 0.4 * random.next();
    const angle = Math.PI * random.next();
    const apart = settlements.every((other) => {
      return (
        Math.hypot(at[0] - other.at[0], at[1] - other.at[1]) > outerRadius(other) + radiusPx * (1 + growth) * (1 + LOBE) + 40
      );
    });
    // The last attempts take what there is.
    if (!apart || (attempt < 30 * wanted && waterDistanceAt(waters, ...at) < 70)) continue;
    const shape = { cos: Math.cos(angle), sin: Math.sin(angle), lobe: 2 * Math.PI * random.next(), seed: random.int(2 ** 31) };
    settlements.push({ at, radiusPx, growth, ...shape });
  }
  return settlements;
}

export function indexSettlements(settlements: readonly Settlement[]): GridIndex<Settlement> {
  return gridIndex(settlements, (settlement) => {
    const reach = outerRadius(settlement) + BLOCK.alongPx;
    const [x, y] = settlement.at;
    return { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach };
  });
}

/** Beyond this there is never a house. */
function outerRadius({ radiusPx, growth }: Settlement): number {
  return radiusPx * (1 + growth) * (1 + LOBE + RAGGED);
}

/** Where a place lies across the rows of houses of a settlement, from its centre. */
export function acrossOf({ at, cos, sin }: Settlement, x: number, y: number): number {
  return (x - at[0]) * cos + (y - at[1]) * sin;
}

/** Where a place lies along the rows of houses of a settlement, from its centre. */
export function alongOf({ at, cos, sin }: Settlement, x: number, y: number): number {
  return (y - at[1]) * cos - (x - at[0]) * sin;
}

/** Where a block lies between centre (0) and the edge of the first date (1), if it is built on a date; else undefined. */
export function blockRank(settlement: Settlement, column: number, row: number, date: number): number | undefined {
  const { radiusPx, growth, lobe, seed } = settlement;
  const [across, along] = [(column + 0.5) * BLOCK.acrossPx, (row + 0.5) * BLOCK.alongPx];
  const stretch = 1 + LOBE * Math.cos(2 * (Math.atan2(along, across) - lobe));
  const rank = (Math.hypot(across, along) / radiusPx / stretch) * (1 + RAGGED * (2 * hashed(column, row, seed) - 1));
  return rank < 1 + growth * (1 - (1 - STEP) ** date) ? rank : undefined;
}

/** Whether a place belongs to one of the settlements on a date. */
export function isSettled(settlements: GridIndex<Settlement>, x: number, y: number, date: number): boolean {
  return settlements.near({ left: x, top: y, right: x, bottom: y }).some((settlement) => {
    const column = Math.floor(acrossOf(settlement, x, y) / BLOCK.acrossPx);
    return blockRank(settlement, column, Math.floor(alongOf(settlement, x, y) / BLOCK.alongPx), date) !== undefined;
  });
}
