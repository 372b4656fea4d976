import type { BandScaling } from "../raster.js";

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

/** Longer ones are no attributes of an item; the pattern takes time in the square of their length. */
const MAX_ATTRIBUTE_CHARACTERS = 4096;
const ATTRIBUTE = /([A-Za-z_][\w.-]*)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** What an item of each role says of its band. */
const ROLES: Readonly<Record<string, (items: BandItems, text: string) => void>> = {
  description: (items, text) => {
    items.description = text;
  },
  colorinterp: (items, text) => {
    items.colour = text;
  },
  scale: (items, text) => {
    if (Number.isFinite(Number(text))) items.scale = Number(text);
  },
  offset: (items, text) => {
    if (Number.isFinite(Number(text))) items.offset = Number(text);
  },
  unittype: (items, text) => {
    items.unit = text;
  },
};

/**
 * Reads the `Item` elements of GDAL's metadata tag (42112). The five entities of XML are replaced, no others and no declarations:
 * nothing is ever opened or expanded.
 */
export function parseGdalMetadata(xml: string): GdalMetadata {
  const file: Record<string, string> = Object.create(null);
  const bands = new Map<number, BandItems>();
  for (const [attributeText, content] of itemsOf(xml)) {
    const attributes = new Map<string, string>();
    for (const [, name, double, single] of attributeText.matchAll(ATTRIBUTE)) attributes.set(name, plain(double ?? single));
    const name = attributes.get("name");
    const role = attributes.get("role");
    const band = Number(attributes.get("sample") ?? Number.NaN);
    // GDAL escapes the text of an item twice, and takes both off again.
    const text = plain(plain(content));
    if (Number.isInteger(band) && band >= 0) {
      const items = bands.get(band) ?? {};
      bands.set(band, items);
      if (role !== undefined && Object.hasOwn(ROLES, role)) ROLES[role](items, text);
    } else if (name !== undefined && !attributes.get("domain")) file[name] = text;
  }
  return { file: { ...file }, bands };
}

/** Attributes and text of every `Item`, in time linear in the length of the text. */
function* itemsOf(xml: string): Generator<readonly [attributes: string, content: string]> {
  for (let at = xml.indexOf("<Item"); at >= 0; at = xml.indexOf("<Item", at)) {
    const end = xml.indexOf(">", at);
    if (end < 0) return;
    const attributes = xml.slice(at + "<Item".length, end);
    at = end + 1;
    if (attributes.length > MAX_ATTRIBUTE_CHARACTERS) continue;
    const close = attributes.endsWith("/") ? at : xml.indexOf("<", at);
    yield [attributes, xml.slice(at, close < 0 ? at : close)];
    if (close > at) at = close;
  }
}

/** Scale and offset of a band; undefined where it has neither. */
export function scalingOf({ scale, offset }: BandItems = {}): BandScaling | undefined {
  return scale === undefined && offset === undefined ? undefined : { scale: scale ?? 1, offset: offset ?? 0 };
}

function plain(text: string): string {
  return text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_, name: string) => ENTITIES[name]);
}
