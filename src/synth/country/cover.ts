import { LAND_VALUE } from "../../land.js";
import { noiseGrid, smoothGrid } from "../noise.js";
import type { Canvas } from "./canvas.js";
import { clearedTo, clearingsNear } from "./clearings.js";
import { parcelFinder } from "./parcels.js";
import { type RibbonDistances, ribbonDistances } from "./ribbon.js";
import { acrossOf, alongOf, BLOCK, blockRank, type Settlement } from "./settlements.js";
import { BANK_PX, lakeBox, lakeDepth, riverDepth } from "./waters.js";

/** What deciding the covers of a canvas found out beside them. */
export interface Survey {
  readonly roads: RibbonDistances;
  /** Depth below the bank, in pixels; negative on land. */
  readonly depthPx: Float32Array;
  readonly towns: readonly Settlement[];
  /** For every pixel of a settlement its number among `towns` + 1, and its rank between centre and edge. */
  readonly town: Uint16Array;
  readonly rank: Float32Array;
}

const ROAD_EDGE_PX = 1;

/** Decides what covers every pixel: water, then roads, settlements, forest that is still there, bare ground, fields; else grass. */
export function decideCover(canvas: Canvas): Survey {
  const { country, date, leftPx, topPx, widthPx, heightPx, cover } = canvas;
  const { waters, forest, bare, farmland, clearings } = country;
  const box = { left: leftPx, top: topPx, right: leftPx + widthPx, bottom: topPx + heightPx };
  const noise = (shape: typeof forest.field) => smoothGrid(shape, widthPx, heightPx, leftPx, topPx);

  const depthPx = surveyWaters(canvas, noise(waters.shore));
  const roads = ribbonDistances(country.roads, canvas, date, ROAD_EDGE_PX);
  const towns = country.settlements.near(box);
  const { town, rank } = surveyTowns(canvas, towns);
  const woods = noise(forest.field);
  const stones = noise(bare.field);
  const cuts = clearingsNear(clearings, box, date);
  const edge = cuts.length === 0 ? undefined : noiseGrid(clearings.edge, widthPx, heightPx, leftPx, topPx);
  const parcels = parcelFinder(farmland);

  const { water, road, urban, field, grass } = LAND_VALUE;
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      // A bridge is a road.
      if (roads.bankPx[at] <= 0) cover[at] = road;
      else if (depthPx[at] > 0) cover[at] = water;
      else if (town[at] > 0) cover[at] = urban;
      else {
        const isWood = woods[at] > forest.threshold;
        const cleared = isWood && edge !== undefined ? clearedTo(cuts, leftPx + x, topPx + y, edge[at]) : 0;
        if (isWood && cleared === 0) cover[at] = LAND_VALUE.forest;
        else if (cleared === 0 && stones[at] > bare.threshold) cover[at] = LAND_VALUE.bare;
        else if (cleared !== 0) cover[at] = cleared;
        else cover[at] = parcels.find(leftPx + x, topPx + y).isTilled ? field : grass;
      }
    }
  }
  return { roads, depthPx, towns, town, rank };
}

function surveyWaters({ country, leftPx, topPx, widthPx, heightPx }: Canvas, shore: Float32Array): Float32Array {
  const { rivers, lakes } = country.waters;
  const depthPx = ribbonDistances(rivers, { leftPx, topPx, widthPx, heightPx }, 0, BANK_PX + 1).bankPx;
  for (let at = 0; at < depthPx.length; at++) depthPx[at] = riverDepth(depthPx[at], shore[at]);
  const [right, bottom] = [leftPx + widthPx - 1, topPx + heightPx - 1];
  for (const lake of lakes.near({ left: leftPx, top: topPx, right, bottom })) {
    const box = lakeBox(lake);
    for (let y = Math.max(topPx, Math.ceil(box.top)); y <= Math.min(bottom, box.bottom); y++) {
      for (let x = Math.max(leftPx, Math.ceil(box.left)); x <= Math.min(right, box.right); x++) {
        const at = (y - topPx) * widthPx + x - leftPx;
        depthPx[at] = Math.max(depthPx[at], lakeDepth(lake, x, y, shore[at]));
      }
    }
  }
  return depthPx;
}

function surveyTowns({ country, date, leftPx, topPx, widthPx, heightPx }: Canvas, towns: readonly Settlement[]) {
  const town = new Uint16Array(widthPx * heightPx);
  const rank = new Float32Array(widthPx * heightPx);
  towns.forEach((settlement, index) => {
    const box = country.settlements.boxOf(settlement);
    const [right, bottom] = [Math.min(leftPx + widthPx - 1, box.right), Math.min(topPx + heightPx - 1, box.bottom)];
    let column = Number.NaN;
    let row = Number.NaN;
    let built: number | undefined;
    for (let y = Math.max(topPx, Math.ceil(box.top)); y <= bottom; y++) {
      for (let x = Math.max(leftPx, Math.ceil(box.left)); x <= right; x++) {
        const i = Math.floor(acrossOf(settlement, x, y) / BLOCK.acrossPx);
        const j = Math.floor(alongOf(settlement, x, y) / BLOCK.alongPx);
        if (i !== column || j !== row) {
          built = blockRank(settlement, i, j, date);
          column = i;
          row = j;
        }
        const at = (y - topPx) * widthPx + x - leftPx;
        if (built === undefined || town[at] > 0) continue;
        town[at] = index + 1;
        rank[at] = built;
      }
    }
  });
  return { town, rank };
}
