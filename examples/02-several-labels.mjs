// Several labels per image: a table beside the images, the sigmoid head, and a score on other images.
import { evaluate, generateChips, listImages, predictFiles, train, writeChipSet } from "sigmax";
import { at } from "./workplace.mjs";

for (const [name, seed] of [
  ["here", 1],
  ["elsewhere", 2],
]) {
  await writeChipSet(at(name), generateChips({ task: "multilabel", count: 120, seed }), { task: "multilabel" });
}
const run = await train({ data: at("here"), labels: at("here", "labels.csv"), groupBy: "group", out: at("run") });
console.log(run.head, run.counts, `mAP ${run.test.mapMacro.toFixed(2)}`);

const elsewhere = await evaluate({ classifier: run.classifier, data: at("elsewhere"), labels: at("elsewhere", "labels.csv") });
console.log(`on ${elsewhere.counts.test} images of other land: mAP ${elsewhere.test.mapMacro.toFixed(2)}`);

const images = (await listImages(at("elsewhere"))).slice(0, 3);
for await (const { file, prediction, error } of predictFiles(run.classifier, images)) {
  console.log(file, error ? error.message : prediction.labels);
}
