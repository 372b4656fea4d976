import { LAND_VALUE } from "../../land.js";
import type { Canvas } from "./canvas.js";
import type { Survey } from "./cover.js";
import { hashed, seedOf } from "./hashing.js";
import { ROADS } from "./roads.js";
import { acrossOf, alongOf, BLOCK, type Settlement } from "./settlements.js";
import { mixLand, type Spectrum } from "./spectra.js";

const LOT_PX = 15.2;
/** Beyond this rank, gardens are all there is between houses. */
const DENSE_RANK = 0.34;
const HALLS = 0.1;

/** What a block is used for. */
interface Block {
  readonly column: number;
  readonly row: number;
  readonly seed: number;
  readonly isHall: boolean;
  readonly isDense: boolean;
}

/** Settlements: streets, gardens and yards, and houses with gabled roofs in rows along the streets. */
export function paintTowns(canvas: Canvas, { towns, town, rank }: Survey): void {
  const { leftPx, topPx, widthPx, heightPx, cover } = canvas;
  const blocks = towns.map((): Block | undefined => undefined);
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      if (cover[at] !== LAND_VALUE.urban) continue;
      const index = town[at] - 1;
      const settlement = towns[index];
      const across = acrossOf(settlement, leftPx + x, topPx + y);
      const along = alongOf(settlement, leftPx + x, topPx + y);
      const column = Math.floor(across / BLOCK.acrossPx);
      const row = Math.floor(along / BLOCK.alongPx);
      let block = blocks[index];
      if (block === undefined || block.column !== column || block.row !== row) {
        block = blockAt(settlement, column, row, rank[at]);
        blocks[index] = block;
      }
      paintPlot(canvas, at, block, across - column * BLOCK.acrossPx, along - row * BLOCK.alongPx);
    }
  }
}

function blockAt({ seed }: Settlement, column: number, row: number, rank: number): Block {
  const own = seedOf(column, row, seed + 1);
  const isDense = rank < DENSE_RANK;
  return { column, row, seed: own, isDense, isHall: !isDense && hashed(0, 9, own) < HALLS };
}

/** One pixel of a block, `u` across and `v` along its rows of houses. */
function paintPlot(canvas: Canvas, at: number, { seed, isHall, isDense }: Block, u: number, v: number): void {
  const { palette, grain, mottle, planes, scratch } = canvas;
  if (u < BLOCK.streetPx || v < BLOCK.streetPx) {
    spread(canvas, at, palette.asphalt, 1.05 + 0.06 * grain[at]);
    return;
  }
  const inner = (BLOCK.acrossPx - BLOCK.streetPx) / 2;
  const side = u - BLOCK.streetPx < inner ? 0 : 1;
  const lot = isHall ? Math.floor(v / 46) : Math.floor(v / LOT_PX);
  const own = seedOf(lot, isHall ? 0 : side, seed);
  if (paintRoof(canvas, at, own, { side, isHall, isDense, u, v, lot })) return;
  const paved = isHall ? 0.9 : isDense ? 0.6 : 0.16;
  if (hashed(1, Math.floor(v / 5) + 64 * Math.floor(u / 6), own) < paved) {
    spread(canvas, at, isHall ? palette.gravel : palette.paving, 0.95 + 0.12 * grain[at]);
    return;
  }
  const green = 0.35 + 0.5 * hashed(2, 2, own) + 0.25 * mottle[at];
  mixLand(scratch, palette, green, 0.5, 0.4, 0.95 + 0.1 * hashed(2, 3, own) + 0.12 * grain[at]);
  for (let band = 0; band < planes.length; band++) planes[band][at] = scratch[band];
}

interface Plot {
  readonly side: number;
  readonly isHall: boolean;
  readonly isDense: boolean;
  readonly u: number;
  readonly v: number;
  readonly lot: number;
}

