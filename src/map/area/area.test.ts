import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { UTM_18S } from "../../../test/utm-18s.js";
import { parseCsv } from "../../data/csv.js";
import { UserError } from "../../errors.js";
import { decodeRaster } from "../../raster/formats.js";
import type { Raster } from "../../raster/raster.js";
import { encodeGeoTiff } from "../../raster/write/tiff.js";
import type { ChangeReportData } from "../../report/change-data.js";
import { designArea } from "./design.js";
import { type AreaDesign, readDesign } from "./design-file.js";
import { drawCells } from "./draw.js";
import { estimateAreaOf } from "./estimate.js";
import type { StratifiedMap } from "./strata.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-area-"));
const at = (...names: string[]) => join(folder, ...names);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [widthPx, heightPx] = [200, 150];
const cells = widthPx * heightPx;
const georeference = { crs: UTM_18S, transform: [500_000, 30, 0, 9_000_000, 0, -30] as const };
const CLASSES = ["forest", "field", "city"];

/** City in a corner, then fields, then forest; 0 in the last row: no answer. */
const mappedClass = (column: number, row: number) => {
  if (row === heightPx - 1) return 0;
  if (column < 20 && row < 20) return 3;
  return column < 80 ? 2 : 1;
};
/** The truth: some forest is field, and some city is field. */
const trueClass = (column: number, row: number) => {
  const said = mappedClass(column, row);
  if (said === 1) return (column * 7 + row * 13) % 10 === 0 ? 2 : 1;
  if (said === 3) return (column + row) % 8 === 0 ? 2 : 3;
  return said;
};

async function writeRaster(path: string, bands: readonly string[], data: Raster["data"], size = { widthPx, heightPx }) {
  const dtype = data instanceof Uint16Array ? "uint16" : "uint8";
  writeFileSync(path, await encodeGeoTiff({ bands, ...size, dtype, data, georeference }));
}

const everyCell = (of: (column: number, row: number) => number) =>
  Uint8Array.from({ length: cells }, (_, i) => of(i % widthPx, Math.floor(i / widthPx)));

/** Fills in the labels of a sample. */
function answer(design: string, sample: string, labels: (one: AreaDesign["samples"][number]) => readonly string[]): void {
  const byId = new Map(readDesign(design).samples.map((one) => [one.id, one]));
  const { header, rows } = parseCsv(readFileSync(sample, "utf8"), sample);
  const filled = rows.map(({ cells: [id, longitude, latitude, stratum] }) => {
    const one = byId.get(id);
    if (one === undefined) throw new Error(id);
    return [id, longitude, latitude, stratum, ...labels(one)].join(",");
  });
  writeFileSync(sample, `${[header.join(","), ...filled].join("\n")}\n`);
}

const editFirst = (sample: string, edit: (cells: string[]) => string[]) => {
  const [header, first, ...rest] = readFileSync(sample, "utf8").trim().split("\n");
  writeFileSync(sample, [header, edit(first.split(",")).join(","), ...rest].join("\n"));
};

