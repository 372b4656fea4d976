import { UserError } from "../../errors.js";
import type { ByteSource } from "../bytes/bytes.js";
import { fileBytes } from "../bytes/file.js";
import { xmlElements } from "./xml.js";

/** Files beside a TIFF that GDAL takes for a part of it. */
export interface Companions {
  /** `scene.tif.ovr`: overviews. */
  readonly overviews: ByteSource | undefined;
  /** `scene.tif.msk`: a mask. */
  readonly mask: ByteSource | undefined;
  /** Names of the values of a class raster, from `scene.tif.aux.xml`. */
  readonly categories: readonly string[] | undefined;
}

const MAX_XML_BYTES = 8 << 20;

/**
 * Opens the files beside one on this machine; those that are not there are undefined.
 *
 * @throws UserError `io` where one is there and cannot be opened
 */
export async function companionsOf(path: string): Promise<Companions> {
  const [overviews, mask, xml] = await Promise.all([".ovr", ".msk", ".aux.xml"].map((suffix) => optional(path + suffix)));
  try {
    return { overviews, mask, categories: xml && (await categoriesIn(xml)) };
  } finally {
    await xml?.close();
  }
}

async function optional(path: string): Promise<ByteSource | undefined> {
  try {
    return await fileBytes(path);
  } catch (error) {
    if (error instanceof UserError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** Undefined where the file names no categories, or is too large to be one of GDAL's. */
async function categoriesIn(source: ByteSource): Promise<readonly string[] | undefined> {
  if (source.size > MAX_XML_BYTES) return undefined;
  return parseCategories(new TextDecoder().decode(await source.read(0, source.size)));
}

/** The categories of the first band that has any; undefined where there are none, or where the text is no XML. */
export function parseCategories(xml: string): readonly string[] | undefined {
  const names: string[] = [];
  try {
    for (const { name, text, parent } of xmlElements(xml)) {
      if (name === "Category" && parent?.name === "CategoryNames") names.push(text.trim());
      else if (name === "CategoryNames") return names;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return undefined;
}
