import { type Grid, gridOf, sameGrid } from "../grid.js";
import type { BandScaling, Raster, RasterDType } from "../raster.js";
import type { RasterBand, RasterInfo, RasterReader, ReadOptions } from "../reader.js";
import { type Requested, rasterOf, requestedOf } from "../requested.js";
import { integerRange } from "../samples.js";
import { measuredPixels } from "../tiff/validity.js";
import { gridded } from "../warp.js";
import type { SceneMask } from "./mask.js";

/** A band of a scene: one of a raster file. */
export interface StackedBand {
  readonly reader: RasterReader;
  /** Index into the bands of the file. */
  readonly band: number;
  readonly name: string;
  readonly scaling: BandScaling | undefined;
}

export interface StackOptions {
  readonly file: string;
  readonly bands: readonly StackedBand[];
  /** Where the scene lies; undefined where its files lie nowhere and are equally large. */
  readonly grid: Grid | undefined;
  /** What means "no measurement" in all files, where it is known. */
  readonly nodata: number | undefined;
  readonly mask: SceneMask | undefined;
}

/** A file on the grid of the scene, with the number that means "no measurement" in it. */
interface Layer {
  readonly reader: RasterReader;
  readonly nodata: number | undefined;
}

/**
 * Bands of several files as one raster, on one grid: coarser ones are brought to it between their pixels. Types are brought to the
 * smallest that holds them all. A pixel was measured where each of the files that are read measured it; what was not, and what the mask
 * takes away, holds the raster's nodata in all bands. Closing it closes nothing: the files are their owner's.
 */
export function stackBands(options: StackOptions): RasterReader {
  const { bands, mask } = options;
  const layers = new Map<RasterReader, Layer>();
  for (const { reader } of bands) if (!layers.has(reader)) layers.set(reader, layerOf(reader, options));
  const info = stackInfo(options, [...layers.values()]);
  return {
    info,
    async read(request = {}) {
      const { level = 0, validity = true, signal } = request;
      const size = info.levels[level];
      if (size === undefined) throw new RangeError(`${info.file} has the levels 0 to ${info.levels.length - 1}, not ${level}`);
      const requested = requestedOf(info, size, request);
      const valid = await readLayers(options, layers, requested, { info, level, signal });
      if (mask !== undefined) takeAway(valid, await mask.masked(requested.window, signal));
      if (info.nodata !== undefined && valid.includes(0)) emptyUnmeasured(requested, valid, info.nodata);
      return rasterOf(info, requested, { level, valid: validity ? valid : undefined });
    },
    close: async () => {},
  };
}

function layerOf(reader: RasterReader, { grid, nodata }: StackOptions): Layer {
  const source = nodata === undefined || reader.info.validity !== "all" ? reader : withNodata(reader, nodata);
  const isThere = grid === undefined || sameGrid(gridOf(reader.info), grid);
  return { reader: isThere ? source : gridded(source, grid, { resampling: "bilinear" }), nodata: source.info.nodata };
}

/** A file that does not say by itself what means "no measurement". */
function withNodata(reader: RasterReader, nodata: number): RasterReader {
  const info = { ...reader.info, nodata, validity: "nodata" as const };
  return {
    info,
    async read(options = {}) {
      const raster = await reader.read(options);
      const valid = measuredPixels(raster.data, raster.widthPx * raster.heightPx, nodata);
      return { ...raster, nodata, ...(valid.includes(0) && { valid }) };
    },
    close: () => reader.close(),
  };
}

function stackInfo({ file, bands, grid, nodata, mask }: StackOptions, layers: readonly Layer[]): RasterInfo {
  const [{ info: first }] = layers.map(({ reader }) => reader);
  const dtype = commonType(layers.map(({ reader }) => reader.info.dtype));
  const isMasked = mask !== undefined || layers.some(({ reader }) => reader.info.validity !== "all");
  const stated = [...new Set(layers.map((layer) => layer.nodata))];
  const common = nodata ?? (stated.length === 1 ? stated[0] : undefined);
  const { widthPx, heightPx } = grid ?? first;
  const [only] = layers;
  return {
    file,
    widthPx,
    heightPx,
    dtype,
    stored: layers.length === 1 ? first.stored : dtype,
    bands: bands.map(({ reader, band, name, scaling }): RasterBand => ({ ...reader.info.bands[band], name, scaling })),
    nodata: common ?? (isMasked ? noMeasurement(dtype) : undefined),
    validity: isMasked ? "mask" : "all",
    georeference: grid && { crs: grid.crs, transform: grid.transform },
    // A mask, and files that are not alike, have no overviews to go with.
    levels: layers.length === 1 && mask === undefined ? only.reader.info.levels : [{ widthPx, heightPx }],
    block: first.block,
    compression: first.compression,
    categories: undefined,
    palette: undefined,
    metadata: layers.length === 1 ? first.metadata : {},
  };
}

