import { join } from "node:path";
import { UserError } from "../../errors.js";
import type { BandScaling } from "../raster.js";
import { type BandFile, type Product, readMetadata, type StatedScaling, statedNumber } from "./product.js";
import { scalingWords } from "./scaling.js";
import { LANDSAT_SENSORS, type SensorBand } from "./sensors.js";

const METADATA = /_MTL\.(txt|json)$/i;
/** Pixels outside the image, in all bands (LSDS-1619, table of fill values). */
const FILL = 0;

export function isLandsat(names: readonly string[]): boolean {
  return names.some((name) => METADATA.test(name));
}

/** Tags by group: those of one name in several groups mean different things, above all `REFLECTANCE_MULT_BAND_1`. */
type Groups = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** What differs between the levels of a product. */
interface Level {
  readonly name: string;
  /** The end of a band's file name; undefined for a band that the level does not have. */
  readonly suffix: (band: SensorBand) => string | undefined;
  readonly scalingOf: (band: SensorBand, groups: Groups, file: string) => BandScaling | undefined;
  readonly words: string;
}

/** By the first letters of the tag PROCESSING_LEVEL. */
const LEVELS: Readonly<Record<string, Level>> = {
  L1: {
    name: "l1",
    suffix: ({ id, name }) => (name === "lwir" ? `B${id}_VCID_1|B${id}` : `B${id}`),
    scalingOf({ id, sees }, groups, file) {
      // Heat is stored as radiance, which is no straight line to a temperature.
      if (sees === "heat") return undefined;
      const { scale, offset } = statedScaling(groups, file, "LEVEL1_RADIOMETRIC_RESCALING", "REFLECTANCE", `BAND_${id}`);
      const tag = "SUN_ELEVATION";
      const degrees = statedNumber(groups.get("IMAGE_ATTRIBUTES")?.get(tag), { tag, file, from: 1, to: 90 });
      const sine = Math.sin((degrees * Math.PI) / 180);
      return { scale: scale / sine, offset: offset / sine };
    },
    words: ", over the sine of SUN_ELEVATION",
  },
  L2: {
    name: "l2",
    suffix: ({ id, sees }) => ({ land: `SR_B${id}`, air: `SR_B${id}`, heat: `ST_B${id}`, pan: undefined })[sees],
    scalingOf({ id, sees }, groups, file) {
      return sees === "heat"
        ? statedScaling(groups, file, "LEVEL2_SURFACE_TEMPERATURE_PARAMETERS", "TEMPERATURE", `BAND_ST_B${id}`)
        : statedScaling(groups, file, "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS", "REFLECTANCE", `BAND_${id}`);
    },
    words: "",
  },
};

/**
 * A folder of Landsat Collection 2, level 1 or 2. Bands are found by the ends of their names; what the metadata say of files is not
 * looked at. Near infrared is `nir` whatever the sensor, so that formulas find it.
 *
 * @throws UserError `bad-file` for metadata that cannot be read; `bad-data` for several scenes, no bands or another collection; `limit`
 */
export function landsatProduct(folder: string, names: readonly string[]): Product {
  const texts = names.filter((name) => METADATA.test(name));
  const scenes = [...new Set(texts.map((name) => name.replace(METADATA, "")))];
  if (scenes.length > 1) {
    throw new UserError("bad-data", `${folder}: holds ${scenes.length} scenes: ${scenes.slice(0, 3).join(", ")}`, {
      hint: "Give each scene a folder of its own.",
    });
  }
  const file = join(folder, texts[0]);
  const groups = readGroups(file);
  const tag = (group: string, name: string) => groups.get(group)?.get(name);
  const processing = tag("PRODUCT_CONTENTS", "PROCESSING_LEVEL");
  const level = LEVELS[processing?.slice(0, 2) ?? ""];
  const spacecraft = /^LANDSAT_([4-9])$/.exec(tag("IMAGE_ATTRIBUTES", "SPACECRAFT_ID") ?? "")?.[1];
  const sensor = tag("IMAGE_ATTRIBUTES", "SENSOR_ID") ?? "";
  const known = Object.hasOwn(LANDSAT_SENSORS, sensor) ? LANDSAT_SENSORS[sensor] : undefined;
  if (level === undefined || spacecraft === undefined || known === undefined) {
    const said = `PROCESSING_LEVEL ${shown(processing)}, SPACECRAFT_ID ${shown(tag("IMAGE_ATTRIBUTES", "SPACECRAFT_ID"))}, SENSOR_ID ${shown(sensor)}`;
    throw new UserError("bad-data", `${file}: is not of Landsat 4 to 9, Collection 2, level 1 or 2: ${said}`, {
      hint: "Order the scene of Collection 2, or name the files: --band nir=…_B5.TIF.",
    });
  }
  const fileOf = (suffix: string) => names.find((name) => new RegExp(`_(?:${suffix})\\.tiff?$`, "i").test(name));
  const found = known.flatMap((band) => {
    const suffix = level.suffix(band);
    const name = suffix === undefined ? undefined : fileOf(suffix);
    return name === undefined ? [] : [{ band, path: join(folder, name) }];
  });
  if (found.length === 0) {
    throw new UserError("bad-data", `${folder}: has no band beside ${texts[0]}`, {
      hint: `Bands are called like …_${level.suffix(known[1])}.TIF.`,
    });
  }
  const quality = fileOf("QA_PIXEL");
  return {
    file: folder,
    sensor: `landsat ${spacecraft} ${level.name}`,
    date: /^\d{4}-\d{2}-\d{2}$/.exec(tag("IMAGE_ATTRIBUTES", "DATE_ACQUIRED") ?? "")?.[0],
    bands: found.map(({ band: { name, sees }, path }): BandFile => ({ name, path, isUsual: sees === "land" })),
    mask: quality === undefined ? undefined : { path: join(folder, quality), kind: "qa_pixel" },
    metadata: [file],
    nodata: FILL,
    scaling: () =>
      landsatScaling(
        found.map(({ band }) => band),
        level,
        groups,
        file,
        texts[0],
      ),
  };
}

