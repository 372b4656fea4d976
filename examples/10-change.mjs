// Four dates of one place, from 1985 to 2020: what became of the forest, and where the town grew. The chips that teach the classifier get
// their labels from rules on band ratios alone, so the change map shows what the classifier makes of the rules.
//
//   node examples/10-change.mjs [folder of 1985.tif, 2000.tif, 2010.tif, 2020.tif] [folder]     bands swir16, nir, red, green
import { existsSync } from "node:fs";
import { join } from "node:path";
import { changeScenes, chipScene, designArea, train } from "sigmax";
import { at } from "./workplace.mjs";

const [scenes = "../shared/data/landsat-pucallpa", folder = at()] = process.argv.slice(2);
const dates = ["1985", "2000", "2010", "2020"];
const files = dates.map((date) => join(scenes, `${date}.tif`));
if (!files.every((file) => existsSync(file))) {
  console.log(`SKIPPED: no scenes in ${scenes}; give a folder of ${dates.map((date) => `${date}.tif`).join(", ")}`);
  process.exit();
}
const bandNames = ["swir16", "nir", "red", "green"];

// 1. Chips of 8 pixels of one date. Sand banks look like the town, but for short wave infrared.
const water = "ndwi > -0.1 and swir16 < 60";
const sand = "red > 75 and swir16 < 1.6 * red";
const forest = "ndvi > 0.76 and ndbi < -0.33";
const chips = await chipScene({
  scene: files[1],
  bandNames,
  sizePx: 8,
  rules: [
    `water: ${water}`,
    `urban: ndvi < 0.5 and not (${water}) and not (${sand})`,
    `sand: ndvi < 0.5 and not (${water}) and ${sand}`,
    `forest: ${forest}`,
    `field: ndvi >= 0.5 and not (${forest}) and not (${water})`,
  ],
  out: join(folder, "chips"),
});

// 2. A classifier of one class per chip. At 30 m to the pixel there is little to see but colour: means and deviations of bands will do.
const { classifier, test } = await train({
  data: chips.folder,
  labels: chips.largest,
  task: "multiclass",
  backbone: "stats",
  split: "blocks",
  blockSize: 0.05, // degrees, like the coordinates of the chips
  out: join(folder, "run"),
});
console.log(`${chips.chips} chips; agreement with the rules: ${test.accuracy.toFixed(2)} of those of the test part`);

// 3. Change: cells of 6 pixels, decided by the 8 around them, on all four dates together.
const change = await changeScenes({
  classifier,
  scenes: files.map((scene) => ({ scene, bandNames })),
  dates,
  stridePx: 6,
  unitHectares: 60,
  rules: ["deforestation: forest -> field|urban|sand", "urbanisation: * -> urban"],
  out: join(folder, "change"),
});
for (const { name, hectares } of change.rules) console.log(`${name}: ${hectares.toFixed(0)} ha, counted on the map`);

// 4. Counts carry the mistakes of the map. For areas with intervals somebody has to look at a sample.
const sample = await designArea({
  map: change.folder,
  scenes: [files[0], files[3]],
  standardError: 0.03,
  out: join(folder, "sample"),
});
console.log(`${sample.samples} places to be checked: fill in ${sample.sample}, then sigmax area estimate`);
console.log(`look at ${join(change.folder, "change.html")}`);