/** The number that means "no measurement" where no file has one. In unsigned types 0 counts only where all bands are 0. */
function noMeasurement(dtype: RasterDType): number {
  return integerRange(dtype)?.[0] ?? Number.NaN;
}

const WHOLE: readonly RasterDType[] = ["uint8", "uint16", "int16", "uint32", "int32"];

/** The smallest type that holds every number of these. */
export function commonType(dtypes: readonly RasterDType[]): RasterDType {
  const [first] = dtypes;
  if (dtypes.every((dtype) => dtype === first)) return first;
  const ranges = dtypes.map(integerRange);
  const isWide = ranges.some((range) => range !== undefined && range[1] - range[0] > 2 ** 24);
  if (ranges.includes(undefined)) return dtypes.includes("float64") || isWide ? "float64" : "float32";
  const holds = (dtype: RasterDType) => {
    const [lowest, highest] = integerRange(dtype) ?? [0, 0];
    return ranges.every((range) => range !== undefined && range[0] >= lowest && range[1] <= highest);
  };
  return WHOLE.find(holds) ?? "float64";
}

/** Reads what is wanted of each file. Gives 1 where all of these files measured a pixel, `[H, W]`. */
async function readLayers(
  { bands }: StackOptions,
  layers: ReadonlyMap<RasterReader, Layer>,
  { window, bands: wanted, data }: Requested,
  { info, level, signal }: { info: RasterInfo; level: number; signal: ReadOptions["signal"] },
): Promise<Uint8Array> {
  const pixels = window.widthPx * window.heightPx;
  const valid = new Uint8Array(pixels).fill(1);
  for (const [file, { reader, nodata }] of layers) {
    const here = wanted.flatMap((index, place) => (bands[index].reader === file ? [{ band: bands[index].band, place }] : []));
    if (here.length === 0) continue;
    const isAll = here.length === wanted.length && reader.info.dtype === info.dtype;
    const options = { window, bands: here.map(({ band }) => band), level, signal };
    const raster = await reader.read(isAll ? { ...options, into: data } : options);
    for (const [order, { place }] of here.entries()) {
      const plane = data.subarray(place * pixels, (place + 1) * pixels);
      if (!isAll) plane.set(raster.data.subarray(order * pixels, (order + 1) * pixels));
      bringNodata(plane, raster.valid, nodata, info.nodata);
    }
    if (raster.valid !== undefined) takeUnmeasured(valid, raster.valid);
  }
  return valid;
}

/** Has samples that were not measured hold the nodata of the whole. */
function bringNodata(
  plane: Raster["data"],
  valid: Uint8Array | undefined,
  from: number | undefined,
  to: number | undefined,
): void {
  if (to === undefined) return;
  const isOther = from !== undefined && !Object.is(from, to);
  if (valid === undefined && !isOther) return;
  for (let i = 0; i < plane.length; i++) if (valid?.[i] === 0 || (isOther && plane[i] === from)) plane[i] = to;
}

function takeUnmeasured(valid: Uint8Array, ofFile: Uint8Array): void {
  for (let i = 0; i < valid.length; i++) if (ofFile[i] === 0) valid[i] = 0;
}

function takeAway(valid: Uint8Array, masked: Uint8Array): void {
  for (let i = 0; i < valid.length; i++) if (masked[i] !== 0) valid[i] = 0;
}

/** Has no band of a pixel hold a number where another lacks one: who sees the numbers alone takes them for a measurement. */
function emptyUnmeasured({ data }: Requested, valid: Uint8Array, nodata: number): void {
  for (let i = 0; i < valid.length; i++) {
    if (valid[i] === 1) continue;
    for (let at = i; at < data.length; at += valid.length) data[at] = nodata;
  }
}
