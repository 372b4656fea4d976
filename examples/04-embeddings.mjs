// Feature vectors as a NumPy file, with progress, a cache, and a way to stop.
import { statSync } from "node:fs";
import { embed, generateChips, listImages, writeChipSet } from "sigmax";
import { at } from "./workplace.mjs";

await writeChipSet(at("land"), generateChips({ task: "multiclass", count: 60, seed: 1 }), { task: "multiclass" });
const images = await listImages(at("land"));
const work = { images, backbone: "stats", cache: at("cache"), force: true };

const stop = new AbortController();
const result = await embed({
  ...work,
  out: at("features.npy"),
  signal: stop.signal, // stop.abort() ends the work; what is computed stays in the cache
  onProgress: ({ stage, done, total }) => done === total && console.log(stage, done),
});
console.log(`[${result.rows}, ${result.size}], ${statSync(result.out).size} bytes`);

stop.abort();
await embed({ ...work, out: at("again.npy"), signal: stop.signal }).catch((error) => console.log(error.code));
