import type { RasterDType } from "../raster.js";
import { newSamples } from "../samples.js";
import type { Pixels } from "./block.js";

/** A block by its column and row in the grid of blocks. */
export interface BlockPlace {
  readonly column: number;
  readonly row: number;
}

/** What windows are parts of. */
export interface BlockedRaster {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly dtype: RasterDType;
  readonly bands: number;
  readonly blockPx: number;
}

/** The blocks that a window consists of, by rows. @throws RangeError where it does not consist of whole blocks, or holds something else */
export function blocksOf(left: number, top: number, window: Pixels, whole: BlockedRaster): readonly BlockPlace[] {
  const { dtype, bands, blockPx } = whole;
  const isWhole = (start: number, length: number, most: number) => {
    const end = start + length;
    return start >= 0 && start % blockPx === 0 && length > 0 && end <= most && (end % blockPx === 0 || end === most);
  };
  const { widthPx, heightPx, data } = window;
  if (!isWhole(left, widthPx, whole.widthPx) || !isWhole(top, heightPx, whole.heightPx)) {
    throw new RangeError(`${widthPx} × ${heightPx} pixels at ${left}, ${top} are not whole blocks of ${blockPx} pixels`);
  }
  if (data.length !== bands * widthPx * heightPx || data.constructor !== newSamples(dtype, 0).constructor) {
    throw new RangeError(`the samples are not ${dtype} [${bands}, ${heightPx}, ${widthPx}]`);
  }
  const places: BlockPlace[] = [];
  for (let row = top / blockPx; row * blockPx < top + heightPx; row++) {
    for (let column = left / blockPx; column * blockPx < left + widthPx; column++) places.push({ column, row });
  }
  return places;
}

/** A square of a window, or what of it is inside; its own memory. */
export function cut({ data, widthPx, heightPx }: Pixels, left: number, top: number, sidePx: number): Pixels {
  const width = Math.min(sidePx, widthPx - left);
  const height = Math.min(sidePx, heightPx - top);
  const bands = data.length / (widthPx * heightPx);
  const block = data.slice(0, bands * width * height);
  for (let band = 0; band < bands; band++) {
    for (let row = 0; row < height; row++) {
      const from = (band * heightPx + top + row) * widthPx + left;
      block.set(data.subarray(from, from + width), (band * height + row) * width);
    }
  }
  return { data: block, widthPx: width, heightPx: height };
}
