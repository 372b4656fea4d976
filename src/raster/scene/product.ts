import { readdirSync } from "node:fs";
import { messageOf, UserError } from "../../errors.js";
import { readWholeFile } from "../../files.js";
import type { BandScaling } from "../raster.js";
import type { MaskKind } from "./mask.js";

/** Where one band of a scene is. */
export interface BandFile {
  readonly name: string;
  readonly path: string;
  /** Within the file, from 0; undefined for the only one. */
  readonly index?: number | undefined;
  /** Read unless other bands are asked for. */
  readonly isUsual: boolean;
}

/** How stored numbers become reflectance, as a product's metadata say it. */
export interface StatedScaling {
  /** By name of the band. */
  readonly bands: ReadonlyMap<string, BandScaling>;
  /** "(DN − 1000) / 10000, from MTD_MSIL2A.xml, baseline 05.09". */
  readonly words: string;
}

/** What to do where a scene's bands have other names than those that are asked for. */
export const NAMING =
  "If they have other names there, say which is which: --band nir=B08.tif --band red=B04.tif with the file of each band; or --band-names a,b,c with all bands of one file in its order.";

/** The files of a scene, found and not opened yet. */
export interface Product {
  /** Names the scene in messages. */
  readonly file: string;
  /** "sentinel-2 l2a". */
  readonly sensor?: string | undefined;
  /** ISO day. */
  readonly date?: string | undefined;
  readonly bands: readonly BandFile[];
  readonly mask?: { readonly path: string; readonly kind: MaskKind; readonly index?: number | undefined } | undefined;
  /** Files that were read to know all this. */
  readonly metadata: readonly string[];
  /** The number that means "no measurement", where the product says it and not its files. */
  readonly nodata?: number | undefined;
  /** Whether every file of its folder was taken for one of its bands. */
  readonly isLooseFolder?: boolean;
  /** @throws UserError `bad-file` where the metadata do not say it, or say what cannot be */
  readonly scaling?: (() => StatedScaling) | undefined;
}

/** Metadata of a product are some ten kilobytes. */
const MAX_METADATA_BYTES = 8 * 2 ** 20;
const MOST_ENTRIES = 10_000;

/** @throws UserError `not-found`, `limit` */
export function readMetadata(path: string): string {
  return new TextDecoder().decode(readWholeFile(path, { maxBytes: MAX_METADATA_BYTES }));
}

/** Names in a folder, sorted; none that are hidden. @throws UserError `not-found`, `limit` */
export function namesIn(folder: string): readonly string[] {
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch (cause) {
    throw new UserError("not-found", `${folder}: cannot be read: ${messageOf(cause)}`, { hint: "Check the path.", cause });
  }
  if (names.length > MOST_ENTRIES) {
    throw new UserError("limit", `${folder}: holds ${names.length} files; those of a scene are fewer than ${MOST_ENTRIES}`, {
      hint: "Give the folder of one scene.",
    });
  }
  return names.filter((name) => !name.startsWith(".")).sort();
}

/** A number of a product's metadata. @throws UserError `bad-file` for what is none, or none that can be meant */
export function statedNumber(
  text: string | undefined,
  { tag, file, from, to }: { readonly tag: string; readonly file: string; readonly from: number; readonly to: number },
): number {
  const hint = "Take the metadata from the product again, or say how numbers become reflectance: --reflectance <scale>,<offset>.";
  if (text === undefined) throw new UserError("bad-file", `${file}: has no ${tag}`, { hint });
  const value = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d{1,3})?$/i.test(text.trim()) ? Number(text) : Number.NaN;
  if (value >= from && value <= to) return value;
  throw new UserError("bad-file", `${file}: ${tag} is ${JSON.stringify(text.slice(0, 40))}, no number from ${from} to ${to}`, {
    hint,
  });
}
