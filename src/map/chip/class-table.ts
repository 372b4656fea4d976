import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { readJsonFile } from "../../json-file.js";
import type { RasterInfo } from "../../raster/reader.js";

/** One class of a class raster, and the values that mean it. */
export interface RasterClass {
  readonly name: string;
  readonly values: readonly number[];
}

const MAX_BYTES = 2 ** 20;
const MAX_VALUE = 65_535;
/** Written by `sigmax synth`, and found beside a class raster. */
const BESIDE = "classes.json";

const value = z.number().int().min(0).max(MAX_VALUE);
const tableSchema = z.object({
  version: z.literal(1).optional(),
  classes: z
    .array(z.object({ name: z.string().min(1).max(200), value: value.optional(), from: z.array(value).min(1).optional() }))
    .min(1)
    .max(1000),
});

/** Land cover maps that everybody uses, by their legend. */
const LEGENDS: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>> = {
  // ESA WorldCover 10 m v200, Product User Manual, table 2.
  worldcover: {
    tree: [10],
    shrub: [20],
    grass: [30],
    crop: [40],
    "built-up": [50],
    bare: [60],
    snow: [70],
    water: [80],
    wetland: [90],
    mangrove: [95],
    moss: [100],
  },
};

/**
 * The classes of a class raster: of the table named, a file or a known legend; else of the names that the raster gives its values,
 * else of `classes.json` beside it.
 *
 * @throws UserError `bad-data` where no table is found or it is not one; `not-found`
 */
export function classesOf(info: RasterInfo, table: string | undefined): readonly RasterClass[] {
  const legend = table === undefined ? undefined : LEGENDS[table];
  if (legend !== undefined) return Object.entries(legend).map(([name, values]) => ({ name, values }));
  if (table !== undefined) return readTable(table);
  const named = (info.categories ?? []).flatMap((name, i) => (name === "" || i === info.nodata ? [] : [{ name, values: [i] }]));
  if (named.length > 0) return withoutTwins(named, info.file);
  const beside = join(dirname(info.file), BESIDE);
  if (existsSync(beside)) return readTable(beside);
  throw new UserError("bad-data", `${info.file}: nothing says what its values mean`, {
    hint: `Give --class-table with a file {"classes": [{"value": 1, "name": "water"}]}, or ${Object.keys(LEGENDS).join(", ")}; or put ${BESIDE} beside ${basename(info.file)}.`,
  });
}

/** Values of one name are one class, as a legend with several codes for water means it. */
function withoutTwins(classes: readonly RasterClass[], file: string): readonly RasterClass[] {
  const byName = new Map<string, number[]>();
  const seen = new Map<number, string>();
  for (const { name, values } of classes) {
    for (const code of values) {
      const other = seen.get(code);
      if (other !== undefined) {
        throw new UserError(
          "bad-data",
          `${file}: the value ${code} means both ${JSON.stringify(other)} and ${JSON.stringify(name)}`,
          {
            hint: "Keep one of the two.",
          },
        );
      }
      seen.set(code, name);
    }
    byName.set(name, [...(byName.get(name) ?? []), ...values]);
  }
  return Array.from(byName, ([name, values]) => ({ name, values }));
}

function readTable(path: string): readonly RasterClass[] {
  const hint = 'Write {"classes": [{"value": 1, "name": "water"}, {"from": [10, 20], "name": "forest"}]}.';
  const table = readJsonFile(path, { schema: tableSchema, otherwise: "no table of classes", maxBytes: MAX_BYTES, hint });
  const classes = table.classes.map(({ name, value: one, from }) => {
    const values = from ?? (one === undefined ? [] : [one]);
    if (values.length === 0) throw new UserError("bad-data", `${path}: ${JSON.stringify(name)} has no value`, { hint });
    return { name, values };
  });
  return withoutTwins(classes, path);
}
