import { textHeight, textWidth } from "../raster/bitmap-text.js";
import type { PixelWindow } from "../raster/resample.js";

/** Longest side of a page. */
export const PAGE_PX = 1600;
/** Sizes of letters: pixels for each of theirs. */
export const TITLE = 3;
export const TEXT = 2;
/** A name of a class is no wider. */
export const NAME_PX = textWidth("x".repeat(22), TEXT);
export const SWATCH = { widthPx: 28, heightPx: 18 } as const;
/** From a colour to its name. */
export const SWATCH_GAP_PX = 12;
/** The scale bar and the arrow beside it. */
export const KEY = { widthPx: 290, heightPx: 84, barPx: 200, arrowPx: 64 } as const;

const MARGIN_PX = 40;
const GAP_PX = 32;
const CAPTION_GAP_PX = 10;
const LEAST_CONTENT_PX = 680;
const LEGEND_PITCH_PX = 28;
const LEGEND_GAP_PX = 36;
const SHARE_PX = textWidth("< 0.1 %", TEXT);
/** A legend with fewer rows stays in one column; with more than the last it gets more columns, or is cut off. */
const FEW_ROWS = 4;
const MOST_ROWS = 14;
/** One above the other is harder to compare: only where both become so much larger. */
const STACKED = 1.3;
/** A strip that would be thinner is widened: nobody could see it. */
const THINNEST_PX = 16;
/** Smaller pictures are enlarged to no more. */
const ENLARGED_PX = 640;

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Pixels of a page for each of the scene: of its longer side, since a thin one may be widened. */
export function scaleOf(scene: Size, { scene: place }: Layout): number {
  return scene.widthPx >= scene.heightPx ? place.widthPx / scene.widthPx : place.heightPx / scene.heightPx;
}

/** Where everything stands on a page. */
export interface Layout {
  readonly page: Size;
  readonly title: PixelWindow;
  readonly sceneCaption: PixelWindow;
  readonly mapCaption: PixelWindow;
  readonly scene: PixelWindow;
  readonly map: PixelWindow;
  readonly legend: PixelWindow & { readonly rows: number; readonly columns: number };
  /** One for each line of the legend that fits, column by column. */
  readonly entries: readonly PixelWindow[];
  readonly key: PixelWindow;
  readonly foot: PixelWindow;
}

/**
 * Lays out the page of a scene and its map: beside each other, or one above the other where that shows them much larger.
 *
 * @param names of the lines of the legend
 */
export function layoutOf(scene: Size, names: readonly string[]): Layout {
  const inner = PAGE_PX - 2 * MARGIN_PX;
  const namePx = Math.min(NAME_PX, Math.max(...names.map((name) => textWidth(name, TEXT))));
  const columnPx = SWATCH.widthPx + SWATCH_GAP_PX + namePx + 20 + SHARE_PX;
  const fitting = (widthPx: number) => Math.max(1, Math.floor((widthPx - KEY.widthPx) / (columnPx + LEGEND_GAP_PX)));
  const least = Math.min(fitting(inner), Math.ceil(names.length / MOST_ROWS));
  const shown = Math.min(names.length, least * MOST_ROWS);

  const captionPx = textHeight(TEXT) + CAPTION_GAP_PX;
  const blockPx = (columns: number) => Math.max(KEY.heightPx, Math.ceil(shown / columns) * LEGEND_PITCH_PX);
  const headPx = textHeight(TITLE) + 28;
  const footPx = textHeight(TEXT);
  const roomPx = inner - headPx - GAP_PX - blockPx(least) - GAP_PX - footPx;
  const beside = fitted(scene, { widthPx: Math.floor((inner - GAP_PX) / 2), heightPx: roomPx - captionPx });
  const stacked = fitted(scene, { widthPx: inner, heightPx: Math.floor((roomPx - GAP_PX) / 2) - captionPx });
  const isStacked = stacked.widthPx > STACKED * beside.widthPx;
  const panel = isStacked ? stacked : beside;

  const panelsPx = isStacked ? panel.widthPx : 2 * panel.widthPx + GAP_PX;
  const contentPx = Math.max(LEAST_CONTENT_PX, panelsPx, least * (columnPx + LEGEND_GAP_PX) + KEY.widthPx);
  const slotPx = isStacked ? contentPx : Math.floor((contentPx - GAP_PX) / 2);
  const firstTop = MARGIN_PX + headPx;
  const second = isStacked
    ? { leftPx: MARGIN_PX, topPx: firstTop + captionPx + panel.heightPx + GAP_PX }
    : { leftPx: MARGIN_PX + contentPx - Math.max(panel.widthPx, slotPx), topPx: firstTop };
  const place = ({ leftPx, topPx }: { leftPx: number; topPx: number }) => ({
    caption: { leftPx, topPx, widthPx: slotPx, heightPx: textHeight(TEXT) },
    panel: { leftPx, topPx: topPx + captionPx, ...panel },
  });
  const [left, right] = [place({ leftPx: MARGIN_PX, topPx: firstTop }), place(second)];

  const columns = Math.max(least, Math.min(fitting(contentPx), Math.ceil(shown / FEW_ROWS)));
  const rows = Math.ceil(shown / columns);
  const topPx = right.panel.topPx + panel.heightPx + GAP_PX;
  const entries = Array.from({ length: shown }, (_, i) => ({
    leftPx: MARGIN_PX + Math.floor(i / rows) * (columnPx + LEGEND_GAP_PX),
    topPx: topPx + (i % rows) * LEGEND_PITCH_PX,
    widthPx: columnPx,
    heightPx: SWATCH.heightPx,
  }));
  const legendPx = columns * (columnPx + LEGEND_GAP_PX) - LEGEND_GAP_PX;
  const footTop = topPx + blockPx(columns) + GAP_PX;
  return {
    page: { widthPx: contentPx + 2 * MARGIN_PX, heightPx: footTop + footPx + MARGIN_PX },
    title: { leftPx: MARGIN_PX, topPx: MARGIN_PX, widthPx: contentPx, heightPx: textHeight(TITLE) },
    sceneCaption: left.caption,
    mapCaption: right.caption,
    scene: left.panel,
    map: right.panel,
    legend: { leftPx: MARGIN_PX, topPx, widthPx: legendPx, heightPx: rows * LEGEND_PITCH_PX, rows, columns },
    entries,
    key: { leftPx: MARGIN_PX + contentPx - KEY.widthPx, topPx, widthPx: KEY.widthPx, heightPx: KEY.heightPx },
    foot: { leftPx: MARGIN_PX, topPx: footTop, widthPx: contentPx, heightPx: footPx },
  };
}

/** As large as a room allows, in its own shape unless that is too thin; enlarged by whole pixels only. */
function fitted(scene: Size, room: Size): Size {
  const most = Math.min(room.widthPx / scene.widthPx, room.heightPx / scene.heightPx);
  const enlarged = Math.min(most, ENLARGED_PX / Math.max(scene.widthPx, scene.heightPx));
  const scale = most < 1 ? most : Math.max(1, Math.floor(enlarged));
  const side = (length: number) => Math.max(THINNEST_PX, Math.floor(length * scale));
  return { widthPx: side(scene.widthPx), heightPx: side(scene.heightPx) };
}
