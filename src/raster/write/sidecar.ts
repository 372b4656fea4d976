import { escapeXml } from "./gdal-metadata.js";

/** Where GDAL looks for what a TIFF has no tag for. */
export function sidecarPath(path: string): string {
  return `${path}.aux.xml`;
}

/** A GDAL sidecar that names the values 0, 1, 2, … of the first band: GDAL keeps category names nowhere else. */
export function categorySidecar(categories: readonly string[]): string {
  const lines = categories.map((category) => `      <Category>${escapeXml(category)}</Category>`);
  return `<PAMDataset>\n  <PAMRasterBand band="1">\n    <CategoryNames>\n${lines.join("\n")}\n    </CategoryNames>\n  </PAMRasterBand>\n</PAMDataset>\n`;
}
