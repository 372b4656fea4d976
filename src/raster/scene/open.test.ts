import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { prepareValues } from "../values.js";
import { encodeGeoTiff } from "../write/tiff.js";
import { openScene, type SceneInput } from "./open.js";
import { requireReflectance } from "./scaling.js";
import { landsatTags, landsatText, OFFSETS_FROM_04, safeMetadata, writeBand, writeLandsat, writeSafe } from "./scenes.cases.js";
import { commonType } from "./stack.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-scene-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const SAFE = at("S2A_MSIL2A_T18LWR.SAFE");

/** Opens a scene, looks at it, closes it. */
async function opened(input: SceneInput) {
  const scene = await openScene(input);
  try {
    const raster = await scene.read();
    const bands = raster.bands.map((name, i) => {
      const px = raster.widthPx * raster.heightPx;
      return [name, raster.data.subarray(i * px, (i + 1) * px)] as const;
    });
    return { scene, raster, planes: Object.fromEntries(bands) };
  } finally {
    await scene.close();
  }
}

const refused = (input: SceneInput) =>
  openScene(input).then(
    () => "not refused",
    (error: unknown) => error,
  );

beforeAll(async () => {
  await writeSafe(SAFE, safeMetadata({ offsets: OFFSETS_FROM_04 }));
});

