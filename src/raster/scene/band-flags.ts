import { existsSync } from "node:fs";
import { UserError } from "../../errors.js";
import { canonicalBand } from "../bands.js";
import { shownFile } from "../bytes/address.js";
import { maskKindOf } from "./mask.js";
import type { BandFile, Product } from "./product.js";

const HINT = "Write --band nir=B08.tif, or --band nir=stack.tif:4 for the fourth band of a file; once for each band.";

/**
 * The scene of `--band nir=B08.tif --band red=stack.tif:4`, in that order. A band called `scl` or `qa_pixel` is its mask.
 *
 * @throws UserError `usage`
 */
export function bandFlagsProduct(flags: readonly string[]): Product {
  const all = flags.map(parseFlag);
  const twice = all.find(({ name }, i) => all.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) {
    throw new UserError("usage", `--band ${twice.name}: is given twice`, { hint: "Give each band a name of its own." });
  }
  const mask = all.find(({ name }) => maskKindOf(name) !== undefined);
  const bands = all.filter(({ name }) => maskKindOf(name) === undefined);
  if (bands.length === 0) throw new UserError("usage", "--band: names no band of a scene", { hint: HINT });
  const kind = mask && maskKindOf(mask.name);
  return {
    file: shownFile(bands[0].path),
    bands,
    mask: mask && kind && { path: mask.path, kind, index: mask.index },
    metadata: [],
  };
}

function parseFlag(text: string): BandFile {
  const equals = text.indexOf("=");
  const [name, place] = [text.slice(0, Math.max(0, equals)).trim(), text.slice(equals + 1).trim()];
  if (name === "" || place === "") throw new UserError("usage", `--band ${text}: is no name and file`, { hint: HINT });
  const isUsual = true;
  const [, path, number] = /^(.+):(\d{1,5})$/.exec(place) ?? [];
  if (path === undefined || existsSync(place)) return { name: canonicalBand(name), path: place, isUsual };
  if (Number(number) < 1) throw new UserError("usage", `--band ${name}=${shownFile(place)}: bands count from 1`, { hint: HINT });
  return { name: canonicalBand(name), path, index: Number(number) - 1, isUsual };
}