describe("a sample of a class raster", () => {
  const map = at("cover.tif");
  const out = at("check");
  const sample = join(out, "sample.csv");
  const trueName = ({ column, row }: { column: number; row: number }) => CLASSES[trueClass(column, row) - 1];

  beforeAll(async () => {
    await writeRaster(map, ["class"], everyCell(mappedClass));
    writeFileSync(at("classes.json"), JSON.stringify({ classes: CLASSES.map((name, k) => ({ name, value: k + 1 })) }));
    await designArea({ map, out, standardError: 0.02 });
  });

  it("has the strata of the map with their hectares on the ground, rare ones guarded", () => {
    const { strata, counted, samples, settings } = readDesign(join(out, "design.json"));
    expect(strata.map(({ name, cells: count }) => [name, count])).toEqual([
      ["forest", 120 * 149],
      ["field", 80 * 149 - 400],
      ["city", 400],
    ]);
    // The city gets 50; the others need 385 to have the error: (0.4 / 0.02)² = 400 would be of one stratum with endless cells.
    expect(strata.map((one) => one.samples).reduce((sum, count) => sum + count)).toBe(435);
    expect(strata[2].samples).toBe(50);
    expect(settings.expectedStandardError).toBeLessThanOrEqual(0.02);
    expect(settings.expectedStandardError).toBeGreaterThan(0.0199);
    expect(counted.cells).toBe(200 * 149);
    // 900 m² over the square of the scale of UTM at its middle meridian.
    expect(strata[2].hectares / 400).toBeCloseTo(0.09 / 0.9996 ** 2, 6);
    expect(samples.length).toBe(435);
    for (const { column, row, stratum, mapped } of samples) {
      expect(stratum).toBe(CLASSES[mappedClass(column, row) - 1]);
      expect(mapped).toEqual([stratum]);
    }
    expect(new Set(samples.map(({ column, row }) => row * widthPx + column)).size).toBe(435);
  });

  it("is a table to fill in, in an order that says nothing of strata, with places on the earth", () => {
    const { header, rows } = parseCsv(readFileSync(sample, "utf8"), sample);
    expect(header).toEqual(["id", "longitude", "latitude", "stratum", "label"]);
    expect(rows[0].cells.slice(1, 3).map(Number).map(Math.round)).toEqual([-75, -9]);
    const halves = [rows.slice(0, 200), rows.slice(200)].map(
      (half) => half.filter(({ cells: [, , , name] }) => name === "city").length,
    );
    expect(Math.min(...halves)).toBeGreaterThan(10);
    expect(rows.every(({ cells: [, , , , label] }) => label === "")).toBe(true);
  });

  it("is the same for the same seed, and another for another; what is there is not replaced", async () => {
    await designArea({ map, out: at("again"), standardError: 0.02 });
    await designArea({ map, out: at("other"), standardError: 0.02, seed: 2 });
    const text = (name: string) => readFileSync(at(name, "sample.csv"), "utf8");
    expect(text("again")).toBe(text("check"));
    expect(text("other")).not.toBe(text("check"));
    await expect(designArea({ map, out: at("again") })).rejects.toMatchObject({ code: "exists" });
  });

  it("gives areas whose intervals hold the truth where counts do not", async () => {
    answer(join(out, "design.json"), sample, (one) => [trueName(one)]);
    const { classes, overall, strata, notes } = estimateAreaOf({ sample });
    expect(notes).toEqual([]);
    expect(overall?.value).toBeGreaterThan(0.85);
    expect(strata.map(({ unanswered }) => unanswered)).toEqual([0, 0, 0]);
    for (const [k, { name, hectares, interval, countedHectares, countedInterval, users }] of classes.entries()) {
      expect(name).toBe(CLASSES[k]);
      const truth = (everyCell(trueClass).filter((value) => value === k + 1).length * 0.09) / 0.9996 ** 2;
      expect(interval![0]).toBeLessThan(truth);
      expect(interval![1]).toBeGreaterThan(truth);
      expect(hectares).toBeGreaterThan(0);
      if (name !== "city") expect(countedInterval![0] < truth && truth < countedInterval![1]).toBe(false);
      expect(countedHectares).toBeGreaterThan(0);
      expect(users!.value).toBeGreaterThan(0.7);
    }
  });

  it("takes ?, empty cells and missing rows as no answer, counts them by stratum, and warns", async () => {
    const { samples } = readDesign(join(out, "design.json"));
    await designArea({ map, out: at("holes"), standardError: 0.02 });
    const holes = at("holes", "sample.csv");
    const first = new Map(CLASSES.map((name) => [name, samples.find(({ stratum }) => stratum === name)!.id]));
    answer(at("holes", "design.json"), holes, (one) => [
      one.id === first.get("city") ? "?" : one.id === first.get("field") ? "" : trueName(one),
    ]);
    const [header, ...rows] = readFileSync(holes, "utf8").trim().split("\n");
    writeFileSync(holes, [header, ...rows.filter((row) => !row.startsWith(`${first.get("forest")},`))].join("\n"));
    const told: string[] = [];
    const { strata } = estimateAreaOf({ sample: holes, onWarning: (message) => told.push(message) });
    expect(strata.map(({ name, unanswered }) => [name, unanswered])).toEqual(CLASSES.map((name) => [name, 1]));
    expect(told.join()).toContain("3 of 435 samples have no answer");
  });

  it.each([
    [
      "another stratum",
      (row: string[]) => [...row.slice(0, 3), row[3] === "city" ? "field" : "city", row[4]],
      /line 2: the sample "s\d+" was drawn from/,
    ],
    ["an id that was not drawn", (row: string[]) => ["999", ...row.slice(1)], 'line 2: no sample "999" was drawn'],
    ["a label that is none", (row: string[]) => [...row.slice(0, 4), "forrest"], 'line 2: unknown label "forrest"'],
    ["two labels", (row: string[]) => [...row.slice(0, 4), "forest|city"], "line 2: 2 labels"],
    ["no id", (row: string[]) => ["", ...row.slice(1)], "line 2: no id"],
  ])("with %s is refused, with its line", (_, edit, message) => {
    const text = readFileSync(sample, "utf8");
    editFirst(sample, edit);
    try {
      expect(() => estimateAreaOf({ sample })).toThrow(message);
    } finally {
      writeFileSync(sample, text);
    }
  });

  it("with an id twice is refused; a class that the map does not have is told by --classes", () => {
    const text = readFileSync(sample, "utf8");
    const [header, first, second, ...rest] = text.trim().split("\n");
    writeFileSync(sample, [header, first, first, second, ...rest].join("\n"));
    expect(() => estimateAreaOf({ sample })).toThrow("line 3: the sample");
    writeFileSync(sample, text.replace(/,forest$/m, ",wetland"));
    expect(() => estimateAreaOf({ sample })).toThrow('unknown label "wetland"');
    const { classes } = estimateAreaOf({ sample, classes: ["wetland"] });
    expect(classes.at(-1)).toMatchObject({
      name: "wetland",
      samples: 1,
      users: null,
      producers: { value: 0 },
      countedHectares: null,
    });
    expect(classes.at(-1)!.hectares).toBeGreaterThan(0);
    writeFileSync(sample, text);
  });

  it("of a stratum without answers says which; one answer gives no interval, and says why", () => {
    const text = readFileSync(sample, "utf8");
    const silenced = (keep: number) => {
      let kept = 0;
      return text.replace(/,city,[a-z]+$/gm, (cell) => (kept++ < keep ? cell : ",city,?"));
    };
    writeFileSync(sample, silenced(0));
    expect(() => estimateAreaOf({ sample })).toThrow('no sample of the stratum "city" has an answer');
    writeFileSync(sample, silenced(1));
    const { classes } = estimateAreaOf({ sample });
    expect(classes[0]).toMatchObject({ interval: null, standardError: null, why: expect.stringContaining('"city"') });
    expect(classes.map(({ standardError }) => standardError)).toEqual([null, null, null]);
    expect(JSON.stringify(classes)).not.toContain("NaN");
    writeFileSync(sample, text);
  });

  it("expects what is said of strata by name, and refuses names that are none", async () => {
    await designArea({ map, out: at("users"), users: { city: 0.5, field: 1, forest: 1 }, standardError: 0.002, least: 2 });
    const { strata, settings } = readDesign(at("users", "design.json"));
    expect(strata.map(({ expectedUsers }) => expectedUsers)).toEqual([1, 1, 0.5]);
    expect(settings.expectedStandardError).toBeGreaterThan(0);
    await expect(designArea({ map, out: at("none"), users: { citty: 0.5 } })).rejects.toMatchObject({
      hint: expect.stringContaining('"city"'),
    });
    expect(existsSync(at("none"))).toBe(false);
  });

  it("shows every cell in its surroundings", async () => {
    const scene = at("scene.tif");
    // Twice as fine as the map, and blue where the city is.
    const data = Uint8Array.from({ length: 3 * 4 * cells }, (_, i) => {
      const [band, p] = [Math.floor(i / (4 * cells)), i % (4 * cells)];
      const isCity = mappedClass(Math.floor((p % (2 * widthPx)) / 2), Math.floor(p / (2 * widthPx) / 2)) === 3;
      return band === 2 ? (isCity ? 250 : 20) : 60;
    });
    const transform = [500_000, 15, 0, 9_000_000, 0, -15] as const;
    const raster: Raster = {
      bands: ["red", "green", "blue"],
      widthPx: 2 * widthPx,
      heightPx: 2 * heightPx,
      dtype: "uint8",
      data,
      georeference: { ...georeference, transform },
    };
    writeFileSync(scene, await encodeGeoTiff(raster));
    const result = await designArea({ map, out: at("shown"), scenes: [scene], standardError: 0.2, least: 4, chipContext: 3 });
    const { samples } = readDesign(at("shown", "design.json"));
    expect(readdirSync(result.pictures!).sort()).toEqual(samples.map(({ id }) => `${id}.png`).sort());
    for (const { id, stratum } of samples) {
      const picture = await decodeRaster(readFileSync(join(result.pictures!, `${id}.png`)), { file: id });
      // The middle of the picture is the middle of the cell.
      const [x, y] = [Math.floor(picture.widthPx / 2), picture.heightPx - 12 - 192];
      const blue = picture.data[2 * picture.widthPx * picture.heightPx + y * picture.widthPx + x];
      expect(blue > 128, id).toBe(stratum === "city");
    }
    await expect(designArea({ map, out: at("two"), scenes: [scene, scene] })).rejects.toThrow("2 scenes for a map of one date");
  });
});

