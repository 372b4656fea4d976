import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { crop } from "../raster/crop.js";
import { encodePng } from "../raster/encode.js";
import { crsOfEpsg } from "../raster/geo/crs.js";
import type { Georeference, Raster } from "../raster/raster.js";
import { openRaster } from "../raster/reader.js";
import type { PixelWindow } from "../raster/resample.js";
import { createCog } from "../raster/write/cog.js";
import { cellGrid } from "./cells.js";
import { openQuickLook } from "./quick-look.js";
import { KEY, type Layout, layoutOf, PAGE_PX } from "./quick-look-layout.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-look-"));
afterAll(() => rmSync(folder, { recursive: true }));

const UTM: Georeference = { crs: crsOfEpsg(32718), transform: [500_000, 10, 0, 9_000_000, 0, -10] };
const INK = [34, 38, 44];

interface Given {
  readonly columns: number;
  readonly rows: number;
  readonly stridePx?: number;
  readonly classes?: readonly string[];
  readonly georeference?: Georeference | undefined;
  readonly answered?: boolean;
  readonly withNoLabel?: boolean;
  readonly name?: string;
  /** Columns on the left that are outside of what is mapped. */
  readonly outside?: number;
}

const named = (count: number) => Array.from({ length: count }, (_, i) => `class ${i + 1}`);

/** A scene of diagonal ramps, and the page of a map of it whose classes are stripes. */
async function look(given: Given) {
  const { columns, rows, stridePx = 1, classes = ["water", "forest"], answered = false, name = "scene.tif" } = given;
  const { withNoLabel = false, outside = 0 } = given;
  const georeference = "georeference" in given ? given.georeference : UTM;
  const [widthPx, heightPx] = [columns * stridePx, rows * stridePx];
  const path = join(folder, name);
  const bands = ["red", "green", "blue"].map((band) => ({ name: band }));
  const cog = await createCog({ path, widthPx, heightPx, dtype: "uint8", bands, georeference, force: true });
  const px = widthPx * heightPx;
  const data = Uint8Array.from({ length: 3 * px }, (_, i) => {
    const [x, y] = [i % widthPx, Math.floor((i % px) / widthPx)];
    return i < px ? (255 * x) / widthPx : i < 2 * px ? (255 * y) / heightPx : 90;
  });
  await cog.write(0, 0, { data, widthPx, heightPx });
  await cog.finish();
  await cog.close();
  const scene = await openRaster(path);
  const cells = cellGrid(scene.info, { chipPx: Math.min(widthPx, heightPx, stridePx), stridePx });
  const options = { scene, cells, classes, withNoLabel, outside: outside * rows };
  const open = openQuickLook({ ...options, classifierSha256: "0123456789abcdef" });
  for (let row = 0; row < rows; row++) {
    open.row(
      Uint16Array.from({ length: columns }, (_, x) =>
        (!answered && x === 0) || x < outside ? 0 : ((x + row) % (classes.length + (withNoLabel ? 1 : 0))) + 1,
      ),
    );
  }
  const page = await open.finish();
  const noAnswer = outside > 0 ? "outside or no answer" : "no answer";
  await scene.close();
  return { page, layout: layoutOf(scene.info, [...classes, ...(withNoLabel ? ["no label"] : []), noAnswer]) };
}

const at = ({ data, widthPx, heightPx }: Raster, x: number, y: number) =>
  [0, 1, 2].map((band) => data[(band * heightPx + y) * widthPx + x]);

/** Keeps a page for people to look at, where they ask for it. */
async function keep(page: Raster, name: string): Promise<void> {
  const into = process.env.SIGMAX_LOOKS;
  if (into !== undefined) writeFileSync(join(into, `${name}.png`), await encodePng(page));
}

const boxesOf = (layout: Layout): readonly PixelWindow[] => [
  layout.title,
  layout.sceneCaption,
  layout.mapCaption,
  layout.scene,
  layout.map,
  ...layout.entries,
  layout.key,
  layout.foot,
];

/** Pixels of ink along the upper edge of the scale bar. */
function barLength(page: Raster, { key }: Layout): number {
  const y = key.topPx + KEY.heightPx / 2;
  const row = Array.from({ length: KEY.widthPx - KEY.arrowPx }, (_, i) => at(page, key.leftPx + i, y).join());
  return row.filter((colour) => colour === INK.join()).length;
}

