import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { UserError } from "../errors.js";
import type { Raster } from "../raster/raster.js";
import { COVERS } from "./ground.js";
import { createLandscape } from "./landscape.js";
import { SCENE_BANDS } from "./materials.js";
import { type GeneratedScene, renderLandscape } from "./render.js";
import { generateScene } from "./scene.js";

const size = { widthPx: 320, heightPx: 256 };
const clear = { haze: 0, illumination: 0, exposure: 1, noise: 0, balance: 0 };

test("the same options give the same bytes, another seed gives other ones", () => {
  const [first, again, other] = [1, 1, 2].map((seed) => digest(generateScene({ ...size, seed })));
  expect(again).toEqual(first);
  expect(other.pixels).not.toBe(first.pixels);
  expect(other.truth).not.toBe(first.truth);
});

test("a scene holds every class in sensible shares", () => {
  for (const seed of [1, 2, 3, 4]) {
    const { truth, classes } = generateScene({ widthPx: 384, heightPx: 384, seed });
    const share = classes.map((_, index) => truth.reduce((sum, cover) => sum + (cover === index ? 1 : 0), 0) / truth.length);
    const [grass, forest, field, water, road, urban] = share;
    expect(share.reduce((sum, value) => sum + value)).toBeCloseTo(1, 10);
    for (const wide of [grass, forest, field]) expect(wide).toBeGreaterThan(0.08);
    expect(grass).toBeLessThan(0.65);
    expect(water).toBeGreaterThan(0.02);
    expect(road).toBeGreaterThan(0.005);
    expect(urban).toBeGreaterThan(0.002);
  }
});

test("the truth fits the pixels: water is darkest in the infrared, forest darker than grass, in every season", () => {
  for (const season of ["spring", "summer", "autumn"] as const) {
    const scene = generateScene({ ...size, seed: 5, season, bands: SCENE_BANDS, ...clear });
    const nir = meansByCover(scene, "nir");
    for (const cover of ["grass", "forest", "field", "urban"] as const) expect(nir.water).toBeLessThan(nir[cover] / 2);
    for (const band of ["blue", "green", "red"] as const) {
      const means = meansByCover(scene, band);
      expect(means.forest).toBeLessThan(0.8 * means.grass);
    }
  }
});

test("colour alone does not tell the classes apart: their ranges of grey overlap in every visible band", () => {
  const scene = generateScene({ widthPx: 512, heightPx: 512, seed: 3 });
  for (const band of ["red", "green", "blue"]) {
    const plane = planeOf(scene.raster, band);
    const ranges = COVERS.map((_, index) => quantiles(plane.filter((_, at) => scene.truth[at] === index)));
    const overlaps = ranges.flatMap(([low, high], i) => ranges.slice(i + 1).map((other) => low <= other[1] && other[0] <= high));
    expect(overlaps.filter(Boolean).length / overlaps.length).toBeGreaterThan(0.6);
  }
});

test("the use of the land differs from its cover only inside villages", () => {
  const scene = generateScene({ ...size, seed: 4, villageDensity: 20 });
  const urban = COVERS.indexOf("urban");
  const differing = scene.use.filter((use, at) => use !== scene.truth[at]);
  expect(differing.length).toBeGreaterThan(500);
  expect(new Set(differing)).toEqual(new Set([urban]));
});

test("a later date of the same land changes where the land was edited, and near it, and nowhere else", () => {
  const before = createLandscape({ ...size, seed: 6 });
  const house = { at: [160, 128] as const, angle: 0, lengthPx: 12, depthPx: 8, roof: "metal" as const, tone: 1 };
  const after = { ...before, houses: [...before.houses, house] };
  const first = renderLandscape(before, clear);
  const second = renderLandscape(after, clear);
  const urban = COVERS.indexOf("urban");
  expect(second.truth[128 * size.widthPx + 160]).toBe(urban);
  const far = changedPixels(first.raster, second.raster).filter(([x, y]) => Math.hypot(x - 160, y - 128) > 30);
  expect(far).toEqual([]);
  expect(changedPixels(first.raster, second.raster).length).toBeGreaterThan(60);
});

test("clearing a forest leaves grass where trees stood", () => {
  const before = createLandscape({ ...size, seed: 7, forestShare: 0.9, fieldShare: 0, villageDensity: 0 });
  const { truth } = renderLandscape(before, clear);
  const after = renderLandscape(
    { ...before, forest: { ...before.forest, clearings: [{ at: [160, 128], radiusPx: 500 }] } },
    clear,
  );
  const forest = COVERS.indexOf("forest");
  expect(truth.filter((cover) => cover === forest).length / truth.length).toBeGreaterThan(0.5);
  expect(after.truth.includes(forest)).toBe(false);
});

test("any bands in any order can be rendered, and a band does not depend on its neighbours", () => {
  const scene = generateScene({ ...size, seed: 8, bands: ["nir", "red"] });
  expect(scene.raster).toMatchObject({ bands: ["nir", "red"], dtype: "uint8", ...size });
  const alone = generateScene({ ...size, seed: 8, bands: ["red"] });
  expect(planeOf(scene.raster, "red")).toEqual(planeOf(alone.raster, "red"));
});

test("haze lifts the dark and lowers the contrast", () => {
  const [sharp, hazy] = [0, 0.4].map((haze) =>
    quantiles(planeOf(generateScene({ ...size, seed: 9, ...clear, haze }).raster, "blue")),
  );
  expect(hazy[0]).toBeGreaterThan(sharp[0] + 10);
  expect(hazy[1] - hazy[0]).toBeLessThan(sharp[1] - sharp[0]);
});

test.each([
  [8, 8],
  [1e5, 1e5],
  [64.5, 64],
  [Number.NaN, 64],
])("a scene of %d × %d pixels is refused before anything is allocated", (widthPx, heightPx) => {
  expect(() => generateScene({ widthPx, heightPx, seed: 1 })).toThrow(UserError);
});

function digest({ raster, truth, use }: GeneratedScene) {
  const of = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
  return { pixels: of(Uint8Array.from(raster.data, Number)), truth: of(truth), use: of(use) };
}

function planeOf(raster: Raster, band: string): Uint8Array {
  const pixels = raster.widthPx * raster.heightPx;
  const index = raster.bands.indexOf(band);
  return Uint8Array.from(raster.data.subarray(index * pixels, (index + 1) * pixels), Number);
}

function meansByCover(scene: GeneratedScene, band: string) {
  const plane = planeOf(scene.raster, band);
  const mean = (cover: (typeof COVERS)[number]) => {
    const values = plane.filter((_, at) => scene.truth[at] === COVERS.indexOf(cover));
    return values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return { grass: mean("grass"), forest: mean("forest"), field: mean("field"), water: mean("water"), urban: mean("urban") };
}

/** The 5th and the 95th percentile. */
function quantiles(values: Uint8Array): readonly [number, number] {
  const sorted = values.slice().sort();
  return [sorted[Math.floor(0.05 * sorted.length)], sorted[Math.floor(0.95 * sorted.length)]];
}

function changedPixels(a: Raster, b: Raster): [number, number][] {
  const changed: [number, number][] = [];
  for (let at = 0; at < a.widthPx * a.heightPx; at++) {
    if (a.data[at] !== b.data[at]) changed.push([at % a.widthPx, Math.floor(at / a.widthPx)]);
  }
  return changed;
}
