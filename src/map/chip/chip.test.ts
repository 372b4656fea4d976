import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UTM_18S } from "../../../test/utm-18s.js";
import { parseCsv } from "../../data/csv.js";
import { openDataset } from "../../data/open.js";
import { decodeRaster } from "../../raster/formats.js";
import { crsOfEpsg } from "../../raster/geo/crs.js";
import type { Raster } from "../../raster/raster.js";
import { openRaster } from "../../raster/reader.js";
import { landsatTags, landsatText, writeLandsat } from "../../raster/scene/scenes.cases.js";
import { encodeGeoTiff } from "../../raster/write/tiff.js";
import { chipScene } from "./chip.js";
import { largestClass, verdict } from "./labeller.js";
import { chipCounts, chipStrips } from "./windows.js";

describe("chip windows", () => {
  it("are whole, in order, and read in parts that hold them", () => {
    for (const [sizePx, stridePx] of [
      [64, 64],
      [64, 20],
      [32, 50],
      [700, 700],
    ]) {
      const scene = { widthPx: 1500, heightPx: 1200 };
      const { columns, rows } = chipCounts(scene, { sizePx, stridePx });
      const strips = [...chipStrips(scene, { sizePx, stridePx })];
      const chips = strips.flatMap((strip) => strip.chips);
      expect(chips.map(({ row, column }) => row * columns + column)).toEqual([...new Array(columns * rows).keys()]);
      for (const { window, chips: inside } of strips) {
        for (const { leftPx, topPx, widthPx, heightPx, row, column } of inside) {
          expect([leftPx, topPx, widthPx, heightPx]).toEqual([column * stridePx, row * stridePx, sizePx, sizePx]);
          expect(topPx).toBeGreaterThanOrEqual(window.topPx);
          expect(topPx + heightPx).toBeLessThanOrEqual(window.topPx + window.heightPx);
          expect(leftPx + widthPx).toBeLessThanOrEqual(window.leftPx + window.widthPx);
        }
        expect(window.topPx + window.heightPx).toBeLessThanOrEqual(scene.heightPx);
        expect(window.leftPx + window.widthPx).toBeLessThanOrEqual(scene.widthPx);
      }
    }
    expect(chipCounts({ widthPx: 63, heightPx: 900 }, { sizePx: 64, stridePx: 64 }).columns).toBe(0);
  });
});

describe("labels of a chip", () => {
  it("are yes from the least share on, no below half of it, unknown between and where too much is unseen", () => {
    expect([0.1, 0.099, 0.05, 0.049, 0].map((share) => verdict(share, 0, 0.1))).toEqual([1, -1, -1, 0, 0]);
    expect(verdict(0, 0.05, 0.1)).toBe(-1);
  });

  it("the largest class is none where more is unseen", () => {
    expect(largestClass({ ofClasses: Float64Array.of(0.2, 0.5), unseen: 0.3 })).toBe(1);
    expect(largestClass({ ofClasses: Float64Array.of(0.2, 0.2), unseen: 0.6 })).toBeUndefined();
  });
});

