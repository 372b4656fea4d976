import { createRandom } from "../random.js";
import type { Raster } from "../raster/raster.js";
import { paintForestFloor, plantForest, plantTrees } from "./forest.js";
import { COVERS, createGround, type Ground } from "./ground.js";
import { paintHouses } from "./houses.js";
import { checkSize, type Landscape } from "./landscape.js";
import { type Light, lightOf, type Sun } from "./light.js";
import { reflectances, type SceneBand, SEASONS, type SeasonName } from "./materials.js";
import { paintMeadow } from "./meadow.js";
import { paintParcels } from "./parcels.js";
import { paintRivers } from "./river.js";
import { paintRoads } from "./roads.js";
import { expose, OPTICS, type Sensor } from "./sensor.js";
import { paintVillages } from "./village.js";

/** One acquisition of a landscape: when, in which light, through which air. */
export interface Acquisition extends Partial<Sensor>, Partial<Sun> {
  readonly bands?: readonly SceneBand[];
  readonly season?: SeasonName;
}

/** A rendered landscape and what is true of it. */
export interface GeneratedScene {
  /** uint8 `[C, H, W]`. */
  readonly raster: Raster;
  /** What covers each pixel, `[H, W]`: indices of `classes`. */
  readonly truth: Uint8Array;
  /** What the land is used for, `[H, W]`: as `truth`, but a village's gardens and streets count as urban. */
  readonly use: Uint8Array;
  readonly classes: typeof COVERS;
}

/** Renders a landscape. @throws UserError `limit` above 2^26 pixels or below 16 on a side */
export function renderLandscape(landscape: Landscape, acquisition: Acquisition = {}): GeneratedScene {
  checkSize(landscape);
  const { widthPx, heightPx, seed } = landscape;
  const { bands = ["red", "green", "blue"], season = "summer", azimuthDegrees = 150, elevationDegrees = 42 } = acquisition;
  const { haze = 0.08, illumination = 0.1, exposure = 1, noise = 2, balance = 0.02 } = acquisition;
  const random = createRandom(seed, "render");
  const ground = paintLand(landscape, season);
  const light = lightOf(ground.heightsPx, landscape, { azimuthDegrees, elevationDegrees });
  const data = new Uint8Array(bands.length * widthPx * heightPx);
  const scene = { widthPx, heightPx, sensor: { haze, illumination, exposure, noise, balance }, hazeNoise: ground.broad };
  for (const [index, band] of bands.entries()) {
    const plane = data.subarray(index * widthPx * heightPx, (index + 1) * widthPx * heightPx);
    expose(reflectanceOf(ground, light, band), band, scene, { scene: random, noise: random.fork(`noise/${band}`) }, plane);
  }
  return {
    raster: { bands, widthPx, heightPx, dtype: "uint8", data },
    truth: ground.cover,
    use: ground.use,
    classes: COVERS,
  };
}

/** Later painters cover earlier ones. */
function paintLand(landscape: Landscape, seasonName: SeasonName): Ground {
  const season = SEASONS[seasonName];
  const random = createRandom(landscape.seed, "ground");
  const ground = createGround(landscape, random.fork("noise"));
  paintMeadow(ground, season);
  paintForestFloor(ground, landscape.forest);
  paintParcels(ground, landscape.parcels, season);
  paintVillages(ground, landscape.villages);
  paintRivers(ground, landscape.rivers);
  paintRoads(ground, landscape.roads);
  paintHouses(ground, landscape.houses);
  plantForest(ground, landscape.forest, season, random.fork("forest"));
  plantTrees(ground, landscape.trees, season, random.fork("trees"));
  return ground;
}

function reflectanceOf(ground: Ground, { slope, shadow }: Light, band: SceneBand): Float32Array {
  const { base, over, share, tone } = ground;
  const of = reflectances(band);
  const { skylight } = OPTICS[band];
  const out = new Float32Array(base.length);
  for (let at = 0; at < out.length; at++) {
    const surface = of[base[at]] * (1 - share[at]) + of[over[at]] * share[at];
    out[at] = surface * tone[at] * slope[at] * (1 - (1 - skylight) * shadow[at]);
  }
  return out;
}
