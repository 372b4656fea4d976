import { fileURLToPath } from "node:url";
import { UserError } from "../errors.js";
import { isAddress } from "./bytes/address.js";
import { type ByteSource, memoryBytes } from "./bytes/bytes.js";
import { fileBytes } from "./bytes/file.js";
import { httpBytes } from "./bytes/http.js";
import { isJpeg2000, JPEG2000_SNIFFED_BYTES } from "./jp2/boxes.js";
import { openJp2 } from "./jp2/open.js";
import type { BandScaling, Georeference, Raster, RasterDType } from "./raster.js";
import type { PixelWindow } from "./resample.js";
import { bytesPerSample } from "./samples.js";
import { type Companions, companionsOf } from "./tiff/companions.js";
import { isTiff } from "./tiff/directory.js";
import { openTiff } from "./tiff/open.js";

/** One band of a raster file. */
export interface RasterBand {
  readonly name: string;
  readonly description: string | undefined;
  readonly colour: "red" | "green" | "blue" | "grey" | "alpha" | "palette" | "undefined";
  readonly scaling: BandScaling | undefined;
  readonly unit: string | undefined;
}

/** What a raster file says of itself. */
export interface RasterInfo {
  readonly file: string;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly dtype: RasterDType;
  /** As the file stores it: "uint4", "int8", "float16". */
  readonly stored: string;
  readonly bands: readonly RasterBand[];
  readonly nodata: number | undefined;
  /** What tells measured pixels from others. */
  readonly validity: "all" | "nodata" | "mask" | "alpha";
  readonly georeference: Georeference | undefined;
  /** Falling sizes; level 0 is the raster itself. */
  readonly levels: readonly { readonly widthPx: number; readonly heightPx: number }[];
  readonly block: { readonly widthPx: number; readonly heightPx: number };
  readonly compression: string;
  /** Names of the values of a class raster, from 0. */
  readonly categories: readonly string[] | undefined;
  /** [red, green, blue, alpha] of each value, 0 to 255. */
  readonly palette: readonly (readonly [number, number, number, number])[] | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ReadOptions {
  /** In pixels of the level; all of it by default. */
  readonly window?: PixelWindow;
  /** Indices into `info.bands`, in the order wanted. Default all but alpha. */
  readonly bands?: readonly number[];
  readonly level?: number;
  /** Memory to read into, `[C, H, W]`; new by default. */
  readonly into?: Raster["data"];
  /** Whether `valid` is wanted. Default true; free where `validity` is "all". */
  readonly validity?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A raster file that is read window by window; not to be confused with a `Raster`, which is in memory. */
export interface RasterReader {
  readonly info: RasterInfo;
  /** @throws UserError `bad-file` naming file and block; RangeError for a window outside the raster */
  read(options?: ReadOptions): Promise<Raster>;
  close(): Promise<void>;
}

export interface OpenRasterOptions {
  /** Names the file in messages. */
  readonly file?: string;
  /** Blocks that are decoded at the same time, beside the thread that asks; 0: on that thread alone. Default one per core. */
  readonly threads?: number | undefined;
  /** Of decoded blocks with more to the right or below a window, kept for the next. Default 64 MiB that all readers of the process share. */
  readonly cacheBytes?: number | undefined;
  /** Of one decoded block. Default 256 MiB. */
  readonly maxBlockBytes?: number | undefined;
  /** Names of bands in the order of the file, instead of what it says. */
  readonly bandNames?: readonly string[] | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
  /** Ends what is read over a network, as long as the reader is open. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens a raster file: a path, an address of `http:` or `https:`, a `file:` URL, bytes in memory, or any source of bytes. Pixels are read by
 * `read`; the file's structure is checked here. Over a network only the parts that are needed are fetched, and nothing is looked for
 * beside them. Beside a file, overviews (`.ovr`), a mask (`.msk`), what GDAL noted (`.aux.xml`) and a world file
 * (`.tfw`) are found, and count as they do with GDAL.
 *
 * @throws UserError `not-found`, `io`, `bad-file` where it is damaged or of a kind that is not read, `limit` for too large blocks,
 *   `network` where a server does not send parts of files
 */
export async function openRaster(
  source: string | URL | Uint8Array | ByteSource,
  options: OpenRasterOptions = {},
): Promise<RasterReader> {
  const bytes = await sourceOf(source, options);
  let companions: Partial<Companions> = {};
  try {
    const start = await bytes.read(0, Math.min(JPEG2000_SNIFFED_BYTES, bytes.size));
    // An empty file has no format: the reader of TIFF says that it is empty.
    const open = isJpeg2000(start) ? openJp2 : openTiff;
    if (bytes.size > 0 && open === openTiff && !isTiff(start)) {
      throw new UserError("bad-file", `${bytes.name}: is neither a TIFF nor JPEG 2000`, {
        hint: "Convert it: gdal_translate -co COMPRESS=DEFLATE in out.tif",
      });
    }
    const path = pathOf(source);
    if (path !== undefined) companions = await companionsOf(path, options.onWarning);
    return await open(bytes, options, companions);
  } catch (error) {
    for (const open of [bytes, companions.overviews, companions.mask, companions.maskOverviews]) await open?.close();
    throw error;
  }
}

/** Undefined for what is no file of this machine: nothing is looked for beside it. */
function pathOf(source: string | URL | Uint8Array | ByteSource): string | undefined {
  if (source instanceof URL) return source.protocol === "file:" ? fileURLToPath(source) : undefined;
  return typeof source === "string" && !isAddress(source) ? source : undefined;
}

async function sourceOf(source: string | URL | Uint8Array | ByteSource, options: OpenRasterOptions): Promise<ByteSource> {
  const { file, signal, onWarning } = options;
  if (source instanceof Uint8Array) return memoryBytes(source, file ?? "the raster");
  const path = pathOf(source);
  if (path !== undefined) return named(await fileBytes(path), file);
  if (source instanceof URL || typeof source === "string") return named(await httpBytes(source, { signal, onWarning }), file);
  return named(source, file);
}

function named(source: ByteSource, name: string | undefined): ByteSource {
  if (name === undefined) return source;
  return {
    name,
    size: source.size,
    ...(source.version !== undefined && { version: source.version }),
    read: (offset, length) => source.read(offset, length),
    ...(source.ahead && { ahead: source.ahead.bind(source) }),
    close: () => source.close(),
  };
}

/**
 * All bands but alpha of a raster in memory.
 *
 * @throws UserError as `openRaster`, and `limit` for more than `maxPixels` pixels or `maxBytes` bytes of them
 */
export async function readRasterBytes(
  bytes: Uint8Array,
  { file, maxPixels, maxBytes }: { file: string; maxPixels: number; maxBytes: number },
): Promise<Raster> {
  const reader = await openRaster(bytes, { file, threads: 0, cacheBytes: 0 });
  const { widthPx, heightPx, bands, dtype } = reader.info;
  const size = widthPx * heightPx * bands.length * bytesPerSample(dtype);
  if (widthPx * heightPx > maxPixels || size > maxBytes) {
    throw new UserError(
      "limit",
      `${file}: ${widthPx} × ${heightPx} pixels in ${bands.length} bands are ${size} bytes; the limits are ${maxPixels} pixels and ${maxBytes} bytes`,
      { hint: "Cut it into chips first." },
    );
  }
  return reader.read();
}
