import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.js";
import { PARTS, type Part } from "../../task.js";
import type { Coordinates, Dataset, Sample } from "../dataset.js";
import { parseLabels } from "../open.js";
import { divideDataset, splitDataset } from "../split.js";
import { roundBlockSize } from "./coordinates.js";
import { openNearness } from "./nearness.js";

interface Spot {
  readonly file: string;
  readonly label?: number;
  readonly coordinates?: Coordinates;
  readonly group?: string;
}

function datasetOf(spots: readonly Spot[], classes = 2): Dataset {
  const samples = spots.map(({ label = 0, ...rest }): Sample => {
    const labels = new Int8Array(classes);
    labels[label] = 1;
    return { ...rest, path: `/nowhere/${rest.file}`, labels };
  });
  const names = Array.from({ length: classes }, (_, k) => `c${k}`);
  return { root: "/nowhere", source: "test", task: "multiclass", classes: names, samples };
}

/** A grid of whole numbers, `side` × `side`, two classes in a chequer. */
function grid(side: number): Dataset {
  return datasetOf(
    Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [i % side, Math.floor(i / side)];
      return { file: `t_${x}_${y}.png`, label: (x + y) % 2, coordinates: [x, y] as const };
    }),
  );
}

const distance = (a: Coordinates, b: Coordinates) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** The smallest distance between any two samples of two parts, by trying all pairs. */
function gap({ samples }: Dataset, split: readonly (Part | undefined)[], a: Part, b: Part): number {
  let least = Number.POSITIVE_INFINITY;
  samples.forEach((one, i) => {
    if (split[i] !== a) return;
    samples.forEach((other, j) => {
      if (split[j] === b) least = Math.min(least, distance(one.coordinates!, other.coordinates!));
    });
  });
  return least;
}

