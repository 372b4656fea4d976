import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { Preprocess } from "../raster/preprocess.js";
import { openScene } from "../raster/scene/open.js";
import { encodeGeoTiff } from "../raster/write/tiff.js";
import { fittingBands } from "./fitness.js";

const SCALING = { scale: 1e-4, offset: -0.1 };
const preprocess = (bands: readonly string[]): Preprocess => ({
  ...{ widthPx: 8, heightPx: 8, fit: "stretch", interpolation: "bilinear", antialias: true, range: [0, 255] },
  bands,
});
const classifier = (band: string) => ({
  file: "classifier.onnx",
  manifest: { pixels: { chipPx: 8, metersPerPixel: 10, quantiles: [], scaling: [{ band, ...SCALING }] } },
});

const folder = mkdtempSync(join(tmpdir(), "sigmax-fitness-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function sceneOf(reflectance: string) {
  const scene = join(folder, "scene.tif");
  const data = new Uint16Array(128).fill(2000);
  writeFileSync(scene, await encodeGeoTiff({ bands: ["red", "nir"], widthPx: 8, heightPx: 8, dtype: "uint16", data }));
  return openScene({ scene, reflectance });
}

it("refuses stored numbers that mean something else than those of the training", async () => {
  const [same, other, unsaid] = [await sceneOf("0.0001,-0.1"), await sceneOf("0.0001"), await sceneOf("none")];
  expect(fittingBands(same, preprocess(["nir"]), classifier("nir"))).toEqual([1]);
  expect(() => fittingBands(other, preprocess(["nir"]), classifier("nir"))).toThrow(
    /a number of nir means DN · 0.0001 there; classifier.onnx was trained on numbers that mean DN · 0.0001 − 0.1/,
  );
  // Neither what it does not read nor what nobody says is a reason.
  expect(fittingBands(other, preprocess(["nir"]), classifier("red"))).toEqual([1]);
  expect(fittingBands(unsaid, preprocess(["nir"]), classifier("nir"))).toEqual([1]);
});

it("takes numbers of another scale for a ratio, and of another offset for none", async () => {
  const ndvi = { ...preprocess(["ndvi"]), derived: { ndvi: "(nir - red) / (nir + red)" } };
  const trained = {
    file: "classifier.onnx",
    manifest: { pixels: { chipPx: 8, metersPerPixel: 10, quantiles: [], scaling: [{ band: "nir", scale: 1e-4, offset: 0 }] } },
  };
  expect(fittingBands(await sceneOf("0.0002"), ndvi, trained)).toEqual([0, 1]);
  const offset = await sceneOf("0.0001,-0.1");
  expect(() => fittingBands(offset, ndvi, trained)).toThrow(/a number of nir means DN · 0.0001 − 0.1 there/);
  expect(() => fittingBands(offset, { ...ndvi, bands: ["nir", "ndvi"] }, trained)).toThrow(/a number of nir/);
});
