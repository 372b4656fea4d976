import { describe, expect, it } from "vitest";
import { type CellAreas, cellAreas } from "./cell-area.js";
import { type Crs, crsOfEpsg } from "./crs.js";
import { ECCENTRICITY_SQUARED, EQUATOR_METERS, HECTARES_OF_Q, POLE_Q } from "./ellipsoid.js";
import { transformer } from "./project.js";
import type { Affine } from "./transform.js";

const crsOf = (epsg: number) => crsOfEpsg(epsg)!;
/** Surface of the ellipsoid WGS 84 (NIMA TR8350.2; Moritz 1980 for GRS 80 says 510,065,621.7). */
const EARTH_HECTARES = 51_006_562_172.4;

async function areasOf(epsg: number | Crs, transform: Affine, columns: number, rows: number) {
  const crs = typeof epsg === "number" ? crsOf(epsg) : epsg;
  const areas = await cellAreas({ crs, transform }, { columns, rows });
  if (areas.method === "unknown") throw new Error(areas.why);
  return areas;
}

const total = ({ row }: Extract<CellAreas, { row: unknown }>, rows: number) =>
  Array.from({ length: rows }, (_, y) => row(y)).reduce((sum, areas) => sum + areas.reduce((all, area) => all + area, 0), 0);

const relative = (actual: number, expected: number) => Math.abs(actual / expected - 1);

describe("areas of cells of longitude and latitude", () => {
  it("add up to the surface of the earth, also where pixels are points and reach past the poles", async () => {
    expect(relative(4 * Math.PI * HECTARES_OF_Q * POLE_Q, EARTH_HECTARES)).toBeLessThan(1e-10);
    expect(relative(total(await areasOf(4326, [-180, 1, 0, 90, 0, -1], 360, 180), 180), EARTH_HECTARES)).toBeLessThan(1e-10);
    expect(relative(total(await areasOf(4326, [-180, 120, 0, 90.5, 0, -1], 3, 181), 181), EARTH_HECTARES)).toBeLessThan(1e-10);
  });

  it("a degree at the equator has 12,308 km²", async () => {
    // ∫∫ M N cos φ dφ dλ by Simpson's rule, from the radii of curvature.
    const radians = Math.PI / 180;
    const dA = (latitude: number) =>
      (EQUATOR_METERS ** 2 * (1 - ECCENTRICITY_SQUARED) * Math.cos(latitude)) /
      (1 - ECCENTRICITY_SQUARED * Math.sin(latitude) ** 2) ** 2;
    const steps = 200;
    let sum = 0;
    for (let i = 0; i <= steps; i++) sum += dA((i / steps) * radians) * (i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2);
    const hectares = ((sum * radians) / steps / 3) * radians * 1e-4;
    const { row } = await areasOf(4326, [10, 1, 0, 1, 0, -1], 1, 1);
    expect(relative(row(0)[0], hectares)).toBeLessThan(1e-10);
    expect(Math.floor(row(0)[0] / 100)).toBe(12_308);
  });

  it("are the same on a grid that is turned by a quarter or drawn south up, and nearly on one turned by a little", async () => {
    const { row } = await areasOf(4326, [10, 0.01, 0, 50, 0, -0.01], 3, 2);
    const turned = await areasOf(4326, [10, 0, 0.01, 50, -0.01, 0], 2, 3);
    expect(relative(turned.row(2)[1], row(1)[2])).toBeLessThan(1e-8);
    const up = await areasOf(4326, [10, 0.01, 0, 49.98, 0, 0.01], 3, 2);
    expect(relative(up.row(0)[0], row(1)[0])).toBeLessThan(1e-12);
    const little = await areasOf(4326, [10, 0.01, 1e-9, 50, 1e-9, -0.01], 3, 2);
    expect(relative(little.row(1)[1], row(1)[1])).toBeLessThan(1e-5);
  });

  it("a cell that the edge cuts off counts its part", async () => {
    const whole = await areasOf(4326, [10, 0.01, 0, 50, 0, -0.01], 3, 2);
    const cut = await areasOf(4326, [10, 0.01, 0, 50, 0, -0.01], 2.25, 1.5);
    expect(cut.row(0).length).toBe(3);
    expect(relative(cut.row(0)[2], whole.row(0)[2] / 4)).toBeLessThan(1e-12);
    expect(relative(cut.row(1)[0], whole.row(1)[0] / 2)).toBeLessThan(1e-4);
    const utm = await areasOf(32633, [500_000, 1000, 0, 5_000_000, 0, -1000], 2.25, 1.5);
    expect(relative(utm.row(1)[2], utm.row(0)[0] / 8)).toBeLessThan(1e-6);
  });
});

