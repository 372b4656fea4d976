import { readLabelFile } from "../data/documents.js";
import { type ImageFile, listImages } from "../data/open.js";
import { decodeText, linesOf } from "../data/text.js";
import { UserError } from "../errors.js";
import { parseFormula } from "../raster/formula.js";
import type { SceneInput } from "../raster/scene/open.js";
import type { RuntimeChoice } from "../runtime/session.js";
import type { Part } from "../task.js";
import type { BackboneOptions, DataOptions, PreprocessingFlags } from "../train/options.js";
import type { splitOptions } from "../train/prepare.js";
import type { GoalOptions } from "../train/tune.js";
import { cacheFolder } from "./cache-folder.js";
import type { Input, Terminal } from "./command.js";

/**
 * Flags as the library's options. Commander has checked every value against its row in the table of flags, whose `parse` and
 * `choices` decide the type; the assertions below state what those rows say.
 */
export function dataOptions({ arguments: [data], flags }: Input): DataOptions {
  const { labels, task, classes, unreadable } = flags as Omit<DataOptions, "data">;
  return { data: data as string, labels, task, classes, ...splitOf(flags), unreadable, rules: rulesOf(flags) };
}

/** The flags of SPLIT_FLAGS but the seed. */
export function splitOf(flags: Input["flags"]): Parameters<typeof splitOptions>[0] {
  const { split, groupBy, blockSize, buffer, coordinates } = flags as Omit<DataOptions, "data">; // as the flags' parse gives them
  return { split, groupBy, blockSize, buffer, coordinates };
}

/** The arguments classifier and data of a command that reads a part of labelled images, and its flags. */
export function partOptions({ arguments: [classifier, data], flags }: Input) {
  return {
    classifier: String(classifier),
    data: String(data),
    labels: text(flags, "labels"),
    ...splitOf(flags),
    seed: number(flags, "seed"),
    part: text(flags, "part") as Part | undefined, // the flag's choices are the parts
    unreadable: unreadableOf(flags),
    threads: number(flags, "threads"),
    runtime: runtimeOf(flags),
  };
}

/**
 * The flags of RULE_FLAGS: the rules of the file, then those given one by one.
 *
 * @param example a rule of the kind that is read
 */
export function rulesOf(flags: Input["flags"], example = "urban excludes primary"): readonly string[] | undefined {
  const file = text(flags, "rules");
  const given = (flags.rule ?? []) as readonly string[]; // a repeatable flag
  if (file === undefined) return given.length > 0 ? given : undefined;
  const lines = linesOf(decodeText(readLabelFile(file), file)).map((line) => line.replace(/(^|\s)#.*$/, "").trim());
  const rules = lines.filter((line) => line !== "");
  if (rules.length > 0) return [...rules, ...given];
  throw new UserError("bad-data", `${file}: no rule`, { hint: `Write one a line: ${JSON.stringify(example)}.` });
}

/** The flags of BACKBONE_FLAGS as options; the cache goes to the user's cache folder unless told otherwise. */
export function backboneOptions({ flags }: Input): BackboneOptions {
  const { size, scale, mean, std, normalize, channelOrder, resample, embedding, noCache, cache, ...rest } =
    flags as BackboneOptions & Omit<PreprocessingFlags, "sizePx"> & { size?: number; noCache?: boolean };
  return {
    backbone: rest.backbone,
    embeddings: rest.embeddings,
    bands: rest.bands,
    derived: derivedOf(flags),
    values: rest.values,
    views: rest.views,
    threads: rest.threads,
    runtime: rest.runtime,
    cache: noCache ? undefined : (cache ?? cacheFolder()),
    preprocessing: { sizePx: size, scale, mean, std, normalize, channelOrder, resample, embedding },
  };
}

/** The flag `derive`: formulas by name. */
function derivedOf(flags: Input["flags"]): BackboneOptions["derived"] {
  const given = texts(flags, "derive");
  const formulas = given?.map((text): [string, string] => {
    const equals = text.indexOf("=");
    const [name, formula] = [text.slice(0, Math.max(0, equals)).trim(), text.slice(equals + 1).trim()];
    if (name === "") {
      throw new UserError("usage", `--derive ${JSON.stringify(text)}: has no name`, {
        hint: 'Write --derive "ratio=nir / red".',
      });
    }
    parseFormula(formula, { kind: "number", where: `--derive ${name}` });
    return [name, formula];
  });
  return formulas && Object.fromEntries(formulas);
}

/** The flags of GOAL_FLAGS. */
export function goalOptions({ flags }: Input): GoalOptions {
  const { goal, minPrecision } = flags as GoalOptions;
  return { goal, minPrecision };
}

/** The images that the paths of a variadic argument stand for, in their order. */
export async function imagesOf(paths: Input["arguments"][number], { signal, onWarning }: Terminal): Promise<ImageFile[]> {
  const images: ImageFile[] = [];
  for (const path of [paths ?? []].flat()) {
    // One by one: a call's arguments are limited to about a hundred thousand.
    for (const image of await listImages(path, { signal, onWarning })) images.push(image);
  }
  return images;
}

/** The flag `runtime`. */
export function runtimeOf(flags: Input["flags"]): RuntimeChoice | undefined {
  return flags.runtime as RuntimeChoice | undefined; // the flag's choices
}

/** The flag of UNREADABLE_FLAG. */
export function unreadableOf(flags: Input["flags"]): DataOptions["unreadable"] {
  return flags.unreadable as DataOptions["unreadable"]; // the flag's choices
}

/** The text of a flag, or undefined. */
export function text(flags: Input["flags"], key: string): string | undefined {
  const value = flags[key];
  return typeof value === "string" ? value : undefined;
}

/** A scene: the argument, or the flags of SCENE_FLAGS. */
export function sceneOf(scene: Input["arguments"][number], flags: Input["flags"]): SceneInput {
  return {
    scene: typeof scene === "string" ? scene : undefined,
    band: texts(flags, "band"),
    bandNames: flags.bandNames as readonly string[] | undefined, // read by list
    mask: text(flags, "mask"),
    reflectance: text(flags, "reflectance"),
  };
}

/** The texts of a repeatable flag, or undefined. */
export function texts(flags: Input["flags"], key: string): readonly string[] | undefined {
  const value = flags[key];
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** The number of a flag, or undefined. */
export function number(flags: Input["flags"], key: string): number | undefined {
  const value = flags[key];
  return typeof value === "number" ? value : undefined;
}
