import { type Affine, isFiniteTransform, isSingular } from "../geo/transform.js";
import { type BandItems, noteOfBand } from "./gdal-metadata.js";
import { type XmlElement, xmlElements } from "./xml.js";

/** What GDAL says of a raster in a file beside it (`scene.tif.aux.xml`, "persistent auxiliary metadata"). */
export interface PamNotes {
  readonly transform: Affine | undefined;
  /** A WKT, or "EPSG:4326". */
  readonly srs: string | undefined;
  /** Items of the file as a whole, without a domain. */
  readonly file: Readonly<Record<string, string>>;
  /** By band, from 0. */
  readonly bands: ReadonlyMap<number, PamBand>;
  /** Names of the values, of the first band that has any. */
  readonly categories: readonly string[] | undefined;
}

export interface PamBand extends BandItems {
  /** As a text, as the tag has it. */
  nodata?: string;
}

/**
 * Reads GDAL's notes.
 *
 * @param onWarning hears of a place that is none: it is left out
 * @throws SyntaxError for a text that is no XML
 */
export function parsePam(xml: string, onWarning?: (message: string) => void): PamNotes {
  let transform: Affine | undefined;
  let srs: string | undefined;
  const file: Record<string, string> = Object.create(null);
  const bands = new Map<number, PamBand>();
  const categories: string[] = [];
  let categoryNames: XmlElement | undefined;
  for (const element of xmlElements(xml)) {
    const { name, attributes, parent, text } = element;
    if (standsIn(element, "PAMDataset")) {
      if (name === "SRS" && text.trim() !== "") srs = text;
      if (name === "GeoTransform") transform = parseTransform(text, onWarning);
    } else if (standsIn(element, "Metadata", "PAMDataset")) {
      const key = attributes.get("key");
      if (name === "MDI" && key !== undefined && !parent?.attributes.get("domain")) file[key] = text;
    } else if (standsIn(element, "PAMRasterBand", "PAMDataset")) {
      const band = Number(parent?.attributes.get("band") ?? Number.NaN) - 1;
      if (!Number.isInteger(band) || band < 0) continue;
      const items = bands.get(band) ?? {};
      bands.set(band, items);
      if (name === "NoDataValue") items.nodata = nodataText(element);
      // These elements are called as the roles of items in the tag are.
      else noteOfBand(items, name.toLowerCase(), text.trim());
    } else if (name === "Category" && standsIn(element, "CategoryNames", "PAMRasterBand", "PAMDataset")) {
      categoryNames ??= parent;
      if (parent === categoryNames) categories.push(text.trim());
    }
  }
  return { transform, srs, file: { ...file }, bands, categories: categoryNames && categories };
}

/** Whether an element stands in these, the innermost first and the last the outermost of all. */
function standsIn({ parent }: XmlElement, ...names: readonly string[]): boolean {
  let around = parent;
  for (const name of names) {
    if (around?.name !== name) return false;
    around = around.parent;
  }
  return around === undefined;
}

function parseTransform(text: string, onWarning?: (message: string) => void): Affine | undefined {
  const [x0, xc, xr, y0, yc, yr, ...more] = text
    .slice(0, 1000)
    .split(",")
    .map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  const transform: Affine = [x0, xc, xr, y0, yc, yr];
  if (more.length === 0 && isFiniteTransform(transform) && !isSingular(transform)) return transform;
  onWarning?.(`its GeoTransform is no place and not used: ${text.trim().slice(0, 200)}`);
  return undefined;
}

/** GDAL adds the eight bytes of a double, low byte first, where its digits do not say it exactly. */
function nodataText({ attributes, text }: XmlElement): string {
  const hexadecimal = attributes.get("le_hex_equiv") ?? "";
  if (!/^[\da-f]{16}$/i.test(hexadecimal)) return text.trim();
  return String(Buffer.from(hexadecimal, "hex").readDoubleLE());
}

/** What tag and notes say of a band together. GDAL takes scale, description and unit from the tag first, colours from the notes. */
export function withNotes(tag: BandItems = {}, { nodata: _, ...notes }: PamBand = {}): BandItems {
  const isScaled = tag.scale !== undefined || tag.offset !== undefined;
  const { scale, offset, ...unscaled } = notes;
  return { ...(isScaled ? unscaled : notes), ...tag, ...(notes.colour !== undefined && { colour: notes.colour }) };
}
