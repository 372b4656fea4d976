import { UserError } from "../../errors.js";
import { createBlockCache } from "../block-cache.js";
import type { ByteSource } from "../bytes/bytes.js";
import type { OpenRasterOptions, RasterReader } from "../reader.js";
import type { Companions } from "../tiff/companions.js";
import { readBoxes } from "./boxes.js";
import { type MainHeader, readMainHeader } from "./codestream.js";
import { CONVERT_JP2 } from "./convert.js";
import { infoOfJp2 } from "./info.js";
import { type OpenJp2, readWindow } from "./read.js";
import { findTileParts, type TileParts } from "./tile-parts.js";

const MAX_BLOCK_BYTES = 2 ** 28;
/** In the codec, whatever their type. */
const BYTES_PER_SAMPLE = 4;
/** Decoding takes so long that a row of tiles of each band of a scene is worth keeping; all open files share it. */
const cache = createBlockCache(2 ** 28);
/** Half a minute of one core. */
const SLOW_SAMPLES = 2 ** 25;

/**
 * Opens a JPEG 2000 file, JP2 or bare codestream: a raster whose blocks are its tiles, whose levels are its resolutions. The sources
 * are closed with the reader.
 *
 * @throws UserError `bad-file` for what is damaged or not read, `limit` for too large tiles
 */
export async function openJp2(
  source: ByteSource,
  options: OpenRasterOptions = {},
  companions: Partial<Companions> = {},
): Promise<RasterReader> {
  const { maxBlockBytes = MAX_BLOCK_BYTES, bandNames, onWarning } = options;
  const { name } = source;
  const warn = onWarning && ((message: string) => onWarning(`${name}: ${message}`));
  if (companions.mask !== undefined) {
    // Without it, every pixel would pass for measured.
    throw new UserError("bad-file", `${name}: has a mask beside it (.msk), which is not read with JPEG 2000`, {
      hint: CONVERT_JP2,
    });
  }
  const file = await readBoxes(source, warn);
  const header = await readMainHeader(source, file.codestream);
  checkTiles(name, header, maxBlockBytes);
  const info = await infoOfJp2(name, { file, header, companions }, { bandNames, onWarning: warn });

  const tiles = cache.of(header);
  let parts: Promise<TileParts> | undefined;
  const jp2: OpenJp2 = {
    source,
    header,
    info,
    // Of a large file this takes a read for every tile: not for those who want to know its size alone.
    parts: () => {
      parts ??= findTileParts(source, file.codestream, header).catch((error: unknown) => {
        // A network that failed once may not fail again.
        parts = undefined;
        throw error;
      });
      return parts;
    },
    tiles,
    maxTileBytes: 2 * maxBlockBytes,
    onDecode: slowness(warn),
  };
  return {
    info,
    read: (readOptions = {}) => readWindow(jp2, readOptions),
    async close() {
      tiles.drop();
      for (const open of [source, companions.overviews]) await open?.close();
    },
  };
}

/** Says once that a file takes long, before it does. */
function slowness(warn: ((message: string) => void) | undefined): (samples: number) => void {
  let all = 0;
  return (samples) => {
    const isNew = all <= SLOW_SAMPLES && all + samples > SLOW_SAMPLES;
    all += samples;
    if (!isNew) return;
    const million = Math.round(all / 1e6);
    warn?.(`JPEG 2000 is slow to decode (${million} million samples now, about a million a second on each core). ${CONVERT_JP2}`);
  };
}

/** What the codec will take for a tile, before anything is allocated. */
function checkTiles(name: string, header: MainHeader, maxBlockBytes: number): void {
  const { left, top, right, bottom, tileWidth, tileHeight, components } = header;
  const [widthPx, heightPx] = [Math.min(tileWidth, right - left), Math.min(tileHeight, bottom - top)];
  const bytes = widthPx * heightPx * components * BYTES_PER_SAMPLE;
  if (bytes <= maxBlockBytes) return;
  throw new UserError(
    "limit",
    `${name}: its tiles of ${widthPx} × ${heightPx} pixels in ${components} components take ${bytes} bytes, more than ${maxBlockBytes}`,
    { hint: CONVERT_JP2 },
  );
}
