import { throwIfAborted } from "../../progress.js";
import { RGB } from "../../raster/bands.js";
import { drawText, textHeight, textWidth } from "../../raster/bitmap-text.js";
import { fillRectangle } from "../../raster/drawing.js";
import { encodeJpeg, encodePng, encodeTransparentPng } from "../../raster/encode.js";
import { animatedPng } from "../../raster/formats/apng.js";
import { shownRange, toPicture } from "../../raster/picture.js";
import type { Raster } from "../../raster/raster.js";
import type { RasterReader } from "../../raster/reader.js";
import { resize } from "../../raster/resample.js";
import { readShown } from "../../raster/shown.js";
import type { CellGrid } from "../cells.js";
import type { Colour } from "../colours.js";
import { blankPage, HATCH, HATCH_GROUND, isHatched, paintPlace } from "../page-drawing.js";
import { nearestCells, type PictureSize, pictureSize, sharedSide } from "./picture-sizes.js";
import { drawSideBySide } from "./side-by-side.js";

/** Longest side of a picture of the report, of few dates. */
export const PICTURE_PX = 1600;
/** Longest side of the animation of few dates: every frame is a whole picture without loss. */
export const ANIMATED_PX = 960;
/** Of more dates, pictures get smaller: a page and an animation have a size that can be sent. */
const FULL_PICTURES = 6;
const FULL_FRAMES = 4;
const ANIMATED_LEAST_PX = 480;
const FRAME_MS = 1000;
const JPEG_QUALITY = 88;

/** A line of the legend of the change map. */
export interface LegendEntry {
  readonly name: string;
  readonly colour: Colour;
  /** "1 234 ha". */
  readonly detail?: string;
}

export interface ChangePicturesOptions {
  readonly title: string;
  /** From the first date to the last, all on one grid, with the same bands. */
  readonly scenes: readonly RasterReader[];
  /** One for each scene. */
  readonly labels: readonly string[];
  readonly cells: CellGrid;
  /** Codes of a row of cells `[columns]`, as in `change.tif`; asked for in rising order, but not for rows that no picture shows. */
  readonly codes: (row: number) => Uint16Array | Promise<Uint16Array>;
  /** Of a code above 0; undefined where nothing changed. */
  readonly colourOf: (code: number) => Colour | undefined;
  readonly legend: readonly LegendEntry[];
  readonly signal?: AbortSignal | undefined;
}

/** Files of a comparison that people look at. */
export interface ChangePictureFiles {
  /** JPEG, one for each date, all with the same stretch. */
  readonly dates: readonly Uint8Array[];
  /** PNG of the same size, transparent where nothing changed; hatched where there is no answer. */
  readonly change: Uint8Array;
  /** PNG: all dates and the change map, with legend, scale bar and arrow. */
  readonly sideBySide: Uint8Array;
  /** Animated PNG: the dates in turn. */
  readonly animated: Uint8Array;
}

/** The change map in pixels of a picture. */
export interface ChangeLayer {
  readonly picture: Raster;
  /** `[H, W]` */
  readonly alpha: Uint8Array;
}

/**
 * Draws the pictures of a comparison. Memory goes with their size and the number of dates, not with the size of the scenes.
 *
 * @throws UserError what reading throws; `aborted`
 */
export async function drawChangePictures(options: ChangePicturesOptions): Promise<ChangePictureFiles> {
  const { scenes, cells, signal } = options;
  const mostPx = sharedSide(PICTURE_PX, { pictures: scenes.length, full: FULL_PICTURES });
  const size = pictureSize(cells, scenes[0].info, { mostPx });
  const dates = await datePictures(options, size);
  const layer = await changeLayer(options, size);
  throwIfAborted(signal);
  const files: Uint8Array[] = [];
  for (const date of dates) files.push(await encodeJpeg(date, JPEG_QUALITY));
  return {
    dates: files,
    change: await encodeTransparentPng(layer.picture, layer.alpha),
    sideBySide: await encodePng(await drawSideBySide(options, { dates, layer, size })),
    animated: await animation(options, dates),
  };
}