describe("cells that the edge cuts off", () => {
  it("are drawn by their area", async () => {
    const map = {
      info: { widthPx: 4, heightPx: 5, block: { widthPx: 4, heightPx: 5 } },
      rules: [],
      stratumOf: () => "all",
      read: async () => ({ codes: new Uint8Array(20).fill(1), rules: undefined }),
      // Of a map, nothing else is asked here.
    } as unknown as StratifiedMap;
    const strata = [{ name: "all", cells: 20, hectares: 16.25, codes: new Set([1]), rules: new Set([0]) }];
    const counts = [0, 0, 0, 0];
    for (let seed = 0; seed < 600; seed++) {
      const drawn = await drawCells(map, () => Float64Array.of(1, 1, 1, 0.25), { strata, sizes: [2], seed });
      for (const { column } of drawn) counts[column]++;
    }
    const [a, b, c, last] = counts;
    expect(a + b + c + last).toBe(1200);
    expect(last / (1200 / 13)).toBeGreaterThan(0.75);
    expect(last / (1200 / 13)).toBeLessThan(1.25);
    for (const count of [a, b, c]) expect(Math.abs(count - (1200 * 4) / 13)).toBeLessThan(60);
  });
});

const CHANGE_DATA: ChangeReportData = {
  version: 1,
  title: "change",
  task: "multiclass",
  generated: true,
  classifier: { file: "c.onnx", sha256: "0", agreementWith: null },
  dates: ["1985", "2020"].map((label) => ({ label, day: null, scene: `${label}.tif`, sha256: "0", picture: `${label}.png` })),
  cells: { columns: widthPx, rows: heightPx, metersWide: 30, metersHigh: 30, hectares: 0.09 },
  classes: CLASSES.map((name) => ({ name, colour: "#000000" })),
  counts: { cells, noAnswer: widthPx, changed: 0, undecided: 0, belowUnit: 0 },
  rules: [
    {
      name: "deforestation",
      rule: "forest -> field|city",
      colour: "#000000",
      file: "deforestation.tif",
      cells: 0,
      hectares: 0,
    },
    { name: "urbanisation", rule: "* -> city", colour: "#000000", file: "urbanisation.tif", cells: 0, hectares: 0 },
  ],
  areas: [],
  transitions: [],
  places: [],
  settings: { stay: 0.9, confidence: 0.9, unitCells: 1, unitHectares: 0.09, match: false, notes: [] },
  command: "sigmax change",
  changePicture: "change.png",
};

