// From a folder of images, one subfolder per class, to a prediction.
import { readFileSync } from "node:fs";
import { generateChips, listImages, openClassifier, train, writeChipSet } from "sigmax";
import { at } from "./workplace.mjs";

await writeChipSet(at("photos"), generateChips({ task: "multiclass", count: 120, seed: 1 }), { task: "multiclass" });

const run = await train({ data: at("photos"), out: at("run") });
console.log(
  run.head,
  run.classes,
  `accuracy ${run.test.accuracy.toFixed(2)}, band statistics alone ${run.baseline.accuracy.toFixed(2)}`,
);

const classifier = await openClassifier(run.classifier);
try {
  const [{ path }] = await listImages(at("photos"));
  // A path, the bytes of an encoded image, or pixels.
  const [fromPath, fromBytes] = await classifier.predict([path, readFileSync(path)]);
  console.log(fromPath.labels, fromPath.probabilities.map((p) => p.toFixed(3)).join(" "));
  if (fromPath.labels[0] !== fromBytes.labels[0]) throw new Error("the same image was decided differently");
} finally {
  await classifier.close();
}
