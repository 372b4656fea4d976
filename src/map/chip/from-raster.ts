import { UserError } from "../../errors.js";
import type { RasterReader } from "../../raster/reader.js";
import type { RasterClass } from "./class-table.js";
import type { Labeller } from "./labeller.js";
import { pixelLabeller } from "./pixel-labeller.js";
import { unlistedCounter } from "./unlisted.js";

/** No class has this value. */
const NONE = 255;
const MOST_CLASSES = 254;
const VALUES = 65_536;

/**
 * Labels of a class raster that lies on the grid of the scene: shares are counts of its pixels. Pixels of no class, and where the
 * raster has no data, are unseen; values of no class are counted.
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
  const counter = unlistedCounter();
  return pixelLabeller({
    kind: "raster",
    source: file,
    classes: classes.map(({ name }) => name),
    async classify({ window }) {
      const { data, valid } = await reader.read({ window });
      return (pixel, counts) => {
        const value = data[pixel];
        if (valid?.[pixel] === 0) return false;
        const k = value >= 0 && value < VALUES ? classOf[value] : NONE;
        if (k === NONE) {
          counter.add(value);
          return false;
        }
        counter.listed++;
        counts[k]++;
        return true;
      };
    },
    unlisted: () => counter.found(),
    close: () => reader.close(),
  });
}