describe("a sample of a change", () => {
  const change = at("change");
  const K = CLASSES.length;
  /** Forest that became field (deforestation) or city (both), field that became forest, 3 cells that became city from field. */
  const transition = (column: number, row: number): readonly [number, number] | undefined => {
    if (row === 0) return undefined;
    if (column < 10 && row < 40) return [0, 1];
    if (column < 20 && row < 40) return [0, 2];
    if (column === 30 && row < 4) return [1, 2];
    if (column === 31 && row < 21) return [1, 0];
    return column < 100 ? [1, 1] : [0, 0];
  };
  const saysDeforested = (pair: readonly [number, number] | undefined) => pair?.[0] === 0 && pair[1] !== 0;
  const saysBuilt = (pair: readonly [number, number] | undefined) => pair !== undefined && pair[0] !== 2 && pair[1] === 2;
  const out = at("change-check");
  const sample = join(out, "sample.csv");
  const warnings: string[] = [];

  beforeAll(async () => {
    mkdirSync(change);
    writeFileSync(join(change, "change.json"), JSON.stringify(CHANGE_DATA));
    const codes = everyCell((column, row) => {
      const pair = transition(column, row);
      return pair === undefined ? 0 : pair[0] * K + pair[1] + 1;
    });
    await writeRaster(join(change, "change.tif"), ["change"], Uint16Array.from(codes));
    const rule = (says: (pair: readonly [number, number] | undefined) => boolean) =>
      everyCell((column, row) => (row === 0 ? 255 : Number(says(transition(column, row)))));
    await writeRaster(join(change, "deforestation.tif"), ["yes"], rule(saysDeforested));
    await writeRaster(join(change, "urbanisation.tif"), ["yes"], rule(saysBuilt));
    await designArea({ map: change, out, standardError: 0.03, least: 20, onWarning: (message) => warnings.push(message) });
  });

  it("has the rules that say yes together as strata, other changes, and each class that stays", () => {
    const { strata, counted, dates } = readDesign(join(out, "design.json"));
    // Three cells of urbanisation alone are no stratum of their own: they are with the largest.
    expect(strata.map(({ name, cells: count }) => [name, count])).toEqual([
      ["stable forest", 100 * 149 + 3],
      ["stable field", 100 * 149 - 20 * 39 - 3 - 20],
      ["deforestation", 390],
      ["deforestation + urbanisation", 390],
      ["other change", 20],
    ]);
    expect(strata[0].mapped).toEqual([
      ["forest", "forest"],
      ["field", "city"],
    ]);
    expect(dates).toEqual(["1985", "2020"]);
    const cellsOf = (of: string, name: string) => counted.areas.find((area) => area.of === of && area.name === name)?.cells;
    expect(cellsOf("rule", "deforestation")).toBe(780);
    expect(cellsOf("rule", "urbanisation")).toBe(393);
    expect(cellsOf("transition", "forest -> city")).toBe(390);
    expect(warnings.join()).toContain("1985.tif");
  });

  it("asks for a label on each date, and tells of classes, transitions and rules", () => {
    const { header } = parseCsv(readFileSync(sample, "utf8"), sample);
    expect(header).toEqual(["id", "longitude", "latitude", "stratum", "label_1985", "label_2020"]);
    // A tenth of the forest that the map calls stable is deforested; all else is right.
    answer(join(out, "design.json"), sample, ({ column, row, stratum }) => {
      const pair = transition(column, row);
      if (pair === undefined) throw new Error("no answer was drawn");
      return stratum === "stable forest" && pair[0] === 0 && (column + row) % 10 === 0
        ? ["forest", "field"]
        : pair.map((k) => CLASSES[k]);
    });
    const { classes, overall, dates } = estimateAreaOf({ sample });
    expect(dates).toEqual(["1985", "2020"]);
    expect(overall!.value).toBeLessThan(0.99);
    const found = (of: string, name: string, date: number | null = null) =>
      classes.find((area) => area.of === of && area.name === name && area.date === date)!;
    const deforestation = found("rule", "deforestation");
    const truth = (780 + 1490) * (0.09 / 0.9996 ** 2);
    expect(deforestation.interval![0]).toBeLessThan(truth);
    expect(deforestation.interval![1]).toBeGreaterThan(truth);
    expect(deforestation.countedInterval![1]).toBeLessThan(truth);
    expect(deforestation.users!.value).toBe(1);
    expect(deforestation.producers!.value).toBeLessThan(0.7);
    expect(found("class", "forest", 0).hectares).toBeGreaterThan(found("class", "forest", 1).hectares!);
    expect(found("transition", "forest -> field").samples).toBeGreaterThan(20);
    expect(found("transition", "forest -> forest").users!.value).toBeLessThan(1);
  });
});

