import { existsSync } from "node:fs";
import { UserError } from "../../errors.js";
import type { ByteSource } from "../bytes/bytes.js";
import { fileBytes } from "../bytes/file.js";
import type { Affine } from "../geo/transform.js";
import { parseWorldFile, worldFilePaths } from "../geo/world-file.js";
import { type PamNotes, parsePam } from "./pam.js";

/** Files beside a TIFF that GDAL takes for a part of it. */
export interface Companions {
  /** `scene.tif.ovr`: overviews. */
  readonly overviews: ByteSource | undefined;
  /** `scene.tif.msk`: a mask. */
  readonly mask: ByteSource | undefined;
  /** `scene.tif.msk.ovr`: that mask for the overviews. */
  readonly maskOverviews: ByteSource | undefined;
  /** `scene.tif.aux.xml`: what GDAL noted. */
  readonly notes: PamNotes | undefined;
  /** Looks for a world file (`scene.tfw`), which counts only where nothing else says where the raster lies. */
  readonly world: () => Promise<Affine | undefined>;
}

const MAX_XML_BYTES = 8 << 20;
const MAX_WORLD_BYTES = 1 << 14;

/** Files beside one on this machine that count as a part of it, of those that are there: what tells one content from another. */
export function companionPaths(path: string): readonly string[] {
  return [`${path}.msk`, `${path}.msk.ovr`, `${path}.ovr`, `${path}.aux.xml`, ...worldFilePaths(path)].filter((file) =>
    existsSync(file),
  );
}

/**
 * Opens the files beside one on this machine; those that are not there are undefined, and so are those that cannot be read.
 *
 * @param onWarning hears of what cannot be read
 * @throws UserError where a mask is there and cannot be opened: without it, every pixel would pass for measured
 */
export async function companionsOf(path: string, onWarning?: (message: string) => void): Promise<Companions> {
  const unused = (error: unknown) => {
    if (!(error instanceof UserError)) throw error;
    onWarning?.(`${error.message}; it is not used`);
    return undefined;
  };
  // First what may refuse: nothing else is open then.
  const mask = await beside(`${path}.msk`);
  const [maskOverviews, overviews, notes] = await Promise.all([
    mask && beside(`${path}.msk.ovr`).catch(unused),
    beside(`${path}.ovr`).catch(unused),
    notesIn(`${path}.aux.xml`, onWarning).catch(unused),
  ]);
  return { overviews, mask, maskOverviews, notes, world: () => worldOf(path).catch(unused) };
}

async function beside(path: string): Promise<ByteSource | undefined> {
  try {
    return await fileBytes(path);
  } catch (error) {
    if (error instanceof UserError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** The text of a file that is there, in UTF-8. */
async function textBeside(path: string, maxBytes: number): Promise<string | undefined> {
  const source = await beside(path);
  if (source === undefined) return undefined;
  try {
    if (source.size > maxBytes) throw unread(path, `has ${source.size} bytes, more than ${maxBytes}`);
    return new TextDecoder().decode(await source.read(0, source.size));
  } finally {
    await source.close();
  }
}

async function notesIn(path: string, onWarning?: (message: string) => void): Promise<PamNotes | undefined> {
  const xml = await textBeside(path, MAX_XML_BYTES);
  try {
    return xml === undefined ? undefined : parsePam(xml, (message) => onWarning?.(`${path}: ${message}`));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw unread(path, `is no XML (${error.message})`);
  }
}

async function worldOf(path: string): Promise<Affine | undefined> {
  for (const candidate of worldFilePaths(path)) {
    const text = await textBeside(candidate, MAX_WORLD_BYTES);
    if (text === undefined) continue;
    const transform = parseWorldFile(text);
    if (transform === undefined) throw unread(candidate, "is no world file: six lines with a number each place a raster");
    return transform;
  }
  return undefined;
}

function unread(path: string, what: string): UserError {
  return new UserError("bad-file", `${path}: ${what}`, { hint: "Write it again, or remove it." });
}
