import { UserError } from "../errors.js";
import { placedTransform } from "./geo/transform.js";
import type { BandScaling, Raster } from "./raster.js";
import type { RasterInfo, ReadOptions } from "./reader.js";
import type { PixelWindow } from "./resample.js";
import { bytesPerSample, newSamples } from "./samples.js";

/** Of one window: what typed arrays of every kind can hold on every machine. */
const MAX_WINDOW_BYTES = 2 ** 32;

/** What is to be read, checked. */
export interface Requested {
  readonly window: PixelWindow;
  readonly bands: readonly number[];
  /** `[C, H, W]`, to be written to. */
  readonly data: Raster["data"];
}

/**
 * What `ReadOptions` ask of a raster, or of a level of it with this size.
 *
 * @throws RangeError for a window, band or memory that does not fit; UserError `limit` for more bytes than an array can hold
 */
export function requestedOf(
  info: RasterInfo,
  size: { readonly widthPx: number; readonly heightPx: number },
  options: ReadOptions,
): Requested {
  const window = checkWindow(size, options.window);
  const bands = checkBands(info, options.bands);
  const samples = window.widthPx * window.heightPx * bands.length;
  const data = options.into ?? allocate(info, samples);
  if (data.length !== samples || data.constructor !== newSamples(info.dtype, 0).constructor) {
    const pixels = samples / bands.length;
    throw new RangeError(`reading ${bands.length} bands of ${pixels} pixels takes a ${info.dtype} array of as many samples`);
  }
  return { window, bands, data };
}

/** What was read, in its place. */
export function rasterOf(
  info: RasterInfo,
  { window, bands, data }: Requested,
  {
    level = 0,
    valid,
  }: {
    readonly level?: number | undefined;
    /** `[H, W]`, 1 where a pixel was measured; undefined where every pixel was, or nobody asks. */
    readonly valid?: Uint8Array | undefined;
  },
): Raster {
  const scaling = scalingOf(info, bands);
  const { georeference, levels } = info;
  const pixel = { columnPx: info.widthPx / levels[level].widthPx, rowPx: info.heightPx / levels[level].heightPx };
  return {
    bands: bands.map((band) => info.bands[band].name),
    widthPx: window.widthPx,
    heightPx: window.heightPx,
    dtype: info.dtype,
    data,
    ...(info.nodata !== undefined && { nodata: info.nodata }),
    ...(scaling && { scaling }),
    ...(georeference && {
      georeference: {
        crs: georeference.crs,
        transform: placedTransform(placedTransform(georeference.transform, pixel), window),
      },
    }),
    ...(valid?.includes(0) && { valid }),
  };
}

/** How stored numbers of bands become values; undefined where the file says nothing of any. */
function scalingOf(info: RasterInfo, bands: readonly number[]): readonly BandScaling[] | undefined {
  const scalings = bands.map((band) => info.bands[band].scaling);
  if (scalings.every((scaling) => scaling === undefined)) return undefined;
  return scalings.map((scaling) => scaling ?? UNSCALED);
}

const UNSCALED: BandScaling = { scale: 1, offset: 0 };

function checkWindow({ widthPx, heightPx }: { widthPx: number; heightPx: number }, window: PixelWindow | undefined): PixelWindow {
  if (window === undefined) return { leftPx: 0, topPx: 0, widthPx, heightPx };
  const { leftPx, topPx } = window;
  const whole = [leftPx, topPx, window.widthPx, window.heightPx].every(Number.isInteger);
  const inside = leftPx >= 0 && topPx >= 0 && leftPx + window.widthPx <= widthPx && topPx + window.heightPx <= heightPx;
  if (!whole || !inside || window.widthPx < 1 || window.heightPx < 1) {
    throw new RangeError(`the window ${JSON.stringify(window)} leaves the ${widthPx} × ${heightPx} raster`);
  }
  return window;
}

function checkBands(info: RasterInfo, bands: readonly number[] | undefined): readonly number[] {
  if (bands === undefined) return info.bands.flatMap(({ colour }, band) => (colour === "alpha" ? [] : [band]));
  for (const band of bands) {
    if (info.bands[band] === undefined)
      throw new RangeError(`${info.file} has the bands 0 to ${info.bands.length - 1}, not ${band}`);
  }
  return bands;
}

function allocate({ file, dtype }: RasterInfo, samples: number): Raster["data"] {
  const bytes = samples * bytesPerSample(dtype);
  if (bytes > MAX_WINDOW_BYTES) {
    throw new UserError("limit", `${file}: the pixels asked for are ${bytes} bytes, more than ${MAX_WINDOW_BYTES}`, {
      hint: "Read it in smaller windows, or an overview of it.",
    });
  }
  return newSamples(dtype, samples);
}
