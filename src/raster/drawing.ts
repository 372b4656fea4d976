import type { Raster } from "./raster.js";
import type { PixelWindow } from "./resample.js";

/** Red, green and blue, 0 to 255. */
export type Paint = readonly [red: number, green: number, blue: number];

/** Fills a rectangle of an 8-bit colour raster; what leaves the raster is cut off. */
export function fillRectangle(raster: Raster, { leftPx, topPx, widthPx, heightPx }: PixelWindow, colour: Paint): void {
  const left = Math.max(0, leftPx);
  const right = Math.min(raster.widthPx, leftPx + widthPx);
  const bottom = Math.min(raster.heightPx, topPx + heightPx);
  if (right <= left) return;
  for (let band = 0; band < 3; band++) {
    for (let row = Math.max(0, topPx); row < bottom; row++) {
      const start = (band * raster.heightPx + row) * raster.widthPx;
      raster.data.fill(colour[band], start + left, start + right);
    }
  }
}

/** Draws a line one pixel wide around a rectangle, outside of it. */
export function frameRectangle(raster: Raster, { leftPx, topPx, widthPx, heightPx }: PixelWindow, colour: Paint): void {
  const across = { leftPx: leftPx - 1, widthPx: widthPx + 2, heightPx: 1 };
  const down = { topPx: topPx - 1, widthPx: 1, heightPx: heightPx + 2 };
  fillRectangle(raster, { ...across, topPx: topPx - 1 }, colour);
  fillRectangle(raster, { ...across, topPx: topPx + heightPx }, colour);
  fillRectangle(raster, { ...down, leftPx: leftPx - 1 }, colour);
  fillRectangle(raster, { ...down, leftPx: leftPx + widthPx }, colour);
}

/** Places in a pixel that are asked whether they lie inside, along each side. */
const SUBPIXELS = 4;

/** Fills a polygon by the even-odd rule, its edges smoothed. Corners as [x, y] in pixels. */
export function fillPolygon(raster: Raster, corners: readonly (readonly [x: number, y: number])[], colour: Paint): void {
  const { widthPx, heightPx, data } = raster;
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [left, right] = [Math.max(0, Math.floor(Math.min(...xs))), Math.min(widthPx, Math.ceil(Math.max(...xs)))];
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(...ys))), Math.min(heightPx, Math.ceil(Math.max(...ys)))];
  const samples = Array.from({ length: SUBPIXELS }, (_, i) => (i + 0.5) / SUBPIXELS);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      let inside = 0;
      for (const dy of samples) for (const dx of samples) if (isInside(corners, column + dx, row + dy)) inside++;
      const share = inside / SUBPIXELS ** 2;
      for (let band = 0, i = row * widthPx + column; band < 3; band++, i += widthPx * heightPx) {
        data[i] = Math.round(data[i] + share * (colour[band] - data[i]));
      }
    }
  }
}

function isInside(corners: readonly (readonly [number, number])[], x: number, y: number): boolean {
  let inside = false;
  corners.forEach(([x1, y1], i) => {
    const [x0, y0] = corners.at(i - 1) ?? [x1, y1];
    if (y0 > y !== y1 > y && x < x0 + ((y - y0) / (y1 - y0)) * (x1 - x0)) inside = !inside;
  });
  return inside;
}
