import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRaster } from "../src/raster/reader.js";
import { encodeGeoTiff } from "../src/raster/write/tiff.js";
import { interrupted, sigmax, sigmaxJson } from "./command-line.js";
import { CHIP, HEIGHT, type LandBox, landscape, NODATA, WIDTH, writePolygons } from "./two-lands.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-map-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const polygons = (name: string, ...boxes: readonly LandBox[]) => writePolygons(at(name), boxes);

const [scene, chips, run] = [at("scene.tif"), at("chips"), at("run")];
const classifier = join(run, "classifier.onnx");

beforeAll(async () => {
  writeFileSync(scene, await encodeGeoTiff(landscape(10)));
  const land = await polygons("land.geojson", ["bright", 0, 0, 100, HEIGHT], ["dark", 100, 0, WIDTH, HEIGHT]);
  const source = ["--from-vector", land, "--field", "land"];
  expect(sigmaxJson("chip", scene, "--size", String(CHIP), ...source, "--out", chips)).toMatchObject({ chips: 171, leftOut: 9 });
  sigmaxJson("train", chips, "--labels", join(chips, "largest.csv"), "--backbone", "stats", "--no-cache", "--out", run);
}, 240_000);

const classesOf = async (path: string) => {
  const reader = await openRaster(path);
  const { data, widthPx, heightPx } = await reader.read();
  await reader.close();
  return { data, widthPx, heightPx, info: reader.info };
};

