import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeCountry } from "sigmax";
import { afterAll, expect, it } from "vitest";
import { sigmax, sigmaxJson } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-area-cli-"));
const at = (...names: string[]) => join(work, ...names);
afterAll(() => rmSync(work, { recursive: true, force: true }));

it("sigmax area draws a sample of a map, and estimates areas from the answers", async () => {
  await writeCountry({ out: at("land"), sizePx: 256, seed: 5 });
  const [map, scene] = [at("land", "classes-1.tif"), at("land", "scene-1.tif")];
  const drawn = sigmaxJson("area", "design", map, "--scene", scene, "--se", "0.1", "--least", "5", "--out", at("check"));
  expect(readdirSync(at("check")).sort()).toEqual(["chips", "design.json", "sample.csv"]);
  expect(readdirSync(at("check", "chips")).length).toBe(drawn.samples);

  const [header, ...rows] = readFileSync(drawn.sample, "utf8").trim().split("\n");
  expect(header).toBe("id,longitude,latitude,stratum,label");
  // A map that is the truth: every answer is its class.
  writeFileSync(drawn.sample, [header, ...rows.map((row) => `${row}${row.split(",")[3]}`)].join("\n"));
  const shown = sigmax("area", "estimate", drawn.sample);
  expect(shown.status).toBe(0);
  expect(shown.stdout).toContain("Overall accuracy: 100.0 ± 0.0 %");
  const { classes, overall } = sigmaxJson("area", "estimate", drawn.sample);
  expect(overall.value).toBe(1);
  for (const { countedHectares, hectares } of classes) expect(Math.abs(hectares - countedHectares)).toBeLessThan(1e-6);
  expect(existsSync(at("check", "estimate.json"))).toBe(true);

  writeFileSync(drawn.sample, [header, ...rows.map((row) => `${row}foresst`)].join("\n"));
  const wrong = sigmax("area", "estimate", drawn.sample);
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toContain('Did you mean "forest"?');
  expect(sigmax("area", "design", map, "--out", at("check")).status).toBe(1);
  expect(sigmax("area", "design", map, "--users", "forrest=0.9", "--out", at("new")).stderr).toContain('"forest"');
});
