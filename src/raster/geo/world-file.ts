import { parse } from "node:path";
import { type Affine, isFiniteTransform, isSingular, placedTransform } from "./transform.js";

/** Where GDAL looks for the world file of a raster, first things first: `scene.tfw`, `scene.tifw`, `scene.wld`. */
export function worldFilePaths(path: string): readonly string[] {
  const { ext } = parse(path);
  const letters = ext.slice(1);
  const suffixes = letters === "" ? ["wld"] : [`${letters[0]}${letters.at(-1)}w`, `${letters}w`, "wld"];
  const stem = path.slice(0, path.length - ext.length);
  return suffixes.flatMap((suffix) => [`${stem}.${suffix.toLowerCase()}`, `${stem}.${suffix.toUpperCase()}`]);
}

/**
 * The transform of a world file: six lines that place the middle of the upper left pixel.
 *
 * Undefined for a text that is none, or that lays pixels on a line.
 */
export function parseWorldFile(text: string): Affine | undefined {
  const lines = text.split(/\r\n|[\r\n]/).filter((line) => line.trim() !== "");
  // Some writers have the comma of their country.
  const [xc, yc, xr, yr, x, y] = lines.slice(0, 6).map((line) => Number(line.trim().replace(",", ".")));
  if (lines.length < 6) return undefined;
  const transform = placedTransform([x, xc, xr, y, yc, yr], { leftPx: -0.5, topPx: -0.5 });
  return isFiniteTransform(transform) && !isSingular(transform) ? transform : undefined;
}
