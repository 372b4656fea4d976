import { UserError } from "../errors.js";
import { throwIfAborted } from "../progress.js";
import { checkProjectable, transformer } from "./geo/project.js";
import { applyTransform, invertTransform, isSingular } from "./geo/transform.js";
import { type Grid, gridOf, sameGrid } from "./grid.js";
import type { Raster } from "./raster.js";
import type { RasterInfo, RasterReader, ReadOptions } from "./reader.js";
import { rasterOf, requestedOf } from "./requested.js";
import type { PixelWindow } from "./resample.js";
import { bytesPerSample } from "./samples.js";
import { type Gathering, gatherNearest, gatherWeighted } from "./warp/gather.js";
import { KERNELS, type Resampling, windowOf } from "./warp/kernels.js";
import { type Mapping, MESH_PX, placesOf } from "./warp/mesh.js";

export type { Resampling } from "./warp/kernels.js";

/** Pixels made at a time. */
const PIECE_PX = 512;
/** Of the source, in memory at a time. */
const SOURCE_BYTES = 2 ** 25;

/**
 * A raster on another grid: read window by window, each from the part of the source that it needs. Values are those of GDAL's warper:
 * of the nearest pixel, bilinear (over more pixels where the raster shrinks, like a resize), or the mean of the area that a pixel
 * covers, from an overview where that is less than half as fine. `valid` is 0 outside the source and where it was not measured.
 * Classes, which have names or colours, are never mixed: for them it is the nearest pixel whatever is asked. Closing it closes the
 * source; on its own grid a raster is given back as it is.
 *
 * @throws UserError `bad-data` for a raster without a place, or a reference system that cannot be projected
 */
export function gridded(reader: RasterReader, grid: Grid, { resampling }: { resampling: Resampling }): RasterReader {
  const source = gridOf(reader.info);
  if (sameGrid(source, grid)) return reader;
  if (isSingular(grid.transform)) throw new RangeError(`the transform ${grid.transform.join(", ")} lays all pixels on a line`);
  if (grid.crs !== undefined || source.crs !== undefined) checkProjectable(source.crs, grid.crs, { from: reader.info.file });
  const classes = reader.info.categories !== undefined || reader.info.palette !== undefined;
  const kind = classes ? "nearest" : resampling;
  const info = griddedInfo(reader.info, grid);
  let warp: Promise<Warp> | undefined;
  return {
    info,
    async read(options = {}) {
      warp ??= openWarp(reader, source, grid, kind).catch((error: unknown) => {
        // A network that failed once may not fail again.
        warp = undefined;
        throw error;
      });
      return readWarped(await warp, info, options);
    },
    close: () => reader.close(),
  };
}

function griddedInfo(info: RasterInfo, { widthPx, heightPx, crs, transform }: Grid): RasterInfo {
  return {
    ...info,
    widthPx,
    heightPx,
    // There are pixels outside the source, and nothing but the mask to tell them by.
    validity: info.validity === "nodata" ? "nodata" : "mask",
    georeference: { crs, transform },
    levels: [{ widthPx, heightPx }],
    block: { widthPx: Math.min(PIECE_PX, widthPx), heightPx: Math.min(PIECE_PX, heightPx) },
  };
}

/** What is found out once. */
interface Warp {
  readonly reader: RasterReader;
  readonly grid: Grid;
  readonly resampling: Resampling;
  readonly level: number;
  readonly mapping: Mapping;
  readonly usual: readonly [width: number, height: number];
}

async function openWarp(reader: RasterReader, source: Grid, grid: Grid, resampling: Resampling): Promise<Warp> {
  const whole = await mappingOf(grid, source);
  const usual = usualReach(whole, grid, reader.info.file);
  const level = resampling === "average" ? levelFor(reader.info, usual) : 0;
  const { widthPx, heightPx } = reader.info.levels[level];
  const [sx, sy] = [widthPx / source.widthPx, heightPx / source.heightPx];
  return { reader, grid, resampling, level, mapping: scaled(whole, sx, sy), usual: [usual[0] * sx, usual[1] * sy] };
}

/**
 * From pixels of a grid to those of a source.
 *
 * @throws UserError `bad-data` for reference systems that cannot be projected
 */
export async function mappingOf(grid: Grid, source: Grid): Promise<Mapping> {
  const move = grid.crs && source.crs ? await transformer(grid.crs, source.crs) : undefined;
  const inverse = invertTransform(source.transform);
  // Longitudes come between -180 and 180; the source may lie across either.
  const [middle] = applyTransform(source.transform, source.widthPx / 2, source.heightPx / 2);
  const around = source.crs?.kind === "geographic";
  return (points) => {
    for (let at = 0; at < points.length; at += 2) {
      [points[at], points[at + 1]] = applyTransform(grid.transform, points[at], points[at + 1]);
    }
    move?.(points);
    for (let at = 0; at < points.length; at += 2) {
      const turns = around ? (middle - points[at]) / 360 : 0;
      const x = Math.abs(turns) > HALF_TURN ? points[at] + 360 * Math.round(turns) : points[at];
      [points[at], points[at + 1]] = applyTransform(inverse, x, points[at + 1]);
    }
  };
}

/** The edge of a raster of the whole earth stays where it is. */
const HALF_TURN = 0.5 + 1e-9;

function scaled(mapping: Mapping, sx: number, sy: number): Mapping {
  if (sx === 1 && sy === 1) return mapping;
  return (points) => {
    mapping(points);
    for (let at = 0; at < points.length; at += 2) {
      points[at] *= sx;
      points[at + 1] *= sy;
    }
  };
}

