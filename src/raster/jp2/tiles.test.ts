import { describe, expect, it } from "vitest";
import type { MainHeader } from "./codestream.js";
import { sizeOfLevel, tilesOf } from "./tiles.js";

const CODING = { components: 1, bits: 8, signed: false, halvings: 5, reversible: true, segments: [], end: 0 };

/** Tiles of 8 × 5 whose grid begins before the image does, at odd places. */
const ODD: MainHeader = {
  ...CODING,
  left: 11,
  top: 7,
  right: 46,
  bottom: 30,
  tileWidth: 8,
  tileHeight: 5,
  tileLeft: 5,
  tileTop: 3,
  columns: 6,
  rows: 6,
};

describe("tiles of JPEG 2000", () => {
  it.each([0, 1, 2, 3, 4])("cover each pixel of a window once, at level %i", (level) => {
    const { widthPx, heightPx } = sizeOfLevel(ODD, level);
    for (const window of [
      { leftPx: 0, topPx: 0, widthPx, heightPx },
      { leftPx: widthPx - 1, topPx: 0, widthPx: 1, heightPx },
      { leftPx: Math.floor(widthPx / 3), topPx: Math.floor(heightPx / 2), widthPx: 1, heightPx: 1 },
    ]) {
      const covered = new Map<string, number>();
      for (const { place, area, index } of tilesOf(ODD, level, window)) {
        expect(area.leftPx).toBe(Math.max(11, 5 + (index % 6) * 8));
        expect(area.topPx).toBe(Math.max(7, 3 + Math.floor(index / 6) * 5));
        let within = 0;
        for (let row = place.topPx; row < place.topPx + place.heightPx; row++) {
          for (let column = place.leftPx; column < place.leftPx + place.widthPx; column++) {
            covered.set(`${row} ${column}`, (covered.get(`${row} ${column}`) ?? 0) + 1);
            const { leftPx, topPx } = window;
            if (column >= leftPx && column < leftPx + window.widthPx && row >= topPx && row < topPx + window.heightPx) within++;
          }
        }
        expect(within).toBeGreaterThan(0);
      }
      for (let row = window.topPx; row < window.topPx + window.heightPx; row++) {
        for (let column = window.leftPx; column < window.leftPx + window.widthPx; column++) {
          expect(covered.get(`${row} ${column}`)).toBe(1);
        }
      }
    }
  });
});
