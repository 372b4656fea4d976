import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { areaOf, type CellPolygon, polygonize, type Ring } from "./polygons.js";

type Labels = readonly (readonly number[])[];

/** One score per cell: its number, so that means tell which cells were summed. */
function polygonsOf(labels: Labels): CellPolygon[] {
  const columns = labels[0].length;
  const rows = labels.map((values, row) => ({ values, scores: values.map((_, column) => row * columns + column) }));
  return [...polygonize(rows, { columns, classes: 1 })];
}

const drawn = (...rows: string[]): Labels =>
  rows.map((row) => [...row].map((sign) => (sign === "." ? 0 : Number.parseInt(sign, 36))));

interface Region {
  readonly value: number;
  readonly cells: readonly number[];
}

/** Regions by flooding from cell to cell. */
function flooded(labels: Labels): Region[] {
  const [rows, columns] = [labels.length, labels[0].length];
  const seen = new Set<number>();
  const regions: Region[] = [];
  for (let start = 0; start < rows * columns; start++) {
    const value = labels[Math.floor(start / columns)][start % columns];
    if (value === 0 || seen.has(start)) continue;
    const cells = [start];
    seen.add(start);
    for (const cell of cells) {
      const [row, column] = [Math.floor(cell / columns), cell % columns];
      for (const [r, c] of [
        [row - 1, column],
        [row + 1, column],
        [row, column - 1],
        [row, column + 1],
      ]) {
        if (labels[r]?.[c] !== value || seen.has(r * columns + c)) continue;
        seen.add(r * columns + c);
        cells.push(r * columns + c);
      }
    }
    regions.push({ value, cells: cells.sort((a, b) => a - b) });
  }
  return regions;
}

/** Cells whose middles lie within a polygon: in an odd number of its rings. */
function cellsWithin({ rings }: CellPolygon, columns: number, rows: number): number[] {
  const within = new Uint8Array(columns * rows);
  for (const ring of rings) {
    for (let at = 0; at + 3 < ring.length; at += 2) {
      const [x, from, to] = [ring[at], Math.min(ring[at + 1], ring[at + 3]), Math.max(ring[at + 1], ring[at + 3])];
      for (let row = from; row < to; row++) for (let column = x; column < columns; column++) within[row * columns + column] ^= 1;
    }
  }
  return [...within.keys()].filter((cell) => within[cell] === 1);
}

function expectSimple(ring: Ring): void {
  expect([ring.at(-2), ring.at(-1)]).toEqual([ring[0], ring[1]]);
  const steps = new Set<string>();
  for (let at = 0; at + 3 < ring.length; at += 2) {
    const [dx, dy] = [Math.sign(ring[at + 2] - ring[at]), Math.sign(ring[at + 3] - ring[at + 1])];
    expect(Math.abs(dx) + Math.abs(dy)).toBe(1);
    // Every point of the lattice on the way, whether or not it is a corner.
    for (let [x, y] = [ring[at], ring[at + 1]]; x !== ring[at + 2] || y !== ring[at + 3]; x += dx, y += dy) {
      expect(steps.has(`${x} ${y}`), `comes to ${x}, ${y} again`).toBe(false);
      steps.add(`${x} ${y}`);
    }
  }
}

function expectRight(labels: Labels): void {
  const [rows, columns] = [labels.length, labels[0].length];
  const found = polygonsOf(labels).map((polygon) => {
    const { value, cells, means, rings } = polygon;
    rings.forEach(expectSimple);
    const areas = rings.map(areaOf);
    expect(areas.map(Math.sign)).toEqual([1, ...areas.slice(1).fill(-1)]);
    expect(areas.reduce((a, b) => a + b)).toBe(cells);
    const within = cellsWithin(polygon, columns, rows);
    expect(within.length).toBe(cells);
    expect(means[0]).toBeCloseTo(within.reduce((a, b) => a + b) / cells, 9);
    return { value, cells: within };
  });
  const byFirst = (a: Region, b: Region) => a.cells[0] - b.cells[0];
  expect(found.sort(byFirst)).toEqual(flooded(labels).sort(byFirst));
}

const corners = (...points: (readonly [number, number])[]) => Int32Array.from(points.flat());

