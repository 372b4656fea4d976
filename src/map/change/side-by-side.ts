import { drawText, shortenText, textHeight, textWidth } from "../../raster/bitmap-text.js";
import type { Raster } from "../../raster/raster.js";
import { type PixelWindow, resize } from "../../raster/resample.js";
import { blankPage, drawKey, FAINT, INK, paintPlace } from "../page-drawing.js";
import { KEY, NAME_PX, PAGE_PX, SWATCH, SWATCH_GAP_PX, TEXT, TITLE } from "../quick-look-layout.js";
import { inLines, nearestCells, type PictureSize, panelsIn } from "./picture-sizes.js";
import type { ChangeLayer, ChangePicturesOptions, LegendEntry } from "./pictures.js";

const MARGIN_PX = 40;
const GAP_PX = 28;
const CAPTION_PX = textHeight(TEXT) + 10;
const HEAD_PX = textHeight(TITLE) + 26;
const LEGEND_PITCH_PX = 28;
const LEGEND_GAP_PX = 30;
/** What did not change is grey and pale under the change map, so that its colours stand out. */
const PALE = 0.32;
/** Narrower pages have no room for title and legend. */
const LEAST_CONTENT_PX = 760;

export interface DrawnPictures {
  readonly dates: readonly Raster[];
  readonly layer: ChangeLayer;
  readonly size: PictureSize;
}

/** A page with all dates and the change map beside each other, in one size; legend, scale bar and arrow below. */
export async function drawSideBySide(options: ChangePicturesOptions, drawn: DrawnPictures): Promise<Raster> {
  const { title, scenes, labels, legend } = options;
  const { dates, layer, size } = drawn;
  const inner = PAGE_PX - 2 * MARGIN_PX;
  const entries: readonly (LegendEntry | { readonly name: string; readonly colour: undefined })[] = [
    ...legend,
    { name: "no answer", colour: undefined },
  ];
  const widths = entries.map((entry) => SWATCH.widthPx + SWATCH_GAP_PX + textWidth(textOf(entry), TEXT));
  const lines = (contentPx: number, topPx: number) =>
    inLines(widths, {
      leftPx: MARGIN_PX,
      topPx,
      widthPx: contentPx - KEY.widthPx - LEGEND_GAP_PX,
      pitchPx: LEGEND_PITCH_PX,
      gapPx: LEGEND_GAP_PX,
    });
  const footPx = (contentPx: number) =>
    Math.max(KEY.heightPx, Math.max(...lines(contentPx, 0).map(({ topPx }) => topPx)) + LEGEND_PITCH_PX);

  const count = dates.length + 1;
  const room = { widthPx: inner, heightPx: inner - HEAD_PX - GAP_PX - footPx(inner) };
  const { columns, panel } = panelsIn(room, { count, shape: size, gapPx: GAP_PX, captionPx: CAPTION_PX });
  const rows = Math.ceil(count / columns);
  const contentPx = Math.max(LEAST_CONTENT_PX, columns * (panel.widthPx + GAP_PX) - GAP_PX);
  const legendTop = MARGIN_PX + HEAD_PX + rows * (CAPTION_PX + panel.heightPx + GAP_PX);
  const page = blankPage({ widthPx: contentPx + 2 * MARGIN_PX, heightPx: legendTop + footPx(contentPx) + MARGIN_PX });
  drawText(page, shortenText(title, contentPx, TITLE), { x: MARGIN_PX, y: MARGIN_PX, scale: TITLE, colour: INK });

  const placeOf = (i: number): PixelWindow => ({
    leftPx: MARGIN_PX + (i % columns) * (panel.widthPx + GAP_PX),
    topPx: MARGIN_PX + HEAD_PX + Math.floor(i / columns) * (CAPTION_PX + panel.heightPx + GAP_PX) + CAPTION_PX,
    ...panel,
  });
  const caption = (text: string, { leftPx, topPx, widthPx }: PixelWindow) =>
    drawText(page, shortenText(text, widthPx, TEXT), { x: leftPx, y: topPx - CAPTION_PX, scale: TEXT, colour: INK });
  for (const [i, date] of dates.entries()) {
    const { data } = fitted(date, panel);
    const px = panel.widthPx * panel.heightPx;
    paintPlace(page, placeOf(i), (at) => [data[at], data[px + at], data[2 * px + at]]);
    caption(labels[i], placeOf(i));
  }
  const changed = placeOf(dates.length);
  drawChange(page, changed, fitted(dates[dates.length - 1], panel), layer);
  caption(`change ${labels[0]} - ${labels[labels.length - 1]}`, changed);

  lines(contentPx, legendTop).forEach(({ leftPx, topPx }, i) => {
    paintPlace(page, { leftPx, topPx, ...SWATCH }, () => entries[i].colour);
    const y = topPx + (SWATCH.heightPx - textHeight(TEXT)) / 2;
    drawText(page, textOf(entries[i]), { x: leftPx + SWATCH.widthPx + SWATCH_GAP_PX, y, scale: TEXT, colour: FAINT });
  });
  const { georeference, widthPx, heightPx } = scenes[0].info;
  if (georeference !== undefined) {
    const key = { leftPx: MARGIN_PX + contentPx - KEY.widthPx, topPx: legendTop, widthPx: KEY.widthPx, heightPx: KEY.heightPx };
    await drawKey(page, key, { widthPx, heightPx, ...georeference }, (size.scale * panel.widthPx) / size.widthPx);
  }
  return page;
}

function textOf(entry: Pick<LegendEntry, "name" | "detail">): string {
  const text = shortenText(entry.name, NAME_PX, TEXT);
  return entry.detail === undefined ? text : `${text} ${entry.detail}`;
}

/** Larger ones are averaged, smaller ones show their pixels. */
function fitted(picture: Raster, size: { readonly widthPx: number; readonly heightPx: number }): Raster {
  const { widthPx, heightPx } = size;
  return resize(picture, { widthPx, heightPx, interpolation: widthPx > picture.widthPx ? "nearest" : "bilinear" });
}

/** The change map over the last date. */
function drawChange(page: Raster, place: PixelWindow, ground: Raster, { picture, alpha }: ChangeLayer): void {
  const { widthPx, heightPx } = place;
  const px = widthPx * heightPx;
  const [columns, rows] = [nearestCells(widthPx, picture.widthPx), nearestCells(heightPx, picture.heightPx)];
  const layerPx = picture.widthPx * picture.heightPx;
  paintPlace(page, place, (i) => {
    const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
    const at = rows[y] * picture.widthPx + columns[x];
    const opacity = alpha[at] / 255;
    const grey = 255 - PALE * (255 - (ground.data[i] + ground.data[px + i] + ground.data[2 * px + i]) / 3);
    const mix = (band: number) => Math.round(grey + opacity * (picture.data[band * layerPx + at] - grey));
    return [mix(0), mix(1), mix(2)];
  });
}
