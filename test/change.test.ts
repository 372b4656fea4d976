import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ChangeOptions, changeScenes } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRaster } from "../src/raster/reader.js";
import { encodeGeoTiff } from "../src/raster/write/tiff.js";
import { interrupted, sigmax, sigmaxJson } from "./command-line.js";
import { CHIP, HEIGHT, landscape, WIDTH, writePolygons } from "./two-lands.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-change-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

const [chips, run] = [at("chips"), at("run")];
const classifier = join(run, "classifier.onnx");
const RULE = ["--rule", "darkened: bright -> dark"];

beforeAll(async () => {
  writeFileSync(at("learnt.tif"), await encodeGeoTiff(landscape(10)));
  // The border between the lands moves by 32 pixels, two columns of cells.
  writeFileSync(at("1990.tif"), await encodeGeoTiff(landscape(10, { border: 160, seed: 2 })));
  writeFileSync(at("2016.tif"), await encodeGeoTiff(landscape(10, { border: 128, seed: 3 })));
  const land = await writePolygons(at("land.geojson"), [
    ["bright", 0, 0, 100, HEIGHT],
    ["dark", 100, 0, WIDTH, HEIGHT],
  ]);
  sigmaxJson("chip", at("learnt.tif"), "--size", String(CHIP), "--from-vector", land, "--field", "land", "--out", chips);
  sigmaxJson("train", chips, "--labels", join(chips, "largest.csv"), "--backbone", "stats", "--no-cache", "--out", run);
}, 240_000);

const valuesOf = async (path: string) => {
  const reader = await openRaster(path);
  const { data, widthPx } = await reader.read();
  await reader.close();
  return { at: (column: number, row: number) => data[row * widthPx + column], info: reader.info };
};
const args = (out: string, ...more: string[]) => [
  ...["change", classifier, at("1990.tif"), at("2016.tif"), "--dates", "1990,2016", ...RULE, "--out", at(out), ...more],
];