describe("a sample of a map with several labels per cell", () => {
  const out = at("labels-check");

  it("is estimated label by label", async () => {
    const map = at("multi.tif");
    const hasRoad = (column: number, row: number) => Number((column + row) % 5 === 0);
    await writeRaster(
      map,
      ["class"],
      everyCell((column) => (column < 100 ? 1 : 3)),
    );
    const forest = everyCell((column) => Number(column < 100));
    const labels = Uint8Array.from([...forest, ...everyCell(hasRoad)]);
    await writeRaster(at("multi.labels.tif"), ["forest", "road"], labels);
    mkdirSync(at("tables"));
    const classTable = at("tables", "multi.json");
    writeFileSync(
      classTable,
      JSON.stringify({
        classes: [
          { name: "forest", value: 1 },
          { name: "road", value: 2 },
          { name: "none", value: 3 },
        ],
      }),
    );
    await designArea({ map, out, classTable, standardError: 0.03 });
    const design = readDesign(join(out, "design.json"));
    expect(design.task).toBe("multilabel");
    expect(design.strata.map(({ name }) => name).sort()).toEqual(["forest", "none"]);
    expect(design.counted.areas.find(({ of, name }) => of === "label" && name === "road")?.cells).toBe(cells / 5);
    for (const { column, row, labels: own } of design.samples) {
      expect(own?.[0]).toEqual([...(column < 100 ? ["forest"] : []), ...(hasRoad(column, row) ? ["road"] : [])]);
    }
    // Roads are on every fourth cell that the map has none on, too; of one in nine nobody can tell.
    const sample = join(out, "sample.csv");
    answer(join(out, "design.json"), sample, ({ column, row }) => {
      const road = hasRoad(column, row) === 1 || (column + 2 * row) % 4 === 0;
      const labels = [column < 100 ? "forest" : "", (column + row) % 9 === 0 ? "?road" : road ? "road" : ""].filter(
        (one) => one !== "",
      );
      return [labels.length === 0 ? "none" : labels.map((one) => `${one}|`).join("")];
    });
    const { classes, overall } = estimateAreaOf({ sample });
    expect(overall).toBeNull();
    expect(classes.map(({ of, name }) => [of, name])).toEqual([
      ["label", "forest"],
      ["label", "road"],
    ]);
    const [wood, road] = classes;
    expect(wood).toMatchObject({ users: { value: 1 }, producers: { value: 1 } });
    expect(road.hectares! / (cells * 0.09)).toBeGreaterThan(0.32);
    expect(road.hectares! / (cells * 0.09)).toBeLessThan(0.48);
    expect(road.users!.value).toBe(1);
    expect(road.producers!.value).toBeLessThan(0.65);
    expect(road.samples).toBeLessThan(design.samples.length);
  });
});

