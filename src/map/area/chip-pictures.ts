import { quantiles } from "../../learn/quantiles.js";
import { RGB } from "../../raster/bands.js";
import { drawText, shortenText, textHeight } from "../../raster/bitmap-text.js";
import { fillRectangle, frameRectangle, type Paint } from "../../raster/drawing.js";
import { placedTransform } from "../../raster/geo/transform.js";
import { type Grid, gridOf } from "../../raster/grid.js";
import { shownBands, toPicture } from "../../raster/picture.js";
import { pixelSideMeters } from "../../raster/pixel-size.js";
import type { Raster } from "../../raster/raster.js";
import type { RasterInfo, RasterReader } from "../../raster/reader.js";
import { readReduced } from "../../raster/reduced.js";
import { resize } from "../../raster/resample.js";
import { gridded } from "../../raster/warp.js";

/** One date of a place. */
export interface ChipScene {
  readonly reader: RasterReader;
  /** Written above its pictures. */
  readonly caption: string;
}

/** A cell to be looked at. */
export interface ShownCell {
  readonly column: number;
  readonly row: number;
  readonly title: string;
}

const PANEL_PX = 384;
const MARGIN_PX = 12;
const TITLE_SCALE = 3;
const CAPTION_SCALE = 2;
/** A picture shows so much of a scene at the least: less is not recognised. */
const LEAST_SHOWN_PX = 48;
const MOST_SHOWN_PX = 1024;
const REDUCED_PX = 512;
/** Pictures of one scene have the same colours, so that they can be compared. */
const SHOWN_SHARES = [0.02, 0.98] as const;

const PAPER: Paint = [255, 255, 255];
const INK: Paint = [34, 38, 44];
const UNMEASURED: Paint = [200, 204, 208];
const OUTLINE: Paint = [255, 214, 10];
const EDGE: Paint = [20, 20, 20];

/**
 * Makes pictures of cells as they are on each date, side by side, the cell outlined. What the map says is not written on them: who looks
 * should not know.
 *
 * @param contextCells shown on each side of the cell; by default one, and as many as it takes to show 48 pixels of the scene
 */
export async function chipPictures(
  map: RasterInfo,
  scenes: readonly ChipScene[],
  contextCells: number | undefined,
): Promise<(cell: ShownCell) => Promise<Raster>> {
  const grid = gridOf(map);
  const views = await Promise.all(scenes.map((scene) => viewOf(scene, grid, contextCells)));
  const topPx = 2 * MARGIN_PX + textHeight(TITLE_SCALE) + MARGIN_PX + textHeight(CAPTION_SCALE);
  const widthPx = MARGIN_PX + views.length * (PANEL_PX + MARGIN_PX);
  const heightPx = topPx + MARGIN_PX + PANEL_PX + MARGIN_PX;
  return async ({ column, row, title }) => {
    const page: Raster = { bands: RGB, widthPx, heightPx, dtype: "uint8", data: new Uint8Array(3 * widthPx * heightPx) };
    fillRectangle(page, { leftPx: 0, topPx: 0, widthPx, heightPx }, PAPER);
    const shownTitle = shortenText(title, widthPx - 2 * MARGIN_PX, TITLE_SCALE);
    drawText(page, shownTitle, { x: MARGIN_PX, y: MARGIN_PX, scale: TITLE_SCALE, colour: INK });
    for (const [i, view] of views.entries()) {
      const leftPx = MARGIN_PX + i * (PANEL_PX + MARGIN_PX);
      const caption = shortenText(view.caption, PANEL_PX, CAPTION_SCALE);
      drawText(page, caption, { x: leftPx, y: topPx - textHeight(CAPTION_SCALE), scale: CAPTION_SCALE, colour: INK });
      const place = { leftPx, topPx: topPx + MARGIN_PX };
      paste(page, await view.read(column, row), place);
      const inset = Math.round(view.cellAt * PANEL_PX);
      const side = Math.max(1, Math.round((1 - 2 * view.cellAt) * PANEL_PX));
      const cell = { leftPx: place.leftPx + inset, topPx: place.topPx + inset, widthPx: side, heightPx: side };
      frameRectangle(page, cell, OUTLINE);
      const around = { leftPx: cell.leftPx - 1, topPx: cell.topPx - 1, widthPx: side + 2, heightPx: side + 2 };
      frameRectangle(page, around, EDGE);
    }
    return page;
  };
}

