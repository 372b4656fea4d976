import { UserError } from "../../errors.js";
import type { BandScaling, Raster } from "../raster.js";
import type { RasterInfo, RasterReader } from "../reader.js";
import { integerRange } from "../samples.js";
import type { StatedScaling } from "./product.js";
import { LANDSAT_SENSORS } from "./sensors.js";
import type { StackedBand } from "./stack.js";

/** How a scene's numbers become reflectance, and how that is known. */
export interface SceneScaling {
  /** Of every band that sees light. */
  readonly isKnown: boolean;
  /** One line: "(DN − 1000) / 10000, from MTD_MSIL2A.xml, baseline 05.09". */
  readonly words: string;
  /** By band; undefined where nobody says. Read by `values.ts` alone, which applies it once. */
  readonly bands: readonly (BandScaling | undefined)[];
  /** Names of the bands of which nobody says it, other than those of heat and alpha. */
  readonly lacking: readonly string[];
}

const APPLIED: BandScaling = { scale: 1, offset: 0 };

/** What `--reflectance` says. */
export type ReflectanceGiven = BandScaling | "none";

/** The three answers to the question how numbers become reflectance. */
const REFLECTANCE_NEEDED =
  "Say it: --reflectance 0.0001,-0.1 for number · 0.0001 − 0.1; --reflectance applied if the numbers are reflectance already";
export const REFLECTANCE_HINT = `${REFLECTANCE_NEEDED}; --reflectance none if they are none.`;

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
  /** With what the files themselves say of their scale. */
  readonly bands: readonly StackedBand[];
  /** What the product's metadata say; may throw. */
  readonly stated: (() => StatedScaling) | undefined;
  /** What means "no measurement" in all files, where it is known. */
  readonly nodata: number | undefined;
  /** Place of the band whose values are looked at. */
  readonly probed: number;
}

/**
 * Finds how the numbers of a scene become reflectance: what is given by hand, else the product's metadata, else GDAL's scale and
 * offset, else signs that they are reflectance already. What a file says was done to its numbers holds for its bands. Nothing is
 * applied here, and what looks as if it had been applied already is refused rather than applied twice.
 *
 * @throws UserError `bad-data` where what is said and what the numbers are contradict each other; `bad-file` for broken metadata
 */
export async function settleScaling(scene: ScaledScene, given: ReflectanceGiven | undefined): Promise<SceneScaling> {
  const { bands, stated, probed } = scene;
  if (given === "none") return settled(scene, "none, by --reflectance", []);
  if (given !== undefined) {
    return settled(
      scene,
      `${scalingWords(given)}, by --reflectance`,
      bands.map(() => given),
    );
  }
  if (stated !== undefined) {
    const { bands: ofNames, words } = stated();
    const said = bands.map(({ name }) => ofNames.get(name));
    const left = said.map((scaling, i) => leftToDo(bands[i], scaling));
    await refuseApplied(scene, left[probed]);
    const isDone = left.some((scaling, i) => scaling !== said[i]);
    return settled(scene, isDone ? `${words}; less what the files say was done` : words, left);
  }
  if (bands.every(saysApplied)) return settled(scene, "as stored, by the file's metadata", bands.map(applied));
  const left = bands.map((band) => leftToDo(band, band.scaling));
  if (left.some((scaling) => scaling !== undefined)) {
    await refuseApplied(scene, left[probed]);
    const different = new Set(left.flatMap((scaling) => (scaling === undefined ? [] : [scalingWords(scaling)])));
    const [only] = different;
    return settled(scene, `${different.size === 1 ? only : "each band's scale and offset"}, from the files' tags`, left);
  }
  const looks = await lookedAt(scene);
  const [seen] = [...looks.values()];
  if (seen === undefined) return settled(scene, "unknown, numbers stay as they are stored", []);
  return settled(
    scene,
    `as stored, as 98 % of its values lie from ${short(seen.low)} to ${short(seen.high)}`,
    bands.map(({ reader }) => (looks.has(reader) ? APPLIED : undefined)),
  );
}

const applied = () => APPLIED;

/** Heat is no share of light: a band of it needs no scale to be understood. */
const HEAT = new Set(
  Object.values(LANDSAT_SENSORS).flatMap((bands) => bands.flatMap(({ name, sees }) => (sees === "heat" ? [name] : []))),
);

/** @param scalings by band; none where nobody says anything */
function settled({ bands }: ScaledScene, words: string, scalings: readonly (BandScaling | undefined)[]): SceneScaling {
  const ofBands = bands.map((_, i) => scalings[i]);
  const light = ({ name, reader, band }: StackedBand) => !HEAT.has(name) && reader.info.bands[band].colour !== "alpha";
  const lacking = bands.filter((band, i) => ofBands[i] === undefined && light(band)).map(({ name }) => name);
  const isSaid = ofBands.some((scaling) => scaling !== undefined);
  return {
    isKnown: isSaid && lacking.length === 0,
    words: isSaid && lacking.length > 0 ? `${words}; unknown for ${lacking.join(", ")}` : words,
    bands: ofBands,
    lacking,
  };
}

