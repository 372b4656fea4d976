// From one satellite scene and a few rules to a map: chips with labels, a classifier of several labels per image, one of one label, and
// the map that this makes. The labels come from rules, so the scores tell how well the classifiers follow the rules, no more.
//
//   node examples/09-landsat.mjs scene.tif [folder]     bands swir16, nir, red, green, as in Landsat composites
import { existsSync } from "node:fs";
import { join } from "node:path";
import { chipScene, mapScene, train } from "sigmax";
import { at } from "./workplace.mjs";

const [scene = "../shared/data/landsat-pucallpa/2020.tif", folder = at()] = process.argv.slice(2);
if (!existsSync(scene)) {
  console.log(`SKIPPED: no scene at ${scene}; give the path of one`);
  process.exit();
}
const bandNames = ["swir16", "nir", "red", "green"];
const cache = join(folder, "cache");

// 1. Chips of 24 pixels, labelled by what their pixels are like; a class that covers a tenth of a chip is one of its labels.
const chips = await chipScene({
  scene,
  bandNames,
  sizePx: 24,
  rules: [
    "water: ndwi > 0",
    "bare: ndvi < 0.5 and ndwi <= 0",
    "field: ndvi >= 0.5 and ndvi < 0.78 and ndwi <= 0",
    "forest: ndvi >= 0.78",
  ],
  out: join(folder, "chips"),
});
console.log(`${chips.chips} chips: ${chips.classes.map(({ name, present }) => `${name} in ${present}`).join(", ")}`);

// 2. Several labels per image, then one: the class with the largest share. Blocks of ground keep neighbours in one part of the split.
// At 30 m to the pixel there is little to see but colour: means and deviations of bands will do, and take a tenth of the time.
const split = { split: "blocks", blockSize: 0.05, backbone: "stats", cache }; // degrees, like the coordinates of the chips
const sigmoid = await train({ data: chips.folder, ...split, out: join(folder, "sigmoid") });
const softmax = await train({ data: chips.folder, labels: chips.largest, ...split, out: join(folder, "softmax") });
console.log(
  `agreement with the rules: F1 ${sigmoid.test.f1Micro?.toFixed(2)} (sigmoid), ${softmax.test.accuracy.toFixed(2)} of chips (softmax)`,
);

// 3. A map: every 12 pixels a cell, decided by the 24 around it.
const map = await mapScene({ classifier: softmax.classifier, scene, bandNames, stridePx: 12, out: join(folder, "map.tif") });
for (const { name, cells } of map.classes)
  console.log(`${name}: ${((100 * cells) / (map.columns * map.rows)).toFixed(1)} % of the cells`);
console.log(`look at ${map.files.quickLook}`);
