// Softmax and sigmoid on the same embeddings and the same split.
import { compare, generateChips, writeChipSet } from "sigmax";
import { at } from "./workplace.mjs";

await writeChipSet(at("land"), generateChips({ task: "multilabel", count: 120, seed: 1 }), { task: "multilabel" });
const { report, html } = await compare({
  data: at("land"),
  labels: at("land", "labels.csv"),
  backbone: "stats",
  out: at("compare"),
});
for (const head of ["softmax", "sigmoid"]) {
  const { thresholdFree, setsAtHalf } = report.heads[head];
  console.log(head, `mAP ${thresholdFree.mapMacro.toFixed(2)}`, "labels at 0.5:", setsAtHalf);
}
console.log(`${report.leftOutOfSoftmaxLoss} images without a label teach softmax nothing`);
console.log(html);
