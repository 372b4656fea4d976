import { UserError } from "../../errors.js";
import type { WorkOptions } from "../../progress.js";
import { canonicalBand } from "../bands.js";
import { isAddress, shownFile } from "../bytes/address.js";
import { type Grid, gridOf } from "../grid.js";
import { pixelSide, pixelSideMeters } from "../pixel-size.js";
import { type OpenRasterOptions, openRaster, type RasterReader } from "../reader.js";
import { companionPaths } from "../tiff/companions.js";
import { warnOfAlpha, withNamedAlpha } from "./alpha.js";
import { bandFlagsProduct } from "./band-flags.js";
import { folderProduct, sceneFolder } from "./folder.js";
import { maskKindOf, openMask, parseMask, type SceneMask } from "./mask.js";
import { NAMING, type Product } from "./product.js";
import { parseReflectance, type SceneScaling, settleScaling } from "./scaling.js";
import { type StackedBand, stackBands } from "./stack.js";

/** What a scene is made of, as a command line says it. */
export interface SceneInput {
  /** A GeoTIFF, a folder of bands, a Landsat folder, a Sentinel-2 `.SAFE`; or an address. */
  readonly scene?: string | undefined;
  /** Files of bands instead: "nir=B08.tif", "nir=stack.tif:4". */
  readonly band?: readonly string[] | undefined;
  /** Names of an unnamed file's bands, in their order. */
  readonly bandNames?: readonly string[] | undefined;
  /** Bands to read, in order. Default those that see land. */
  readonly bands?: readonly string[] | undefined;
  /** "auto", "none", a file, or "scl:", "qa_pixel:", "binary:" and a file. Default "auto": what the scene brings along. */
  readonly mask?: string | undefined;
  /** "0.0001,-0.1", "applied", "none". Default what the scene says. */
  readonly reflectance?: string | undefined;
}

/** One acquisition as a raster: its bands on one grid, what was not measured or is masked told apart, scaling known but not applied. */
export interface Scene extends RasterReader {
  /** "sentinel-2 l2a", "landsat 8 l2". */
  readonly sensor: string | undefined;
  /** ISO day. */
  readonly date: string | undefined;
  /** All that was read, files beside the rasters too: for hashes. */
  readonly files: readonly string[];
  readonly scaling: SceneScaling;
  readonly mask: SceneMask | undefined;
  /** From which file and place each band comes, and the mask: "nir=B08.tif:1". */
  readonly sources: readonly string[];
  /** What is done to its pixels, a line each. */
  readonly notes: readonly string[];
}

export interface OpenSceneOptions extends Pick<WorkOptions, "onWarning" | "signal"> {
  /** Of the bands of a product's folder, those that are needed, where none are asked for: only they are opened. */
  readonly needs?: ((names: readonly string[]) => readonly string[]) | undefined;
  /** Side of a pixel that is wanted where `needs` chooses: if their own grid has another one, that of all usual bands is taken. */
  readonly metersPerPixel?: number | undefined;
}

/**
 * Opens a scene. Bands are read on the grid of the finest of those asked for; those that are needed, on one of the size that is
 * wanted, if they or all usual bands have it. Stored numbers stay as they are: how they become
 * reflectance is found, and stands in `info.bands` for `values.ts`, which applies it once.
 *
 * @throws UserError `usage`, `not-found`, `bad-file`, `bad-data` where the parts do not fit each other or the numbers what is said of
 *   them, `limit`
 */
