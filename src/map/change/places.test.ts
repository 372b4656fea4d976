import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { crsOfEpsg } from "../../raster/geo/crs.js";
import type { ChangedCells } from "./changed-cells.js";
import { writePlaces } from "./places.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-places-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("changed places come largest first, with rings, hectares and a position inside", async () => {
  // 0 1 1 0
  // 1 0 1 0
  // 1 1 1 2
  const after = [0, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 2];
  const cells: ChangedCells = {
    ...{ task: "multiclass", weight: new Uint8Array(36), columns: 4, rows: 3, classes: 3, answered: new Uint8Array(12).fill(1) },
    present: [],
    steady: new Uint8Array(36),
    drawn: [new Uint16Array(12), Uint16Array.from(after)],
    evidence: new Uint8Array(12).fill(90),
  };
  const path = join(folder, "changes.geojson");
  const places = await writePlaces({
    ...{ cells, path, rules: [], names: ["forest", "field", "urban"], hectares: new Float64Array(12).fill(2) },
    dates: [
      { label: "1985", day: null },
      { label: "2020", day: null },
    ],
    metadata: { SIGMAX_CLASSIFIER_SHA256: "ab12" },
    georeference: { crs: crsOfEpsg(32718), transform: [500_000, 1000, 0, 9_000_000, 0, -1000] },
  });
  expect(places.map(({ before, after: into, cells: count, hectares, box }) => [before, into, count, hectares, box])).toEqual([
    ["forest", "field", 7, 14, [0, 0, 3, 3]],
    ["forest", "urban", 1, 2, [3, 2, 4, 3]],
  ]);
  expect(places[0].score).toBeCloseTo(0.9, 9);
  const { features, metadata } = JSON.parse(readFileSync(path, "utf8"));
  expect(metadata).toEqual({ SIGMAX_CLASSIFIER_SHA256: "ab12" });
  expect(features.map(({ properties }: { properties: object }) => properties)).toEqual([
    {
      id: 1,
      before: "forest",
      after: "field",
      rules: [],
      hectares: 14,
      cells: 7,
      confidence: 0.9,
      changed_after: "1985",
      by: "2020",
    },
    {
      id: 2,
      before: "forest",
      after: "urban",
      rules: [],
      hectares: 2,
      cells: 1,
      confidence: 0.9,
      changed_after: "1985",
      by: "2020",
    },
  ]);
  expect(features[0].geometry.coordinates.length).toBeGreaterThan(0);
  // The middle of its box is no cell of it: the nearest one is a kilometre off at most.
  const [longitude, latitude] = places[0].position ?? [0, 0];
  expect(longitude).toBeGreaterThan(-75);
  expect(longitude).toBeLessThan(-74.97);
  expect(latitude).toBeLessThan(-9.04);
});
