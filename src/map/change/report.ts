import { readdirSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../files.js";
import type { AreaEstimates } from "../../report/area-estimates.js";
import { readChangePictures } from "../../report/change/pictures.js";
import { renderChange } from "../../report/change.js";
import { readChangeData } from "../../report/change-data.js";

/**
 * Writes `change.html` of a folder from its `change.json` and pictures; with what a checked sample says of the areas, where there is
 * one.
 *
 * @throws UserError `not-found`, `bad-data`, `io`
 */
export function writeChangeReport(folder: string, estimates?: AreaEstimates): void {
  const data = readChangeData(join(folder, "change.json"));
  const pictures = readChangePictures(folder, data);
  writeFileAtomic(join(folder, "change.html"), renderChange({ data, pictures, estimates, files: readdirSync(folder) }));
}