describe("sigmax map", () => {
  it("says of every cell what predict says of the chip, and nothing where nothing was measured", async () => {
    const out = at("map.tif");
    const result = sigmaxJson("map", classifier, scene, "--out", out);
    expect(result).toMatchObject({ columns: 15, rows: 13, stridePx: CHIP, chipPx: CHIP });
    const { data, widthPx, info } = await classesOf(out);
    expect(info.categories).toEqual(["", "bright", "dark"]);
    expect(info.georeference?.transform).toEqual([500_000, 160, 0, 9_000_000, 0, -160]);
    expect(info.metadata.SIGMAX_SCENE_SHA256).toMatch(/^[0-9a-f]{64}$/);

    const predicted = sigmax("predict", classifier, join(chips, "chips"), "--csv");
    const rows = predicted.stdout.trim().split("\n").slice(1);
    expect(rows).toHaveLength(171);
    for (const row of rows) {
      const [, cellRow, cellColumn] = /_r(\d+)_c(\d+)\.tif/.exec(row)!.map(Number);
      const label = row.includes(",bright,") ? 1 : 2;
      expect(data[cellRow * widthPx + cellColumn], row).toBe(label);
    }
    expect([data[0], data[1], data[widthPx], data[widthPx + 1]]).toEqual([0, 0, 0, 0]);
    expect(result.noAnswer).toBe(4);
    expect(result.pixels).toMatchObject({ expected: 0.01, bands: [{ band: "red" }, { band: "nir" }], warning: null });

    const probabilities = await classesOf(result.files.probabilities);
    expect(probabilities.info.bands.map(({ name }) => name)).toEqual(["bright", "dark"]);
    const cells = probabilities.widthPx * probabilities.heightPx;
    expect(probabilities.data[0]).toBe(65535);
    expect(probabilities.data[5] + probabilities.data[cells + 5]).toBeCloseTo(65534, -1);
  });

  it("warns of a scene whose pixels are unlike those of the training, and names a likely cause", async () => {
    const land = landscape(10);
    const reflectance = Float32Array.from(land.data, (value) => (value === NODATA ? NODATA : value / 10_000));
    writeFileSync(at("reflectance.tif"), await encodeGeoTiff({ ...land, dtype: "float32", data: reflectance }));
    const { status, stdout, stderr } = sigmax("map", classifier, at("reflectance.tif"), "--json", "--out", at("strange.tif"));
    const { bands, warning } = JSON.parse(stdout).pixels;
    expect([status, bands[0].below]).toEqual([0, 1]);
    expect(warning).toMatch(
      /red: 100 % below \d+, 0 % above \d+; nir: .*look like reflectance from 0 to 1, those it was trained on/,
    );
    expect(stderr).toContain(warning);
  });

  it("is measured against the polygons that made its labels, and says so", () => {
    expect(JSON.parse(readFileSync(join(run, "metrics.json"), "utf8")).labelsFrom.kind).toBe("vector");
    const { stdout } = sigmax("evaluate", classifier, chips, "--labels", join(chips, "largest.csv"));
    expect(stdout).toContain("agreement with land.geojson");
    expect(stdout).toMatch(/^agreement +[01]\./m);
  });

  it("goes on after kill -9, and ends with the same bytes", async () => {
    const args = (name: string, threads: number) => [
      ...["map", classifier, scene, "--stride", "4", "--threads", String(threads)],
      ...["--out", at(name)],
    ];
    const whole = sigmaxJson(...args("whole/fine.tif", 2));
    expect(whole).toMatchObject({ columns: 60, rows: 50 });
    const journal = at("killed/.fine.tif.cells");
    const killed = args("killed/fine.tif", 1);
    await interrupted(killed, () => existsSync(journal) && readFileSync(journal).length > 5000, "SIGKILL");
    expect(readdirSync(at("killed"))).toEqual([".fine.tif.cells"]);
    const { status, stderr } = sigmax(...killed);
    expect([status, stderr]).toEqual([0, expect.anything()]);
    expect(readdirSync(at("killed")).sort()).toEqual(readdirSync(at("whole")).sort());
    for (const name of readdirSync(at("whole"))) {
      expect(readFileSync(at(`killed/${name}`)).equals(readFileSync(at(`whole/${name}`))), name).toBe(true);
    }
  });

  it("answers inside a clip alone, and not with what was decided for another one", async () => {
    const [clip, other] = [
      await polygons("clip.geojson", ["", 70, 30, 170, 90]),
      await polygons("other.geojson", ["", 0, 0, 240, 200]),
    ];
    const args = (area: string) => ["map", classifier, scene, "--stride", "8", "--clip", area, "--out", at("clip/map.tif")];
    const journal = at("clip/.map.tif.cells");
    await interrupted(args(other), () => existsSync(journal) && readFileSync(journal).length > 1000, "SIGKILL");
    expect(existsSync(journal)).toBe(true);
    const result = sigmaxJson(...args(clip));
    const { data, widthPx, heightPx, info } = await classesOf(result.files.map);
    // Middles at 4, 12, …: from 76 to 164 across, from 36 to 84 down; the land is bright up to 100.
    const inside = (i: number) => {
      const [x, y] = [(i % widthPx) * 8 + 4, Math.floor(i / widthPx) * 8 + 4];
      return x > 70 && x < 170 && y > 30 && y < 90;
    };
    expect([...data].map((value) => value > 0)).toEqual([...data].map((_, i) => inside(i)));
    expect(result).toMatchObject({ outside: widthPx * heightPx - 12 * 7, noAnswer: 0 });
    expect(result.classes.reduce((sum: number, { cells }: { cells: number }) => sum + cells, 0)).toBe(12 * 7);
    const sha256 = createHash("sha256").update(readFileSync(clip)).digest("hex");
    expect(info.metadata).toMatchObject({ SIGMAX_CLIP: "clip.geojson", SIGMAX_CLIP_SHA256: sha256 });
  });

  it("refuses scenes that do not fit, and files that are there", async () => {
    const refused = (...args: string[]) => {
      const { status, stderr } = sigmax("map", classifier, ...args);
      expect(status).not.toBe(0);
      return stderr;
    };
    writeFileSync(at("coarse.tif"), await encodeGeoTiff(landscape(30)));
    expect(refused(at("coarse.tif"), "--out", at("no.tif"))).toContain("a pixel is 30 m on the ground");
    writeFileSync(at("other.tif"), await encodeGeoTiff({ ...landscape(10), bands: ["green", "nir"] }));
    expect(refused(at("other.tif"), "--out", at("no.tif"))).toMatch(/has the bands green, nir; red of .* not among them/);
    expect(refused(scene, "--out", at("map.tif"))).toContain("exists already");
    const before = readFileSync(scene);
    expect(refused(scene, "--out", scene, "--force")).toContain("the map is made of this file");
    expect(readFileSync(scene).equals(before)).toBe(true);
    expect(refused(scene, "--out", at("map.png"))).toContain("a map is a GeoTIFF");
    expect(refused(scene, "--chip", "300", "--out", at("no.tif"))).toContain("hold no chip of 300 px");
    expect(readdirSync(folder).filter((name) => name.includes("no."))).toEqual([]);
  });

  it("takes a scene of several files, and leaves out what is masked", async () => {
    const { bands, data, ...place } = landscape(10);
    const px = WIDTH * HEIGHT;
    for (const [i, name] of bands.entries()) {
      const plane = { ...place, bands: [name], data: data.slice(i * px, (i + 1) * px) };
      writeFileSync(at(`part-${name}.tif`), await encodeGeoTiff(plane));
    }
    const clouds = Uint8Array.from({ length: px }, (_, i) => (i % WIDTH >= 200 ? 1 : 0));
    const { nodata: _, ...open } = place;
    writeFileSync(at("clouds.tif"), await encodeGeoTiff({ ...open, bands: ["cloud"], dtype: "uint8", data: clouds }));
    const files = ["--band", `nir=${at("part-nir.tif")}`, "--band", `red=${at("part-red.tif")}`];
    const result = sigmaxJson("map", classifier, ...files, "--mask", at("clouds.tif"), "--out", at("parts.tif"));
    expect(result.notes[1]).toBe("Mask: what is not 0, from clouds.tif");
    const [whole, parts] = [await classesOf(at("map.tif")), await classesOf(at("parts.tif"))];
    expect(parts.info.metadata).toMatchObject({ SIGMAX_SCENE: "part-nir.tif", SIGMAX_MASK: "what is not 0, from clouds.tif" });
    expect(parts.info.metadata.SIGMAX_SCENE_SHA256).not.toBe(whole.info.metadata.SIGMAX_SCENE_SHA256);
    // Chips begin at multiples of 16; of the one at 192 half is clear.
    const expected = whole.data.map((value, i) => (i % whole.widthPx >= 13 ? 0 : value));
    expect([...parts.data]).toEqual([...expected]);
    const { status, stderr } = sigmax("map", classifier, ...files.slice(0, 2), "--out", at("no.tif"));
    expect([status, stderr]).toEqual([1, expect.stringMatching(/has the bands nir; red of .* not among them/)]);
  });
});
