import { mapInOrder } from "../../concurrency.js";
import { messageOf, UserError } from "../../errors.js";
import type { KeptBlocks, LentBlock } from "../block-cache.js";
import type { ByteSource } from "../bytes/bytes.js";
import type { Raster } from "../raster.js";
import type { RasterInfo, ReadOptions } from "../reader.js";
import { rasterOf, requestedOf } from "../requested.js";
import { newSamples } from "../samples.js";
import { type PlaneTarget, placeBlock } from "../tiff/place.js";
import { measuredPixels, nonZero } from "../tiff/validity.js";
import type { MainHeader } from "./codestream.js";
import { CONVERT_JP2 } from "./convert.js";
import { DECODERS, decodeInThread } from "./decoders.js";
import { partsOf, type TileParts } from "./tile-parts.js";
import { channelBits, tileAsJp2 } from "./tile-stream.js";
import { sharedWindow, type Tile, tilesOf } from "./tiles.js";

/** An open file. */
export interface OpenJp2 {
  readonly source: ByteSource;
  readonly header: MainHeader;
  readonly info: RasterInfo;
  readonly parts: () => Promise<TileParts>;
  /** Tiles that were decoded, by `keyOf`. */
  readonly tiles: KeptBlocks;
  /** Of the stored bytes of one tile. */
  readonly maxTileBytes: number;
  /** Hears how many samples are about to be decoded. */
  readonly onDecode: (samples: number) => void;
}

/** OpenJPEG's wrapper gives pictures of one or three channels. */
const CHANNELS = 3;

/** A tile and components of it that are decoded together. */
interface Job {
  readonly tile: Tile;
  /** Three, or one; the last may be there twice. */
  readonly components: readonly number[];
}

/**
 * Reads a window of a level; each tile is decoded once for up to three of its bands.
 *
 * @throws UserError `bad-file` naming file and tile, `limit`; RangeError for what the raster does not have
 */
export async function readWindow(jp2: OpenJp2, options: ReadOptions): Promise<Raster> {
  const { header, info } = jp2;
  const { level = 0, validity = true, signal } = options;
  const size = info.levels[level];
  if (size === undefined) throw new RangeError(`${info.file} has the levels 0 to ${info.levels.length - 1}, not ${level}`);
  const parts = await jp2.parts();
  const asked = options.window ?? { leftPx: 0, topPx: 0, ...size };
  // Before memory is taken for pixels that are not there.
  for (const { index } of tilesOf(header, level, asked)) partsOf(info.file, index, parts);
  const { window, bands, data } = requestedOf(info, size, options);

  const pixels = window.widthPx * window.heightPx;
  const alpha = validity && info.validity === "alpha" ? newSamples(info.dtype, pixels) : undefined;
  const targets = bands.map((band, order) => ({ band, to: { sample: 0, data, start: order * pixels, window } }));
  if (alpha !== undefined) {
    targets.push({
      band: info.bands.findIndex(({ colour }) => colour === "alpha"),
      to: { sample: 0, data: alpha, start: 0, window },
    });
  }
  const groups = groupsOf(
    targets.map(({ band }) => band),
    header.components,
  );
  const jobs = [...tilesOf(header, level, window)].flatMap((tile) => groups.map((components) => ({ tile, components })));
  const missing = jobs.filter((job) => !jp2.tiles.has(keyOf(jp2, level, job)));
  jp2.onDecode(missing.reduce((sum, { tile }) => sum + samplesOf(tile, header), 0));

  const decode = async (job: Job) => ({ job, planes: await planesOf(jp2, level, job, parts) });
  for await (const { job, planes } of mapInOrder(jobs, DECODERS, decode, signal)) {
    for (const { band, to } of targets) placePlane(job, planes.data, band, to);
    planes.giveBack();
  }
  const valid = !validity
    ? undefined
    : info.nodata !== undefined
      ? measuredPixels(data, pixels, info.nodata)
      : alpha && nonZero(alpha);
  return rasterOf(info, { window, bands, data }, { level, valid });
}

/** Components that are decoded together: always the same ones, so that their tiles are found again. */
function groupsOf(bands: readonly number[], components: number): readonly (readonly number[])[] {
  const firsts = new Set(bands.map((band) => band - (band % CHANNELS)));
  return [...firsts].map((first) => {
    if (first + 1 === components) return [first];
    return Array.from({ length: CHANNELS }, (_, channel) => Math.min(first + channel, components - 1));
  });
}

/** That OpenJPEG decodes of a tile for its place, whatever is taken of them. */
function samplesOf({ place }: Tile, { components }: MainHeader): number {
  return place.widthPx * place.heightPx * components;
}

function keyOf({ header, info }: OpenJp2, level: number, { tile, components }: Job): number {
  return (tile.index * info.levels.length + level) * header.components + components[0];
}

/** The planes `[C, H, W]` of a job, from memory or decoded. */
function planesOf(jp2: OpenJp2, level: number, job: Job, found: TileParts): Promise<LentBlock> {
  const { source, header, info, tiles } = jp2;
  const { tile, components } = job;
  const { widthPx, heightPx } = tile.place;
  return tiles.get(keyOf(jp2, level, job), true, async () => {
    const parts = partsOf(info.file, tile.index, found);
    const stored = parts.reduce((sum, { start, end }) => sum + end - start, 0);
    if (stored > jp2.maxTileBytes) {
      throw new UserError("limit", `${info.file}: tile ${tile.index + 1} has ${stored} bytes; there may be ${jp2.maxTileBytes}`, {
        hint: CONVERT_JP2,
      });
    }
    const encoded = {
      jp2: await tileAsJp2(source, header, { area: tile.area, parts, components }),
      level,
      widthPx,
      heightPx,
      channels: components.length,
      bits: channelBits(header),
      signed: header.signed,
      samples: samplesOf(tile, header),
    };
    try {
      return await decodeInThread(encoded);
    } catch (error) {
      if (error instanceof UserError && error.code === "aborted") throw error;
      throw new UserError("bad-file", `${info.file}: tile ${tile.index + 1} is damaged: ${messageOf(error)}`, {
        hint: `Fetch or export the file again. ${CONVERT_JP2}`,
        cause: error,
      });
    }
  });
}

function placePlane({ tile: { place }, components }: Job, planes: Raster["data"], band: number, to: PlaneTarget): void {
  const channel = components.indexOf(band);
  const part = sharedWindow(place, to.window);
  if (channel < 0 || part === undefined) return;
  const pixels = place.widthPx * place.heightPx;
  const data = planes.subarray(channel * pixels, (channel + 1) * pixels);
  placeBlock({ data, leftPx: place.leftPx, topPx: place.topPx, widthPx: place.widthPx, samples: 1 }, part, [to]);
}