/** Whether there is a roof on a pixel; then it is painted. */
function paintRoof(canvas: Canvas, at: number, own: number, { side, isHall, isDense, u, v, lot }: Plot): boolean {
  const { palette, heightsPx, grain } = canvas;
  if (!isHall && hashed(0, 0, own) < 0.06) return false;
  const grown = isDense ? 1.35 : 1;
  const halfU = isHall ? 13 + 4 * hashed(0, 1, own) : (3 + 1.5 * hashed(0, 1, own)) * grown;
  const halfV = isHall ? 14 + 5 * hashed(0, 2, own) : (3.4 + 1.8 * hashed(0, 2, own)) * (isDense ? 1.3 : 1);
  const setback = BLOCK.streetPx + 8.5 + 2 * hashed(0, 3, own);
  const middleU = isHall
    ? (BLOCK.acrossPx + BLOCK.streetPx) / 2
    : side === 0
      ? setback
      : BLOCK.acrossPx + BLOCK.streetPx - setback;
  const middleV = isHall ? lot * 46 + 25 : (lot + 0.5 + 0.12 * (hashed(0, 4, own) - 0.5)) * LOT_PX;
  const du = u - middleU;
  const dv = v - middleV;
  if (Math.abs(du) > halfU || Math.abs(dv) > halfV || v + halfV - dv > BLOCK.alongPx + 3) return false;
  const draw = hashed(0, 5, own);
  const tiled = draw < 0.56 ? palette.tile : draw < 0.84 ? palette.slate : palette.metal;
  const roof = isHall ? (draw < 0.6 ? palette.metal : palette.slate) : tiled;
  const tone = 0.78 + 0.4 * hashed(0, 6, own) + 0.04 * grain[at];
  spread(canvas, at, roof, tone);
  // The ridge runs along the longer side; halls are flat.
  const slope = halfV >= halfU ? 1 - Math.abs(du) / halfU : 1 - Math.abs(dv) / halfV;
  heightsPx[at] = isHall ? 3.2 : 2.2 + 2.2 * slope * Math.min(halfU, halfV) * 0.25;
  return true;
}

/** Roads: carriageways with a lighter middle line, and a green strip between those of a motorway. */
export function paintRoads(canvas: Canvas, { roads }: Survey): void {
  const { cover, palette, grain, mottle } = canvas;
  for (let at = 0; at < cover.length; at++) {
    if (cover[at] !== LAND_VALUE.road) continue;
    const { halfWidthPx, isDual } = ROADS[roads.kind[at]];
    const middlePx = roads.bankPx[at] + halfWidthPx;
    const tone = 1 + 0.05 * grain[at] + 0.08 * mottle[at];
    if (isDual && middlePx < 1.3) spread(canvas, at, palette.grass, tone);
    else if (roads.bankPx[at] > -1) spread(canvas, at, palette.gravel, 0.85 * tone);
    else if (Math.abs(middlePx - (isDual ? 4.4 : 0)) < 0.45) spread(canvas, at, palette.metal, 0.75 * tone);
    else spread(canvas, at, palette.asphalt, (isDual ? 1.12 : 0.95) * tone);
  }
}

/** Rivers and lakes: clear where they are deep, silty at the shore, with a ripple. */
export function paintWaters(canvas: Canvas, { depthPx }: Survey): void {
  const { cover, palette, grain, mottle, moisture, planes } = canvas;
  const { water, silt } = palette;
  for (let at = 0; at < cover.length; at++) {
    if (cover[at] !== LAND_VALUE.water) continue;
    const muddy = 0.22 + 0.3 * moisture[at] + 0.5 / (1 + 0.35 * depthPx[at]);
    const share = muddy < 0 ? 0 : Math.min(muddy, 1);
    const tone = 1 + 0.04 * mottle[at] + 0.03 * grain[at];
    for (let band = 0; band < planes.length; band++) planes[band][at] = tone * (water[band] + (silt[band] - water[band]) * share);
  }
}

/** The dark floor that crowns stand on. */
export function paintForestFloor(canvas: Canvas): void {
  const { cover, palette, mottle } = canvas;
  for (let at = 0; at < cover.length; at++) {
    if (cover[at] === LAND_VALUE.forest) spread(canvas, at, palette.understorey, 1 + 0.25 * mottle[at]);
  }
}

function spread({ planes }: Canvas, at: number, spectrum: Spectrum, tone: number): void {
  for (let band = 0; band < planes.length; band++) planes[band][at] = tone * spectrum[band];
}
