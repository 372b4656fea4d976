import { statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { canonicalBand } from "../bands.js";
import { isLandsat, landsatProduct } from "./landsat.js";
import { maskKindOf } from "./mask.js";
import { type BandFile, namesIn, type Product } from "./product.js";
import { isSafe, SAFE_METADATA, safeProduct } from "./safe.js";

/** Kinds of folders that hold a scene; the first that fits. */
const FOLDERS: readonly {
  readonly is: (names: readonly string[]) => boolean;
  readonly product: (folder: string, names: readonly string[]) => Product;
}[] = [
  { is: isSafe, product: safeProduct },
  { is: isLandsat, product: landsatProduct },
  { is: (names) => names.some((name) => IMAGE.test(name)), product: bandsProduct },
];

const IMAGE = /\.(tiff?|jp2)$/i;

/** The folder of a scene: of the path itself, or of the metadata file that it names; undefined for any other file. */
export function sceneFolder(path: string): string | undefined {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path.replace(/(?<=.)[/\\]+$/, "");
  const name = basename(path);
  return SAFE_METADATA.includes(name) || isLandsat([name]) ? dirname(path) : undefined;
}

/** @throws UserError `not-found`, `bad-data` for a folder that holds no scene, and what its kind throws */
export function folderProduct(folder: string): Product {
  const names = namesIn(folder);
  const kind = FOLDERS.find(({ is }) => is(names));
  if (kind !== undefined) return kind.product(folder, names);
  const inside = names.find((name) => /\.SAFE$/i.test(name));
  throw new UserError("bad-data", `${folder}: holds no scene`, {
    hint:
      inside === undefined
        ? "A scene is a GeoTIFF, a folder of bands, a Landsat folder with its MTL file, or a Sentinel-2 .SAFE."
        : `Give the product itself: ${join(folder, inside)}.`,
  });
}

/** A folder of one file for each band, called by what tells their names apart: `s2_red.tif`, `s2_nir.tif`. */
function bandsProduct(folder: string, names: readonly string[]): Product {
  const images = names.filter((name) => IMAGE.test(name)).map((name) => ({ name, stem: name.replace(IMAGE, "") }));
  const mask = images.find(({ stem }) => maskKindOf(stem) !== undefined);
  const kind = mask && maskKindOf(mask.stem);
  const bands = images.filter(({ stem }) => maskKindOf(stem) === undefined);
  const start = commonStart(images.map(({ stem }) => stem));
  const files = bands.map(
    ({ name, stem }): BandFile => ({ name: canonicalBand(stem.slice(start)), path: join(folder, name), isUsual: true }),
  );
  const twice = files.find(({ name }, i) => files.findIndex((other) => other.name === name) < i);
  if (files.length === 0 || twice !== undefined) {
    throw new UserError(
      "bad-data",
      `${folder}: ${twice === undefined ? "has a mask and no bands" : `two files are called ${twice.name}`}`,
      { hint: "Name the files: --band nir=B08.tif --band red=B04.tif." },
    );
  }
  return {
    file: folder,
    bands: files,
    mask: mask && kind && { path: join(folder, mask.name), kind },
    metadata: [],
    isLooseFolder: true,
  };
}

/** Up to and with the last separator that all names share. */
function commonStart(stems: readonly string[]): number {
  if (stems.length < 2) return 0;
  let length = 0;
  while (stems.every((stem) => stem.length > length && stem[length] === stems[0][length])) length++;
  return stems[0].slice(0, length).search(/[^_.-]*$/);
}