function landsatScaling(bands: readonly SensorBand[], level: Level, groups: Groups, file: string, name: string): StatedScaling {
  const scalings = bands.flatMap((band): [SensorBand, BandScaling][] => {
    const scaling = level.scalingOf(band, groups, file);
    return scaling === undefined ? [] : [[band, scaling]];
  });
  const land = scalings.filter(([{ sees }]) => sees === "land").map(([, scaling]) => scaling);
  const isSame = land.every(({ scale, offset }) => scale === land[0].scale && offset === land[0].offset);
  const line = isSame && land.length > 0 ? scalingWords(land[0]) : "DN · scale + offset of each band";
  return {
    bands: new Map(scalings.map(([band, scaling]) => [band.name, scaling])),
    words: `${line}${level.words}, from ${name}`,
  };
}

function statedScaling(groups: Groups, file: string, group: string, what: string, band: string): BandScaling {
  const number = (kind: string, from: number, to: number) => {
    const tag = `${what}_${kind}_${band}`;
    return statedNumber(groups.get(group)?.get(tag), { tag: `${tag} in ${group}`, file, from, to });
  };
  return { scale: number("MULT", 1e-9, 1), offset: number("ADD", -1000, 1000) };
}

function shown(text: string | undefined): string {
  return text === undefined ? "missing" : JSON.stringify(text.slice(0, 40));
}

function readGroups(file: string): Groups {
  const text = readMetadata(file);
  const groups = file.toLowerCase().endsWith(".json") ? jsonGroups(text) : odlGroups(text);
  if (groups !== undefined && groups.size > 0) return groups;
  throw new UserError("bad-file", `${file}: is no metadata of Landsat`, { hint: "Take it from the product again." });
}

/** `GROUP = A`, `TAG = "text"`, `END_GROUP = A`; deeper groups stand for themselves. */
function odlGroups(text: string): Groups {
  const groups = new Map<string, Map<string, string>>();
  const open: string[] = [];
  for (const line of text.split("\n")) {
    const [, name, value] = /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line.slice(0, 2000)) ?? [];
    if (name === undefined) continue;
    if (name === "GROUP") open.push(value);
    else if (name === "END_GROUP") open.pop();
    else noteTag(groups, open.at(-1) ?? "", name, value.replace(/^"(.*)"$/, "$1"));
  }
  return groups;
}

/** `{"LANDSAT_METADATA_FILE": {"A": {"TAG": "text"}}}`; undefined for what is no such thing. */
function jsonGroups(text: string): Groups | undefined {
  let root: unknown;
  try {
    root = JSON.parse(text);
  } catch {
    return undefined;
  }
  const groups = new Map<string, Map<string, string>>();
  for (const outer of valuesOf(root)) {
    for (const [group, tags] of entriesOf(outer)) {
      for (const [name, value] of entriesOf(tags)) {
        if (typeof value === "string" || typeof value === "number") noteTag(groups, group, name, String(value));
      }
    }
  }
  return groups;
}

function entriesOf(value: unknown): readonly [string, unknown][] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}

function valuesOf(value: unknown): readonly unknown[] {
  return entriesOf(value).map(([, inner]) => inner);
}

function noteTag(groups: Map<string, Map<string, string>>, group: string, name: string, value: string): void {
  const tags = groups.get(group) ?? new Map<string, string>();
  groups.set(group, tags);
  if (!tags.has(name)) tags.set(name, value);
}