const apart = (a: PixelWindow, b: PixelWindow) =>
  a.leftPx + a.widthPx <= b.leftPx ||
  b.leftPx + b.widthPx <= a.leftPx ||
  a.topPx + a.heightPx <= b.topPx ||
  b.topPx + b.heightPx <= a.topPx;

describe("the layout of a quick look", () => {
  const shapes = [
    [1, 500],
    [500, 1],
    [30, 30],
    [3000, 2000],
    [2000, 3000],
    [1, 1],
    [40_000, 100],
    [100, 40_000],
    [1500, 1500],
  ];
  const lists = [
    named(2),
    named(40),
    named(300),
    ["x".repeat(80), "y".repeat(80)],
    ["a"],
    named(40).map((name) => name.repeat(9)),
  ];
  for (const [widthPx, heightPx] of shapes) {
    it(`fits a scene of ${widthPx} × ${heightPx} into a page, nothing over anything else`, () => {
      for (const names of lists) {
        const layout = layoutOf({ widthPx, heightPx }, names);
        const { page, scene, map } = layout;
        expect(Math.max(page.widthPx, page.heightPx)).toBeLessThanOrEqual(PAGE_PX);
        const boxes = boxesOf(layout);
        for (const [i, box] of boxes.entries()) {
          expect(box.leftPx, JSON.stringify(box)).toBeGreaterThanOrEqual(40);
          expect(box.topPx).toBeGreaterThanOrEqual(40);
          expect(box.leftPx + box.widthPx).toBeLessThanOrEqual(page.widthPx - 40);
          expect(box.topPx + box.heightPx).toBeLessThanOrEqual(page.heightPx - 40);
          for (const other of boxes.slice(i + 1)) expect(apart(box, other), JSON.stringify([box, other])).toBe(true);
        }
        expect([map.widthPx, map.heightPx]).toEqual([scene.widthPx, scene.heightPx]);
        if (names.length <= 40 && names[0].length < 20) expect(layout.entries).toHaveLength(names.length);
      }
    });
  }

  it("puts wide scenes above each other, and others side by side", () => {
    const wide = layoutOf({ widthPx: 4000, heightPx: 600 }, named(3));
    expect([wide.scene.leftPx, wide.scene.widthPx]).toEqual([wide.map.leftPx, 1520]);
    const square = layoutOf({ widthPx: 4000, heightPx: 4000 }, named(3));
    expect([square.scene.topPx, square.scene.widthPx]).toEqual([square.map.topPx, 744]);
  });
});

