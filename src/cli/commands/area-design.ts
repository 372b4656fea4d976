import { UserError } from "../../errors.js";
import { type AreaDesignResult, designArea } from "../../map/area/design.js";
import { printable } from "../../printable.js";
import { DEFAULT_SEED } from "../../random.js";
import { type Command, decimal, integer, list, workOf } from "../command.js";
import { OUT_FLAGS } from "../flags.js";
import { number, text } from "../inputs.js";
import { alignColumns } from "../table.js";

export const areaDesign: Command = {
  name: "area design",
  summary: "draw a stratified random sample of a map for a person to check: a table to fill in, and pictures",
  examples: [
    "sigmax area design map.tif --scene scene.tif --out check/",
    "sigmax area design change/ --before 1985.tif --after 2020.tif --users deforestation=0.7 --se 0.02 --out check/",
  ],
  arguments: [{ name: "map", describe: "class raster with names, or the folder of sigmax change" }],
  flags: {
    users: {
      value: "share|stratum=share,…",
      parse: users,
      describe: "on which share of each stratum the map is expected to be right; sizes of the sample follow from it",
      shownDefault: "0.8",
    },
    se: {
      value: "share",
      parse: decimal(1e-4, 0.5),
      describe: "wanted standard error of the overall accuracy",
      shownDefault: "0.01",
    },
    least: { value: "n", parse: integer(2, 100_000), describe: "samples of each stratum, however rare", shownDefault: "50" },
    scene: { value: "scene", describe: "the scene of a map of one date, for pictures" },
    before: { value: "scene", describe: "the scene of the first date, for pictures", shownDefault: "that of the change" },
    after: { value: "scene", describe: "the scene of the last date", shownDefault: "that of the change" },
    chipContext: {
      value: "cells",
      parse: decimal(0, 1000),
      describe: "cells around the one that is asked about, in its picture",
      shownDefault: "one, or as many as show 48 pixels of the scene",
    },
    classTable: { value: "file|name", describe: "what the values of a class raster mean: a JSON file, or worldcover" },
    seed: { value: "n", parse: integer(0), describe: "decides which cells are drawn", shownDefault: `${DEFAULT_SEED}` },
    out: { value: "folder", describe: "folder to write" },
    ...OUT_FLAGS,
  },
  async run({ arguments: args, flags }, terminal) {
    const out = text(flags, "out");
    if (out === undefined) throw new UserError("usage", "--out <folder> is needed");
    const result = await designArea({
      map: String(args[0]),
      out,
      users: flags.users as number | Readonly<Record<string, number>> | undefined, // read by users
      standardError: number(flags, "se"),
      least: number(flags, "least"),
      seed: number(flags, "seed"),
      scenes: scenesOf(text(flags, "scene"), text(flags, "before"), text(flags, "after")),
      chipContext: number(flags, "chipContext"),
      classTable: text(flags, "classTable"),
      force: flags.force === true,
      ...workOf(terminal),
    });
    terminal.print(terminal.json ? JSON.stringify(result) : described(result));
  },
};

function users(value: string): number | Readonly<Record<string, number>> {
  const share = decimal(0, 1);
  if (!value.includes("=")) return share(value);
  return Object.fromEntries(
    list(value).map((item) => {
      const equals = item.lastIndexOf("=");
      if (equals < 1) throw new Error("expected one share, or stratum=share,stratum=share");
      return [item.slice(0, equals).trim(), share(item.slice(equals + 1))];
    }),
  );
}

function scenesOf(scene: string | undefined, before: string | undefined, after: string | undefined): string[] | undefined {
  if (scene !== undefined && (before !== undefined || after !== undefined)) {
    throw new UserError("usage", "--scene is for a map of one date, --before and --after for two");
  }
  if ((before === undefined) !== (after === undefined)) throw new UserError("usage", "--before and --after belong together");
  if (scene !== undefined) return [scene];
  return before === undefined || after === undefined ? undefined : [before, after];
}

function described({ folder, sample, design, pictures, samples, strata, expectedStandardError }: AreaDesignResult): string {
  const rows = strata.map(({ name, cells, hectares, samples: own }) => [
    printable(name),
    String(cells),
    hectares.toFixed(hectares < 100 ? 2 : 0),
    String(own),
  ]);
  return `${folder}: ${samples} samples; expected standard error of the overall accuracy ${expectedStandardError.toFixed(4)}
${alignColumns([["stratum", "cells", "hectares", "samples"], ...rows])}
${pictures === undefined ? "No pictures: give the scenes with --scene, or --before and --after." : `Pictures to look at: ${pictures}`}
Fill in the labels of ${sample} (? where nobody can tell), keep ${design} beside it, then: sigmax area estimate ${sample}`;
}