describe("polygonize", () => {
  it("draws a cell counterclockwise with north up", () => {
    const [polygon] = polygonsOf(drawn("1"));
    expect(polygon).toMatchObject({ value: 1, cells: 1 });
    expect(areaOf(polygon.rings[0])).toBe(1);
    expect([...polygon.rings[0]].length).toBe(10);
    expect(areaOf(corners([0, 0], [0, 1], [1, 1], [1, 0], [0, 0]))).toBe(1);
  });

  it("draws nothing where there is no answer", () => {
    expect(polygonsOf(drawn("...", "..."))).toEqual([]);
    expect([...polygonize([], { columns: 3, classes: 1 })]).toEqual([]);
  });

  it.each<[string, Labels, readonly number[]]>([
    ["a row", drawn("112.2113"), [1, 1, 1, 1, 1]],
    ["a column", drawn("1", "1", "2", ".", "2"), [1, 1, 1]],
    ["cells that meet at a corner are two", drawn("1.", ".1"), [1, 1]],
    ["cells that meet at the other corner are two", drawn(".1", "1."), [1, 1]],
    ["a hole", drawn("111", "121", "111"), [1, 2]],
    ["a hole that touches the outer ring at a corner", drawn("11.", "1.1", "111"), [2]],
    ["the same from every side", drawn(".11", "1.1", "111"), [2]],
    ["the same, lower left", drawn("111", "1.1", ".11"), [2]],
    ["the same, lower right", drawn("111", "1.1", "11."), [2]],
    ["two holes that touch each other", drawn("1111", "1.11", "11.1", "1111"), [3]],
    ["holes in a chain that touches the outer ring twice is no way through", drawn("1111", "1.11", "11.1", "111."), [3]],
    [
      "an island in a lake on an island",
      drawn("1111111", "1.....1", "1.111.1", "1.1.1.1", "1.111.1", "1.....1", "1111111"),
      [2, 2],
    ],
    ["a spiral", drawn("1111111", "......1", "11111.1", "1...1.1", "1.111.1", "1.....1", "1111111"), [1]],
    ["a spiral of two", drawn("1111111", "2222221", "1111121", "1222121", "1211121", "1222221", "1111111"), [1, 1]],
    ["a comb that closes at its foot", drawn("1.1.1.1", "1.1.1.1", "1111111"), [1]],
    ["a comb that hangs", drawn("1111111", "1.1.1.1", "1.1.1.1"), [1]],
    ["a net", drawn("1111111", "1.1.1.1", "1111111", "1.1.1.1", "1111111"), [7]],
  ])("%s", (_, labels, rings) => {
    expectRight(labels);
    expect(
      polygonsOf(labels)
        .map((polygon) => polygon.rings.length)
        .sort(),
    ).toEqual([...rings].sort());
  });

  it("gives every cell of a checkerboard a polygon of its own", () => {
    const board = Array.from({ length: 9 }, (_, row) => Array.from({ length: 8 }, (_, column) => 1 + ((row + column) % 2)));
    expectRight(board);
    expect(polygonsOf(board).length).toBe(72);
    expectRight(board.map((row) => row.map((value) => value - 1)));
  });

  it("keeps the corners where three polygons meet, so that neighbours share theirs", () => {
    const polygons = polygonsOf(drawn("11", "23"));
    const pointsOf = ({ rings }: CellPolygon) =>
      Array.from({ length: rings[0].length / 2 }, (_, i) => `${rings[0].slice(2 * i, 2 * i + 2)}`);
    for (const polygon of polygons) expect(pointsOf(polygon)).toContain("1,1");
  });

  it("finds the regions that flooding finds in random images", () => {
    const random = createRandom(5);
    for (let trial = 0; trial < 400; trial++) {
      const [columns, rows, values] = [1 + random.int(14), 1 + random.int(14), 2 + random.int(4)];
      expectRight(Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.int(values))));
    }
  });

  it("is done with a polygon when its last row has passed", () => {
    let row = 0;
    const rows = function* () {
      for (const values of drawn("1.3", "113", "..3", "2.3")) {
        row++;
        yield { values, scores: [0, 0, 0] };
      }
    };
    const when = [...polygonize(rows(), { columns: 3, classes: 1 })].map(({ value }) => value);
    expect(when).toEqual([1, 2, 3]);
    row = 0;
    expect(polygonize(rows(), { columns: 3, classes: 1 }).next().value).toMatchObject({ value: 1 });
    expect(row).toBe(3);
  });

  /** Not of the clock: others may keep the machine busy. */
  const processorMs = () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  };

  it("draws 2000 × 2000 cells in blobs in seconds, and holds only what is open", () => {
    const side = 2000;
    const waves = Array.from({ length: 12 }, (_, i) => [Math.sin(i) * 0.2, Math.cos(3 * i) * 0.2, i]);
    let [answered, rowsMs, mostBytes] = [0, 0, 0];
    const rows = function* () {
      const random = createRandom(3);
      for (let y = 0; y < side; y++) {
        const started = processorMs();
        const values = new Uint16Array(side);
        for (let x = 0; x < side; x++) {
          let sum = 0;
          for (const [a, b, c] of waves) sum += Math.sin(a * x + b * y + c);
          values[x] = random.next() < 0.02 ? 0 : sum > 1.5 ? 1 : sum > -1.5 ? 2 : 3;
          answered += Number(values[x] > 0);
        }
        rowsMs += processorMs() - started;
        if (y % 100 === 0) mostBytes = Math.max(mostBytes, process.memoryUsage().heapUsed);
        yield { values, scores: new Float32Array(side * 3).fill(0.25) };
      }
    };
    const before = process.memoryUsage().heapUsed;
    const started = processorMs();
    const sum = { cells: 0, area: 0, polygons: 0 };
    for (const { cells, rings } of polygonize(rows(), { columns: side, classes: 3 })) {
      sum.cells += cells;
      sum.polygons++;
      for (const ring of rings) sum.area += areaOf(ring);
    }
    const ms = processorMs() - started - rowsMs;
    const mebibytes = (mostBytes - before) / 2 ** 20;
    console.info(`${sum.polygons} polygons in ${Math.round(ms)} ms, heap + ${Math.round(mebibytes)} MiB`);
    expect([sum.cells, sum.area]).toEqual([answered, answered]);
    expect(sum.polygons).toBeGreaterThan(1000);
    expect(ms).toBeLessThan(5000);
    expect(mebibytes).toBeLessThan(200);
  });
});
