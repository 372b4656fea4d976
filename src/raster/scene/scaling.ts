import { UserError } from "../../errors.js";
import type { BandScaling, Raster } from "../raster.js";
import type { RasterInfo, RasterReader } from "../reader.js";
import { integerRange } from "../samples.js";
import type { StatedScaling } from "./product.js";

/** How a scene's numbers become reflectance, and how that is known. */
export interface SceneScaling {
  readonly isKnown: boolean;
  /** One line: "(DN − 1000) / 10000, from MTD_MSIL2A.xml, baseline 05.09". */
  readonly words: string;
  /** By band; undefined where nobody says. Read by `values.ts` alone, which applies it once. */
  readonly bands: readonly (BandScaling | undefined)[];
}

const APPLIED: BandScaling = { scale: 1, offset: 0 };

/** What `--reflectance` says. */
export type ReflectanceGiven = BandScaling | "none";

/** The three answers to the question how numbers become reflectance. */
export const REFLECTANCE_HINT =
  "Say it: --reflectance 0.0001,-0.1 for number · 0.0001 − 0.1; --reflectance applied if the numbers are reflectance already; --reflectance none if they are none.";

/** @throws UserError `usage` */
export function parseReflectance(text: string): ReflectanceGiven {
  if (text === "applied") return APPLIED;
  if (text === "none") return "none";
  const [scale, offset = 0, ...more] = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (more.length === 0 && Number.isFinite(scale) && scale !== 0 && Number.isFinite(offset)) return { scale, offset };
  throw new UserError("usage", `--reflectance ${text}: is no scale and offset`, { hint: REFLECTANCE_HINT });
}

/** "DN · 0.0001 − 0.1". */
export function scalingWords({ scale, offset }: BandScaling): string {
  const short = (value: number) => String(Number(value.toPrecision(6)));
  if (offset === 0) return scale === 1 ? "as stored" : `DN · ${short(scale)}`;
  return `DN · ${short(scale)} ${offset < 0 ? "−" : "+"} ${short(Math.abs(offset))}`;
}

/** A scene as far as its scaling goes. */
export interface ScaledScene {
  readonly file: string;
  /** Names of its bands. */
  readonly names: readonly string[];
  /** What the files themselves say of each band. */
  readonly ofFiles: readonly (BandScaling | undefined)[];
  /** Items of the file; none for a scene of several. */
  readonly metadata: Readonly<Record<string, string>>;
  /** What the product's metadata say; may throw. */
  readonly stated: (() => StatedScaling) | undefined;
  /** The band whose values are looked at, and the file it is in. */
  readonly probe: { readonly reader: RasterReader; readonly band: number; readonly nodata: number | undefined };
  /** Place of that band among `names`. */
  readonly probed: number;
}

/**
 * Finds how the numbers of a scene become reflectance: what is given by hand, else the product's metadata, else GDAL's scale and
 * offset, else signs that they are reflectance already. Nothing is applied here, and what looks as if it had been applied already is
 * refused rather than applied twice.
 *
 * @throws UserError `bad-data` where what is said and what the numbers are contradict each other; `bad-file` for broken metadata
 */
export async function settleScaling(scene: ScaledScene, given: ReflectanceGiven | undefined): Promise<SceneScaling> {
  const { names, ofFiles, stated } = scene;
  if (given === "none") {
    return { isKnown: false, words: "none, by --reflectance", bands: names.map(() => undefined) };
  }
  if (given !== undefined) return known(scalingWords(given), "by --reflectance", () => given);
  if (stated !== undefined) {
    const { bands, words } = stated();
    const scalings = names.map((name) => bands.get(name));
    await refuseApplied(scene, scalings[scene.probed]);
    return { isKnown: true, words, bands: scalings };
  }
  if (saysApplied(scene.metadata)) return known("as stored", "by the file's metadata", () => APPLIED);
  if (ofFiles.some((scaling) => scaling !== undefined)) {
    const bands = offsetsTakenOff(scene.metadata) ? ofFiles.map((scaling) => scaling && { ...scaling, offset: 0 }) : ofFiles;
    await refuseApplied(scene, bands[scene.probed]);
    const different = new Set(bands.map((scaling) => scalingWords(scaling ?? APPLIED)));
    const [only] = different;
    return {
      isKnown: true,
      words: `${different.size === 1 ? only : "each band's scale and offset"}, from the files' tags`,
      bands,
    };
  }
  const seen = await probedRange(scene);
  if (seen !== undefined && looksLikeReflectance(scene.probe.reader.info, seen)) {
    return known("as stored", `as 98 % of its values lie from ${short(seen.low)} to ${short(seen.high)}`, () => APPLIED);
  }
  return { isKnown: false, words: "unknown, numbers stay as they are stored", bands: names.map(() => undefined) };

  function known(formula: string, from: string, ofBand: () => BandScaling): SceneScaling {
    return { isKnown: true, words: `${formula}, ${from}`, bands: names.map(ofBand) };
  }
}

