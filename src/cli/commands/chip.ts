import { UserError } from "../../errors.js";
import { type ChipSceneResult, chipScene, DEFAULT_CHIP_PX, DEFAULT_MIN_SHARE } from "../../map/chip/chip.js";
import { ELSEWHERE, type Elsewhere } from "../../map/chip/from-vector.js";
import { type Command, decimal, integer, list, workOf } from "../command.js";
import { OUT_FLAGS, SCENE, SCENE_FLAGS } from "../flags.js";
import { number, sceneOf, text, texts } from "../inputs.js";

export const chip: Command = {
  name: "chip",
  summary: "cut a scene into labelled images: a dataset that train takes as it is",
  examples: [
    "sigmax chip scene.tif --from-raster worldcover.tif --class-table worldcover --out chips/",
    'sigmax chip scene.tif --band-names swir16,nir,red,green --rule "forest: ndvi > 0.6" --rule "water: ndwi > 0" --out chips/',
    "sigmax chip scene.tif --from-vector parcels.geojson --field crop --clip village.geojson --out chips/",
    "sigmax chip S2A_MSIL2A_….SAFE --bands nir,red,green --from-raster worldcover.tif --class-table worldcover --out chips/",
    "sigmax train chips/ --split blocks --block-size 500         several labels per image: labels.csv; parts that lie apart",
    "sigmax train chips/ --labels chips/largest.csv              one label per image: the class with the largest share",
  ],
  arguments: [{ name: "scene", describe: SCENE, optional: true }],
  flags: {
    size: { value: "pixels", parse: integer(1, 4096), describe: "side of a chip", shownDefault: String(DEFAULT_CHIP_PX) },
    stride: { value: "pixels", parse: integer(1, 4096), describe: "from one chip to the next", shownDefault: "the size" },
    fromRaster: { value: "file", describe: "labels from a map of classes, on any grid and in any known coordinate system" },
    classTable: {
      value: "file|worldcover",
      describe: 'what its values mean: {"classes": [{"value": 1, "name": "water"}]}',
      shownDefault: "its category names, or classes.json beside it",
    },
    fromVector: { value: "file", describe: "labels from polygons: GeoJSON or GeoPackage" },
    field: { value: "name", describe: "the field of --from-vector that names the class of a polygon" },
    elsewhere: {
      value: "unknown|no",
      choices: ELSEWHERE,
      describe: "what lies outside the polygons of --from-vector: nobody looked there, or there is none of the classes",
      shownDefault: ELSEWHERE[0],
    },
    rule: { value: "class: condition", repeatable: true, describe: 'labels from bands: "forest: ndvi > 0.6 and red < 0.1"' },
    minShare: {
      value: "share",
      parse: decimal(0, 1),
      describe: "a class that covers as much of a chip is one of its labels; below half of it, it is not; between, unknown",
      shownDefault: String(DEFAULT_MIN_SHARE),
    },
    clip: { value: "file", describe: "only chips that lie wholly inside these polygons: GeoJSON or GeoPackage" },
    bands: {
      value: "a,b,c",
      parse: list,
      describe: "bands to cut, in order",
      shownDefault: "all of a file; of a product those that see land",
    },
    ...SCENE_FLAGS,
    out: { value: "folder", describe: "the dataset" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { arguments: args, flags } = input;
    const out = text(flags, "out");
    if (out === undefined) throw new UserError("usage", "--out <folder> is needed");
    const result = await chipScene({
      ...sceneOf(args[0], flags),
      bands: flags.bands as readonly string[] | undefined, // read by list
      out,
      sizePx: number(flags, "size"),
      stridePx: number(flags, "stride"),
      fromRaster: text(flags, "fromRaster"),
      classTable: text(flags, "classTable"),
      fromVector: text(flags, "fromVector"),
      field: text(flags, "field"),
      elsewhere: text(flags, "elsewhere") as Elsewhere | undefined, // the flag's choices
      rules: texts(flags, "rule"),
      minShare: number(flags, "minShare"),
      clip: text(flags, "clip"),
      force: flags.force === true,
      ...workOf(terminal),
    });
    terminal.print(terminal.json ? JSON.stringify(result) : described(result));
  },
};

function described({ folder, labels, largest, chips, leftOut, outside, classes, notes }: ChipSceneResult): string {
  const width = Math.max(...classes.map(({ name }) => name.length), 5);
  const rows = classes.map(
    ({ name, present, unknown }) => `  ${name.padEnd(width)} ${String(present).padStart(8)} ${String(unknown).padStart(8)}`,
  );
  const left = leftOut === 0 ? "" : `; ${leftOut} left out, with too many pixels that were not measured`;
  const beyond = outside === 0 ? "" : `; ${outside} not wholly inside the clip`;
  return `${folder}: ${chips} chips${left}${beyond}
  ${"class".padEnd(width)} ${"present".padStart(8)} ${"unknown".padStart(8)}
${rows.join("\n")}
${notes.join("\n")}

Try next
  sigmax train ${folder}                     several labels per image: ${labels}
  sigmax train ${folder} --labels ${largest}   one label per image`;
}
