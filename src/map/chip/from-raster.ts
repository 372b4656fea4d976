import { UserError } from "../../errors.js";
import type { RasterReader } from "../../raster/reader.js";
import type { PixelWindow } from "../../raster/resample.js";
import type { RasterClass } from "./class-table.js";
import type { Labeller } from "./labeller.js";

/** No class has this value. */
const NONE = 255;
const MOST_CLASSES = 254;
const VALUES = 65_536;

/**
 * Labels of a class raster that lies on the grid of the scene: shares are counts of its pixels. Pixels of no class, and where the
 * raster has no data, are unseen.
 *
 * @throws UserError `bad-data` for a raster that is not one band of whole numbers, and for too many classes
 */
export function rasterLabeller(reader: RasterReader, classes: readonly RasterClass[]): Labeller {
  const { file, bands, dtype } = reader.info;
  if (
    bands.length !== 1 ||
    !(dtype === "uint8" || dtype === "uint16" || dtype === "int16" || dtype === "int32" || dtype === "uint32")
  ) {
    throw new UserError(
      "bad-data",
      `${file}: ${bands.length} band${bands.length === 1 ? "" : "s"} of ${dtype} are no map of classes`,
      {
        hint: "Give a raster with one band of whole numbers, one for each class.",
      },
    );
  }
  if (classes.length > MOST_CLASSES) {
    throw new UserError("limit", `${classes.length} classes; there may be ${MOST_CLASSES}`, {
      hint: "Merge classes: --class-table.",
    });
  }
  const classOf = new Uint8Array(VALUES).fill(NONE);
  for (const [k, { values }] of classes.entries()) for (const value of values) classOf[value] = k;
  let part: { window: PixelWindow; classes: Uint8Array } | undefined;
  return {
    kind: "raster",
    source: file,
    classes: classes.map(({ name }) => name),
    async look({ window }) {
      const { data, valid } = await reader.read({ window });
      const seen = new Uint8Array(data.length);
      for (let i = 0; i < data.length; i++)
        seen[i] = valid?.[i] === 0 || !(data[i] >= 0 && data[i] < VALUES) ? NONE : classOf[data[i]];
      part = { window, classes: seen };
    },
    shares(chip) {
      if (part === undefined) throw new RangeError("the labeller has not looked at this part of the scene");
      const counts = new Float64Array(NONE + 1);
      const { window } = part;
      for (let y = 0; y < chip.heightPx; y++) {
        const start = (chip.topPx - window.topPx + y) * window.widthPx + chip.leftPx - window.leftPx;
        for (let i = start; i < start + chip.widthPx; i++) counts[part.classes[i]]++;
      }
      const pixels = chip.widthPx * chip.heightPx;
      return { ofClasses: counts.subarray(0, classes.length).map((count) => count / pixels), unseen: counts[NONE] / pixels };
    },
    close: () => reader.close(),
  };
}
