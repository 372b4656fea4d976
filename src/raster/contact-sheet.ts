import { RGB } from "./bands.js";
import { type Preprocess, placement } from "./preprocess.js";
import type { Raster } from "./raster.js";
import { type PixelWindow, resize } from "./resample.js";

/** Light and dark pages alike let pictures stand out from this grey. */
const GROUND = 0xb4;
const GAP_PX = 6;
const ROW_GAP_PX = 18;
/** What is cut away keeps this part of its brightness. */
const DIMMED = 0.4;
const FRAME: readonly number[] = [255, 214, 10];

/** One image before and after preprocessing, both as `toPicture` makes them. */
export interface PicturePair {
  readonly before: Raster;
  readonly after?: Raster | undefined;
}

/** A picture no longer than `px` on its longer side; smaller ones stay as they are. */
export function shrinkPicture(picture: Raster, px: number): Raster {
  const scale = Math.min(1, px / Math.max(picture.widthPx, picture.heightPx));
  const side = (length: number) => Math.max(1, Math.round(length * scale));
  return resize(picture, { widthPx: side(picture.widthPx), heightPx: side(picture.heightPx) });
}

/** A picture of a whole image in which all that the preprocessing cuts away is dim, and a frame around what stays. */
export function frameCrop(picture: Raster, image: Pick<Raster, "widthPx" | "heightPx">, preprocess: Preprocess): Raster {
  const { widthPx, heightPx, window } = placement(image, preprocess);
  if (window === undefined || (window.widthPx === widthPx && window.heightPx === heightPx)) return picture;
  const [x, y] = [picture.widthPx / widthPx, picture.heightPx / heightPx];
  const left = Math.round(window.leftPx * x);
  const top = Math.round(window.topPx * y);
  const right = Math.max(left + 1, Math.round((window.leftPx + window.widthPx) * x));
  const bottom = Math.max(top + 1, Math.round((window.topPx + window.heightPx) * y));
  const data = Uint8Array.from(picture.data);
  const linePx = Math.max(1, Math.round(Math.max(picture.widthPx, picture.heightPx) / 100));
  for (let band = 0, i = 0; band < 3; band++) {
    for (let row = 0; row < picture.heightPx; row++) {
      for (let column = 0; column < picture.widthPx; column++, i++) {
        const inset = Math.min(column - left, right - 1 - column, row - top, bottom - 1 - row);
        if (inset < 0) data[i] = Math.round(data[i] * DIMMED);
        else if (inset < linePx) data[i] = FRAME[band];
      }
    }
  }
  return { ...picture, data };
}

/** All pairs in one picture, row by row: each image above what becomes of it, both fitted into squares of `cellPx`. */
export function contactSheet(
  pairs: readonly PicturePair[],
  { cellPx = 144, columns = 8 }: { readonly cellPx?: number; readonly columns?: number } = {},
): Raster {
  const across = Math.max(1, Math.min(columns, pairs.length));
  const rows = Math.max(1, Math.ceil(pairs.length / across));
  const pairPx = 2 * cellPx + GAP_PX;
  const widthPx = across * (cellPx + GAP_PX) + GAP_PX;
  const heightPx = rows * (pairPx + ROW_GAP_PX) - ROW_GAP_PX + 2 * GAP_PX;
  const sheet: Raster = {
    bands: RGB,
    widthPx,
    heightPx,
    dtype: "uint8",
    data: new Uint8Array(3 * widthPx * heightPx).fill(GROUND),
  };
  pairs.forEach(({ before, after }, i) => {
    const leftPx = GAP_PX + (i % across) * (cellPx + GAP_PX);
    const topPx = GAP_PX + Math.floor(i / across) * (pairPx + ROW_GAP_PX);
    const cell = { leftPx, topPx, widthPx: cellPx, heightPx: cellPx };
    paste(sheet, before, cell);
    if (after) paste(sheet, after, { ...cell, topPx: topPx + cellPx + GAP_PX });
  });
  return sheet;
}

/** Fits a picture into a cell, in its middle: enlarged ones show their pixels. */
function paste(sheet: Raster, picture: Raster, cell: PixelWindow): void {
  const scale = Math.min(cell.widthPx / picture.widthPx, cell.heightPx / picture.heightPx);
  const widthPx = Math.max(1, Math.round(picture.widthPx * scale));
  const heightPx = Math.max(1, Math.round(picture.heightPx * scale));
  const fitted = resize(picture, { widthPx, heightPx, interpolation: scale > 1 ? "nearest" : "bilinear" });
  const left = cell.leftPx + Math.floor((cell.widthPx - widthPx) / 2);
  const top = cell.topPx + Math.floor((cell.heightPx - heightPx) / 2);
  for (let band = 0; band < 3; band++) {
    for (let row = 0; row < heightPx; row++) {
      const from = (band * heightPx + row) * widthPx;
      sheet.data.set(fitted.data.subarray(from, from + widthPx), (band * sheet.heightPx + top + row) * sheet.widthPx + left);
    }
  }
}
