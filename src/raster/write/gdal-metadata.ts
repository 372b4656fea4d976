import type { BandScaling } from "../raster.js";

/** What is written of one band beside its pixels. */
export interface BandNotes {
  readonly name: string;
  readonly scaling?: BandScaling | undefined;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Text as it may stand in XML: what XML 1.0 has no way to write (control characters, lone surrogates) becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\P{Cc}\t\n\r]|[\p{Cs}\ufffe\uffff]/gu, "\ufffd")
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character]);
}

/** GDAL unescapes the values of items once as XML and once more by itself. */
const twiceEscaped = (value: string) => escapeXml(escapeXml(value));

/** The text of GDAL's metadata tag: items of the file, then description, scale and offset of each band. */
export function gdalMetadata(items: Readonly<Record<string, string>>, bands: readonly BandNotes[]): string {
  const lines = Object.entries(items).map(([name, value]) => `  <Item name="${escapeXml(name)}">${twiceEscaped(value)}</Item>`);
  bands.forEach(({ name, scaling }, sample) => {
    const note = (role: string, value: string) =>
      lines.push(`  <Item name="${role.toUpperCase()}" sample="${sample}" role="${role}">${twiceEscaped(value)}</Item>`);
    note("description", name);
    if (scaling === undefined) return;
    // GDAL takes an offset alone for a scale of 1, and the reverse, so both always stand here.
    note("offset", String(scaling.offset));
    note("scale", String(scaling.scale));
  });
  return `<GDALMetadata>\n${lines.join("\n")}\n</GDALMetadata>\n`;
}