describe("blocks of ground", () => {
  it("stay whole, in shares near those asked for, and the samples carry them", () => {
    const dataset = grid(40);
    const { dataset: grouped, split, by } = divideDataset(dataset, { method: "blocks", blockSize: 4 });
    expect(by).toBe("blocks of 4, buffer 0");
    const partOf = new Map<string, Part | undefined>();
    grouped.samples.forEach(({ group, coordinates }, i) => {
      expect(group).toBe(`[${Math.floor(coordinates![0] / 4)},${Math.floor(coordinates![1] / 4)}]`);
      expect(partOf.get(group!) ?? split[i]).toBe(split[i]);
      partOf.set(group!, split[i]);
    });
    expect(partOf.size).toBe(100);
    expect(PARTS.map((part) => split.filter((other) => other === part).length)).toEqual([1120, 160, 320]);
  });

  it("below zero are as large as above: -0.5 and 0.5 are neighbours, not the same", () => {
    const spots = [-2, -0.5, 0.5, 2, 3.5, 5].map((x) => ({ file: `${x}.png`, coordinates: [x, 0] as const }));
    const { dataset } = divideDataset(datasetOf(spots), { method: "blocks", blockSize: 2 });
    expect(dataset.samples.map(({ group }) => group)).toEqual(["[-1,0]", "[-1,0]", "[0,0]", "[1,0]", "[1,0]", "[2,0]"]);
  });

  it.each([1, 1.5, 3, 4.3])(
    "with a buffer of %d no image learns from one nearer than that to its judge, and none is left out for nothing",
    (buffer) => {
      const dataset = grid(30);
      const free = splitDataset(dataset, { method: "blocks", blockSize: 6 });
      const warnings: string[] = [];
      const split = splitDataset(dataset, { method: "blocks", blockSize: 6, buffer, onWarning: (text) => warnings.push(text) });
      for (const [a, b] of [
        ["train", "test"],
        ["train", "validation"],
        ["validation", "test"],
      ] as const)
        expect(gap(dataset, split, a, b)).toBeGreaterThanOrEqual(buffer);
      const left = { train: 0, validation: 0, test: 0 };
      const places = dataset.samples.map(({ coordinates }) => coordinates!);
      free.forEach((part, i) => {
        if (split[i] === part) return;
        expect(split[i]).toBeUndefined();
        left[part!]++;
        const judges: readonly (Part | undefined)[] = part === "train" ? ["test", "validation"] : ["test"];
        expect(places.some((place, j) => judges.includes(split[j]) && distance(place, places[i]) < buffer)).toBe(true);
      });
      expect(left.test).toBe(0);
      // On whole numbers nothing is nearer than 1.
      if (buffer === 1) expect(warnings).toEqual([]);
      else expect(warnings.join()).toContain(`train ${left.train}`);
    },
  );

  it("of separate places have coordinates of their own", () => {
    const spots = ["a", "b", "c", "d", "e", "f"].flatMap((place) =>
      [0, 1, 2].map((n) => ({ file: `${place}/${place}${n}.png`, coordinates: [n, 0] as const })),
    );
    const { dataset, split } = divideDataset(datasetOf(spots), { method: "blocks", blockSize: 10, buffer: 5, groupBy: "^(.)/" });
    expect(new Set(dataset.samples.map(({ group }) => group)).size).toBe(6);
    // Without places every image would be too near to a test image to train on.
    expect(split.filter((part) => part === undefined)).toEqual([]);
    expect(() => splitDataset(datasetOf(spots), { method: "blocks", blockSize: 1, buffer: 50 })).toThrow(
      /leaves no image to train on/,
    );
  });

  it("are found from file names, on a line or on a plane", () => {
    const blocksBy = (coordinates: string, files: readonly string[]) =>
      divideDataset(datasetOf(files.map((file) => ({ file }))), {
        method: "blocks",
        blockSize: 10,
        coordinates,
      }).dataset.samples.map(({ group }) => group);
    const line = ["a001.jpg", "a009.jpg", "a010.jpg", "a025.jpg"];
    expect(blocksBy("(\\d+)\\.", line)).toEqual(["[0,0]", "[0,0]", "[1,0]", "[2,0]"]);
    const plane = ["s_3_14.png", "s_9_19.png", "s_12_-1.png", "s_31_0.png"];
    expect(blocksBy("_(\\d+)_(-?\\d+)", plane)).toEqual(["[0,1]", "[0,1]", "[1,-1]", "[3,0]"]);
    expect(blocksBy("_(?<y>\\d+)_(?<x>-?\\d+)", plane)).toEqual(["[1,0]", "[1,0]", "[-1,1]", "[0,3]"]);
  });

  it.each([
    ["(", /no regular expression/],
    ["nothing(\\d)here", /fits no file name/],
    ["(t)_", /captures \["t"\]/],
    ["t_(\\d+)_(\\d+)(\\.)", /captures/],
    ["t_\\d", /captures \[\]/],
  ])("refuse the pattern %s", (coordinates, message) => {
    expect(() => splitDataset(grid(5), { method: "blocks", coordinates, blockSize: 1 })).toThrow(message);
  });

  it.each([
    [{ method: "blocks" as const, blockSize: 0 }, /cannot be cut/],
    [{ method: "blocks" as const, blockSize: 1, buffer: -1 }, /cannot be cut/],
    [{ method: "blocks" as const, blockSize: Number.NaN }, /cannot be cut/],
    [{ method: "blocks" as const, blockSize: 100 }, /make 1 of them, for 3 parts/],
    [{ buffer: 3 }, /the split is not by blocks/],
    [{ method: "hash" as const, coordinates: "(\\d)" }, /the split is not by blocks/],
  ])("refuse %j", (options, message) => {
    expect(() => splitDataset(grid(10), options)).toThrow(message);
  });

  it("leave out images that lie nowhere, and say so; refuse when all do", () => {
    const spots = Array.from({ length: 20 }, (_, i) => ({
      file: `${i}.png`,
      ...(i > 1 && { coordinates: [i, 0] as const }),
    }));
    const warnings: string[] = [];
    const split = splitDataset(datasetOf(spots), { method: "blocks", blockSize: 2, onWarning: (text) => warnings.push(text) });
    expect(split.slice(0, 2)).toEqual([undefined, undefined]);
    expect(split.slice(2)).not.toContain(undefined);
    expect(warnings[0]).toContain("2 images have no coordinates");
    expect(() => splitDataset(datasetOf([{ file: "a.png" }]), { method: "blocks" })).toThrow(/nothing says where/);
  });

  it("have a tenth of the ground as their side unless told, as a round number", () => {
    expect(
      roundBlockSize([
        [0, 0],
        [350, 3],
      ]),
    ).toBe(50);
    expect(
      roundBlockSize([
        [-71.2, -8.4],
        [-70.2, -8.1],
      ]),
    ).toBeCloseTo(0.1, 12);
    expect(roundBlockSize([[5, 5], undefined])).toBe(0);
    const warnings: string[] = [];
    const { by } = divideDataset(grid(100), { method: "blocks", onWarning: (text) => warnings.push(text) });
    expect(by).toBe("blocks of 10, buffer 0");
    expect(warnings[0]).toContain("Blocks of 10");
  });

  it("of 100,000 images are cut and kept apart within seconds, even where all lie on three spots", () => {
    const random = createRandom(1, "ground");
    const spread = datasetOf(
      Array.from({ length: 100_000 }, (_, i) => ({
        file: `${i}`,
        label: i % 2,
        coordinates: [random.next() * 1000, random.next() * 1000],
      })),
    );
    const crowded = datasetOf(
      Array.from({ length: 100_000 }, (_, i) => ({
        file: `${i}`,
        label: i % 2,
        coordinates: [(i % 3) * 10, random.next() * 1e-9],
      })),
    );
    const started = performance.now();
    const split = splitDataset(spread, { method: "blocks", blockSize: 50, buffer: 5, onWarning: () => {} });
    const crowdedSplit = splitDataset(crowded, { method: "blocks", blockSize: 5, buffer: 9, onWarning: () => {} });
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(split.filter((part) => part === undefined).length).toBeGreaterThan(5000);
    expect(crowdedSplit).not.toContain(undefined);
  });
});