describe("sigmax change", () => {
  it("says of every cell what it was and what it became, by name and in hectares", async () => {
    const result = sigmaxJson(...args("change"));
    expect(result.counts).toMatchObject({ cells: 195, noAnswer: 4 });
    expect(result.rules).toMatchObject([{ name: "darkened", cells: 26 }]);
    // 16 × 16 pixels of 10 m, where the zone is drawn at 0.9996 of its size: 2.56 ha ÷ 0.9996². The last row is half a cell.
    expect(result.rules[0].hectares).toBeCloseTo(((2 * 200 * 16) / 100 / 0.9996 ** 2) as number, 2);
    const change = await valuesOf(at("change/change.tif"));
    expect([change.at(7, 5), change.at(8, 5), change.at(9, 5), change.at(10, 5), change.at(0, 0)]).toEqual([1, 2, 2, 4, 0]);
    expect(change.info.categories).toEqual(["", "bright", "bright -> dark", "dark -> bright", "dark"]);
    const darkened = await valuesOf(at("change/darkened.tif"));
    expect([darkened.at(7, 5), darkened.at(8, 5), darkened.at(0, 0)]).toEqual([0, 1, 255]);
    const { features } = JSON.parse(readFileSync(at("change/changes.geojson"), "utf8"));
    expect(features).toHaveLength(1);
    expect(features[0].properties).toMatchObject({ before: "bright", after: "dark", by: "2016", cells: 26 });
    expect(readFileSync(at("change/transitions.csv"), "utf8")).toMatch(/^1990,2016,bright,dark,26,64\.\d+$/m);
    expect(readFileSync(at("change/areas.csv"), "utf8")).toMatch(/^1990 to 2016,rule,darkened,26,64\.\d+,2\.562\d?$/m);
    const page = readFileSync(at("change/change.html"), "utf8");
    for (const words of ["darkened", "1990", "2016", "land.geojson", "when.tif<", "confidence.tif<", "animated.png<"])
      expect(page).toContain(words);
    expect(readdirSync(at("change/pictures")).sort()).toEqual(["change.png", "date-1.jpg", "date-2.jpg"]);
  });

  it("goes on after kill -9, and ends with the same bytes", async () => {
    const journal = at("killed/.change.2.cells");
    await interrupted(args("killed/change", "--threads", "1"), () => existsSync(journal), "SIGKILL");
    expect(readdirSync(at("killed")).every((name) => name.startsWith("."))).toBe(true);
    sigmaxJson(...args("killed/change", "--threads", "1"));
    expect(readdirSync(at("killed"))).toEqual(["change"]);
    for (const name of [
      "change.tif",
      "darkened.tif",
      "when.tif",
      "changes.geojson",
      "areas.csv",
      "side-by-side.png",
      "animated.png",
    ]) {
      expect(readFileSync(at(`killed/change/${name}`)).equals(readFileSync(at(`change/${name}`))), name).toBe(true);
    }
  });

  it("has its areas estimated from a sample that somebody checked", () => {
    const drawn = sigmaxJson("area", "design", at("change"), "--least", "5", "--se", "0.1", "--out", at("sample"));
    expect(drawn.strata.map(({ name }: { name: string }) => name)).toEqual(["stable bright", "stable dark", "darkened"]);
    const [header, ...rows] = readFileSync(at("sample/sample.csv"), "utf8").trim().split("\n");
    expect(header).toBe("id,longitude,latitude,stratum,label_1990,label_2016");
    const truth: Record<string, string> = {
      darkened: "bright,dark",
      "stable bright": "bright,bright",
      "stable dark": "dark,dark",
    };
    const filled = rows.map((row) => row.replace(/,,$/, `,${truth[row.split(",")[3]]}`));
    writeFileSync(at("sample/sample.csv"), `${[header, ...filled].join("\n")}\n`);
    const estimated = sigmaxJson("area", "estimate", at("sample/sample.csv"), "--change", at("change"));
    expect(estimated.overall.value).toBe(1);
    const rule = estimated.classes.find(({ name }: { name: string }) => name === "darkened");
    expect(rule.hectares).toBeCloseTo(rule.countedHectares, 6);
    expect(readFileSync(at("change/change.html"), "utf8")).toMatch(/95.%/);
  });

  it("follows several dates, and says by which one land changed", async () => {
    cpSync(at("1990.tif"), at("2000.tif"));
    const scenes = ["1990", "2000", "2016"].map((year) => at(`${year}.tif`));
    const result = sigmaxJson("change", classifier, ...scenes, ...RULE, "--out", at("three"), "--unit", "60");
    expect(result.counts.changed).toBe(26);
    const when = await valuesOf(at("three/when.tif"));
    expect([when.at(7, 5), when.at(8, 5), when.at(0, 0)]).toEqual([0, 3, 255]);
    const taken = sigmaxJson("change", classifier, ...scenes, ...RULE, "--out", at("three-less"), "--unit", "70");
    expect(taken.counts).toMatchObject({ changed: 0, belowUnit: 26 });
  });

  it("brings a scene that lies elsewhere on its grid to that of the first", async () => {
    const moved = landscape(10, { border: 128 + 8, seed: 4, eastMeters: 500_000 - 83 });
    writeFileSync(at("moved.tif"), await encodeGeoTiff(moved));
    const result = sigmaxJson("change", classifier, at("1990.tif"), at("moved.tif"), ...RULE, "--out", at("moved"));
    expect(result.settings.notes.join()).toContain("moved.tif: brought to the grid of");
    expect(result.rules[0].cells).toBeGreaterThan(20);
    expect(result.rules[0].cells).toBeLessThan(32);
  });

  it("refuses what cannot be compared, and says why", async () => {
    const one = at("1990.tif");
    const { georeference: _, ...nowhere } = landscape(10, { seed: 5 });
    writeFileSync(at("nowhere.tif"), await encodeGeoTiff(nowhere));
    writeFileSync(at("elsewhere.tif"), await encodeGeoTiff(landscape(10, { eastMeters: 700_000 })));
    const full = landscape(10, { seed: 6 });
    const px = WIDTH * HEIGHT;
    writeFileSync(at("one-band.tif"), await encodeGeoTiff({ ...full, bands: ["red"], data: full.data.slice(0, px) }));
    const refused = async (scenes: readonly string[], options: Partial<ChangeOptions> = {}) => {
      const asked = { classifier, scenes, rules: ["darkened: bright -> dark"], out: at("refused"), ...options };
      const message = await changeScenes(asked).then(String, (error: Error) => error.message);
      expect(existsSync(at("refused"))).toBe(false);
      return message;
    };
    const other = at("2016.tif");
    expect(await refused([one])).toContain("between 2 and more dates");
    expect(await refused([one, at("nowhere.tif")])).toContain("nowhere.tif: does not say where it lies");
    expect(await refused([one, at("elsewhere.tif")])).toMatch(/share no|different places/);
    expect(await refused([one, at("one-band.tif")])).toMatch(/nir/);
    expect(await refused([one, one])).toContain("is given as scene 1 and as scene 2");
    expect(await refused([one, other], { dates: ["2016", "1990"] })).toContain("the second is earlier than the first");
    expect(await refused([one, other], { dates: ["1990"] })).toContain("1 dates for 2 scenes");
    expect(await refused([one, other], { unitHectares: 1 })).toContain("is less than a cell");
    expect(await refused([one, other], { rules: ["x: brigth -> dark"] })).toContain("knows no brigth");
    expect(await refused([one, other], { stay: 1 })).toContain("is no probability");
    expect(sigmax(...args("change")).stderr).toContain("exists already");
  });
});