describe("a Sentinel-2 product", () => {
  it("is read on the grid of the finest band asked for, clouds and nodata not measured", async () => {
    const { scene, raster, planes } = await opened({ scene: SAFE });
    expect(scene).toMatchObject({ sensor: "sentinel-2 l2a", date: "2023-08-09" });
    expect(raster).toMatchObject({ bands: ["red", "nir", "nir08", "swir16"], widthPx: 48, heightPx: 48, nodata: 0 });
    expect(raster.georeference?.transform).toEqual([500_000, 10, 0, 9_000_000, 0, -10]);
    const pixel = (column: number, row: number) => row * 48 + column;
    // The red of 10 m, not that of 20 m; the first row below the cloud.
    expect([...planes.red.subarray(pixel(10, 8), pixel(13, 8))]).toEqual([1510, 1511, 1512]);
    // Middles of 10 m pixels lie a quarter of 20 m from those of 20 m: 10 a pixel are 2.5 beside and 7.5 from the next.
    expect([...planes.swir16.subarray(pixel(20, 20), pixel(24, 20))]).toEqual([2098, 2103, 2108, 2113]);
    // 4 × 4 pixels of 20 m; the last column was not measured in the bands of 10 m alone, and counts for none.
    const isLost = (i: number) => (i % 48 < 8 && i < 8 * 48) || i % 48 === 47;
    expect(raster.valid?.every((one, i) => one === (isLost(i) ? 0 : 1))).toBe(true);
    for (const plane of Object.values(planes)) expect([plane[pixel(3, 3)], plane[pixel(47, 20)]]).toEqual([0, 0]);
    expect(scene.notes).toEqual([
      "Reflectance: (DN − 1000) / 10000, from MTD_MSIL2A.xml, baseline 05.09",
      "Mask: clouds, cirrus, shadows and defective pixels by SCL, from T18LWR_20230809_SCL_20m.jp2",
    ]);
    expect(scene.files.every((file) => resolve(file).startsWith(resolve(SAFE)))).toBe(true);
    expect(scene.files).toHaveLength(6);
  });

  it("is read coarser, and without its mask, where that is asked for", async () => {
    const { raster, planes } = await opened({ scene: `${SAFE}/`, bands: ["swir1", "nir08"], mask: "none" });
    expect(raster).toMatchObject({ bands: ["swir16", "nir08"], widthPx: 24 });
    expect(raster.valid).toBeUndefined();
    expect([...planes.swir16.subarray(0, 3)]).toEqual([2000, 2010, 2020]);
    expect(await refused({ scene: SAFE, bands: ["red", "swir22"] })).toMatchObject({
      code: "bad-data",
      message: expect.stringContaining("has the bands coastal, red, nir, nir08, swir16; swir22 is not among them"),
    });
  });

  it.each([
    [undefined, 24],
    [20, 24],
    [10, 48],
    [60, 24],
  ])(
    "is read for pixels of %s m on the grid that all its bands share, where the needed ones have another",
    async (meters, widthPx) => {
      const scene = await openScene({ scene: SAFE, mask: "none" }, { needs: () => ["swir16"], metersPerPixel: meters });
      const raster = await scene.read().finally(scene.close);
      expect(raster).toMatchObject({ bands: ["swir16"], widthPx });
      expect(scene.files).toHaveLength(2);
      if (widthPx === 24) return;
      // As chips of all bands have it.
      const { planes } = await opened({ scene: SAFE, mask: "none" });
      const isThere = (i: number) => i % 48 !== 47;
      expect(raster.data.filter((_, i) => isThere(i))).toEqual(planes.swir16.filter((_, i) => isThere(i)));
    },
  );

  it("is scaled by values.ts, once", async () => {
    const { raster } = await opened({ scene: join(SAFE, "MTD_MSIL2A.xml"), bands: ["red"], mask: "none" });
    const wanted = { bands: ["red"], values: "reflectance" } as const;
    const once = prepareValues(raster, wanted);
    expect(once.data[10]).toBeCloseTo(0.051, 6);
    expect(once.scaling).toEqual([{ scale: 1, offset: 0 }]);
    expect(prepareValues(once, wanted).data[10]).toBe(once.data[10]);
  });

  it.each([
    ["an old baseline", { baseline: "02.14" }, "DN / 10000, from MTD_MSIL2A.xml, baseline 02.14", [1e-4, 0]],
    [
      "offsets of its own for a band",
      { offsets: OFFSETS_FROM_04.map((offset, id) => (id === 3 ? "-500" : offset)) },
      "(DN + each band's offset) / 10000, from MTD_MSIL2A.xml, baseline 05.09",
      [1e-4, -0.05],
    ],
  ])("has the scale of %s", async (name, tags, words, [scale, offset]) => {
    const product = await writeSafe(at(`${name}.SAFE`), safeMetadata(tags));
    const { scene } = await opened({ scene: product });
    expect(scene.scaling.words).toBe(words);
    expect(scene.info.bands[0]).toMatchObject({ name: "red", scaling: { scale, offset } });
  });

  it("of level 1C has its own tags", async () => {
    const product = at("l1c.SAFE");
    const offsets = OFFSETS_FROM_04;
    await writeBand(join(product, "GRANULE/L1C/IMG_DATA/T18LWR_B11.jp2"), { meters: 20, value: () => 3000 });
    await writeBand(join(product, "GRANULE/L1C/IMG_DATA/T18LWR_B10.jp2"), { meters: 60, value: () => 1010 });
    writeFileSync(join(product, "MTD_MSIL1C.xml"), safeMetadata({ level: "1C", offsets }));
    const { scene } = await opened({ scene: product });
    expect(scene).toMatchObject({ sensor: "sentinel-2 l1c", notes: [expect.stringContaining("MTD_MSIL1C.xml"), "Mask: none"] });
    expect(scene.info.bands.map(({ name, scaling }) => [name, scaling?.offset])).toEqual([["swir16", -0.1]]);
  });

  const secret = '<!DOCTYPE x [<!ENTITY q SYSTEM "file:///etc/passwd">]>';
  it.each([
    ["no offsets in a new baseline", safeMetadata({}), "has no BOA_ADD_OFFSET, which products of baseline 05.09 have"],
    ["a lacking offset", safeMetadata({ offsets: ["-1000"] }), "has no BOA_ADD_OFFSET of band_id 1"],
    ["a quantification of 0", safeMetadata({ quantification: "0" }), 'BOA_QUANTIFICATION_VALUE is "0", no number from 1'],
    ["no finite one", safeMetadata({ quantification: "1e999" }), "BOA_QUANTIFICATION_VALUE is"],
    ["a word", safeMetadata({ quantification: "NaN" }), "BOA_QUANTIFICATION_VALUE is"],
    ["no baseline", safeMetadata({}).replaceAll("PROCESSING_BASELINE", "OTHER"), "has no PROCESSING_BASELINE"],
    ["an entity", `${secret}${safeMetadata({ quantification: "&q;" })}`, 'BOA_QUANTIFICATION_VALUE is "&q;"'],
    ["half a file", safeMetadata({}).slice(0, 500), "is no XML"],
    ["another file", "PNG", "has no BOA_QUANTIFICATION_VALUE"],
  ])("is refused with %s in its metadata", async (name, metadata, message) => {
    const product = at(`${name}.SAFE`);
    await writeBand(join(product, "GRANULE/L2A/IMG_DATA/R10m/T18LWR_B04_10m.tif"), { meters: 10, value: () => 1500 });
    writeFileSync(join(product, "MTD_MSIL2A.xml"), metadata);
    const error = await refused({ scene: product });
    expect(error).toMatchObject({ code: "bad-file", message: expect.stringContaining(message), hint: expect.anything() });
    if (name === "half a file") return;
    // Whoever knows better is believed.
    expect((await opened({ scene: product, reflectance: "0.0001,-0.1" })).scene.scaling.words).toContain("by --reflectance");
  });

  it("is refused with huge metadata, several granules or none", async () => {
    const product = at("huge.SAFE");
    mkdirSync(join(product, "GRANULE/a"), { recursive: true });
    writeFileSync(join(product, "MTD_MSIL2A.xml"), "<a/>");
    expect(await refused({ scene: product })).toMatchObject({ message: expect.stringContaining("has no band in GRANULE") });
    mkdirSync(join(product, "GRANULE/b"));
    expect(await refused({ scene: product })).toMatchObject({ message: expect.stringContaining("has 2 granules") });
    truncateSync(join(product, "MTD_MSIL2A.xml"), 2 ** 32);
    expect(await refused({ scene: product })).toMatchObject({ code: "limit" });
    expect(await refused({ scene: folder })).toMatchObject({ hint: expect.stringContaining(".SAFE") });
  });
});

