import { placedTransform } from "./geo/transform.js";
import type { Interpolation } from "./preprocess.js";
import type { Georeference, Raster } from "./raster.js";
import { resamplePlane } from "./resample-plane.js";
import { resamplePlane8 } from "./resample-plane8.js";
import { newSamples } from "./samples.js";
import { type Taps, tapsFor } from "./taps.js";

/** A rectangle of pixels. */
export interface PixelWindow {
  readonly leftPx: number;
  readonly topPx: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** What `resize` makes. */
export interface ResizeOptions {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly interpolation?: Interpolation;
  /** The part of the resized raster to compute; all of it by default. */
  readonly window?: PixelWindow;
}

/**
 * Resizes every band with an antialiased separable filter, horizontally then vertically, as Pillow's `Image.resize`:
 * 8-bit samples in fixed point rounded after each pass, other types in double precision rounded once.
 * A raster that has the size already is returned as it is.
 *
 * @throws RangeError if a size is not a positive integer or the window leaves the resized raster
 */
export function resize(raster: Raster, options: ResizeOptions): Raster {
  const { widthPx, heightPx, interpolation = "bilinear", window = { leftPx: 0, topPx: 0, widthPx, heightPx } } = options;
  checkSizes(options, window);
  const horizontal = axisTaps(raster.widthPx, widthPx, interpolation, window.leftPx, window.widthPx);
  const wholeVertical = axisTaps(raster.heightPx, heightPx, interpolation, window.topPx, window.heightPx);
  if (horizontal === undefined && wholeVertical === undefined) return raster;

  // Only the rows that the vertical pass will look at go through the horizontal one.
  const [firstRow, endRow] = wholeVertical === undefined ? [0, raster.heightPx] : inputRange(wholeVertical);
  const vertical = wholeVertical && { ...wholeVertical, starts: wholeVertical.starts.map((start) => start - firstRow) };

  const outPx = window.widthPx * window.heightPx;
  const data = newSamples(raster.dtype, raster.bands.length * outPx);
  for (let band = 0; band < raster.bands.length; band++) {
    const top = band * raster.heightPx;
    const source = raster.data.subarray((top + firstRow) * raster.widthPx, (top + endRow) * raster.widthPx);
    const target = data.subarray(band * outPx, (band + 1) * outPx);
    const plane = { widthPx: raster.widthPx, heightPx: endRow - firstRow, horizontal, vertical };
    if (source instanceof Uint8Array && target instanceof Uint8Array) resamplePlane8(source, plane, target);
    else resamplePlane(source, plane, target, raster.dtype);
  }
  return {
    ...raster,
    widthPx: window.widthPx,
    heightPx: window.heightPx,
    data,
    ...(raster.valid && { valid: resizedValid(raster, raster.valid, options, window) }),
    ...(raster.georeference && { georeference: resizedGeoreference(raster, raster.georeference, options, window) }),
  };
}

/** Undefined where the axis stays as it is. A part of an unchanged axis is a plain copy: nearest. */
function axisTaps(
  inPx: number,
  outPx: number,
  interpolation: Interpolation,
  firstPx: number,
  lengthPx: number,
): Taps | undefined {
  const unchanged = inPx === outPx;
  if (unchanged && firstPx === 0 && lengthPx === outPx) return undefined;
  return tapsFor({ inPx, outPx, firstPx, lengthPx }, unchanged ? "nearest" : interpolation);
}

function inputRange({ starts, count }: Taps): [first: number, end: number] {
  return [starts[0], starts[starts.length - 1] + count];
}

function resizedGeoreference(
  raster: Raster,
  { crs, transform }: Georeference,
  { widthPx, heightPx }: ResizeOptions,
  { leftPx, topPx }: PixelWindow,
): Georeference {
  const [columnPx, rowPx] = [raster.widthPx / widthPx, raster.heightPx / heightPx];
  return { crs, transform: placedTransform(transform, { leftPx: leftPx * columnPx, topPx: topPx * rowPx, columnPx, rowPx }) };
}

/** Whether the pixel in the middle of each new one was measured. */
function resizedValid(raster: Raster, valid: Uint8Array, { widthPx, heightPx }: ResizeOptions, window: PixelWindow): Uint8Array {
  const out = new Uint8Array(window.widthPx * window.heightPx);
  const middle = (place: number, from: number, to: number) => Math.floor(((place + 0.5) * from) / to);
  const columns = Array.from({ length: window.widthPx }, (_, x) => middle(window.leftPx + x, raster.widthPx, widthPx));
  for (let y = 0, o = 0; y < window.heightPx; y++) {
    const row = middle(window.topPx + y, raster.heightPx, heightPx) * raster.widthPx;
    for (const column of columns) out[o++] = valid[row + column];
  }
  return out;
}

function checkSizes({ widthPx, heightPx }: ResizeOptions, window: PixelWindow): void {
  for (const size of [widthPx, heightPx, window.widthPx, window.heightPx]) {
    if (!Number.isInteger(size) || size < 1) throw new RangeError(`a raster cannot be resized to ${size} pixels`);
  }
  const { leftPx, topPx } = window;
  if (leftPx < 0 || topPx < 0 || leftPx + window.widthPx > widthPx || topPx + window.heightPx > heightPx) {
    throw new RangeError(`the window ${JSON.stringify(window)} leaves the ${widthPx} × ${heightPx} raster`);
  }
}