describe("areas of projected cells", () => {
  it("in UTM are those drawn, over the square of the scale there", async () => {
    for (const side of [2, 30, 1000]) {
      for (const easting of [180_000, 500_000, 760_000]) {
        const [x, y] = [easting, 6_500_000];
        const { row } = await areasOf(32633, [x - side / 2, side, 0, y + side / 2, 0, -side], 1, 1);
        // Scale of the transverse Mercator projection to 1e-9 at these distances: Snyder 1987, eq. 8-11.
        const points = Float64Array.of(x, y);
        (await transformer(crsOf(32633), crsOf(4326)))(points);
        const [latitude, away] = [(points[1] * Math.PI) / 180, ((points[0] - 15) * Math.PI) / 180];
        const [t, c] = [Math.tan(latitude) ** 2, (ECCENTRICITY_SQUARED / (1 - ECCENTRICITY_SQUARED)) * Math.cos(latitude) ** 2];
        const a = away * Math.cos(latitude);
        const k =
          0.9996 *
          (1 +
            ((1 + c) * a ** 2) / 2 +
            ((5 - 4 * t + 42 * c + 13 * c ** 2 - 28 * (ECCENTRICITY_SQUARED / (1 - ECCENTRICITY_SQUARED))) * a ** 4) / 24 +
            ((61 - 148 * t + 16 * t ** 2) * a ** 6) / 720);
        expect(relative(row(0)[0], side ** 2 / 1e4 / k ** 2), `${side} m at ${easting}`).toBeLessThan(1e-6);
      }
    }
  });

  it("in Web Mercator are less by far towards the poles", async () => {
    const y = 8_399_737.889818361; // 60° on the sphere of Web Mercator, whose latitudes are those of the ellipsoid
    const { row } = await areasOf(3857, [1_000_000, 10, 0, y + 5, 0, -10], 1, 1);
    const geographic = await areasOf(4326, [10, 1e-4, 0, 60 + 5e-5, 0, -1e-4], 1, 1);
    const [width, height] = [(10 / EQUATOR_METERS) * (180 / Math.PI), (10 / EQUATOR_METERS) * (180 / Math.PI) * 0.5];
    expect(relative(row(0)[0], (geographic.row(0)[0] * width * height) / 1e-8)).toBeLessThan(1e-5);
    expect(row(0)[0]).toBeLessThan(0.0026);
  });

  it("of an equal-area system are those drawn, across the antimeridian too", async () => {
    const side = 100_000;
    const { row } = await areasOf(6933, [17_367_530.44 - 3 * side, side, 0, 500_000, 0, -side], 6, 3);
    const laea = await areasOf(3035, [4_000_000, side, 0, 3_200_000, 0, -side], 2, 2);
    for (const area of [...row(0).subarray(0, 3), ...row(2).subarray(0, 3), ...laea.row(0), ...laea.row(1)]) {
      expect(relative(area, side ** 2 / 1e4)).toBeLessThan(2e-6);
    }
    // UTM zone 60 goes on beyond 180°.
    const beyond = await areasOf(32660, [700_000, 10_000, 0, 6_000_000, 0, -10_000], 30, 1);
    expect([...beyond.row(0)].every((area) => area > 9700 && area < 10_010)).toBe(true);
  });

  it("cells at a pole have it as a corner, on a side, or inside, and share the ground among them", async () => {
    const side = 50_000;
    const sum = async (left: number, top: number, count: number) =>
      total(await areasOf(3413, [left, side, 0, top, 0, -side], count, count), count);
    const corner = await sum(-4 * side, 4 * side, 8);
    // The same square, its cells half as large: the pole is a corner too.
    const finer = total(await areasOf(3413, [-4 * side, side / 2, 0, 4 * side, 0, -side / 2], 16, 16), 16);
    expect(relative(finer, corner)).toBeLessThan(1e-7);
    // One cell, the pole inside; three across, the pole inside the middle one; 8 × 3, the pole on a side.
    expect(relative(total(await areasOf(3413, [-4 * side, 8 * side, 0, 4 * side, 0, -8 * side], 1, 1), 1), corner)).toBeLessThan(
      1e-6,
    );
    expect(
      relative(total(await areasOf(3413, [-4 * side, (8 / 3) * side, 0, 4 * side, 0, (-8 / 3) * side], 3, 3), 3), corner),
    ).toBeLessThan(1e-5);
    expect(
      relative(total(await areasOf(3413, [-4 * side, side, 0, 4 * side, 0, (-8 / 3) * side], 8, 3), 3), corner),
    ).toBeLessThan(1e-5);
    // A disc of the same size round the pole: π (90° − φ)², nearly; and the south.
    expect(relative(corner, (8 * side) ** 2 / 1e4)).toBeLessThan(0.07);
    const south = total(await areasOf(3031, [-4 * side, side, 0, 4 * side, 0, -side], 8, 8), 8);
    expect(relative(south, (8 * side) ** 2 / 1e4)).toBeLessThan(0.07);
    const southInside = total(await areasOf(3031, [-4 * side, (8 / 3) * side, 0, 4 * side, 0, (-8 / 3) * side], 3, 3), 3);
    expect(relative(southInside, south)).toBeLessThan(1e-5);
  });

  it("rows come out the same in whatever order they are asked for", async () => {
    const areas = await areasOf(32633, [400_000, 30, 0, 5_000_000, 0, -30], 5, 4);
    const [third, first] = [areas.row(3), areas.row(1)];
    expect(areas.row(3)).toEqual(third);
    expect((await areasOf(32633, [400_000, 30, 0, 5_000_000, 0, -30], 5, 4)).row(1)).toEqual(first);
  });

  it("of wide grids, whose corners are interpolated, are those of narrow ones", async () => {
    for (const [epsg, x, y, side] of [
      [32633, 150_000, 6_500_000, 10],
      [32633, 150_000, 7_800_000, 600],
      [3031, -400_000, 300_000, 250],
      [3413, -1_500_000, 1_000, 500],
      [3857, -20_037_508.34 - 30_000, 8_000_000, 300],
      [32701, 100_000, 9_000_000, 600],
    ]) {
      const wide = (await areasOf(epsg, [x, side, 0, y, 0, -side], 300.5, 1)).row(0);
      for (const column of [0, 1, 15, 16, 17, 99, 150, 298, 299]) {
        const narrow = (await areasOf(epsg, [x + column * side, side, 0, y, 0, -side], 1, 1)).row(0);
        expect(relative(wide[column], narrow[0]), `EPSG:${epsg}, ${column}`).toBeLessThan(1e-6);
      }
      const tall = await areasOf(epsg, [x, side, 0, y, 0, -side], 100, 50.5);
      for (const row of [0, 7, 16, 40, 48, 49, 50]) {
        const narrow = await areasOf(epsg, [x, side, 0, y - row * side, 0, -side], 1, row === 50 ? 0.5 : 1);
        expect(relative(tall.row(row)[0], narrow.row(0)[0]), `EPSG:${epsg}, row ${row}`).toBeLessThan(1e-6);
      }
    }
  });

  it("a million cells take less than two seconds of a processor", async () => {
    const areas = await areasOf(32633, [400_000, 30, 0, 5_000_000, 0, -30], 1000, 400);
    const started = process.cpuUsage();
    for (let row = 0; row < 400; row++) areas.row(row);
    // 400,000 of them, and time for a machine that is slower.
    expect(process.cpuUsage(started).user / 1e6).toBeLessThan(2);
  });
});

describe("cells of systems that nobody can project", () => {
  const own: Crs = {
    epsg: undefined,
    name: "My grid",
    kind: "projected",
    proj4: undefined,
    metersPerUnit: 0.3048,
    geoKeys: undefined,
  };

  it("are as large as they are drawn, in their unit", async () => {
    const areas = await areasOf(own, [0, 100, 0, 0, 0, -50], 1.5, 1);
    expect(areas.method).toBe("plane");
    expect([...areas.row(0)].map((area) => area.toFixed(9))).toEqual(
      [1, 0.5].map((share) => ((share * 5000 * 0.3048 ** 2) / 1e4).toFixed(9)),
    );
  });

  it("are unknown where they have no unit or no place, and it says why", async () => {
    const unknown = await cellAreas(
      { crs: { ...own, metersPerUnit: undefined }, transform: [0, 1, 0, 0, 0, -1] },
      { columns: 1, rows: 1 },
    );
    expect(unknown).toMatchObject({ method: "unknown", why: expect.stringContaining("My grid") });
    expect(await cellAreas(undefined, { columns: 1, rows: 1 })).toMatchObject({ method: "unknown" });
  });
});
