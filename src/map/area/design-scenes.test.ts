import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UTM_18S } from "../../../test/utm-18s.js";
import { encodeGeoTiff } from "../../raster/write/tiff.js";
import { contentMark } from "../provenance.js";
import { designArea } from "./design.js";
import { openShownScenes } from "./design-scenes.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-design-scenes-"));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const side = 20;

async function writeScene(path: string, { value = 90, eastMeters = 0 } = {}): Promise<string> {
  const data = new Uint8Array(3 * side * side).fill(value);
  const georeference = { crs: UTM_18S, transform: [500_000 + eastMeters, 30, 0, 9_000_000, 0, -30] as const };
  const bands = ["red", "green", "blue"];
  writeFileSync(path, await encodeGeoTiff({ bands, widthPx: side, heightPx: side, dtype: "uint8", data, georeference }));
  return path;
}

describe("scenes that are given for the pictures of a change", () => {
  it("are refused where one is the scene of the other date, and taken where they are other scenes", async () => {
    const [before, after] = [await writeScene(at("2016.tif"), { value: 60 }), await writeScene(at("2021.tif"))];
    const sharper = await writeScene(at("sharper.tif"), { value: 61 });
    const marks = [(await contentMark([before])).text, (await contentMark([after])).text];
    const map = { file: folder, dates: ["2016", "2021"], scenes: [before, after], sceneMarks: marks };
    await expect(openShownScenes(map, [after, before], {})).rejects.toMatchObject({
      code: "usage",
      message: `--before ${after}: is the scene of 2021, not of 2016`,
    });
    await expect(openShownScenes(map, [before, before], {})).rejects.toThrow(
      `--after ${before}: is the scene of 2016, not of 2021`,
    );
    const taken = await openShownScenes(map, [sharper, after], {});
    expect(taken.map(({ info }) => info.file)).toEqual([sharper, after]);
    for (const scene of taken) await scene.close();
    // Nobody changed between two dates of one scene: neither is the other.
    const same = await openShownScenes({ ...map, sceneMarks: [marks[0], marks[0]] }, [before, before], {});
    for (const scene of same) await scene.close();
  });
});

describe("scenes and the cells that are asked about", () => {
  const map = at("cover.tif");
  const design = (out: string, scene: string, onWarning = (_: string) => {}) =>
    designArea({ map, out: at(out), scenes: [scene], standardError: 0.2, least: 4, onWarning });

  beforeAll(async () => {
    const data = new Uint8Array(side * side).fill(1);
    const georeference = { crs: UTM_18S, transform: [500_000, 30, 0, 9_000_000, 0, -30] as const };
    const raster = { bands: ["class"], widthPx: side, heightPx: side, dtype: "uint8" as const, data, georeference };
    writeFileSync(map, await encodeGeoTiff(raster));
    writeFileSync(at("classes.json"), JSON.stringify({ classes: [{ name: "forest", value: 1 }] }));
  });

  it("are refused where they lie elsewhere, and nothing is written", async () => {
    const scene = await writeScene(at("far.tif"), { eastMeters: 100_000 });
    await expect(design("far", scene)).rejects.toMatchObject({
      code: "usage",
      message: /far\.tif: covers none of the \d+ cells/,
    });
    expect(existsSync(at("far"))).toBe(false);
  });

  it("are told of where they cover some, and not where they cover all", async () => {
    const told: string[] = [];
    await design("half", await writeScene(at("half.tif"), { eastMeters: 300 }), (message) => told.push(message));
    expect(told.join()).toMatch(/half\.tif: covers only \d+ of the \d+ cells/);
    const [, covered, all] = /only (\d+) of the (\d+)/.exec(told.join()) ?? [];
    expect(Number(covered)).toBeGreaterThan(0);
    expect(Number(covered)).toBeLessThan(Number(all));
    told.length = 0;
    await design("whole", await writeScene(at("whole.tif")), (message) => told.push(message));
    expect(told.join()).not.toContain("covers");
  });
});