interface View {
  readonly caption: string;
  /** Where the cell begins, as a share of the side of the picture. */
  readonly cellAt: number;
  /** A square of `PANEL_PX`. */
  read(column: number, row: number): Promise<Raster>;
}

async function viewOf({ reader, caption }: ChipScene, map: Grid, contextCells: number | undefined): Promise<View> {
  const [cellSide, pixelSide] = [pixelSideMeters(map), pixelSideMeters(gridOf(reader.info))];
  const pixelsPerCell = cellSide === undefined || pixelSide === undefined ? 1 : cellSide / pixelSide;
  const context = contextCells ?? Math.max(1, (LEAST_SHOWN_PX / pixelsPerCell - 1) / 2);
  const cells = 1 + 2 * context;
  const side = Math.min(MOST_SHOWN_PX, Math.max(1, Math.ceil(cells * pixelsPerCell)));
  const names = shownBands(reader.info.bands.filter(({ colour }) => colour !== "alpha").map(({ name }) => name));
  const bands = names.map((name) => reader.info.bands.findIndex((band) => band.name === name));
  const range = await shownRange(reader, bands);
  return {
    caption: `${caption}: ${names.join(", ")}`,
    cellAt: context / cells,
    async read(column, row) {
      const pixel = cells / side;
      const place = { leftPx: column - context, topPx: row - context, columnPx: pixel, rowPx: pixel };
      const grid = { ...map, widthPx: side, heightPx: side, transform: placedTransform(map.transform, place) };
      const part = await gridded(reader, grid, { resampling: "bilinear" }).read({ bands });
      // Enlarged pictures show the pixels of the scene.
      const interpolation = side < PANEL_PX ? "nearest" : "bilinear";
      const fitted = resize(part, { widthPx: PANEL_PX, heightPx: PANEL_PX, interpolation });
      const picture = toPicture({ ...fitted, bands: names }, range);
      const plane = PANEL_PX ** 2;
      for (let i = 0; i < plane; i++) {
        if (fitted.valid?.[i] === 0) for (let band = 0; band < 3; band++) picture.data[band * plane + i] = UNMEASURED[band];
      }
      return picture;
    },
  };
}

async function shownRange(reader: RasterReader, bands: readonly number[]): Promise<readonly [number, number]> {
  if (reader.info.dtype === "uint8") return [0, 255];
  const { widthPx, heightPx } = reader.info;
  const size = { widthPx: Math.min(widthPx, REDUCED_PX), heightPx: Math.min(heightPx, REDUCED_PX) };
  const { data, valid, widthPx: width, heightPx: height } = await readReduced(reader, { bands, ...size });
  const measured = Float64Array.from(data).filter((_, i) => valid?.[i % (width * height)] !== 0);
  const [lowest, highest] = quantiles(measured.sort(), SHOWN_SHARES);
  return lowest < highest ? [lowest, highest] : [0, 1];
}

function paste(page: Raster, picture: Raster, { leftPx, topPx }: { leftPx: number; topPx: number }): void {
  const { widthPx, heightPx, data } = picture;
  for (let band = 0; band < 3; band++) {
    for (let y = 0; y < heightPx; y++) {
      const from = (band * heightPx + y) * widthPx;
      page.data.set(data.subarray(from, from + widthPx), (band * page.heightPx + topPx + y) * page.widthPx + leftPx);
    }
  }
}