describe("chipScene", () => {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-chip-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const [widthPx, heightPx] = [100, 70];
  const scene = join(folder, "scene.tif");
  const cover = join(folder, "cover.tif");
  const georeference = { crs: UTM_18S, transform: [500_000, 10, 0, 9_000_000, 0, -10] as const };
  const px = widthPx * heightPx;
  /** Forest (2) left of column 40, water (1) right of it; the lower left corner was not measured. */
  const isForest = (i: number) => i % widthPx < 40;
  const raster: Raster = {
    bands: ["red", "nir"],
    widthPx,
    heightPx,
    dtype: "uint16",
    data: Uint16Array.from({ length: 2 * px }, (_, i) => {
      const at = i % px;
      if (at % widthPx < 16 && at >= 60 * widthPx) return 65535;
      return i < px ? 500 : isForest(at) ? 4000 : 300;
    }),
    nodata: 65535,
    scaling: [
      { scale: 1e-4, offset: 0 },
      { scale: 1e-4, offset: 0 },
    ],
    georeference,
  };

  beforeAll(async () => {
    writeFileSync(scene, await encodeGeoTiff(raster));
    const classes = Uint8Array.from({ length: px }, (_, i) => (isForest(i) ? 2 : 1));
    writeFileSync(
      cover,
      await encodeGeoTiff({ bands: ["class"], widthPx, heightPx, dtype: "uint8", data: classes, georeference }),
    );
    writeFileSync(
      join(folder, "classes.json"),
      JSON.stringify({
        classes: [
          { value: 1, name: "water" },
          { value: 2, name: "forest" },
        ],
      }),
    );
  });

  it.each([
    ["a class raster", { fromRaster: cover }],
    ["rules", { rules: ["water: nir < 0.1", "forest: (nir - red) / (nir + red) > 0.5"] }],
  ])("cuts what train takes as it is, with labels of %s", async (what, source) => {
    const out = join(folder, `out-${what}`);
    const result = await chipScene({ scene, out, sizePx: 32, minShare: 0.2, ...source });
    expect(result).toMatchObject({ chips: 6, leftOut: 0 });
    const table = parseCsv(readFileSync(result.labels, "utf8"), "labels.csv");
    expect(table.header).toEqual(["file", "x", "y", "scene", "cell_row", "cell_column", "tags", "share_water", "share_forest"]);
    const cells = table.rows.map((row) => row.cells);
    expect(cells[0]).toEqual(["chips/scene_r0_c0.tif", "500160", "8999840", "scene", "0", "0", "forest|", "0.0000", "1.0000"]);
    // Columns 32 to 39 of 32 to 63 are forest: a quarter.
    expect(cells[1].slice(6)).toEqual(["water|forest|", "0.7500", "0.2500"]);
    expect(cells[2].slice(6)).toEqual(["water|", "1.0000", "0.0000"]);

    const dataset = await openDataset(out);
    expect(dataset).toMatchObject({ task: "multilabel", classes: ["forest", "water"] });
    expect(dataset.samples).toHaveLength(6);
    expect(dataset.samples[0].coordinates).toEqual([500_160, 8_999_840]);
    const single = await openDataset(out, { labels: result.largest });
    expect(single).toMatchObject({ task: "multiclass", classes: ["forest", "water"] });

    const chip = await decodeRaster(readFileSync(join(out, "chips/scene_r1_c1.tif")), { file: "chip" });
    expect(chip).toMatchObject({ bands: ["red", "nir"], widthPx: 32, heightPx: 32, dtype: "uint16", nodata: 65535 });
    expect(chip.georeference?.transform).toEqual([500_320, 10, 0, 8_999_680, 0, -10]);
    expect(chip.scaling).toEqual(raster.scaling);
    expect(readdirSync(out).sort()).toEqual(["chips", "chips.json", "labels.csv", "largest.csv"]);
  });

  it("takes labels from another grid in another system", async () => {
    // A 400 m grid in degrees over the scene: water east of the middle.
    const degrees = join(folder, "degrees.tif");
    const [columns, rows] = [30, 20];
    const data = Uint8Array.from({ length: columns * rows }, (_, i) => (i % columns < 15 ? 2 : 1));
    const transform = [-75.001, 0.0004, 0, -9.045, 0, -0.0004] as const;
    const wgs84 = { crs: crsOfEpsg(4326), transform };
    writeFileSync(
      degrees,
      await encodeGeoTiff({ bands: ["class"], widthPx: columns, heightPx: rows, dtype: "uint8", data, georeference: wgs84 }),
    );
    const result = await chipScene({ scene, out: join(folder, "other-grid"), sizePx: 10, fromRaster: degrees });
    const table = parseCsv(readFileSync(result.labels, "utf8"), "labels.csv");
    // UTM 18S: 500,000 m east is 75° west; column 15 of the classes begins at 74.995° west, about 550 m east of it.
    const first = table.rows.slice(0, 10).map((row) => row.cells[6]);
    expect(first.slice(0, 5)).toEqual(new Array(5).fill("forest|"));
    expect(first.slice(6)).toEqual(new Array(4).fill("water|"));
    const far = join(folder, "far.tif");
    writeFileSync(
      far,
      await encodeGeoTiff({
        ...{ bands: ["class"], widthPx: columns, heightPx: rows, dtype: "uint8", data },
        georeference: { crs: crsOfEpsg(4326), transform: [10, 0.0004, 0, 50, 0, -0.0004] },
      }),
    );
    await expect(chipScene({ scene, out: join(folder, "far"), sizePx: 10, fromRaster: far })).rejects.toThrow(
      "far.tif: says nothing about any chip of",
    );
  });

  it("says what values of the class raster are in no class of the table, and not what it marks as no data", async () => {
    const file = join(folder, "values.tif");
    // A quarter each; 0 is no data.
    const values = [1, 99, 7, 0];
    const data = Uint8Array.from({ length: px }, (_, i) => values[(i % widthPx) % 4]);
    const image = { bands: ["class"], widthPx, heightPx, dtype: "uint8", data, nodata: 0, georeference } as const;
    writeFileSync(file, await encodeGeoTiff(image));
    const cut = async (...known: readonly number[]) => {
      const classTable = join(folder, "some.json");
      writeFileSync(classTable, JSON.stringify({ classes: known.map((value) => ({ value, name: `c${value}` })) }));
      const said: string[] = [];
      const onWarning = (message: string) => said.push(message);
      await chipScene({ scene, out: join(folder, "listed"), sizePx: 32, fromRaster: file, classTable, force: true, onWarning });
      return said.join();
    };
    expect(await cut(1, 7, 99)).toBe("");
    expect(await cut(1, 7)).toContain(`${file}: value 99 (33 % of the labelled pixels) is in no class of the table`);
    expect(await cut(7)).toMatch(/values (1, 99|99, 1) \(67 % of the labelled pixels\) are in no class/);
    await expect(cut(5)).rejects.toMatchObject({
      code: "bad-data",
      message: expect.stringMatching(/values [\d, ]+ \(100 % of the labelled pixels\) are in no class of the table$/),
      hint: expect.stringContaining("--class-table"),
    });
  });

  /** Rectangles of the scene's pixels, in the scene's own system as files of 2008 say it. */
  const polygons = (name: string, ...features: readonly (readonly [value: unknown, ...px: readonly number[]])[]) => {
    const file = join(folder, name);
    const geojson = {
      type: "FeatureCollection",
      crs: { type: "name", properties: { name: "urn:ogc:def:crs:EPSG::32718" } },
      features: features.map(([kind, left, top, right, bottom]) => {
        const [west, east, north, south] = [
          500_000 + 10 * left,
          500_000 + 10 * right,
          9_000_000 - 10 * top,
          9_000_000 - 10 * bottom,
        ];
        const ring = [
          [west, south],
          [east, south],
          [east, north],
          [west, north],
          [west, south],
        ];
        return { type: "Feature", properties: { kind }, geometry: { type: "Polygon", coordinates: [ring] } };
      }),
    };
    writeFileSync(file, JSON.stringify(geojson));
    return file;
  };
  const tagsOf = (labels: string) => parseCsv(readFileSync(labels, "utf8"), "labels.csv").rows.map(({ cells }) => cells.slice(6));

  it("takes labels from polygons; what none covers is unknown, or no where that is said", async () => {
    const cover = polygons(
      "cover.geojson",
      ["water", 0, 0, 32, 32],
      ["reed", 16, 16, 64, 32],
      ["water", 8, 8, 24, 24],
      [null, 0, 32, 9, 9],
    );
    const warnings: string[] = [];
    const onWarning = (message: string) => warnings.push(message);
    const source = { scene, sizePx: 32, fromVector: cover, field: "kind", onWarning };
    const result = await chipScene({ ...source, out: join(folder, "polygons") });
    expect(result).toMatchObject({
      chips: 6,
      classes: [
        { name: "reed", present: 2, unknown: 4 },
        { name: "water", present: 1, unknown: 5 },
      ],
    });
    expect(warnings).toEqual([`${cover}: 1 of 4 polygons do not say their "kind" and are left out, first feature 4`]);
    const nobodyKnows = ["?reed|?water|", "0.0000", "0.0000"];
    expect(tagsOf(result.labels)).toEqual([
      ["reed|water|", "0.2500", "1.0000"],
      ["reed|?water|", "0.5000", "0.0000"],
      ...new Array(4).fill(nobodyKnows),
    ]);
    const record = JSON.parse(readFileSync(join(folder, "polygons/chips.json"), "utf8"));
    expect(record.labelsFrom).toMatchObject({ kind: "vector", source: "cover.geojson", field: "kind", elsewhere: "unknown" });

    const looked = await chipScene({ ...source, out: join(folder, "looked"), elsewhere: "no" });
    expect(tagsOf(looked.labels).slice(1, 3)).toEqual([
      ["reed|", "0.5000", "0.0000"],
      ["", "0.0000", "0.0000"],
    ]);
    const dataset = await openDataset(join(folder, "looked"));
    expect(dataset.samples[2].labels).toEqual(Int8Array.of(0, 0));
  });

  it("cuts only chips that lie wholly inside a clip", async () => {
    const clip = polygons("clip.geojson", ["", 32, 0, 64, 64], ["", 64, 0, 95, 32]);
    const result = await chipScene({ scene, out: join(folder, "clipped"), sizePx: 32, fromRaster: cover, clip });
    expect(result).toMatchObject({ chips: 2, leftOut: 0, outside: 4 });
    expect(readdirSync(join(folder, "clipped/chips")).sort()).toEqual(["scene_r0_c1.tif", "scene_r1_c1.tif"]);
    expect(tagsOf(result.labels)).toEqual(new Array(2).fill(["water|forest|", "0.7500", "0.2500"]));
    const record = JSON.parse(readFileSync(join(folder, "clipped/chips.json"), "utf8"));
    expect(record).toMatchObject({ outside: 4, clip: { file: "clip.geojson", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } });
  });

  it("refuses polygons that the scene does not show, naming where both lie", async () => {
    const source = { scene, sizePx: 32, out: join(folder, "refused") };
    const far = polygons("far.geojson", ["a", 9000, 0, 9100, 100]);
    const places =
      "its polygons reach from 590000, 8999000 to 591000, 9000000, .*scene.tif from 500000, 8999300 to 501000, 9000000";
    await expect(chipScene({ ...source, fromVector: far, field: "kind" })).rejects.toThrow(
      new RegExp(`lies elsewhere: ${places}`),
    );
    await expect(chipScene({ ...source, fromRaster: cover, clip: far })).rejects.toThrow(new RegExp(places));
    const small = polygons("small.geojson", ["a", 10, 10, 20, 20]);
    await expect(chipScene({ ...source, fromRaster: cover, clip: small })).rejects.toThrow("no chip of 32 px lies wholly in it");
    await expect(chipScene({ ...source, fromVector: small, field: "kinds" })).rejects.toMatchObject({
      message: expect.stringContaining('says anything in the field "kinds"'),
      hint: 'Did you mean "kind"? It has the fields kind.',
    });
    const odd = polygons("odd.geojson", ["a|b", 0, 0, 99, 70]);
    await expect(chipScene({ ...source, fromVector: odd, field: "kind" })).rejects.toThrow('"a|b" cannot be a label');
    expect(readdirSync(folder).filter((name) => name.includes("refused"))).toEqual([]);
  });

  it("of a product's folder have what was masked as nodata, and say what they are made of", async () => {
    const product = await writeLandsat(join(folder, "LC08_scene"), { metadata: landsatText(landsatTags({})) });
    const rules = ["bright: evi2 > 0.2", "wet: ndbi > swir1 + 9"];
    const result = await chipScene({ scene: product, out: join(folder, "landsat"), sizePx: 8, rules });
    expect(result).toMatchObject({ chips: 4, leftOut: 0 });
    expect(result.notes).toEqual([
      "Reflectance: DN · 0.0000275 − 0.2, from LC08_006066_20200808_02_T1_MTL.txt",
      "Mask: clouds, cirrus and shadows by QA_PIXEL, from LC08_006066_20200808_02_T1_QA_PIXEL.TIF",
    ]);
    const record = JSON.parse(readFileSync(join(result.folder, "chips.json"), "utf8"));
    expect(record).toMatchObject({ sensor: "landsat 8 l2", date: "2020-08-08" });
    expect([`Reflectance: ${record.reflectance}`, `Mask: ${record.mask}`]).toEqual(result.notes);
    expect(record.sceneFiles).toHaveLength(5);
    const chipOf = async (place: string) => {
      const file = join(result.folder, `chips/LC08_scene_${place}.tif`);
      const reader = await openRaster(readFileSync(file), { file });
      return { info: reader.info, raster: await reader.read() };
    };
    const { info, raster: chip } = await chipOf("r0_c0");
    expect(info.metadata).toMatchObject({ SIGMAX_SENSOR: "landsat 8 l2", SIGMAX_MASK: record.mask });
    expect(chip).toMatchObject({ bands: ["red", "nir", "swir16"], nodata: 0, scaling: info.bands.map(({ scaling }) => scaling) });
    // Five pixels of the first row are masked.
    expect([...chip.valid!.subarray(0, 7), chip.data[0], chip.data[6]]).toEqual([0, 0, 0, 0, 0, 1, 1, 0, 8006]);
    const before = record.sceneSha256;
    writeFileSync(join(product, "LC08_006066_20200808_02_T1_MTL.txt"), `${landsatText(landsatTags({}))}\n`);
    const again = await chipScene({ scene: product, out: join(folder, "landsat-again"), sizePx: 8, rules });
    expect(JSON.parse(readFileSync(join(again.folder, "chips.json"), "utf8")).sceneSha256).not.toBe(before);
  });

  it("ask for reflectance where a rule needs it and nothing says it", async () => {
    const plain = join(folder, "plain.tif");
    const { scaling: _, ...unscaled } = raster;
    writeFileSync(plain, await encodeGeoTiff(unscaled));
    const options = { scene: plain, out: join(folder, "evi2"), sizePx: 32, rules: ["forest: evi2 > 0.4"] };
    await expect(chipScene(options)).rejects.toMatchObject({
      code: "bad-data",
      message: `${plain}: evi2 in --rule needs reflectance, and nothing says how its numbers become that`,
      hint: expect.stringContaining("--reflectance applied"),
    });
    const result = await chipScene({ ...options, reflectance: "0.0001" });
    // 2.5 · (0.4 − 0.05) / (0.4 + 0.12 + 1) = 0.58 in forest.
    expect(result.classes).toMatchObject([{ name: "forest", present: 4 }]);
    const chip = await decodeRaster(readFileSync(join(result.folder, "chips/plain_r0_c0.tif")), { file: "chip" });
    expect([chip.data[0], chip.scaling?.[0]]).toEqual([500, { scale: 1e-4, offset: 0 }]);
  });

  it("of an index are refused where only one of its bands has a known scale", async () => {
    const half = (name: string, scaled: boolean) => {
      const { scaling, ...image } = {
        ...raster,
        bands: [name],
        data: raster.data.slice(0, px),
        scaling: [{ scale: 1e-4, offset: 0 }],
      };
      return encodeGeoTiff({ ...image, ...(scaled && { scaling }) });
    };
    const [red, nir] = [join(folder, "half-red.tif"), join(folder, "half-nir.tif")];
    writeFileSync(red, await half("red", true));
    writeFileSync(nir, await half("nir", false));
    const options = { band: [`red=${red}`, `nir=${nir}`], out: join(folder, "half"), sizePx: 32 };
    for (const index of ["evi2", "ndvi"]) {
      await expect(chipScene({ ...options, rules: [`forest: ${index} > 0.4`] })).rejects.toThrow(
        `${index} in --rule needs reflectance, and nothing says how the numbers of nir become that`,
      );
    }
  });

  it.each([
    ["in one of a file's bands", { nir: -9999, red: 500 }],
    ["in the other", { nir: 4000, red: -9999 }],
  ])("of rules are unknown where a band they read lacks a measurement %s", async (_, missing) => {
    const side = 16;
    const file = join(folder, "holes.tif");
    // The left half lacks one band.
    const plane = (hole: number, full: number) => Array.from({ length: side * side }, (_, i) => (i % side < 8 ? hole : full));
    const data = Int16Array.from([...plane(missing.red, 500), ...plane(missing.nir, 4000)]);
    const image = { bands: ["red", "nir"], widthPx: side, heightPx: side, dtype: "int16", data, nodata: -9999 } as const;
    writeFileSync(file, await encodeGeoTiff({ ...image, georeference }));
    const labelsOf = async (rule: string) => {
      const result = await chipScene({ scene: file, out: join(folder, "holes"), sizePx: 8, rules: [rule], force: true });
      return tagsOf(result.labels).slice(0, 2);
    };
    const isRed = missing.red === -9999;
    expect(await labelsOf("all: nir < 5000 and red < 5000")).toEqual([
      ["?all|", "0.0000"],
      ["all|", "1.0000"],
    ]);
    // The band that is there is known.
    expect(await labelsOf(isRed ? "all: nir < 5000" : "all: red < 5000")).toEqual(new Array(2).fill(["all|", "1.0000"]));
  });

  it("leaves out chips that were hardly measured, and counts what is unseen", async () => {
    const result = await chipScene({ scene, out: join(folder, "small"), sizePx: 10, fromRaster: cover });
    expect(result).toMatchObject({ chips: 68, leftOut: 2 });
  });

  it("say how to name bands that a rule asks for and the scene calls otherwise", async () => {
    for (const rule of ["a: ndbi > 0.5", "a: swir > 0.5"]) {
      await expect(chipScene({ scene, out: join(folder, "names"), sizePx: 32, rules: [rule] })).rejects.toMatchObject({
        code: "usage",
        hint: expect.stringMatching(/The bands are red, nir\..* --band nir=B08.tif --band red=B04.tif .* --band-names a,b,c/),
      });
    }
  });

  it.each([
    [{}, "usage", "nothing says what is in the chips"],
    [{ fromRaster: cover, rules: ["a: red > 0"] }, "usage", "--from-raster and --rule exclude each other"],
    [{ fromVector: cover }, "usage", "which field names the class?"],
    [{ fromVector: "x.geojson", field: "a", rules: ["a: red > 0"] }, "usage", "--from-vector and --rule exclude each other"],
    [{ rules: ["a: red > 0"], field: "a" }, "usage", "--field names the classes of --from-vector"],
    [{ fromRaster: cover, elsewhere: "no" as const }, "usage", "--elsewhere says what"],
    [{ fromVector: cover, field: "a" }, "bad-file", "cover.tif"],
    [{ rules: ["a: red > 0"], classTable: "worldcover" }, "usage", "--class-table says what"],
    [{ rules: ["forest ndvi"] }, "usage", "has no class"],
    [{ rules: ["a: red > 0", "a: nir > 0"] }, "usage", "has two rules"],
    [{ rules: ["a: swir > 0"] }, "usage", "swir"],
    [{ fromRaster: scene }, "bad-data", "no map of classes"],
    [{ rules: ["a: red > 0"], sizePx: 80 }, "bad-data", "100 × 70 pixels hold no chip of 80 px"],
    [{ fromRaster: join(folder, "absent.tif") }, "not-found", "absent.tif"],
  ])("refuses %j", async (options, code, message) => {
    const out = join(folder, "refused");
    const error = await chipScene({ scene, out, sizePx: 32, ...options }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect(readdirSync(folder).filter((name) => name.includes("refused"))).toEqual([]);
  });
});
