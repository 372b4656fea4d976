import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../../errors.js";
import { xmlElements } from "../tiff/xml.js";
import { type BandFile, namesIn, type Product, readMetadata, type StatedScaling, statedNumber } from "./product.js";
import { MSI } from "./sensors.js";

/** What differs between the levels of Sentinel-2's products. */
interface Level {
  readonly file: string;
  readonly sensor: string;
  readonly quantification: string;
  readonly offset: string;
}

const LEVELS: readonly Level[] = [
  {
    file: "MTD_MSIL2A.xml",
    sensor: "sentinel-2 l2a",
    quantification: "BOA_QUANTIFICATION_VALUE",
    offset: "BOA_ADD_OFFSET",
  },
  {
    file: "MTD_MSIL1C.xml",
    sensor: "sentinel-2 l1c",
    quantification: "QUANTIFICATION_VALUE",
    offset: "RADIO_ADD_OFFSET",
  },
];

/** From here on numbers are stored with an offset, so that dark ones stay above 0. */
const BASELINE_WITH_OFFSET = 4;
/** In metres, the finest first; level 1C has its bands in no such folder. */
const RESOLUTIONS = ["R10m", "R20m", "R60m", "."];
/** Pixels outside the swath (PSD, Special_Values). */
const NODATA = 0;

export function isSafe(names: readonly string[]): boolean {
  return LEVELS.some(({ file }) => names.includes(file));
}

/** The file that makes a folder a `.SAFE`. */
export const SAFE_METADATA: readonly string[] = LEVELS.map(({ file }) => file);

/**
 * A Sentinel-2 product as it is delivered. Bands are found by their names in the granule's folder, each where it is finest; what the
 * metadata say of files is not looked at.
 *
 * @throws UserError `bad-file` for metadata that are none; `bad-data` for a product of several granules or without bands; `limit`
 */
export function safeProduct(folder: string, names: readonly string[]): Product {
  const level = LEVELS.find(({ file }) => names.includes(file));
  if (level === undefined) throw new RangeError(`${folder} is no Sentinel-2 product`);
  const metadata = join(folder, level.file);
  const tags = readTags(metadata, level);
  const images = imagesIn(folder);
  const bands = MSI.flatMap(({ id, name, sees }): BandFile[] => {
    const path = images.get(id);
    return path === undefined ? [] : [{ name, path, isUsual: sees === "land" }];
  });
  if (bands.length === 0) {
    throw new UserError("bad-data", `${folder}: has no band in GRANULE/*/IMG_DATA`, {
      hint: "Unpack the whole product, images included.",
    });
  }
  const scl = images.get("SCL");
  return {
    file: folder,
    sensor: level.sensor,
    date: /^\d{4}-\d{2}-\d{2}/.exec(tags.start ?? "")?.[0],
    bands,
    mask: scl === undefined ? undefined : { path: scl, kind: "scl" },
    metadata: [metadata],
    nodata: NODATA,
    scaling: () => scalingOf(tags, level, metadata),
  };
}

/** The finest image of each band in the product's only granule, by the band's id. */
function imagesIn(folder: string): ReadonlyMap<string, string> {
  const granules = existsSync(join(folder, "GRANULE")) ? namesIn(join(folder, "GRANULE")) : [];
  if (granules.length !== 1) {
    throw new UserError("bad-data", `${folder}: has ${granules.length} granules, where one is read`, {
      hint: "Give a product of one granule, as they are delivered since 2016, or name the files: --band nir=…_B08.jp2.",
    });
  }
  const images = join(folder, "GRANULE", granules[0], "IMG_DATA");
  const found = new Map<string, string>();
  for (const resolution of RESOLUTIONS) {
    const place = join(images, resolution);
    if (!existsSync(place)) continue;
    // A band that somebody converted is read in place of the original.
    for (const name of namesIn(place).toReversed()) {
      const id = /_(B\d[\dA]|SCL)(?:_\d\dm)?\.(?:jp2|tiff?)$/i.exec(name)?.[1].toUpperCase();
      if (id !== undefined && !found.has(id)) found.set(id, join(place, name));
    }
  }
  return found;
}

interface Tags {
  readonly start: string | undefined;
  readonly baseline: string | undefined;
  readonly quantification: string | undefined;
  /** By `band_id`. */
  readonly offsets: ReadonlyMap<string, string>;
}

function readTags(path: string, level: Level): Tags {
  const texts = new Map<string, string>();
  const offsets = new Map<string, string>();
  try {
    for (const { name, attributes, text } of xmlElements(readMetadata(path))) {
      if (name === level.offset) offsets.set(attributes.get("band_id") ?? "", text);
      else if (!texts.has(name)) texts.set(name, text.trim());
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UserError("bad-file", `${path}: is no XML: ${error.message}`, {
      hint: "Take it from the product again.",
      cause: error,
    });
  }
  return {
    start: texts.get("PRODUCT_START_TIME"),
    baseline: texts.get("PROCESSING_BASELINE"),
    quantification: texts.get(level.quantification),
    offsets,
  };
}

/** reflectance = (number + offset) / quantification. */
function scalingOf({ baseline, quantification, offsets }: Tags, level: Level, file: string): StatedScaling {
  const divisor = statedNumber(quantification, { tag: level.quantification, file, from: 1, to: 1e6 });
  const isOld = statedNumber(baseline, { tag: "PROCESSING_BASELINE", file, from: 0, to: 99.99 }) < BASELINE_WITH_OFFSET;
  if (!isOld && offsets.size === 0) {
    throw new UserError("bad-file", `${file}: has no ${level.offset}, which products of baseline ${baseline} have`, {
      hint: "Say how numbers become reflectance: --reflectance 0.0001,-0.1, or 0.0001,0 if the offset was taken off already.",
    });
  }
  const found = MSI.map(({ name }, place) => {
    const tag = `${level.offset} of band_id ${place}`;
    const offset = offsets.size === 0 ? 0 : statedNumber(offsets.get(String(place)), { tag, file, from: -1e5, to: 1e5 });
    return { name, offset };
  });
  const [{ offset: first }] = found;
  const isSame = found.every(({ offset }) => offset === first);
  const sum = first === 0 ? "DN" : `(DN ${first < 0 ? "−" : "+"} ${Math.abs(first)})`;
  return {
    bands: new Map(found.map(({ name, offset }) => [name, { scale: 1 / divisor, offset: offset / divisor }])),
    words: `${isSame ? sum : "(DN + each band's offset)"} / ${divisor}, from ${level.file}, baseline ${baseline}`,
  };
}