describe("a sample of a change of several labels per cell", () => {
  it("is estimated label by label on both dates, and by rules", async () => {
    const change = at("label-change");
    mkdirSync(change);
    // Forest everywhere left; road gained in 10 columns, and forest lost there in the upper half.
    const lost = (column: number, row: number) => column < 10 && row < heightPx / 2;
    const forest = everyCell((column, row) => (lost(column, row) ? 3 : column < 100 ? 1 : 0));
    const road = everyCell((column) => (column < 10 ? 2 : 0));
    await writeRaster(join(change, "labels.tif"), ["forest", "road"], Uint8Array.from([...forest, ...road]));
    // Drawn: forest 0, road 1, none 2.
    const code = (before: number, after: number) => before * 3 + after + 1;
    const codes = everyCell((column, row) => (lost(column, row) ? code(0, 1) : column < 100 ? code(0, 0) : code(2, 2)));
    await writeRaster(join(change, "change.tif"), ["change"], codes);
    await writeRaster(
      join(change, "deforestation.tif"),
      ["yes"],
      everyCell((column, row) => Number(lost(column, row))),
    );
    const data = {
      ...CHANGE_DATA,
      task: "multilabel",
      classes: ["forest", "road", "none"].map((name) => ({ name, colour: "#000000" })),
      rules: [
        { name: "deforestation", rule: "forest -> *", colour: "#000000", file: "deforestation.tif", cells: 0, hectares: 0 },
      ],
    };
    writeFileSync(join(change, "change.json"), JSON.stringify(data));
    const out = at("label-change-check");
    await designArea({ map: change, out, standardError: 0.03, least: 30, onWarning: () => {} });
    const design = readDesign(join(out, "design.json"));
    expect(design.strata.map(({ name }) => name)).toEqual(["stable none", "stable forest", "deforestation"]);
    expect(design.classes).toEqual(["forest", "road"]);
    const counted = (name: string, date: number) =>
      design.counted.areas.find((area) => area.of === "label" && area.name === name && area.date === date)?.cells;
    expect([counted("forest", 0), counted("forest", 1), counted("road", 0), counted("road", 1)]).toEqual([
      15_000, 14_250, 0, 1500,
    ]);
    const sample = join(out, "sample.csv");
    answer(join(out, "design.json"), sample, ({ labels }) =>
      labels!.map((own) => (own.length === 0 ? "none" : `${own.join("|")}|`)),
    );
    const { classes } = estimateAreaOf({ sample });
    expect(classes.map(({ of, name, date }) => `${of} ${name} ${date}`)).toEqual([
      "label forest 0",
      "label road 0",
      "label forest 1",
      "label road 1",
      "rule deforestation null",
    ]);
    for (const { users, producers, samples } of classes) {
      if (samples > 0) expect([users!.value, producers!.value]).toEqual([1, 1]);
    }
    expect(classes[4].hectares).toBeCloseTo(750 * (0.09 / 0.9996 ** 2), 1);
  });
});