export async function openScene(input: SceneInput, options: OpenSceneOptions = {}): Promise<Scene> {
  const given = input.reflectance === undefined ? undefined : parseReflectance(input.reflectance);
  const files = openFiles({ onWarning: options.onWarning, signal: options.signal });
  try {
    const product = await productOf(input, files);
    const needed = input.bands === undefined ? neededOf(product, input, options) : undefined;
    const isByFlags = (input.band ?? []).length > 0;
    const opened = await openBands(product, input.bands ?? needed, files);
    const found = isByFlags || input.bands !== undefined ? withNamedAlpha(opened) : opened;
    if (input.bandNames === undefined && options.onWarning) warnOfAlpha(found, options.onWarning, isByFlags);
    const own = commonGrid(found);
    const grid = needed === undefined ? own : await wantedGrid(product, own, options);
    const size = grid ?? found[0].reader.info;
    const mask = await maskOf(input, product, files, grid, size);
    const probed = Math.max(
      0,
      found.findIndex(({ name }) => name === "red"),
    );
    const { file, nodata } = product;
    const scaling = await settleScaling({ file, bands: found, stated: product.scaling, nodata, probed }, given);
    const bands = found.map((band, i) => ({ ...band, scaling: scaling.bands[i] }));
    const stack = stackBands({ file, bands, grid, nodata, mask });
    return {
      ...stack,
      sensor: product.sensor,
      date: product.date,
      files: [...product.metadata, ...files.paths()],
      sources: [
        ...found.map(({ name, reader, band }) => `${name}=${reader.info.file}:${band + 1}`),
        ...(mask ? [`${mask.kind}=${mask.file}:${mask.band + 1}`] : []),
      ],
      scaling,
      mask,
      notes: [`Reflectance: ${scaling.words}`, `Mask: ${mask?.words ?? "none"}`],
      close: () => files.close(),
    };
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** Raster files that are open, each once. */
interface OpenFiles {
  open(path: string, bandNames?: readonly string[]): Promise<RasterReader>;
  paths(): readonly string[];
  close(): Promise<void>;
}

function openFiles(options: OpenRasterOptions): OpenFiles {
  const open = new Map<string, RasterReader>();
  return {
    async open(path, bandNames) {
      const reader = open.get(path) ?? (await openRaster(path, { ...options, bandNames }));
      open.set(path, reader);
      return reader;
    },
    paths: () => [...open.keys()].flatMap((path) => (isAddress(path) ? [path] : [path, ...companionPaths(path)])),
    async close() {
      for (const reader of open.values()) await reader.close();
    },
  };
}

async function productOf({ scene, band = [], bandNames }: SceneInput, files: OpenFiles): Promise<Product> {
  if (band.length > 0) {
    if (scene !== undefined) {
      throw new UserError("usage", `${shownFile(scene)} and --band: a scene is given in one way`, {
        hint: "Name all of its bands, --band nir=B08.tif --band red=B04.tif; or give the scene alone.",
      });
    }
    refuseNames(bandNames);
    return bandFlagsProduct(band);
  }
  if (scene === undefined) {
    throw new UserError("usage", "no scene is given", {
      hint: "Give a GeoTIFF, a folder of bands, or --band nir=B08.tif for each band.",
    });
  }
  const folder = isAddress(scene) ? undefined : sceneFolder(scene);
  if (folder === undefined) return fileProduct(scene, await files.open(scene, bandNames));
  refuseNames(bandNames);
  return folderProduct(folder);
}

function refuseNames(bandNames: readonly string[] | undefined): void {
  if (bandNames === undefined) return;
  throw new UserError("usage", "--band-names: is for a single file", {
    hint: "Name bands of several files by --band nir=B08.tif.",
  });
}

/** One file with all its bands; one of them may be its mask. */
function fileProduct(path: string, { info }: RasterReader): Product {
  const kinds = info.bands.map(({ name }) => maskKindOf(name));
  const index = info.bands.length > 1 ? kinds.findIndex((kind) => kind !== undefined) : -1;
  const kind = kinds[index];
  return {
    // Of an address, what may be shown of it.
    file: info.file,
    bands: info.bands.flatMap(({ name }, band) => (band === index ? [] : [{ name, path, index: band, isUsual: true }])),
    mask: kind && { path, kind, index },
    metadata: [],
  };
}

/** Whoever names files one by one, or gives one, has chosen already. */
function neededOf({ bands }: Product, { band = [] }: SceneInput, { needs }: OpenSceneOptions): readonly string[] | undefined {
  const isChosen = band.length > 0 || new Set(bands.map(({ path }) => path)).size === 1;
  return isChosen ? undefined : needs?.(bands.map(({ name }) => name));
}

/** Opens the files of the bands that are asked for. @throws UserError `bad-data` for bands that are not there */
async function openBands(
  product: Product,
  asked: readonly string[] | undefined,
  files: OpenFiles,
): Promise<readonly StackedBand[]> {
  const usual = product.bands.filter(({ isUsual }) => isUsual);
  const wanted = asked?.map((band) => {
    const name = canonicalBand(band);
    const found = product.bands.find((one) => one.name === name);
    if (found !== undefined) return found;
    const there = product.bands.map((one) => one.name).join(", ");
    throw new UserError("bad-data", `${product.file}: has the bands ${there}; ${name} is not among them`, {
      hint: NAMING,
    });
  });
  const opened: StackedBand[] = [];
  for (const { name, path, index } of wanted ?? (usual.length > 0 ? usual : product.bands)) {
    const reader = await files.open(path);
    const { length } = reader.info.bands;
    const band = index ?? 0;
    if (band >= length || (index === undefined && length > 1)) {
      if (product.isLooseFolder === true) throw severalBands(shownFile(path), length);
      throw new UserError("bad-data", `${shownFile(path)}: has ${length} band${length === 1 ? "" : "s"}; which is ${name}?`, {
        hint: `Count from 1: --band ${name}=${shownFile(path)}:1.`,
      });
    }
    opened.push({ reader, band, name, scaling: reader.info.bands[band].scaling });
  }
  return opened;
}

function severalBands(file: string, bands: number): UserError {
  return new UserError("bad-data", `${file}: has ${bands} bands, where a folder as a scene has a file for each band`, {
    hint: `If the folder holds whole scenes, name one of them: ${file}. If it holds parts of one, name its bands: --band nir=${file}:4.`,
  });
}

/**
 * The grid of the finest band. Undefined where the files lie nowhere.
 *
 * @throws UserError `bad-data` where some lie nowhere, or all do and differ in size
 */
function commonGrid(bands: readonly StackedBand[]): Grid | undefined {
  const infos = [...new Set(bands.map(({ reader }) => reader.info))];
  const [first] = infos;
  if (infos.every(({ georeference }) => georeference === undefined)) {
    const other = infos.find(({ widthPx, heightPx }) => widthPx !== first.widthPx || heightPx !== first.heightPx);
    if (other === undefined) return undefined;
    throw new UserError("bad-data", `${first.file} and ${other.file}: differ in size, and neither says where it lies`, {
      hint: "Give files of one size, or with a place: gdal_translate -a_srs EPSG:<code> -a_ullr <left> <top> <right> <bottom>.",
    });
  }
  const grids = infos.map(gridOf);
  return grids.reduce((finest, grid) => (pixelSide(grid) < pixelSide(finest) * (1 - 1e-6) ? grid : finest));
}

/** Sizes of pixels that are one and the same, told in metres here and in degrees there. */
const SAME_SIZE = 0.1;

/** The grid that chips of all usual bands were cut on, where the needed ones' own is not as fine or coarse as is wanted. */
async function wantedGrid(
  product: Product,
  own: Grid | undefined,
  { metersPerPixel, signal }: OpenSceneOptions,
): Promise<Grid | undefined> {
  if (own === undefined || metersPerPixel === undefined) return own;
  const fits = (grid: Grid) => Math.abs((pixelSideMeters(grid) ?? metersPerPixel) / metersPerPixel - 1) <= SAME_SIZE;
  if (fits(own)) return own;
  // Only looked at: what the scene is made of does not count them.
  const files = openFiles({ signal });
  try {
    const usual = commonGrid(await openBands(product, undefined, files));
    return usual !== undefined && fits(usual) ? usual : own;
  } finally {
    await files.close();
  }
}

async function maskOf(
  { mask = "auto" }: SceneInput,
  product: Product,
  files: OpenFiles,
  grid: Grid | undefined,
  size: { readonly widthPx: number; readonly heightPx: number },
): Promise<SceneMask | undefined> {
  if (mask === "none") return undefined;
  if (mask === "auto") {
    if (product.mask === undefined) return undefined;
    const { path, kind, index } = product.mask;
    return openMask(await files.open(path), grid, size, { kind, band: index });
  }
  const { path, kind } = parseMask(mask);
  return openMask(await files.open(path), grid, size, { kind });
}
