import { RGB } from "../raster/bands.js";
import { drawText, shortenText, textHeight, textWidth } from "../raster/bitmap-text.js";
import { fillPolygon, fillRectangle, frameRectangle, type Paint } from "../raster/drawing.js";
import type { Grid } from "../raster/grid.js";
import type { Raster } from "../raster/raster.js";
import type { PixelWindow } from "../raster/resample.js";
import { northOf, type ScaleBar, scaleBar } from "./map-key.js";
import { KEY, TEXT } from "./quick-look-layout.js";

const PAPER: Paint = [255, 255, 255];
export const INK: Paint = [34, 38, 44];
export const FAINT: Paint = [112, 118, 126];
const LINE: Paint = [150, 155, 162];
/** Where there is no answer: lines over a ground that no class has. */
export const HATCH: Paint = [168, 172, 178];
export const HATCH_GROUND: Paint = [236, 238, 240];
const HATCH_PITCH_PX = 8;
const HATCH_LINE_PX = 2;
const BAR_HEIGHT_PX = 8;

/** A white page. */
export function blankPage({ widthPx, heightPx }: { readonly widthPx: number; readonly heightPx: number }): Raster {
  const page: Raster = { bands: RGB, widthPx, heightPx, dtype: "uint8", data: new Uint8Array(3 * widthPx * heightPx) };
  fillRectangle(page, { leftPx: 0, topPx: 0, widthPx, heightPx }, PAPER);
  return page;
}

/** A line of small text, cut to its place. */
export function drawCaption(page: Raster, text: string, { leftPx, topPx, widthPx }: PixelWindow): void {
  drawText(page, shortenText(text, widthPx, TEXT), { x: leftPx, y: topPx, scale: TEXT, colour: FAINT });
}

/** Whether a pixel without an answer lies on one of the lines of its hatching. */
export function isHatched(x: number, y: number): boolean {
  return (x + y) % HATCH_PITCH_PX < HATCH_LINE_PX;
}

/** Colours every pixel of a place; hatches those that have none. */
export function paintPlace(page: Raster, place: PixelWindow, colourOf: (i: number) => Paint | undefined): void {
  const plane = page.widthPx * page.heightPx;
  for (let y = 0, i = 0; y < place.heightPx; y++) {
    let at = (place.topPx + y) * page.widthPx + place.leftPx;
    for (let x = 0; x < place.widthPx; x++, i++, at++) {
      const colour = colourOf(i) ?? (isHatched(x, y) ? HATCH : HATCH_GROUND);
      for (let band = 0; band < 3; band++) page.data[band * plane + at] = colour[band];
    }
  }
  frameRectangle(page, place, LINE);
}

/**
 * The scale bar of a map, and the arrow to its north.
 *
 * @param scale pixels drawn for each of the grid
 */
export async function drawKey(page: Raster, key: PixelWindow, grid: Grid, scale: number): Promise<void> {
  const north = await northOf(grid);
  const right = key.leftPx + key.widthPx;
  if (north !== undefined) drawNorth(page, right - KEY.arrowPx / 2, key.topPx + KEY.heightPx / 2, north);
  const bar = scaleBar(grid, scale, KEY.barPx);
  if (bar !== undefined) drawBar(page, right - KEY.arrowPx - 20, key.topPx + KEY.heightPx / 2, bar);
}

/** Its right end at `right`, its length written above it. */
function drawBar(page: Raster, right: number, y: number, { lengthPx, label }: ScaleBar): void {
  const widthPx = Math.max(1, Math.round(lengthPx));
  const place = { leftPx: right - widthPx, topPx: y, widthPx, heightPx: BAR_HEIGHT_PX };
  fillRectangle(page, place, INK);
  // Its second half is white inside.
  const half = Math.round(widthPx / 2);
  const inner = { leftPx: place.leftPx + half, topPx: y + 2, widthPx: widthPx - half - 2, heightPx: BAR_HEIGHT_PX - 4 };
  fillRectangle(page, inner, PAPER);
  const x = place.leftPx + Math.round((widthPx - textWidth(label, TEXT)) / 2);
  drawText(page, label, { x, y: y - textHeight(TEXT) - 8, scale: TEXT, colour: INK });
}

/** An arrow around a point, the letter at its tip. */
function drawNorth(page: Raster, x: number, y: number, [right, down]: readonly [number, number]): void {
  const at = (along: number, aside: number) => [x + along * right - aside * down, y + along * down + aside * right] as const;
  const [tip, tail] = [at(18, 0), at(-18, 0)];
  fillPolygon(page, [tip, at(-26, 13), tail, at(-26, -13)], INK);
  fillPolygon(page, [at(12, 1.5), at(-21.5, 10), at(-16, 1.5)], PAPER);
  const [middleX, middleY] = at(31, 0);
  const place = { x: Math.round(middleX - textWidth("N", TEXT) / 2), y: Math.round(middleY - textHeight(TEXT) / 2) };
  drawText(page, "N", { ...place, scale: TEXT, colour: INK });
}