/** @throws UserError `bad-data` where nobody says how the numbers of a scene become reflectance, which `what` needs */
export function requireReflectance({ isKnown }: Pick<SceneScaling, "isKnown">, file: string, what: string): void {
  if (isKnown) return;
  throw new UserError("bad-data", `${file}: ${what} needs reflectance, and nothing says how its numbers become that`, {
    hint: REFLECTANCE_HINT,
  });
}

/** Written by programs that leave nothing to do. */
function saysApplied(metadata: Readonly<Record<string, string>>): boolean {
  return metadata.SIGMAX_VALUES === "reflectance";
}

/** Copies of Sentinel-2 that others made say so where they took the offset off, and keep the old tags. */
function offsetsTakenOff(metadata: Readonly<Record<string, string>>): boolean {
  return ["BOA_OFFSET_APPLIED", "earthsearch:boa_offset_applied"].some((key) => /^(yes|true|1)$/i.test(metadata[key] ?? ""));
}

/** Where 98 % of the values lie. */
interface Range {
  readonly low: number;
  readonly high: number;
}

/** Reflectance is 0 to 1; glint and bright clouds reach 2, errors of the atmosphere's correction a little below 0. */
const MOST_REFLECTANCE = 2;
const LEAST_REFLECTANCE = -0.2;

function looksLikeReflectance({ dtype }: RasterInfo, { low, high }: Range): boolean {
  return integerRange(dtype) === undefined && low >= LEAST_REFLECTANCE && high <= MOST_REFLECTANCE && high > low;
}

/** Darker than this are no measurements of land: something was taken off twice. */
const TOO_DARK = -0.05;
/** Offsets of reflectance are -0.1 and -0.2; other measures, such as degrees, have others. */
const LARGEST_OFFSET = 0.3;

/** @throws UserError `bad-data` where the numbers look as if the scaling had been applied to them */
async function refuseApplied(scene: ScaledScene, scaling: BandScaling | undefined): Promise<void> {
  const { file, names, probed, probe } = scene;
  const isFloat = integerRange(probe.reader.info.dtype) === undefined;
  if (scaling === undefined || (scaling.scale === 1 && scaling.offset === 0)) return;
  const { scale, offset } = scaling;
  const hasOffset = offset < 0 && offset >= -LARGEST_OFFSET;
  if (!isFloat && !hasOffset) return;
  const seen = await probedRange(scene);
  if (seen === undefined) return;
  const said = `${file}: should become reflectance by ${scalingWords(scaling)}`;
  if (isFloat && looksLikeReflectance(probe.reader.info, seen)) {
    throw new UserError(
      "bad-data",
      `${said}, but looks as if it had been: 98 % of ${names[probed]} lie from ${short(seen.low)} to ${short(seen.high)}`,
      { hint: "Say which it is: --reflectance applied, or --reflectance <scale>,<offset>." },
    );
  }
  if (hasOffset && seen.high * scale + offset <= MOST_REFLECTANCE && seen.low * scale + offset < TOO_DARK) {
    throw new UserError(
      "bad-data",
      `${said}, but looks as if the offset was taken off already: a hundredth of ${names[probed]} would be below ${short(seen.low * scale + offset)}`,
      { hint: `Say which it is: --reflectance ${scale},0 if it was, or --reflectance ${scale},${offset}.` },
    );
  }
}

const short = (value: number) => String(Number(value.toPrecision(3)));

/** Few, as a block of JPEG 2000 takes a second. */
const PROBED = { sidePx: 128, along: 2 };

/** Undefined for a scene whose windows hold no measurement. */
async function probedRange({ probe }: ScaledScene): Promise<Range | undefined> {
  const values: number[] = [];
  for (const { data, valid } of await sampleWindows(probe.reader, probe.band, PROBED)) {
    for (let i = 0; i < data.length; i++) {
      if (valid?.[i] !== 0 && Number.isFinite(data[i]) && data[i] !== probe.nodata) values.push(data[i]);
    }
  }
  if (values.length === 0) return undefined;
  values.sort((a, b) => a - b);
  const at = (share: number) => values[Math.round(share * (values.length - 1))];
  return { low: at(0.01), high: at(0.99) };
}

/**
 * Windows all over one band of a raster, at full resolution: overviews may have been made in any way.
 *
 * @param options.along how many along each side, of `sidePx` each
 */
export async function sampleWindows(
  reader: RasterReader,
  band: number,
  { sidePx, along }: { readonly sidePx: number; readonly along: number },
): Promise<readonly Raster[]> {
  const { widthPx, heightPx } = reader.info;
  const size = { widthPx: Math.min(sidePx, widthPx), heightPx: Math.min(sidePx, heightPx) };
  const starts = (length: number, part: number) => [
    ...new Set(Array.from({ length: along }, (_, i) => Math.round(((length - part) * (i + 0.5)) / along))),
  ];
  const windows = starts(heightPx, size.heightPx).flatMap((topPx) =>
    starts(widthPx, size.widthPx).map((leftPx) => ({ leftPx, topPx, ...size })),
  );
  const rasters: Raster[] = [];
  for (const window of windows) rasters.push(await reader.read({ window, bands: [band] }));
  return rasters;
}