describe("nearness", () => {
  it("agrees with trying every pair, on random points with ties", () => {
    const random = createRandom(2, "points");
    for (let round = 0; round < 200; round++) {
      const point = (): Coordinates => [random.int(12), random.int(round % 2 === 0 ? 1 : 12)];
      const points = Array.from({ length: random.int(60) }, point);
      const near = openNearness(points);
      for (let i = 0; i < 20; i++) {
        const place = point();
        const reach = random.int(40) / 8;
        expect(near(place, reach)).toBe(points.some((other) => distance(other, place) < reach));
      }
    }
  });
});

describe("coordinates in label files", () => {
  const read = (text: string, options = {}) =>
    parseLabels(Buffer.from(text), { file: "labels.csv", ...options }).rows.map(({ coordinates }) => coordinates);

  it.each([
    ["image_name,label,Longitude,Latitude\na.png,x,-74.5,-8.25\n", [-74.5, -8.25]],
    ["image_name,label,lat,lon\na.png,x,1,2\n", [2, 1]],
    ["image_name,label,lat,lng\na.png,x,1,2\n", [2, 1]],
    ["file,label,easting,northing\na.png,x,5e5,1\n", [500000, 1]],
    ["file,label,row,col\na.png,x,3,4\n", [4, 3]],
    ["file,label,x,y\na.png,x,1,\n", undefined],
    ["file,label,x,y\na.png,x,1,Infinity\n", undefined],
    ["file,label,x\na.png,x,1\n", undefined],
    ["file,water,forest,x,y\na.png,1,0,12.5,7\n", [12.5, 7]],
  ])("%j says %j", (text, expected) => {
    expect(read(text)).toEqual([expected]);
  });

  it("classes named x and y stay classes", () => {
    const binary = parseLabels(Buffer.from("file,x,y,z\na.png,1,0,1\nb.png,0,1,1\n"), { file: "labels.csv" });
    expect(binary.classes).toEqual(["x", "y", "z"]);
    expect(binary.rows[0].coordinates).toBeUndefined();
  });

  it("two rows of one image that lie elsewhere are a mistake", () => {
    expect(() => read("file,label,x,y\na.png,w,1,2\na.png,w,1,3\n")).toThrow(/say different things/);
    expect(read("file,label,x,y\na.png,w,1,2\na.png,w,1,2\n")).toHaveLength(1);
  });

  it("of JSON lines are read where they are numbers", () => {
    const { rows } = parseLabels(
      Buffer.from('{"file_name":"a.png","label":"w","lon":1.5,"lat":2}\n{"file_name":"b.png","label":"w","lon":[1],"lat":2}\n'),
      {
        file: "metadata.jsonl",
      },
    );
    expect(rows.map(({ coordinates }) => coordinates)).toEqual([[1.5, 2], undefined]);
  });
});