/** Places of a grid that are looked at, along each side. */
const SAMPLES = 9;

/**
 * Columns and rows of the source in a pixel of the grid: the median of places all over it.
 *
 * @throws UserError `bad-data` where no pixel of the grid has a place in the source's system
 */
function usualReach(mapping: Mapping, { widthPx, heightPx }: Grid, file: string): [width: number, height: number] {
  const widths: number[] = [];
  const heights: number[] = [];
  for (let sample = 0; sample < SAMPLES ** 2; sample++) {
    const column = (((sample % SAMPLES) + 0.5) / SAMPLES) * widthPx;
    const row = ((Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) * heightPx;
    const points = Float64Array.of(column - 0.5, row, column + 0.5, row, column, row - 0.5, column, row + 0.5);
    mapping(points);
    const [x0, y0, x1, y1, x2, y2, x3, y3] = points;
    const [width, height] = [Math.hypot(x1 - x0, x3 - x2), Math.hypot(y1 - y0, y3 - y2)];
    if (!Number.isFinite(width + height)) continue;
    widths.push(width);
    heights.push(height);
  }
  if (widths.length === 0) {
    throw new UserError("bad-data", `${file}: no pixel of the grid wanted has a place in its reference system`, {
      hint: "The grid lies outside the area that the projection is made for: choose another.",
    });
  }
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1];
  return [median(widths), median(heights)];
}

/** The coarsest level that is still as fine as the grid, where the raster itself is more than twice as fine. */
function levelFor({ levels, widthPx, heightPx }: RasterInfo, [width, height]: readonly [number, number]): number {
  if (Math.min(width, height) <= 2) return 0;
  // A level of an odd width is a little more than half as wide.
  const fine = levels.filter((level) => widthPx / level.widthPx <= width * 1.001 && heightPx / level.heightPx <= height * 1.001);
  return Math.max(0, fine.length - 1);
}

async function readWarped(warp: Warp, info: RasterInfo, options: ReadOptions): Promise<Raster> {
  const { grid } = warp;
  if ((options.level ?? 0) !== 0) throw new RangeError(`${info.file} on another grid has one level, not ${options.level}`);
  const { window, bands, data } = requestedOf(info, grid, options);
  const pixels = window.widthPx * window.heightPx;
  const valid = new Uint8Array(pixels);
  for (const piece of piecesOf(window, warp.reader.info)) {
    throwIfAborted(options.signal);
    const made = await makePiece(warp, piece, bands, options.signal);
    for (let row = 0; row < piece.heightPx; row++) {
      const to = (piece.topPx + row - window.topPx) * window.widthPx + piece.leftPx - window.leftPx;
      const [start, end] = [row * piece.widthPx, (row + 1) * piece.widthPx];
      valid.set(made.valid.subarray(start, end), to);
      for (let band = 0; band < bands.length; band++) {
        const plane = band * piece.widthPx * piece.heightPx;
        data.set(made.data.subarray(plane + start, plane + end), band * pixels + to);
      }
    }
  }
  return rasterOf(info, { window, bands, data }, { valid: (options.validity ?? true) ? valid : undefined });
}

/** Cuts a window into pieces of a bounded number of pixels: wide ones of a source in strips, which would be read again for each. */
function* piecesOf(window: PixelWindow, { block, widthPx }: RasterInfo): Generator<PixelWindow> {
  const strips = block.widthPx >= widthPx;
  const width = strips ? Math.min(window.widthPx, PIECE_PX ** 2 / MESH_PX) : PIECE_PX;
  const height = strips ? Math.max(MESH_PX, Math.floor(PIECE_PX ** 2 / width / MESH_PX) * MESH_PX) : PIECE_PX;
  const right = window.leftPx + window.widthPx;
  const bottom = window.topPx + window.heightPx;
  for (let topPx = window.topPx; topPx < bottom; topPx += height) {
    for (let leftPx = window.leftPx; leftPx < right; leftPx += width) {
      yield { leftPx, topPx, widthPx: Math.min(width, right - leftPx), heightPx: Math.min(height, bottom - topPx) };
    }
  }
}

async function makePiece(warp: Warp, piece: PixelWindow, bands: readonly number[], signal: AbortSignal | undefined) {
  const { reader, grid, resampling, level, mapping, usual } = warp;
  const { dtype, validity, nodata, block } = reader.info;
  const source = reader.info.levels[level];
  const places = placesOf(mapping, grid, piece, usual);
  const gathering: Gathering = {
    places,
    kernel: KERNELS[resampling],
    source,
    bands: bands.length,
    dtype,
    nodata: validity === "nodata" ? nodata : undefined,
    fill: nodata ?? 0,
    byMiddle: resampling !== "average",
  };
  const gatherer = resampling === "nearest" ? gatherNearest(gathering) : gatherWeighted(gathering);
  const needed = windowOf(places, KERNELS[resampling], source);
  if (needed === undefined) return gatherer.finish();
  const { leftPx, widthPx } = needed;
  const bottom = needed.topPx + needed.heightPx;
  const fitting = Math.floor(SOURCE_BYTES / (bands.length * widthPx * bytesPerSample(dtype)));
  const heightPx = Math.max(1, fitting > block.heightPx ? fitting - (fitting % block.heightPx) : fitting);
  for (let { topPx } = needed; topPx < bottom; topPx += heightPx) {
    const part = { leftPx, topPx, widthPx, heightPx: Math.min(heightPx, bottom - topPx) };
    gatherer.add(await reader.read({ window: part, bands, level, signal }), part);
  }
  return gatherer.finish();
}
