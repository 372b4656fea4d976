import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { crop } from "../raster/crop.js";
import { openRaster } from "../raster/reader.js";
import type { PixelWindow } from "../raster/resample.js";
import { encodeGeoTiff } from "../raster/write/tiff.js";
import type { ImagePool } from "../runtime/image-pool.js";
import { cellGrid, chipOf } from "./cells.js";
import { CELL, openJournal } from "./journal.js";
import { decideCells, type MappedScene, type Way } from "./run.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-run-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [WIDTH, HEIGHT, CHIP, STRIDE] = [90, 70, 16, 4];

/** By cell the first pixel of its chip, or the state where it has no answer; and what was read for that. */
async function decided(wanted: MappedScene["wanted"], side: number) {
  const data = Uint16Array.from({ length: WIDTH * HEIGHT }, (_, i) => i);
  const reader = await openRaster(
    await encodeGeoTiff({ bands: ["red"], widthPx: WIDTH, heightPx: HEIGHT, dtype: "uint16", data }),
  );
  const windows: PixelWindow[] = [];
  const scene: MappedScene["scene"] = {
    ...reader,
    read: async (options) => {
      if (options?.window) windows.push(options.window);
      return reader.read(options);
    },
  };
  const cells = cellGrid(reader.info, { chipPx: CHIP, stridePx: STRIDE });
  const way: Way = {
    ...{ side, concurrency: 2 },
    async decide({ firstRow, firstColumn, rows, columns }, { raster, leftPx, topPx }) {
      return Array.from({ length: rows * columns }, (_, i) => {
        const [column, row] = [firstColumn + (i % columns), firstRow + Math.floor(i / columns)];
        if (!wanted(column, row)) return undefined;
        const chip = chipOf(cells, reader.info, column, row);
        return Float32Array.of(crop(raster, { ...chip, leftPx: chip.leftPx - leftPx, topPx: chip.topPx - topPx }).data[0]);
      });
    },
  };
  const journal = openJournal({ path: join(folder, "cells"), fingerprint: "one", columns: cells.columns, classes: 1 });
  const pool = undefined as unknown as ImagePool; // this way needs none
  await decideCells({ scene, bands: [0], cells, classes: 1, wanted, way, journal, pool });
  const answers = [...journal.read()].flatMap(({ states, probabilities }) =>
    Array.from(states, (state, i) => (state === CELL.answered ? probabilities[i] : -1)),
  );
  journal.remove();
  await reader.close();
  return { answers, windows, columns: cells.columns };
}

it.each([1, 4])("reads no more columns than the wanted cells need, in pieces of %i cells", async (side) => {
  const all = await decided(() => true, side);
  expect(all.answers).not.toContain(-1);
  expect(all.windows.every(({ widthPx }) => widthPx === WIDTH)).toBe(true);
  const [first, last] = [9, 13];
  const isWanted = (column: number, row: number) => column >= first && column <= last && row >= 5 && row <= 8;
  const some = await decided(isWanted, side);
  expect(some.answers).toEqual(
    all.answers.map((answer, i) => (isWanted(i % all.columns, Math.floor(i / all.columns)) ? answer : -1)),
  );
  // Cells 8 to 15 in pieces of four; chips begin six pixels before their cells.
  const [from, to] = side === 1 ? [first, last] : [8, 15];
  expect(new Set(some.windows.map(({ leftPx, widthPx }) => `${leftPx} ${widthPx}`))).toEqual(
    new Set([`${from * STRIDE - 6} ${(to - from) * STRIDE + CHIP}`]),
  );
});

it("keeps the pixels of a strip as long as its cells are decided, and no longer", async () => {
  const [widthPx, heightPx, chipPx, stridePx] = [2 ** 16, 6 * 2 ** 12, 16, 2 ** 12];
  const one = await openRaster(
    await encodeGeoTiff({ bands: ["red"], widthPx: 1, heightPx: 1, dtype: "uint16", data: new Uint16Array(1) }),
  );
  const strips: Uint16Array[] = [];
  const info = { ...one.info, widthPx, heightPx };
  const read: typeof one.read = async ({ window = { leftPx: 0, topPx: 0, widthPx, heightPx } } = {}) => {
    const data = new Uint16Array(window.widthPx * window.heightPx).fill(window.topPx);
    strips.push(data);
    return { bands: ["red"], widthPx: window.widthPx, heightPx: window.heightPx, dtype: "uint16", data };
  };
  const cells = cellGrid(info, { chipPx, stridePx });
  const way: Way = {
    ...{ side: 1, concurrency: 3 },
    async decide({ firstColumn }, { raster }) {
      await setTimeout(firstColumn % 3);
      return [Float32Array.of(raster.data[firstColumn])];
    },
  };
  const journal = openJournal({ path: join(folder, "strips"), fingerprint: "one", columns: cells.columns, classes: 1 });
  const pool = undefined as unknown as ImagePool; // this way needs none
  await decideCells({
    ...{ scene: { ...one, info, read }, bands: [0], cells, classes: 1, wanted: () => true, way, journal, pool },
  });
  const answers = [...journal.read()].map(({ probabilities }) => [...probabilities]);
  journal.remove();
  await one.close();
  expect(answers).toEqual(answers.map((_, row) => new Array(cells.columns).fill(chipOf(cells, info, 0, row).topPx)));
  expect(strips).toHaveLength(6);
  expect(strips.map(({ length }) => length > 0)).toEqual([false, false, false, false, false, true]);
});
