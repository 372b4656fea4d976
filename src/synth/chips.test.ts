import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { UserError } from "../errors.js";
import { chipClasses, type GeneratedChip, generateChips, LABEL_RULES, labelsOf } from "./chips.js";
import { COVERS } from "./ground.js";

const multilabel = [...generateChips({ task: "multilabel", count: 200, seed: 1 })];
const multiclass = [...generateChips({ task: "multiclass", count: 150, seed: 1 })];

test("the same seed gives the same chips, and a shorter set is the start of a longer one", () => {
  expect([...generateChips({ task: "multilabel", count: 30, seed: 1 })].map(fingerprint)).toEqual(
    multilabel.slice(0, 30).map(fingerprint),
  );
  expect([...generateChips({ task: "multilabel", count: 1, seed: 2 })].map(fingerprint)).not.toEqual([
    fingerprint(multilabel[0]),
  ]);
});

test("a chip has exactly the labels whose classes cover at least their stated share", () => {
  for (const { labels, shares } of multilabel) {
    const { leastShare } = LABEL_RULES.multilabel;
    for (const cover of chipClasses("multilabel")) {
      if (labels.includes(cover)) expect(shares[cover]).toBeGreaterThanOrEqual(leastShare[cover] ?? 1);
      else expect(shares[cover]).toBeLessThanOrEqual((leastShare[cover] ?? 0) / 2);
    }
  }
  for (const { labels, shares } of multiclass) {
    expect(labels).toHaveLength(1);
    expect(Math.max(...Object.values(shares))).toBeGreaterThanOrEqual(0.65);
    expect(labels[0]).toBe(COVERS.find((cover) => shares[cover] >= 0.65));
  }
});

test("shares add up to one", () => {
  for (const { shares } of [...multilabel, ...multiclass]) {
    expect(Object.values(shares).reduce((sum, share) => sum + share)).toBeCloseTo(1, 10);
  }
});

test("a chip with a class that is neither there nor absent is unclear", () => {
  const grass = { grass: 1, forest: 0, field: 0, water: 0, road: 0, urban: 0 };
  expect(labelsOf(grass, "multilabel")).toEqual([]);
  expect(labelsOf({ ...grass, grass: 0.93, forest: 0.07 }, "multilabel")).toBeUndefined();
  expect(labelsOf({ ...grass, grass: 0.5, forest: 0.4, road: 0.1 }, "multilabel")).toEqual(["forest", "road"]);
  expect(labelsOf(grass, "multiclass")).toEqual(["grass"]);
  expect(labelsOf({ ...grass, grass: 0.5, forest: 0.5 }, "multiclass")).toBeUndefined();
});

test("every class is common enough to learn, several labels and no label occur", () => {
  for (const cover of chipClasses("multilabel")) {
    const share = multilabel.filter(({ labels }) => labels.includes(cover)).length / multilabel.length;
    expect(share, cover).toBeGreaterThan(0.2);
    expect(share, cover).toBeLessThan(0.7);
  }
  const withLabels = (n: number) => multilabel.filter(({ labels }) => labels.length === n).length / multilabel.length;
  expect(withLabels(0)).toBeGreaterThan(0.04);
  expect(withLabels(0)).toBeLessThan(0.2);
  expect(withLabels(2) + withLabels(3)).toBeGreaterThan(0.3);
});

test("the classes of a single-label set are balanced within a factor of 1.5", () => {
  const counts = chipClasses("multiclass").map((cover) => multiclass.filter(({ labels }) => labels[0] === cover).length);
  expect(counts).toHaveLength(5);
  expect(Math.max(...counts) / Math.min(...counts)).toBeLessThan(1.5);
});

test("chips of one group do not overlap, and names are unique and begin with the group", () => {
  for (const chips of [multilabel, multiclass]) {
    expect(new Set(chips.map(({ name }) => name)).size).toBe(chips.length);
    expect(new Set(chips.map(({ group }) => group)).size).toBeGreaterThanOrEqual(chips.length / 20);
    for (const [i, a] of chips.entries()) {
      expect(a.name.startsWith(`${a.group}_`)).toBe(true);
      for (const b of chips.slice(i + 1)) {
        const apart = a.group !== b.group || Math.abs(a.xPx - b.xPx) >= 64 || Math.abs(a.yPx - b.yPx) >= 64;
        expect(apart).toBe(true);
      }
    }
  }
});

test("chips come in the asked size and bands", () => {
  const [chip] = generateChips({ task: "multiclass", count: 1, seed: 3, sizePx: 48, bands: ["nir", "red", "green", "blue"] });
  expect(chip.raster).toMatchObject({ widthPx: 48, heightPx: 48, bands: ["nir", "red", "green", "blue"], dtype: "uint8" });
  expect(chip.raster.data).toHaveLength(4 * 48 * 48);
});

test.each([{ count: -1 }, { count: 1.5 }, { count: 5, sizePx: 4 }, { count: 5, sizePx: 1000 }])("refuses %o", (options) => {
  expect(() => [...generateChips({ task: "multilabel", seed: 1, ...options })]).toThrow(UserError);
});

function fingerprint({ name, labels, raster }: GeneratedChip): string {
  const pixels = createHash("sha256").update(Uint8Array.from(raster.data, Number)).digest("hex");
  return `${name} ${labels.join("+")} ${pixels}`;
}