describe("a sample that was drawn elsewhere", () => {
  const sample = at("answers.csv");
  const areas = at("strata.csv");

  it("is estimated from a table of areas: Olofsson's example", () => {
    const names = ["Deforestation", "Forest gain", "Stable forest", "Stable non-forest"];
    const counts = [
      [66, 0, 5, 4],
      [0, 55, 8, 12],
      [1, 0, 153, 11],
      [2, 1, 9, 313],
    ];
    const rows = counts.flatMap((row, h) =>
      row.flatMap((count, k) => Array.from({ length: count }, (_, i) => `${h}-${k}-${i},${names[h]},${names[k]}`)),
    );
    writeFileSync(sample, ["id,stratum,label", ...rows].join("\n"));
    writeFileSync(
      areas,
      ["stratum,hectares", ...[18_000, 13_500, 288_000, 580_500].map((area, h) => `${names[h]},${area}`)].join("\n"),
    );
    const { classes, overall } = estimateAreaOf({ sample, areas });
    expect(overall!.value).toBeCloseTo(0.9465118881118881, 12);
    expect(classes[0].hectares).toBeCloseTo(21_157.76, 2);
    expect(classes[0].standardError! * 1.96).toBeCloseTo(6157.63, 2);
    expect(classes[0]).toMatchObject({ countedHectares: 18_000, countedInterval: null, samples: 69 });
    expect(classes.map(({ users }) => users!.value.toFixed(2))).toEqual(["0.88", "0.73", "0.93", "0.96"]);
  });

  it("whose strata are no classes needs a column map for accuracies, and none for areas", () => {
    writeFileSync(areas, "stratum;hectares\nnorth;100\nsouth;300\n");
    writeFileSync(sample, "id,stratum,label\n1,north,forest\n2,north,field\n3,south,forest\n4,south,forest\n");
    const areaOnly = estimateAreaOf({ sample, areas });
    expect(areaOnly.overall).toBeNull();
    expect(areaOnly.classes[1]).toMatchObject({ name: "forest", hectares: 350, users: null });
    writeFileSync(
      sample,
      "id,stratum,map,label\n1,north,forest,forest\n2,north,forest,field\n3,south,forest,forest\n4,south,field,forest\n",
    );
    const both = estimateAreaOf({ sample, areas });
    expect(both.overall!.value).toBeCloseTo((100 * 0.5 + 300 * 0.5) / 400, 12);
    expect(both.classes[1].users!.value).toBeCloseTo(200 / 250, 12);
  });

  it.each([
    ["stratum,hectares\nnorth,many\n", "line 2"],
    ["stratum,hectares\nnorth,0x10\n", 'line 2: "0x10" are no hectares'],
    ["stratum,hectares\nnorth,1e999\n", "line 2"],
    ["stratum,hectares\nnorth,-1\n", "line 2"],
    ["stratum,hectares,hectares\nnorth,1,2\n", '"hectares" stands twice'],
    ["stratum,hectares\nsouth,1\nnorth\n", "line 3: 1 cell where"],
    ["stratum,hectares\nnorth,1\nnorth,2\n", "line 3"],
    ["stratum,area\nnorth,1\n", '"hectares"'],
    ["stratum,hectares\nsouth,1\n", 'did you mean|has no area of the stratum "north"'],
  ])("is refused with a table of areas like %j", (text, message) => {
    writeFileSync(areas, text);
    writeFileSync(sample, "id,stratum,label\n1,north,forest\n2,north,field\n");
    expect(() => estimateAreaOf({ sample, areas })).toThrow(new RegExp(message));
  });
});

const HOSTILE = "../shared/golden/bad/csv";

describe.skipIf(!existsSync(HOSTILE))("hostile tables", () => {
  const names = existsSync(HOSTILE) ? readdirSync(HOSTILE) : [];

  it.each(names)("%s is read or refused by name", (name) => {
    writeFileSync(at("any.csv"), "stratum,hectares\nforest,10\n");
    for (const options of [
      { sample: join(HOSTILE, name), areas: at("any.csv") },
      { sample: at("good.csv"), areas: join(HOSTILE, name) },
    ]) {
      writeFileSync(at("good.csv"), "id,stratum,label\n1,forest,forest\n2,forest,field\n");
      try {
        estimateAreaOf(options);
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }
  });
});