describe("a Landsat folder", () => {
  it.each(["txt", "json"])("of level 2 is read with its MTL.%s", async (ending) => {
    const tags = landsatTags({});
    const metadata = ending === "txt" ? landsatText(tags) : JSON.stringify({ LANDSAT_METADATA_FILE: tags });
    const place = await writeLandsat(at(`landsat-${ending}`), { metadata, ending });
    const { scene, raster } = await opened({ scene: place });
    expect(scene).toMatchObject({ sensor: "landsat 8 l2", date: "2020-08-08" });
    expect(raster).toMatchObject({ bands: ["red", "nir", "swir16"], widthPx: 16, nodata: 0 });
    // Not those of level 1, which have the same names.
    expect(raster.scaling).toEqual(new Array(3).fill({ scale: 2.75e-5, offset: -0.2 }));
    expect(scene.scaling.words).toMatch(/^DN · 0.0000275 − 0.2, from LC08_.*_MTL.(txt|json)$/);
    // Fill, dilated, cirrus, cloud, shadow; snow is land.
    expect([...raster.valid!].slice(0, 7)).toEqual([0, 0, 0, 0, 0, 1, 1]);
    expect(raster.valid?.subarray(7).includes(0)).toBe(false);
    expect(scene.files.every((file) => file.startsWith(place))).toBe(true);
    const heat = await opened({ scene: place, bands: ["lwir11"] });
    expect(heat.raster.scaling).toEqual([{ scale: 0.00341802, offset: 149 }]);
  });

  it("of level 1 is divided by the sine of the sun's elevation, and has a finer pan", async () => {
    const metadata = landsatText(landsatTags({ level: "L1TP", sun: "30" }));
    const place = await writeLandsat(at("landsat-l1"), { metadata, level: 1 });
    const { raster, scene } = await opened({ scene: place });
    expect(raster).toMatchObject({ bands: ["red", "nir", "swir16"], widthPx: 16 });
    expect(raster.scaling?.[0].scale).toBeCloseTo(4e-5, 12);
    expect(raster.scaling?.[0].offset).toBeCloseTo(-0.2, 12);
    expect(scene.scaling.words).toContain("over the sine of SUN_ELEVATION");
    expect((await opened({ scene: place, bands: ["nir", "pan"] })).raster).toMatchObject({ bands: ["nir", "pan"], widthPx: 32 });
  });

  it.each([
    [
      "no scale",
      landsatText({ ...landsatTags({}), LEVEL2_SURFACE_REFLECTANCE_PARAMETERS: {} }),
      "has no REFLECTANCE_MULT_BAND_4 in LEVEL2",
    ],
    ["a wild scale", landsatText(landsatTags({ multiplier: "27500" })), 'is "27500", no number from'],
    ["no sun", landsatText(landsatTags({ level: "L1TP", sun: "-3" })), 'SUN_ELEVATION is "-3"'],
    ["another collection", landsatText({ L1_METADATA_FILE: { SPACECRAFT_ID: "LANDSAT_8" } }), "PROCESSING_LEVEL missing"],
    ["no text", "", "is no metadata of Landsat"],
  ])("is refused with %s", async (name, metadata, message) => {
    const place = await writeLandsat(at(`landsat ${name}`), { metadata, level: metadata.includes("L1TP") ? 1 : 2 });
    expect(await refused({ scene: place })).toMatchObject({ message: expect.stringContaining(message) });
  });

  it("holds one scene", async () => {
    const place = await writeLandsat(at("landsat-two"), { metadata: landsatText(landsatTags({})) });
    writeFileSync(join(place, "LC09_other_MTL.json"), "{}");
    expect(await refused({ scene: place })).toMatchObject({
      code: "bad-data",
      message: expect.stringContaining("holds 2 scenes"),
    });
  });
});

