import type { BandScaling } from "../raster.js";
import { unescapeXml, xmlElements } from "./xml.js";

/** The items of GDAL's metadata tag, sorted by what they are about. */
export interface GdalMetadata {
  /** Of the file as a whole, without a domain. */
  readonly file: Readonly<Record<string, string>>;
  /** By band, from 0. */
  readonly bands: ReadonlyMap<number, BandItems>;
}

export interface BandItems {
  description?: string;
  /** In GDAL's words: "Red", "Alpha", "Undefined". */
  colour?: string;
  scale?: number;
  offset?: number;
  unit?: string;
}

const isNumber = (text: string) => text.trim() !== "" && Number.isFinite(Number(text));

/** What an item of each role says of its band. */
const ROLES: Readonly<Record<string, (items: BandItems, text: string) => void>> = {
  description: (items, text) => {
    items.description = text;
  },
  colorinterp: (items, text) => {
    items.colour = text;
  },
  scale: (items, text) => {
    if (isNumber(text)) items.scale = Number(text);
  },
  offset: (items, text) => {
    if (isNumber(text)) items.offset = Number(text);
  },
  unittype: (items, text) => {
    items.unit = text;
  },
};

/** Adds what a text in this role says; nothing for other roles. */
export function noteOfBand(items: BandItems, role: string, text: string): void {
  if (Object.hasOwn(ROLES, role)) ROLES[role](items, text);
}

/**
 * Reads the `Item` elements of GDAL's metadata tag (42112).
 *
 * @param onWarning hears of a text that is no XML: as with GDAL, nothing of it counts
 */
export function parseGdalMetadata(xml: string, onWarning?: (message: string) => void): GdalMetadata {
  const file: Record<string, string> = Object.create(null);
  const bands = new Map<number, BandItems>();
  try {
    for (const { name, attributes, text } of xmlElements(xml)) if (name === "Item") note(attributes, text, { file, bands });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    onWarning?.(`its metadata is no XML (${error.message}): it is not used`);
    return { file: {}, bands: new Map() };
  }
  return { file: { ...file }, bands };
}

function note(
  attributes: ReadonlyMap<string, string>,
  escaped: string,
  { file, bands }: { file: Record<string, string>; bands: Map<number, BandItems> },
): void {
  const name = attributes.get("name");
  const role = attributes.get("role");
  const band = Number(attributes.get("sample") ?? Number.NaN);
  // GDAL escapes the text of an item twice, and takes both off again.
  const text = unescapeXml(escaped);
  if (Number.isInteger(band) && band >= 0) {
    const items = bands.get(band) ?? {};
    bands.set(band, items);
    if (role !== undefined) noteOfBand(items, role, text);
  } else if (name !== undefined && !attributes.get("domain")) file[name] = text;
}

/** Scale and offset of a band; undefined where it has neither. */
export function scalingOf({ scale, offset }: BandItems = {}): BandScaling | undefined {
  return scale === undefined && offset === undefined ? undefined : { scale: scale ?? 1, offset: offset ?? 0 };
}
