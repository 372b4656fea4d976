import { UserError } from "../../errors.js";
import { type MapResult, mapScene } from "../../map/map.js";
import { MAP_MODES, type MapMode, type ModeReport } from "../../map/mode.js";
import { type Command, integer, workOf } from "../command.js";
import { BACKBONE_FLAGS, OUT_FLAGS, SCENE, SCENE_FLAGS } from "../flags.js";
import { number, runtimeOf, sceneOf, text } from "../inputs.js";

export const map: Command = {
  name: "map",
  summary: "map a scene with a classifier: class, probabilities and certainty of every cell, polygons, and a picture",
  examples: [
    "sigmax map runs/first/classifier.onnx scene.tif --out map.tif",
    "sigmax map runs/first/classifier.onnx scene.tif --stride 16 --out fine.tif       cells of 16 px, each decided by the chip around it",
    "sigmax map runs/first/classifier.onnx scene.tif --clip district.geojson --out district.tif",
  ],
  arguments: [
    { name: "classifier", describe: "classifier.onnx of a run" },
    { name: "scene", describe: SCENE, optional: true },
  ],
  flags: {
    stride: {
      value: "pixels",
      parse: integer(1, 4096),
      describe: "side of a cell in pixels of the scene",
      shownDefault: "that of a chip",
    },
    chip: {
      value: "pixels",
      parse: integer(1, 4096),
      describe: "side of a chip in pixels of the scene",
      shownDefault: "that of the chips it was trained on",
    },
    mode: {
      value: "mode",
      choices: MAP_MODES,
      describe:
        "sliding runs every chip; dense computes the features of a large window once for all chips in it; auto: dense where it decides 98 % of up to 400 cells alike",
      shownDefault: "auto",
    },
    clip: { value: "file", describe: "only cells whose middle is inside these polygons: GeoJSON or GeoPackage" },
    ...SCENE_FLAGS,
    threads: BACKBONE_FLAGS.threads,
    runtime: BACKBONE_FLAGS.runtime,
    out: { value: "file", describe: "the map, a GeoTIFF; its other files stand beside it" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { arguments: args, flags } = input;
    const out = text(flags, "out");
    if (out === undefined) throw new UserError("usage", "--out <map.tif> is needed");
    const result = await mapScene({
      classifier: String(args[0]),
      ...sceneOf(args[1], flags),
      out,
      stridePx: number(flags, "stride"),
      chipPx: number(flags, "chip"),
      mode: flags.mode as MapMode | undefined, // one of its choices
      clip: text(flags, "clip"),
      threads: number(flags, "threads"),
      runtime: runtimeOf(flags),
      force: flags.force === true,
      ...workOf(terminal),
    });
    terminal.print(terminal.json ? JSON.stringify(result) : described(result));
  },
};

function described({ files, columns, rows, stridePx, classes, noLabel, noAnswer, outside, notes, ...report }: MapResult): string {
  const cells = columns * rows - outside;
  const width = Math.max(...classes.map(({ name }) => name.length), 9);
  const line = (name: string, count: number) =>
    `  ${name.padEnd(width)} ${String(count).padStart(9)} ${((100 * count) / cells).toFixed(1).padStart(6)} %`;
  const others = [...(noLabel > 0 ? [line("no label", noLabel)] : []), ...(noAnswer > 0 ? [line("no answer", noAnswer)] : [])];
  const { map: _, ...besides } = files;
  return `${files.map}: ${columns} × ${rows} cells of ${stridePx} px${outside > 0 ? `, ${cells} of them inside the clip` : ""}
${[...classes.map(({ name, cells: count }) => line(name, count)), ...others].join("\n")}
${[modeLine(report), ...notes].join("\n")}
Beside it: ${Object.values(besides)
    .filter((file) => file !== undefined)
    .join(", ")}`;
}

function modeLine({ mode, why, agreement }: ModeReport): string {
  if (agreement === undefined || why !== undefined) return why === undefined ? `Mode: ${mode}` : `Mode: ${mode}, for ${why}`;
  const percent = (share: number) => (100 * share).toFixed(1);
  const [low, high] = agreement.interval.map(percent);
  return `Mode: ${mode}; ${percent(agreement.share)} % of ${agreement.cells} cells as with the sliding window (${low} to ${high} % of all, with 95 % certainty)`;
}
