import { resolve } from "node:path";
import { UserError } from "../../errors.js";
import { isAddress } from "../../raster/bytes/address.js";
import type { Scene } from "../../raster/scene/open.js";
import { REFLECTANCE_HINT, scalingWords } from "../../raster/scene/scaling.js";

/** Of a scene, what is compared before any pixel is. */
export type ComparedScene = Pick<Scene, "info" | "files" | "scaling">;

/**
 * @throws UserError `usage` for fewer than two scenes, and for one given twice: nothing can have changed in it, and who mistyped a name
 *   would take that for an answer
 */
export function checkSeveral(scenes: readonly Pick<Scene, "info" | "files">[]): void {
  if (scenes.length < 2) {
    throw new UserError("usage", `change is between dates, and ${scenes.length === 0 ? "no scene" : "one scene"} is given`, {
      hint: "Give two scenes of the same place or more, the earliest first.",
    });
  }
  const keys = scenes.map(({ files }) => files.map((file) => (isAddress(file) ? file : resolve(file))).join("\n"));
  const second = keys.findIndex((key, place) => keys.indexOf(key) < place);
  if (second < 0) return;
  throw new UserError(
    "usage",
    `${scenes[second].info.file}: is given as scene ${keys.indexOf(keys[second]) + 1} and as scene ${second + 1}`,
    {
      hint: "Give another scene for each date. To see that nothing changes in one, compare it with a copy.",
    },
  );
}

/**
 * @throws UserError `bad-data` where the numbers of one scene are known to become reflectance, and nobody knows how those of another do
 */
export function checkUnits(scenes: readonly ComparedScene[]): void {
  const isSaid = ({ scaling }: ComparedScene) => scaling.bands.some((band) => band !== undefined);
  const [known, unknown] = [scenes.find(isSaid), scenes.find((scene) => !isSaid(scene))];
  if (known === undefined || unknown === undefined) return;
  throw new UserError(
    "bad-data",
    `${known.info.file} holds reflectance (${known.scaling.words}), and nothing says how the numbers of ${unknown.info.file} become that: they cannot be compared`,
    { hint: REFLECTANCE_HINT },
  );
}

/**
 * What to say where scenes store reflectance in different ways; undefined where they do not. It makes no difference to a classifier of
 * reflectance.
 */
export function differentScales(scenes: readonly ComparedScene[]): string | undefined {
  const ways = scenes.map(({ scaling }) =>
    [...new Set(scaling.bands.map((band) => (band === undefined ? "unknown" : scalingWords(band))))].join(", "),
  );
  const other = ways.findIndex((way) => way !== ways[0]);
  if (other < 0) return undefined;
  const [a, b] = [scenes[0], scenes[other]];
  return `${a.info.file} stores reflectance as ${ways[0]}, ${b.info.file} as ${ways[other]}: a classifier of stored numbers takes the one for the other`;
}

/** What a band is called that has no name. */
const UNNAMED = /^band\d+(_\d+)?$/;

/**
 * The bands that all scenes have, as indices into those of each, in the order of the first.
 *
 * @throws UserError `bad-data` where scenes without names differ in how many they have, or none is in all
 */
export function commonBands(scenes: readonly Pick<Scene, "info">[]): readonly (readonly number[])[] {
  const [first] = scenes;
  const namesOf = ({ info }: Pick<Scene, "info">) => info.bands.flatMap(({ name, colour }) => (colour === "alpha" ? [] : [name]));
  const names = scenes.map(namesOf);
  for (const [place, { info }] of scenes.entries()) {
    const isUnnamed = [names[0], names[place]].some((some) => some.every((name) => UNNAMED.test(name)));
    const isAlike = names[0].every((name) => names[place].includes(name));
    if (!isUnnamed || (isAlike && names[place].length === names[0].length)) continue;
    throw new UserError(
      "bad-data",
      `${first.info.file} has ${countWords(names[0])}, ${info.file} has ${countWords(names[place])}: nobody knows which are the same`,
      { hint: "Name the bands of each file in its order: --band-names swir16,nir,red,green; or give files with the same bands." },
    );
  }
  const common = names[0].filter((name) => names.every((some) => some.includes(name)));
  if (common.length > 0) {
    return scenes.map(({ info }) => common.map((name) => info.bands.findIndex((band) => band.name === name)));
  }
  const lists = scenes.map(({ info }, place) => `${info.file} has ${names[place].join(", ")}`).join("; ");
  throw new UserError("bad-data", `no band is in all scenes: ${lists}`, {
    hint: "Give scenes with the bands that the classifier reads; name them with --band-names if they have no names.",
  });
}

function countWords(names: readonly string[]): string {
  return `${names.length} ${names.length === 1 ? "band" : "bands"} (${names.join(", ")})`;
}