/**
 * @param bands names of those that are needed; default all
 * @throws UserError `bad-data` where nobody says how the numbers of a scene become reflectance, which `what` needs
 */
export function requireReflectance(
  { isKnown, bands: ofBands, lacking }: Pick<SceneScaling, "isKnown" | "bands" | "lacking">,
  file: string,
  what: string,
  bands: readonly string[] = lacking,
): void {
  if (isKnown) return;
  const isSaid = ofBands.some((scaling) => scaling !== undefined);
  const needed = lacking.filter((name) => bands.includes(name));
  if (isSaid && needed.length === 0) return;
  const numbers = isSaid ? `the numbers of ${needed.join(", ")} become` : "its numbers become";
  throw new UserError("bad-data", `${file}: ${what} needs reflectance, and nothing says how ${numbers} that`, {
    // That they are none helps nobody who needs it.
    hint: `${REFLECTANCE_NEEDED}.`,
  });
}

/** What the file of a band does not say was done. */
function leftToDo(band: StackedBand, scaling: BandScaling | undefined): BandScaling | undefined {
  if (saysApplied(band)) return APPLIED;
  return scaling !== undefined && scaling.offset !== 0 && offsetTakenOff(band) ? { ...scaling, offset: 0 } : scaling;
}

/** Written by programs that leave nothing to do. */
function saysApplied({ reader }: StackedBand): boolean {
  return reader.info.metadata.SIGMAX_VALUES === "reflectance";
}

/** Copies of Sentinel-2 that others made say so where they took the offset off, and keep the old tags. */
function offsetTakenOff({ reader }: StackedBand): boolean {
  const { metadata } = reader.info;
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
  const { file, nodata } = scene;
  const probe = scene.bands[scene.probed];
  const isFloat = integerRange(probe.reader.info.dtype) === undefined;
  if (scaling === undefined || (scaling.scale === 1 && scaling.offset === 0)) return;
  const { scale, offset } = scaling;
  const hasOffset = offset < 0 && offset >= -LARGEST_OFFSET;
  if (!isFloat && !hasOffset) return;
  const seen = await probedRange(probe, nodata);
  if (seen === undefined) return;
  const said = `${file}: should become reflectance by ${scalingWords(scaling)}`;
  if (isFloat && looksLikeReflectance(probe.reader.info, seen)) {
    throw new UserError(
      "bad-data",
      `${said}, but looks as if it had been: 98 % of ${probe.name} lie from ${short(seen.low)} to ${short(seen.high)}`,
      { hint: "Say which it is: --reflectance applied, or --reflectance <scale>,<offset>." },
    );
  }
  if (hasOffset && seen.high * scale + offset <= MOST_REFLECTANCE && seen.low * scale + offset < TOO_DARK) {
    throw new UserError(
      "bad-data",
      `${said}, but looks as if the offset was taken off already: a hundredth of ${probe.name} would be below ${short(seen.low * scale + offset)}`,
      { hint: `Say which it is: --reflectance ${scale},0 if it was, or --reflectance ${scale},${offset}.` },
    );
  }
}

const short = (value: number) => String(Number(value.toPrecision(3)));

/** Few, as a block of JPEG 2000 takes a second. */
const PROBED = { sidePx: 128, along: 2 };

/** Files whose numbers look like reflectance by one of their bands, with where those lie: that of the probed band first. */
async function lookedAt({ bands, nodata, probed }: ScaledScene): Promise<ReadonlyMap<RasterReader, Range>> {
  const looks = new Map<RasterReader, Range>();
  const files = new Set<RasterReader>();
  for (const band of [bands[probed], ...bands]) {
    const { reader } = band;
    if (files.has(reader)) continue;
    files.add(reader);
    const seen = integerRange(reader.info.dtype) === undefined ? await probedRange(band, nodata) : undefined;
    if (seen !== undefined && looksLikeReflectance(reader.info, seen)) looks.set(reader, seen);
  }
  return looks;
}

/** Undefined for a band whose windows hold no measurement. */
async function probedRange({ reader, band }: StackedBand, nodata: number | undefined): Promise<Range | undefined> {
  const values: number[] = [];
  for (const { data, valid } of await sampleWindows(reader, band, PROBED)) {
    for (let i = 0; i < data.length; i++) {
      if (valid?.[i] !== 0 && Number.isFinite(data[i]) && data[i] !== nodata) values.push(data[i]);
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
