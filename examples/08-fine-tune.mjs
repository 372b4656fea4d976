// A whole network instead of a last layer: trained from scratch on some land, then fine-tuned on other land. A few images and seconds:
// this shows how it goes, not how well; with so little to learn from, a last layer alone is better.
import { generateChips, train, writeChipSet } from "sigmax";
import { at } from "./workplace.mjs";

for (const [name, count, seed] of [
  ["here", 120, 1],
  ["elsewhere", 80, 2],
]) {
  await writeChipSet(at(name), generateChips({ task: "multiclass", count, seed }), { task: "multiclass" });
}
const onPlan = ({ parameters, updates, peakBytes }) =>
  console.log(`${parameters} numbers learn in ${updates} updates, about ${(peakBytes / 1e9).toFixed(1)} GB`);

// 1. From scratch: for any number of bands and any size.
const scratch = await train({
  data: at("here"),
  network: "chipnet",
  preprocessing: { sizePx: 32 },
  recipe: { epochs: 8, batch: 8 },
  out: at("first"),
  onPlan,
});
console.log(`from scratch: accuracy ${scratch.test.accuracy.toFixed(2)}`);

// 2. What came out is a backbone, which says itself what images it takes.
const tuned = await train({
  data: at("elsewhere"),
  backbone: scratch.classifier,
  finetune: true,
  recipe: { epochs: 3, batch: 8, lr: 3e-4, freezeUntil: 0.25 }, // the first quarter of the layers stays as it is
  out: at("second"),
  onPlan,
});
console.log(`fine-tuned: accuracy ${tuned.test.accuracy.toFixed(2)}; not fine-tuned ${tuned.frozen.accuracy.toFixed(2)}`);
