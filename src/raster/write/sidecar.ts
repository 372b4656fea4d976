import { lstatSync, renameSync } from "node:fs";
import { dirname } from "node:path";
import { discard, fsyncFolder, temporaryBeside, unwritable } from "../../files.js";
import { escapeXml } from "./gdal-metadata.js";

/** Where GDAL looks for what a TIFF has no tag for. */
export function sidecarPath(path: string): string {
  return `${path}.aux.xml`;
}

/** A GDAL sidecar that names the values 0, 1, 2, … of the first band: GDAL keeps category names nowhere else. */
export function categorySidecar(categories: readonly string[]): string {
  const lines = categories.map((category) => `      <Category>${escapeXml(category)}</Category>`);
  return `<PAMDataset>\n  <PAMRasterBand band="1">\n    <CategoryNames>\n${lines.join("\n")}\n    </CategoryNames>\n  </PAMRasterBand>\n</PAMDataset>\n`;
}

/** What readers take for a part of a TIFF: GDAL's notes, a mask, overviews. */
const SUFFIXES = [".aux.xml", ".msk", ".msk.ovr", ".ovr"];

/** The sidecars of a file under hidden names beside it, until it is certain which file they belong to. */
export interface SidecarsAside {
  /** Gives them their names back. */
  restore(): void;
  remove(): void;
}

/**
 * Takes the sidecars of the file at `path` out of the way; nothing where it has none.
 *
 * @throws UserError `io` naming the one that cannot be moved; the others are where they were
 */
export function setSidecarsAside(path: string): SidecarsAside {
  const moved: { readonly from: string; readonly to: string }[] = [];
  const restore = () => {
    for (const { from, to } of moved) {
      try {
        renameSync(to, from);
      } catch {
        // The error that led here is the one to tell; the hidden file stays.
      }
    }
  };
  for (const from of SUFFIXES.map((suffix) => path + suffix)) {
    const found = lstatSync(from, { throwIfNoEntry: false });
    if (found === undefined) continue;
    const to = temporaryBeside(from);
    try {
      if (found.isDirectory()) throw new Error("it is a folder");
      renameSync(from, to);
    } catch (error) {
      restore();
      throw unwritable(from, error);
    }
    moved.push({ from, to });
  }
  if (moved.length > 0) fsyncFolder(dirname(path));
  return {
    restore,
    remove() {
      for (const { to } of moved) discard(to);
    },
  };
}