describe("--band and folders of bands", () => {
  beforeAll(async () => {
    await writeBand(at("a/x_swir1.tif"), { meters: 20, value: () => 7, dtype: "uint8", nodata: 9 });
    await writeBand(at("a/x_red.tif"), { meters: 10, value: (column) => (column === 0 ? -5 : -1), dtype: "int16", nodata: -5 });
    const two = { widthPx: 24, heightPx: 24, dtype: "uint16", data: new Uint16Array(2 * 576).fill(3, 576) } as const;
    const { scene } = await opened({ scene: at("a/x_swir1.tif") });
    writeFileSync(at("two.tif"), await encodeGeoTiff({ bands: ["p", "q"], ...two, georeference: scene.info.georeference! }));
  });

  it("takes bands of any files, in order, of one type, with one nodata", async () => {
    const band = [`swir1=${at("a/x_swir1.tif")}`, `green=${at("two.tif")}:2`, `red=${at("a/x_red.tif")}`];
    const { raster, planes, scene } = await opened({ band });
    expect(raster).toMatchObject({ bands: ["swir16", "green", "red"], widthPx: 48, dtype: "int32", nodata: -(2 ** 31) });
    expect([planes.swir16[100], planes.green[100], planes.red[100], planes.red[48]]).toEqual([7, 3, -1, -(2 ** 31)]);
    expect(scene.files).toEqual([at("a/x_swir1.tif"), at("two.tif"), at("a/x_red.tif")]);
    expect(scene.info.file).toBe(at("a/x_swir1.tif"));
  });

  it("counts as measured only what every file reaches, whatever is read first", async () => {
    const nir = await writeBand(at("shifted/nir.tif"), { meters: 10, value: () => 4000 });
    const red = await writeBand(at("shifted/red.tif"), { meters: 10, value: () => 500, eastMeters: 240 });
    const { raster, planes } = await opened({ band: [`nir=${nir}`, `red=${red}`] });
    expect(raster.valid?.every((one, i) => one === (i % 48 < 24 ? 0 : 1))).toBe(true);
    // A file of these pixels has no mask beside it.
    expect([raster.nodata, planes.nir[0], planes.red[0], planes.nir[24], planes.red[24]]).toEqual([0, 0, 0, 4000, 500]);
    const scene = await openScene({ band: [`nir=${nir}`, `red=${red}`] });
    expect(await scene.read({ bands: [0] }).finally(scene.close)).not.toHaveProperty("valid");
  });

  it("names the bands of a folder by what tells its files apart", async () => {
    expect((await opened({ scene: at("a") })).raster.bands).toEqual(["red", "swir16"]);
  });

  it("says to name a file where a folder holds whole scenes", async () => {
    await writeBand(at("scenes/scene-1.tif"), { meters: 20, value: () => 1 });
    writeFileSync(at("scenes/scene-2.tif"), readFileSync(at("two.tif")));
    expect(await refused({ scene: at("scenes") })).toMatchObject({
      message: `${at("scenes/scene-2.tif")}: has 2 bands, where a folder as a scene has a file for each band`,
      hint: expect.stringContaining(`name one of them: ${at("scenes/scene-2.tif")}.`),
    });
    expect(await refused({ scene: at("a"), bands: ["nir"] })).toMatchObject({
      hint: expect.stringContaining("--band nir=B08.tif --band red=B04.tif"),
    });
  });

  it.each([
    [{ band: ["nir"] }, "usage", "--band nir: is no name and file"],
    [{ band: ["swir1=a.tif", "swir16=b.tif"] }, "usage", "--band swir16: is given twice"],
    [{ band: [`nir=${at("two.tif")}`] }, "bad-data", "has 2 bands; which is nir?"],
    [{ band: [`nir=${at("two.tif")}:3`] }, "bad-data", "has 2 bands; which is nir?"],
    [{ band: [`nir=${at("two.tif")}:0`] }, "usage", "bands count from 1"],
    [{ band: ["scl=a.tif"] }, "usage", "names no band of a scene"],
    [{ band: [`nir=${at("absent.tif")}`] }, "not-found", "absent.tif"],
    [{ band: [`nir=${at("two.tif")}:1`], scene: "x.tif" }, "usage", "a scene is given in one way"],
    [{ scene: at("a"), bandNames: ["red"] }, "usage", "--band-names: is for a single file"],
    [{}, "usage", "no scene is given"],
    [{ scene: at("two.tif"), mask: "foo:x/SCL.tif" }, "usage", '--mask foo:x/SCL.tif: there is no kind of mask "foo"'],
    [{ scene: at("two.tif"), reflectance: "0.1,x" }, "usage", "--reflectance 0.1,x"],
    [{ scene: at("two.tif"), reflectance: "0" }, "usage", "--reflectance 0: is no scale"],
  ])("refuses %j", async (input, code, message) => {
    expect(await refused(input)).toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("brings types to the smallest that holds them all", () => {
    expect(commonType(["uint8", "uint8"])).toBe("uint8");
    expect(commonType(["uint8", "uint16"])).toBe("uint16");
    expect(commonType(["uint8", "int16"])).toBe("int16");
    expect(commonType(["uint16", "int16"])).toBe("int32");
    expect(commonType(["uint32", "int16"])).toBe("float64");
    expect(commonType(["uint16", "float32"])).toBe("float32");
    expect(commonType(["int32", "float32"])).toBe("float64");
  });
});

describe("a fourth band that the file tags as alpha", () => {
  const said: string[] = [];
  const look = async (input: SceneInput) => {
    said.length = 0;
    const scene = await openScene(input, { onWarning: (message) => said.push(message) });
    const raster = await scene.read().finally(scene.close);
    return { scene, raster };
  };
  beforeAll(async () => {
    const data = Uint8Array.from({ length: 16 }, (_, i) => (i < 12 ? 50 + i : i - 12));
    const rgba = { bands: ["red", "green", "blue", "alpha"], widthPx: 2, heightPx: 2, dtype: "uint8", data } as const;
    writeFileSync(at("rgba.tif"), await encodeGeoTiff(rgba));
  });

  it.each<[SceneInput, string]>([
    [{ scene: at("rgba.tif"), bandNames: ["red", "green", "blue", "nir"] }, "red,green,blue,nir"],
    [{ scene: at("rgba.tif"), bandNames: ["red", "green", "blue", "nir"], bands: ["nir", "red"] }, "nir,red"],
    [{ band: [`nir=${at("rgba.tif")}:4`, `red=${at("rgba.tif")}:1`] }, "nir,red"],
  ])("is a band like others where it is named: %j", async (input, bands) => {
    const { raster, scene } = await look(input);
    const px = 4 * raster.bands.indexOf("nir");
    expect(raster.bands.join()).toBe(bands);
    expect([...raster.data.subarray(px, px + 4)]).toEqual([0, 1, 2, 3]);
    expect(scene.info.bands.map(({ colour }) => colour)).not.toContain("alpha");
    expect([scene.info.validity, raster.valid, said]).toEqual(["all", undefined, []]);
  });

  it.each<[SceneInput, string]>([
    [{ scene: at("rgba.tif") }, "name it: --band-names red,green,blue,nir"],
    [{ scene: at("rgba.tif"), bands: ["red", "green", "blue"] }, "name it: --band-names red,green,blue,nir"],
    [{ band: [1, 2, 3].map((n) => `${"rgb"[n - 1]}=${at("rgba.tif")}:${n}`) }, `name it: --band nir=${at("rgba.tif")}:4`],
  ])("is transparency elsewhere, which is said once: %j", async (input, hint) => {
    const { raster } = await look(input);
    expect([raster.bands.length, [...raster.valid!]]).toEqual([3, [0, 1, 1, 1]]);
    expect(said).toEqual([expect.stringContaining("band 4 is tagged as alpha, which is transparency: pixels where it is 0")]);
    expect(said[0]).toContain(hint);
  });

  it("stays what it is to those who name it alpha, or all but it", async () => {
    for (const bandNames of [
      ["a", "b", "c", "alpha"],
      ["a", "b", "c"],
    ]) {
      const { raster } = await look({ scene: at("rgba.tif"), bandNames });
      expect([raster.bands, [...raster.valid!], said]).toEqual([["a", "b", "c"], [0, 1, 1, 1], []]);
    }
  });
});

describe("reflectance of one file", () => {
  const file = (name: string, band: Partial<Parameters<typeof writeBand>[1]>) =>
    writeBand(at(`${name}.tif`), { meters: 10, name: "red", value: (column) => 300 + column, ...band });
  const tagged = { scaling: [{ scale: 1e-4, offset: -0.1 }] };
  const light = { dtype: "float32", value: (column: number) => 0.05 + column / 100 } as const;

  it.each([
    ["its tags", { scaling: [{ scale: 2e-4, offset: 0 }] }, undefined, "DN · 0.0002, from the files' tags", [2e-4, 0]],
    ["the flag before its tags", tagged, "0.0002,-0.1", "DN · 0.0002 − 0.1, by --reflectance", [2e-4, -0.1]],
    ["applied", tagged, "applied", "as stored, by --reflectance", [1, 0]],
    ["none", tagged, "none", "none, by --reflectance", undefined],
    ["nothing", {}, undefined, "unknown, numbers stay as they are stored", undefined],
    ["float values", light, undefined, "as stored, as 98 % of its values lie from 0.05 to 0.52", [1, 0]],
    ["large float values", { dtype: "float32" } as const, undefined, "unknown", undefined],
    [
      "a copy without the offset",
      { ...tagged, metadata: { BOA_OFFSET_APPLIED: "YES" } },
      undefined,
      "DN · 0.0001, from",
      [1e-4, 0],
    ],
    ["our own mark", { ...tagged, metadata: { SIGMAX_VALUES: "reflectance" } }, undefined, "as stored, by the file's", [1, 0]],
  ])("comes from %s", async (name, band, reflectance, words, scaling) => {
    const { scene, raster } = await opened({ scene: await file(`from ${name}`, band), reflectance });
    expect(scene.scaling.words).toContain(words);
    expect(raster.scaling?.[0]).toEqual(scaling && { scale: scaling[0], offset: scaling[1] });
    const require = () => requireReflectance(scene.scaling, "x.tif", "evi2");
    if (scaling === undefined) expect(require).toThrow("x.tif: evi2 needs reflectance, and nothing says");
    else expect(require).not.toThrow();
  });

  it.each([
    ["an offset that was taken off", tagged, "looks as if the offset was taken off already"],
    ["a scale that was applied", { ...tagged, ...light }, "looks as if it had been: 98 % of red lie from 0.05 to 0.52"],
  ])("is never applied twice: %s is refused", async (name, band, message) => {
    const scene = await file(`twice ${name}`, band);
    expect(await refused({ scene })).toMatchObject({ code: "bad-data", message: expect.stringContaining(message) });
    expect((await opened({ scene, reflectance: "applied" })).raster.scaling).toEqual([{ scale: 1, offset: 0 }]);
  });

  it("of a product whose offset somebody took off is refused too; degrees are no reflectance", async () => {
    const product = await writeSafe(at("harmonised.SAFE"), safeMetadata({ offsets: OFFSETS_FROM_04 }));
    await writeBand(join(product, "GRANULE/L2A_T18LWR/IMG_DATA/R10m/T18LWR_20230809_B04_10m.jp2"), {
      meters: 10,
      value: () => 400,
    });
    expect(await refused({ scene: product })).toMatchObject({
      hint: expect.stringContaining("--reflectance 0.0001,0 if it was"),
    });
    const degrees = await file("degrees", { scaling: [{ scale: 0.01, offset: -20 }] });
    expect((await opened({ scene: degrees })).raster.scaling).toEqual([{ scale: 0.01, offset: -20 }]);
  });
});

describe("reflectance of several files", () => {
  const tagged = { scaling: [{ scale: 1e-4, offset: -0.1 }] };
  const bandOf = async (name: string, band: Partial<Parameters<typeof writeBand>[1]>) => {
    const file = await writeBand(at(`several/${name}.tif`), { meters: 10, value: (column) => 3000 + column, ...band });
    return `${name.replace(/_.*/, "")}=${file}`;
  };

  it("is told by each file: what one says was done is not done again, nor left out of another", async () => {
    const done = { ...tagged, metadata: { BOA_OFFSET_APPLIED: "YES" } };
    const own = { ...tagged, dtype: "float32", metadata: { SIGMAX_VALUES: "reflectance" } } as const;
    const dark = { ...done, value: () => 100 };
    const both = [await bandOf("red_done", dark), await bandOf("nir_done", done)];
    const { scene } = await opened({ band: both });
    expect(scene.scaling).toMatchObject({ isKnown: true, words: "DN · 0.0001, from the files' tags" });
    expect(scene.scaling.bands).toEqual(new Array(2).fill({ scale: 1e-4, offset: 0 }));
    const three = [both[0], await bandOf("nir", tagged), await bandOf("swir16_own", own)];
    expect((await opened({ band: three })).scene.scaling.bands).toEqual([
      { scale: 1e-4, offset: 0 },
      { scale: 1e-4, offset: -0.1 },
      { scale: 1, offset: 0 },
    ]);
    const { words } = (await opened({ band: [three[2], await bandOf("green_own", own)] })).scene.scaling;
    expect(words).toBe("as stored, by the file's metadata");
  });

  it("of a product counts what its files say was done", async () => {
    const product = await writeSafe(at("copy.SAFE"), safeMetadata({ offsets: OFFSETS_FROM_04 }));
    await writeBand(join(product, "GRANULE/L2A_T18LWR/IMG_DATA/R10m/T18LWR_20230809_B04_10m.jp2"), {
      ...{ meters: 10, value: () => 400, metadata: { BOA_OFFSET_APPLIED: "YES" } },
    });
    const { scaling } = (await opened({ scene: product, bands: ["red", "nir"] })).scene;
    expect(scaling.bands.map((band) => band?.offset)).toEqual([0, -0.1]);
    expect(scaling.words).toContain("baseline 05.09; less what the files say was done");
  });

  it("is not known of all bands where it is of one", async () => {
    const light = { dtype: "float32", value: (column: number) => 0.05 + column / 100 } as const;
    for (const red of [await bandOf("red_tagged", tagged), await bandOf("red_light", light)]) {
      const { scaling } = (await opened({ band: [red, await bandOf("nir_plain", {}), await bandOf("lwir11", {})] })).scene;
      expect(scaling).toMatchObject({ isKnown: false, lacking: ["nir"], words: expect.stringMatching(/; unknown for nir$/) });
      expect(() => requireReflectance(scaling, "x.tif", "evi2")).toThrow(
        "x.tif: evi2 needs reflectance, and nothing says how the numbers of nir become that",
      );
      // Those who need reflectance are not told to say that there is none.
      expect(() => requireReflectance(scaling, "x.tif", "evi2")).toThrow(
        expect.objectContaining({
          hint: expect.stringMatching(/--reflectance applied if the numbers are reflectance already\.$/),
        }),
      );
      // Whoever does not read it needs nothing of it.
      expect(() => requireReflectance(scaling, "x.tif", "a.zip", ["red"])).not.toThrow();
      expect(() => requireReflectance(scaling, "x.tif", "a.zip", ["red", "nir"])).toThrow("of nir");
    }
  });
});

describe("--mask", () => {
  const left = (masked: number, clear: number) => (column: number) => (column < 12 ? masked : clear);
  beforeAll(async () => {
    await writeBand(at("plain.tif"), { meters: 10, name: "red", value: () => 5 });
  });

  it.each([
    ["by the name of the file", "x_SCL.tif", "", { value: left(10, 5), dtype: "uint8" }, "scl"],
    [
      "by the name of the band, as sigmax synth has it",
      "clouds-1.tif",
      "",
      { value: left(3, 11), dtype: "uint8", nodata: 0, name: "scl" },
      "scl",
    ],
    ["by its two values", "mine.tif", "", { value: left(1, 0), dtype: "uint8", nodata: 0 }, "binary"],
    ["as it is told", "told.tif", "qa_pixel:", { value: left(8, 64) }, "qa_pixel"],
    ["of 20 m", "coarse_scl.tif", "", { meters: 20, value: (column: number) => (column < 6 ? 8 : 6), dtype: "uint8" }, "scl"],
  ] as const)("tells a mask %s", async (_, name, prefix, band, kind) => {
    const path = await writeBand(at(name), { meters: 10, ...band });
    const { scene, raster } = await opened({ scene: at("plain.tif"), mask: `${prefix}${path}` });
    expect(scene.mask).toMatchObject({ kind, file: path });
    expect(raster.valid?.every((one, i) => one === (i % 48 < 12 ? 0 : 1))).toBe(true);
    expect([raster.nodata, raster.data[0], raster.data[20]]).toEqual([0, 0, 5]);
    expect(scene.files).toEqual([at("plain.tif"), path]);
  });

  it("by SCL keeps what was measured of the ground: no cloud, and nothing saturated or defective", async () => {
    const path = await writeBand(at("all_scl.tif"), { meters: 10, value: (column) => Math.min(column, 11), dtype: "uint8" });
    const { raster } = await opened({ scene: at("plain.tif"), mask: path });
    expect([...raster.valid!.subarray(0, 12)]).toEqual([0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1]);
  });

  it("counts what the mask does not reach as masked", async () => {
    const path = await writeBand(at("east.tif"), { meters: 10, value: () => 0, eastMeters: 120, dtype: "uint8" });
    const { raster } = await opened({ scene: at("plain.tif"), mask: `binary:${path}` });
    expect(raster.valid?.every((one, i) => one === (i % 48 < 12 ? 0 : 1))).toBe(true);
  });

  it("is found in the folder and among the bands, unless none is wanted", async () => {
    await writeBand(at("m/s_red.tif"), { meters: 10, value: () => 5 });
    await writeBand(at("m/s_scl.tif"), { meters: 20, value: () => 9, dtype: "uint8" });
    for (const input of [{ scene: at("m") }, { band: [`red=${at("m/s_red.tif")}`, `scl=${at("m/s_scl.tif")}`] }]) {
      expect((await opened(input)).raster.valid?.includes(1)).toBe(false);
      const { raster } = await opened({ ...input, mask: "none" });
      expect([raster.bands, raster.valid]).toEqual([["red"], undefined]);
    }
  });

  it("refuses what could be any of them", async () => {
    const path = await writeBand(at("codes.tif"), { meters: 10, value: (column) => column % 5, dtype: "uint8" });
    expect(await refused({ scene: at("plain.tif"), mask: path })).toMatchObject({
      hint: expect.stringContaining("--mask scl:codes.tif"),
    });
  });
});
