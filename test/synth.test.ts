import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { sigmax, sigmaxJson } from "./command-line.js";
import { askGdal, HAS_GDAL } from "./gdal.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-synth-"));
const at = (...names: string[]) => join(work, ...names);
afterAll(() => rmSync(work, { recursive: true, force: true }));

const CLASSES = ["water", "forest", "grass", "field", "bare", "road", "urban"];
const LAND = ["--size", "256", "--dates", "2", "--seed", "7"];

function hashes(folder: string): Record<string, string> {
  const files = readdirSync(folder).sort();
  return Object.fromEntries(
    files.map((file) => [
      file,
      createHash("sha256")
        .update(readFileSync(join(folder, file)))
        .digest("hex"),
    ]),
  );
}

describe("sigmax synth", () => {
  it("writes scenes, classes, clouds and the truth, the same with any number of threads", () => {
    const options = ["--size", "700", "--dates", "2", "--seed", "3", "--haze", "--shift", "--clouds"];
    const one = sigmaxJson("synth", ...options, "--threads", "1", "--out", at("one"));
    sigmaxJson("synth", ...options, "--threads", "2", "--out", at("two"));
    const kinds = ["classes", "clouds"].flatMap((kind) =>
      [1, 2].flatMap((n) => [`${kind}-${n}.tif`, `${kind}-${n}.tif.aux.xml`]),
    );
    expect(readdirSync(at("one")).sort()).toEqual([...kinds, "classes.json", "scene-1.tif", "scene-2.tif", "truth.json"].sort());
    expect(hashes(at("two"))).toEqual(hashes(at("one")));
    expect(one.scenes).toEqual([at("one", "scene-1.tif"), at("one", "scene-2.tif")]);

    const truth = JSON.parse(readFileSync(at("one", "truth.json"), "utf8"));
    expect(truth).toEqual(one.truth);
    expect(truth).toMatchObject({ version: 1, generated: true, sizePx: 700, seed: 3, resolutionMeters: 2, epsg: 32633 });
    for (const { areas } of truth.dates) {
      expect(Object.keys(areas)).toEqual(CLASSES);
      expect(CLASSES.reduce((sum, name) => sum + areas[name].pixels, 0)).toBe(700 ** 2);
    }
    // Transitions of a class add up to its area on both dates.
    const [{ from, to, pairs }] = truth.transitions as {
      from: number;
      to: number;
      pairs: { before: string; after: string; pixels: number }[];
    }[];
    expect([from, to]).toEqual([1, 2]);
    for (const name of CLASSES) {
      const total = (side: "before" | "after") =>
        pairs.filter((pair) => pair[side] === name).reduce((sum, { pixels }) => sum + pixels, 0);
      expect([total("before"), total("after")], name).toEqual(truth.dates.map(({ areas }: typeof truth) => areas[name].pixels));
    }
    expect(pairs.some(({ before, after }) => before === "forest" && after !== "forest")).toBe(true);

    const classes = JSON.parse(readFileSync(at("one", "classes.json"), "utf8"));
    expect(classes.version).toBe(1);
    expect(classes.classes.map(({ value, name }: { value: number; name: string }) => [value, name])).toEqual(
      CLASSES.map((name, index) => [index + 1, name]),
    );
    for (const { colour } of classes.classes) expect(colour).toMatch(/^#[0-9a-f]{6}$/);
  });

  it.skipIf(!HAS_GDAL)("writes what GDAL opens: georeference, bands, scale, nodata, colours, category names, areas", () => {
    const { truth } = sigmaxJson("synth", ...LAND, "--bands", "6", "--out", at("gdal"));
    const answer = askGdal(
      `s = gdal.Open(args[0] + "/scene-2.tif"); c = gdal.Open(args[0] + "/classes-2.tif"); b = c.GetRasterBand(1)
first = s.GetRasterBand(1)
colours = b.GetColorTable()  # GDAL 3.6 reads category names only after something else of the sidecar
answer = dict(size=[s.RasterXSize, s.RasterYSize, s.RasterCount], type=gdal.GetDataTypeName(first.DataType), epsg=s.GetSpatialRef().GetAuthorityCode(None),
  pixel=[s.GetGeoTransform()[1], s.GetGeoTransform()[5]], same=s.GetGeoTransform() == c.GetGeoTransform(),
  bands=[s.GetRasterBand(i + 1).GetDescription() for i in range(s.RasterCount)], scale=first.GetScale(), nodata=[first.GetNoDataValue(), b.GetNoDataValue()],
  generated=s.GetMetadataItem("SIGMAX_GENERATED"), names=b.GetCategoryNames(), water=list(colours.GetColorEntry(1)),
  counts=[int((c.ReadAsArray() == v).sum()) for v in range(8)], least=int(s.ReadAsArray().min()))`,
      at("gdal"),
    );
    expect(answer).toMatchObject({
      size: [256, 256, 6],
      type: "UInt16",
      epsg: "32633",
      pixel: [2, -2],
      same: true,
      bands: ["red", "green", "blue", "nir", "swir16", "swir22"],
      scale: 0.0001,
      nodata: [0, 0],
      names: ["no truth", ...CLASSES],
      water: [59, 111, 182, 255],
      counts: [0, ...CLASSES.map((name) => truth.dates[1].areas[name].pixels)],
    });
    expect((answer as { generated: string }).generated).toContain("no real place");
    expect((answer as { least: number }).least).toBeGreaterThan(0);
  });

  it.each([
    [["synth", "--out", at("x")], "--size"],
    [["synth", "--size", "256"], "--out"],
    [["synth", "--size", "20001", "--out", at("x")], "20000"],
    [["synth", "--size", "big", "--out", at("x")], "whole number"],
    [["synth", "--size", "256", "--dates", "0", "--out", at("x")], "from 1"],
    [["synth", "--size", "256", "--bands", "7", "--out", at("x")], "from 1 to 6"],
    [["synth", "--size", "256", "--hase", "--out", at("x")], "--haze"],
  ])("%j is answered with status 2 and what would be right, and nothing is written", (args, hint) => {
    const { status, stderr } = sigmax(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(hint);
    expect(existsSync(at("x"))).toBe(false);
  });

  it("replaces nothing without --force, and with it only what it wrote", () => {
    mkdirSync(at("mine"));
    writeFileSync(at("mine", "notes.txt"), "mine");
    for (const force of [[], ["--force"]]) {
      const { status, stderr } = sigmax("synth", "--size", "64", "--out", at("mine"), ...force);
      expect(status).toBe(1);
      expect(stderr).toContain(at("mine"));
    }
    expect(readdirSync(at("mine"))).toEqual(["notes.txt"]);
    sigmaxJson("synth", "--size", "64", "--seed", "1", "--out", at("again"));
    expect(sigmax("synth", "--size", "64", "--seed", "2", "--out", at("again")).status).toBe(1);
    expect(sigmaxJson("synth", "--size", "64", "--seed", "2", "--out", at("again"), "--force").truth.seed).toBe(2);
    expect(readdirSync(work).filter((name) => name.startsWith("."))).toEqual([]);
  });
});