/** One picture for each date; one range of values becomes black to white in all of them. */
async function datePictures({ scenes, signal }: ChangePicturesOptions, size: PictureSize): Promise<readonly Raster[]> {
  const shown: Raster[] = [];
  for (const scene of scenes) shown.push(await readShown(scene, { ...size.scene, signal }));
  const range = shownRange(shown);
  return shown.map((one) => {
    const { data } = toPicture(one, range);
    const page = blankPage(size);
    const { widthPx, heightPx } = size.scene;
    const px = widthPx * heightPx;
    paintPlace(page, { leftPx: 0, topPx: 0, ...size }, (i) => {
      const [x, y] = [i % size.widthPx, Math.floor(i / size.widthPx)];
      const at = y * widthPx + x;
      if (x >= widthPx || y >= heightPx || one.valid?.[at] === 0) return undefined;
      return [data[at], data[px + at], data[2 * px + at]];
    });
    return page;
  });
}

/** Of lines and ground where there is no answer: the scene is seen through them. */
const HATCH_ALPHA = 210;
const HATCH_GROUND_ALPHA = 70;

async function changeLayer(options: ChangePicturesOptions, { widthPx, heightPx }: PictureSize): Promise<ChangeLayer> {
  const { cells, codes, colourOf, signal } = options;
  const px = widthPx * heightPx;
  const data = new Uint8Array(3 * px);
  const alpha = new Uint8Array(px);
  const put = (i: number, colour: Colour, opacity: number) => {
    for (let band = 0; band < 3; band++) data[band * px + i] = colour[band];
    alpha[i] = opacity;
  };
  const known = new Map<number, Colour | undefined>();
  const columns = nearestCells(widthPx, cells.columns);
  let row: { readonly number: number; readonly codes: Uint16Array } | undefined;
  for (const [y, number] of nearestCells(heightPx, cells.rows).entries()) {
    throwIfAborted(signal);
    if (row?.number !== number) row = { number, codes: await codes(number) };
    for (let x = 0, i = y * widthPx; x < widthPx; x++, i++) {
      const code = row.codes[columns[x]];
      if (code === 0) {
        const isLine = isHatched(x, y);
        put(i, isLine ? HATCH : HATCH_GROUND, isLine ? HATCH_ALPHA : HATCH_GROUND_ALPHA);
        continue;
      }
      if (!known.has(code)) known.set(code, colourOf(code));
      const colour = known.get(code);
      if (colour !== undefined) put(i, colour, 255);
    }
  }
  return { picture: { bands: RGB, widthPx, heightPx, dtype: "uint8", data }, alpha };
}

const LABEL = { scale: 3, marginPx: 12, paddingPx: 9 } as const;

/** The dates in turn, each with its name on it. */
async function animation({ scenes, labels, cells }: ChangePicturesOptions, dates: readonly Raster[]): Promise<Uint8Array> {
  const mostPx = sharedSide(ANIMATED_PX, { pictures: scenes.length, full: FULL_FRAMES });
  const size = pictureSize(cells, scenes[0].info, { mostPx, leastPx: ANIMATED_LEAST_PX });
  const { widthPx, heightPx } = size;
  const frames: Uint8Array[] = [];
  for (const [i, date] of dates.entries()) {
    const interpolation = widthPx > date.widthPx ? "nearest" : "bilinear";
    const resized = resize(date, { widthPx, heightPx, interpolation });
    // What has the size already is returned as it is, and is drawn on.
    const frame = { ...resized, data: resized.data.slice() };
    const [left, padding] = [LABEL.marginPx, LABEL.paddingPx];
    const box = { widthPx: textWidth(labels[i], LABEL.scale) + 2 * padding, heightPx: textHeight(LABEL.scale) + 2 * padding };
    fillRectangle(frame, { leftPx: left, topPx: left, ...box }, [16, 20, 26]);
    drawText(frame, labels[i], { x: left + padding, y: left + padding, scale: LABEL.scale, colour: [255, 255, 255] });
    frames.push(await encodePng(frame));
  }
  return animatedPng(frames, { delayMs: FRAME_MS });
}
