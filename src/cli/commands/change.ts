import { join } from "node:path";
import { UserError } from "../../errors.js";
import { type ChangeResult, changeScenes } from "../../map/change/change.js";
import { DEFAULT_RULES } from "../../map/change/rules.js";
import { MAP_MODES, type MapMode } from "../../map/mode.js";
import type { SceneInput } from "../../raster/scene/open.js";
import { type Command, decimal, type Input, integer, list, workOf } from "../command.js";
import { commandOf } from "../command-line.js";
import { BACKBONE_FLAGS, OUT_FLAGS, RULE_FLAGS, SCENE_FLAGS } from "../flags.js";
import { number, rulesOf, runtimeOf, text, texts } from "../inputs.js";

export const change: Command = {
  name: "change",
  summary: "say what changed between scenes of one place: maps, hectares, named answers like deforestation, a report",
  examples: [
    "sigmax change runs/first/classifier.onnx 1985.tif 2020.tif --dates 1985,2020 --out change/",
    "sigmax change runs/first/classifier.onnx 1985.tif 2000.tif 2010.tif 2020.tif --dates 1985,2000,2010,2020 --out change/",
    'sigmax change runs/first/classifier.onnx before.tif after.tif --rule "drained: water -> field|urban" --unit 2 --out change/',
    "sigmax area design change/ --out sample/                    then: a sample to be checked by eye, for areas with intervals",
  ],
  arguments: [
    { name: "classifier", describe: "classifier.onnx of a run" },
    {
      name: "scenes",
      describe: "two or more scenes of one place, the earliest first: files or folders as for map",
      variadic: true,
    },
  ],
  flags: {
    dates: {
      value: "a,b,c",
      parse: list,
      describe: "when they were taken: years or days like 2000-08-01",
      shownDefault: "what the scenes say",
    },
    rule: {
      value: "name: a|b -> c",
      repeatable: true,
      describe: "a question to be answered, * is any class; instead of the usual ones",
      shownDefault: DEFAULT_RULES.map((rule) => `"${rule}"`).join(", "),
    },
    rules: { ...RULE_FLAGS.rules, describe: "text file with one such rule a line; # begins a comment" },
    noMatch: {
      describe:
        "leave the colours of scenes as they are; else those least like what the classifier learnt from get a gain and an offset for each band, by pixels that did not change",
    },
    stay: {
      value: "probability",
      parse: decimal(0, 1),
      describe: "how probable it is that land stays as it is from one date to the next",
      shownDefault: "3 to 1 against every other class, from the first date to the last",
    },
    confidence: {
      value: "probability",
      parse: decimal(0, 1),
      describe: "how probable a change must be to be shown",
      shownDefault: "0.5",
    },
    unit: {
      value: "hectares",
      parse: decimal(0),
      describe: "minimum mapping unit: smaller changes are taken back",
      shownDefault: "a cell",
    },
    stride: {
      value: "pixels",
      parse: integer(1, 4096),
      describe: "side of a cell in pixels of the scenes",
      shownDefault: "that of a chip",
    },
    chip: {
      value: "pixels",
      parse: integer(1, 4096),
      describe: "side of a chip in pixels of the scenes",
      shownDefault: "that of the chips it was trained on",
    },
    mode: { value: "mode", choices: MAP_MODES, describe: "how cells are decided, as for map", shownDefault: "auto" },
    clip: { value: "file", describe: "only cells whose middle is inside these polygons: GeoJSON or GeoPackage" },
    bandNames: SCENE_FLAGS.bandNames,
    mask: {
      ...SCENE_FLAGS.mask,
      repeatable: true,
      describe: `${SCENE_FLAGS.mask.describe}; once for all scenes, or once for each in their order`,
    },
    reflectance: SCENE_FLAGS.reflectance,
    threads: BACKBONE_FLAGS.threads,
    runtime: BACKBONE_FLAGS.runtime,
    out: { value: "folder", describe: "folder for the maps, tables, pictures and change.html" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { arguments: args, flags } = input;
    const out = text(flags, "out");
    if (out === undefined) throw new UserError("usage", "--out <folder> is needed");
    const result = await changeScenes({
      classifier: String(args[0]),
      scenes: scenesOf(input),
      dates: flags.dates as readonly string[] | undefined, // read by list
      out,
      rules: rulesOf(flags, "deforestation: forest -> field|bare"),
      match: flags.noMatch !== true,
      stay: number(flags, "stay"),
      confidence: number(flags, "confidence"),
      unitHectares: number(flags, "unit"),
      stridePx: number(flags, "stride"),
      chipPx: number(flags, "chip"),
      mode: flags.mode as MapMode | undefined, // one of its choices
      clip: text(flags, "clip"),
      threads: number(flags, "threads"),
      runtime: runtimeOf(flags),
      force: flags.force === true,
      // What it is made again with, not how it was asked for this time.
      command: commandOf(change, { ...input, flags: { ...flags, force: undefined, json: undefined, quiet: undefined } }),
      ...workOf(terminal),
    });
    terminal.print(terminal.json ? JSON.stringify(result) : described(result));
  },
};

/** The scenes of the arguments, with what the flags say of all of them, and the mask of each. */
function scenesOf({ arguments: [, given], flags }: Input): readonly SceneInput[] {
  const scenes = [given ?? []].flat();
  const masks = texts(flags, "mask") ?? [];
  if (masks.length > 1 && masks.length !== scenes.length) {
    throw new UserError("usage", `--mask: ${masks.length} of them for ${scenes.length} scenes`, {
      hint: "Give one for all scenes, or one for each in their order.",
    });
  }
  return scenes.map((scene, i) => ({
    scene,
    bandNames: flags.bandNames as readonly string[] | undefined, // read by list
    mask: masks[i] ?? masks[0],
    reflectance: text(flags, "reflectance"),
  }));
}

function described({ folder, dates, cells, counts, rules, transitions, settings }: ChangeResult): string {
  const answered = counts.cells - counts.noAnswer;
  const percent = (count: number) => `${((100 * count) / Math.max(1, answered)).toFixed(1)} %`;
  const changed = transitions.filter(({ before, after }) => before !== after).sort((a, b) => b.hectares - a.hectares);
  const width = Math.max(
    ...rules.map(({ name }) => name.length),
    ...changed
      .slice(0, MOST_LINES)
      .map(nameOf)
      .map(({ length }) => length),
    9,
  );
  const line = (name: string, count: number, hectares: number) =>
    `  ${name.padEnd(width)} ${rounded(hectares).padStart(11)} ha ${String(count).padStart(8)} cells ${percent(count).padStart(7)}`;
  return `${join(folder, "change.html")}: ${dates.map(({ label }) => label).join(", ")}; ${cells.columns} × ${cells.rows} cells of ${cells.hectares.toPrecision(3)} ha
${rules.map(({ name, cells: count, hectares }) => line(name, count, hectares)).join("\n")}
Changed: ${counts.changed} cells (${percent(counts.changed)})
${changed
  .slice(0, MOST_LINES)
  .map((one) => line(nameOf(one), one.cells, one.hectares))
  .join("\n")}
No answer: ${counts.noAnswer} cells. Too little evidence for a change: ${counts.undecided}. Smaller than the mapping unit: ${counts.belowUnit}.
${settings.notes.join("\n")}
These hectares are counted on a map, mistakes included. For areas with intervals, have a sample checked:
  sigmax area design ${folder} --out ${folder.replace(/\/+$/, "")}-sample`;
}

/** Transitions that the terminal shows. */
const MOST_LINES = 8;

function nameOf({ before, after }: { readonly before: string; readonly after: string }): string {
  return `${before} -> ${after}`;
}

function rounded(hectares: number): string {
  return hectares >= 100 ? hectares.toFixed(0) : hectares.toPrecision(3);
}
