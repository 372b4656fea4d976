import { UserError } from "../../errors.js";
import type { WorkOptions } from "../../progress.js";
import { excerpt } from "../../raster/excerpt.js";
import { alignedWindow, type Grid, gridOf, partOf } from "../../raster/grid.js";
import { pixelSide, pixelSideMeters } from "../../raster/pixel-size.js";
import type { RasterReader } from "../../raster/reader.js";
import type { PixelWindow } from "../../raster/resample.js";
import type { PixelValues } from "../../raster/values.js";
import { gridded, type Resampling } from "../../raster/warp.js";
import { fitsScale, metres } from "../fitness.js";
import { type ComparedScene, checkSeveral, checkUnits, commonBands, differentScales } from "./comparable.js";
import { type PlacedScene, sharedWindow, whereWords } from "./shared-area.js";

/** Scenes of one place, pixel by pixel. */
export interface OneGrid {
  readonly grid: Grid;
  /** In the order given, each on that grid with the same bands in one order; named as its scene. Their owner closes the scenes. */
  readonly scenes: readonly RasterReader[];
  /** What was done to bring them there, a line each. */
  readonly notes: readonly string[];
}

export interface OneGridOptions extends Pick<WorkOptions, "onWarning"> {
  /** Side of a pixel that the classifier knows; undefined where it knows none. */
  readonly metersPerPixel?: number | undefined;
  /** Side of the classifier's chips: where less is shared, there is nothing to decide. Default 1. */
  readonly chipPx?: number | undefined;
  /** What the classifier reads. Default "stored". */
  readonly values?: PixelValues | undefined;
}

/** Pixels that are so many times as large as those of the grid have lost what the classifier looks at. */
const MOST_COARSER = 2;
/** Pixels of one size, seen from two reference systems. */
const SAME_SIZE = 0.1;

/**
 * Brings scenes to one grid: that of the first whose pixels are as large as the classifier's; where nobody knows those, of the first,
 * or of the coarsest if it is clearly coarser, since detail can be averaged away and not invented. The grid is cut to whole pixels of
 * the part that all scenes share. A scene whose pixels fall on those of the grid is cut, number by number the same; of another, finer
 * pixels are averaged and others made bilinearly. Around the edges of one that lies askew there are pixels without a measurement.
 *
 * @throws UserError `usage` for fewer than two scenes or one given twice; `bad-data` for one without a place or reference system,
 *   different places, too little in common, pixels that are much coarser than the classifier's, other bands, other units
 */
export async function bringToOneGrid(
  scenes: readonly (ComparedScene & RasterReader)[],
  options: OneGridOptions = {},
): Promise<OneGrid> {
  const { metersPerPixel, chipPx = 1, values = "stored", onWarning } = options;
  checkSeveral(scenes);
  checkUnits(scenes);
  const bands = commonBands(scenes);
  const placed = scenes.map(placedScene);
  const base = baseOf(placed, metersPerPixel);
  for (const one of placed) checkDetail(one, base);
  const window = await sharedWindow(base, placed);
  if (Math.min(window.widthPx, window.heightPx) < chipPx) throw tooLittle(window, chipPx, await whereWords(placed));
  const scales = values === "stored" ? differentScales(scenes) : undefined;
  if (scales !== undefined) onWarning?.(scales);
  const grid = partOf(base.grid, window);
  const brought = placed.map((one, place) => onGrid(one, grid, { base, bands: bands[place] }));
  return { grid, scenes: brought.map(({ reader }) => reader), notes: brought.flatMap(({ notes }) => notes) };
}

function placedScene(scene: ComparedScene & RasterReader): PlacedScene {
  const grid = gridOf(scene.info);
  if (grid.crs !== undefined) return { scene, grid };
  throw new UserError(
    "bad-data",
    `${scene.info.file}: does not say its reference system, so nobody knows whether it shows the same place`,
    {
      hint: "Say what it is: gdal_translate -a_srs EPSG:<code> in.tif out.tif",
    },
  );
}

function baseOf(placed: readonly PlacedScene[], metersPerPixel: number | undefined): PlacedScene {
  if (metersPerPixel !== undefined) {
    const fitting = placed.find(({ grid }) => fitsScale(pixelSideMeters(grid) ?? Number.NaN, metersPerPixel));
    // Where none fits, the check of the classifier's scale says so, of the first.
    return fitting ?? placed[0];
  }
  return placed.reduce((coarsest, one) => (timesAsLarge(one, coarsest) > 1 + SAME_SIZE ? one : coarsest));
}

function timesAsLarge(one: PlacedScene, other: PlacedScene): number {
  return pixelSide(one.grid) / pixelSide(other.grid);
}

/** @throws UserError `bad-data` for a scene that shows much less than the grid could hold */
function checkDetail(one: PlacedScene, base: PlacedScene): void {
  if (timesAsLarge(one, base) <= MOST_COARSER * (1 + SAME_SIZE)) return;
  const [coarse, fine] = [one, base].map(({ grid }) => metres(pixelSide(grid)));
  throw new UserError(
    "bad-data",
    `${one.scene.info.file}: its pixels are ${coarse} on the ground, those of ${base.scene.info.file} ${fine}: what is smaller cannot be compared`,
    { hint: `Use a classifier that was trained on pixels of ${coarse}: the finer scenes are brought to it.` },
  );
}

function tooLittle({ widthPx, heightPx }: PixelWindow, chipPx: number, where: string): UserError {
  return new UserError(
    "bad-data",
    `the scenes share only ${widthPx} × ${heightPx} pixels, less than a chip of the classifier (${chipPx} × ${chipPx}): ${where}`,
    { hint: "Give scenes that show more of the same place." },
  );
}

/** A scene on the grid of all. */
interface Brought {
  readonly reader: RasterReader;
  readonly notes: readonly string[];
}

function onGrid(
  { scene, grid: own }: PlacedScene,
  grid: Grid,
  { base, bands }: { readonly base: PlacedScene; readonly bands: readonly number[] },
): Brought {
  const { file, widthPx, heightPx } = scene.info;
  const left = scene.info.bands.filter(({ colour }, band) => colour !== "alpha" && !bands.includes(band)).map(({ name }) => name);
  const notes =
    left.length === 0 ? [] : [`${file}: ${left.join(", ")} ${left.length === 1 ? "is" : "are"} not in all scenes and left out`];
  const window = alignedWindow(grid, own);
  if (window !== undefined && isInside(window, own)) {
    const size = `${window.widthPx} × ${window.heightPx}`;
    const isCut = window.widthPx < widthPx || window.heightPx < heightPx;
    const cut = isCut ? [`${file}: cut to the ${size} of its ${widthPx} × ${heightPx} pixels that all scenes share`] : [];
    return { reader: excerpt(scene, { window, bands }), notes: [...notes, ...cut] };
  }
  const isFiner = pixelSide(own) * (1 + SAME_SIZE) < pixelSide(grid);
  const resampling: Resampling = isFiner ? "average" : "bilinear";
  return {
    reader: excerpt(gridded(scene, grid, { resampling }), { bands }),
    notes: [...notes, `${file}: brought to the grid of ${base.scene.info.file}, ${WAYS[resampling]}`],
  };
}

const WAYS: Readonly<Record<Resampling, string>> = {
  nearest: "by the nearest pixel",
  bilinear: "bilinear between its pixels",
  average: "by the mean of its finer pixels",
};

function isInside({ leftPx, topPx, widthPx, heightPx }: PixelWindow, whole: Grid): boolean {
  return leftPx >= 0 && topPx >= 0 && leftPx + widthPx <= whole.widthPx && topPx + heightPx <= whole.heightPx;
}
