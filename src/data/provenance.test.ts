import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openDataset } from "./open.js";
import { labelsFromOf } from "./provenance.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-provenance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A folder with two images and three label files, beside them a record that says so. */
function chips(name: string, record: string): (file: string) => string {
  const at = (file: string) => join(folder, name, file);
  mkdirSync(at("."));
  for (const file of ["a.png", "b.png"]) writeFileSync(at(file), "");
  for (const file of ["labels.csv", "largest.csv", "mine.csv"]) writeFileSync(at(file), "file,label\na.png,water\nb.png,land\n");
  writeFileSync(at("chips.json"), record);
  return at;
}

const recordOf = (labelsFrom: unknown) => JSON.stringify({ version: 1, labelsFrom });
const RULES = { kind: "rule", source: "water: ndwi > 0" };

describe("labelsFromOf", () => {
  it("knows the label files that were made, and takes others for people's", () => {
    const at = chips("made", recordOf({ ...RULES, files: ["labels.csv", "largest.csv"] }));
    expect(labelsFromOf(at("labels.csv"))).toEqual(RULES);
    expect(labelsFromOf(at("largest.csv"))).toEqual(RULES);
    expect(labelsFromOf(at("mine.csv"))).toBeUndefined();
  });

  it.each([
    ["broken", "{"],
    ["a list", "[1]"],
    ["without labels", recordOf(undefined)],
    ["without files", recordOf(RULES)],
    ["of wrong types", recordOf({ kind: 1, source: "x", files: ["labels.csv"] })],
  ])("passes over a record that is %s", (name, record) => {
    expect(labelsFromOf(chips(name, record)("labels.csv"))).toBeUndefined();
  });

  it("reaches the dataset", async () => {
    const at = chips("opened", recordOf({ ...RULES, files: ["labels.csv"] }));
    expect((await openDataset(at("."), { labels: at("labels.csv") })).labelsFrom).toEqual(RULES);
    expect(await openDataset(at("."), { labels: at("mine.csv") })).not.toHaveProperty("labelsFrom");
  });
});