describe("a quick look", () => {
  it("shows the scene as it is, and cells in the colours of their classes; those without an answer hatched", async () => {
    const { page, layout } = await look({ columns: 30, rows: 30, name: "small.tif" });
    const { scene, map } = layout;
    expect(map.widthPx).toBe(630);
    const middle = (place: PixelWindow, column: number, row: number) =>
      at(page, place.leftPx + 21 * column + 10, place.topPx + 21 * row + 10);
    expect(middle(scene, 12, 6)).toEqual([102, 51, 90]);
    expect(middle(map, 1, 1)).toEqual([59, 111, 182]);
    expect(middle(map, 2, 1)).toEqual([30, 92, 50]);
    const hatched = new Set(Array.from({ length: 21 }, (_, x) => at(page, map.leftPx + x, map.topPx + 10).join()));
    expect([...hatched].sort()).toEqual(["168,172,178", "236,238,240"]);
    expect(at(page, 5, 5)).toEqual([255, 255, 255]);
    await keep(page, "small");
  });

  for (const [columns, rows] of [
    [1, 500],
    [500, 1],
    [3000, 2000],
  ]) {
    for (const count of [2, 40]) {
      it(`is drawn of ${columns} × ${rows} cells and ${count} classes`, async () => {
        const stridePx = columns === 3000 ? 1 : 4;
        const classes = named(count);
        const { page, layout } = await look({ columns, rows, stridePx, classes, answered: true, name: `${columns}.tif` });
        expect([page.widthPx, page.heightPx]).toEqual([layout.page.widthPx, layout.page.heightPx]);
        await keep(page, `${columns}x${rows}-${count}`);
      }, 60_000);
    }
  }

  it("has a scale bar that is as long as it says, in metres and in degrees", async () => {
    // A degree of longitude is 55.80 km long at 60° north.
    const degrees: Georeference = { crs: crsOfEpsg(4326), transform: [10, 0.001, 0, 60.05, 0, -0.001] };
    for (const { name, georeference, metersPerPixel, meters } of [
      { name: "utm.tif", georeference: UTM, metersPerPixel: 10, meters: 200 },
      { name: "degrees.tif", georeference: degrees, metersPerPixel: 55.8, meters: 1000 },
    ]) {
      const { page, layout } = await look({ columns: 100, rows: 100, georeference, answered: true, name });
      await keep(page, name);
      const scale = layout.scene.widthPx / 100;
      expect(scale).toBe(6);
      expect(Math.abs(barLength(page, layout) - (meters * scale) / metersPerPixel)).toBeLessThanOrEqual(1);
    }
  });

  it("has a scale bar for the length of a strip that is widened to be seen", async () => {
    const { page, layout } = await look({ columns: 1, rows: 500, stridePx: 4, answered: true, name: "strip.tif" });
    expect(layout.scene.widthPx).toBe(16);
    // 20 km are as long as the strip.
    expect(Math.abs(barLength(page, layout) - (2 / 20) * layout.scene.heightPx)).toBeLessThanOrEqual(1);
    await keep(page, "strip");
  });

  it("leaves scale bar and arrow out where nobody says where the scene lies", async () => {
    const { page, layout } = await look({ columns: 30, rows: 20, georeference: undefined, name: "nowhere.tif" });
    const { leftPx, topPx, widthPx, heightPx } = layout.key;
    for (let y = topPx; y < topPx + heightPx; y++) {
      for (let x = leftPx; x < leftPx + widthPx; x++) if (at(page, x, y)[0] !== 255) expect.fail(`${x}, ${y} is drawn on`);
    }
  });

  it("has a colour for cells without a label", async () => {
    const { page, layout } = await look({ columns: 30, rows: 30, withNoLabel: true, name: "several.tif" });
    const { map, entries } = layout;
    expect(at(page, map.leftPx + 21 * 2 + 10, map.topPx + 10)).toEqual([160, 160, 160]);
    expect(entries).toHaveLength(4);
    expect(at(page, entries[2].leftPx + 5, entries[2].topPx + 5)).toEqual([160, 160, 160]);
  });

  it("says how many classes its legend leaves out", async () => {
    const { page, layout } = await look({ columns: 30, rows: 30, classes: named(300), name: "many.tif" });
    expect(layout.entries.length).toBeLessThan(300);
    const last = layout.entries[layout.entries.length - 1];
    const row = Array.from({ length: last.widthPx }, (_, x) => at(page, last.leftPx + x, last.topPx + 9)[0]);
    expect(row).toContain(112);
    await keep(page, "many");
  });

  it("turns the arrow with the grid, and shortens long names", async () => {
    const turned: Georeference = { crs: crsOfEpsg(32718), transform: [500_000, 7, 7, 9_000_000, 7, -7] };
    const classes = ["a class with a name that nobody can read to its end", "água e várzea"];
    const name = `${"scene-".repeat(20)}.tif`;
    const { page } = await look({ columns: 90, rows: 60, stridePx: 8, classes, georeference: turned, name });
    await keep(page, "turned");
  });

  it("is the same bytes for the same input", async () => {
    const [a, b] = [await look({ columns: 60, rows: 40 }), await look({ columns: 60, rows: 40 })];
    expect(Buffer.compare(await encodePng(a.page), await encodePng(b.page))).toBe(0);
  });

  it("gives shares of what is inside a clip", async () => {
    const whole = await look({ columns: 40, rows: 30, answered: true });
    const clipped = await look({ columns: 40, rows: 30, answered: true, outside: 20 });
    /** Where the share of an entry stands. */
    const share = ({ page, layout }: Awaited<ReturnType<typeof look>>, entry: number) => {
      const { leftPx, topPx, widthPx, heightPx } = layout.entries[entry];
      return crop(page, { leftPx: leftPx + widthPx - 72, topPx, widthPx: 72, heightPx }).data;
    };
    for (const entry of [0, 1]) {
      expect(new Set(share(clipped, entry)).size).toBeGreaterThan(1);
      expect(share(clipped, entry)).toEqual(share(whole, entry));
    }
    expect(new Set(share(clipped, 2))).toEqual(new Set([255]));
  });
});
