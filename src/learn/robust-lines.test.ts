import { describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { robustLines } from "./robust-lines.js";

const GAINS = [1.15, 0.85, 1.05];
const OFFSETS = [-120, 200, 30];

/** Pairs on planted lines, noise on both sides; of the first `changed` of them both sides have nothing to do with each other. */
function planted({ n, changed, seed = 1, noise = 20 }: { n: number; changed: number; seed?: number; noise?: number }) {
  const random = createRandom(seed, "pairs");
  const x = GAINS.map(() => new Float32Array(n));
  const y = GAINS.map(() => new Float32Array(n));
  for (let at = 0; at < n; at++) {
    const isDark = random.next() < 0.4;
    const isChanged = at < changed * n;
    for (let band = 0; band < GAINS.length; band++) {
      const truth = (isDark ? 500 : 2200) + (isDark ? 60 : 500) * random.normal();
      // Forest became something bright: all changes go one way.
      const then = isChanged ? 3000 + 300 * random.normal() : GAINS[band] * truth + OFFSETS[band];
      x[band][at] = (isChanged ? 600 + 100 * random.normal() : truth) + noise * random.normal();
      y[band][at] = then + noise * random.normal();
    }
  }
  return { x, y };
}

describe("lines through what did not change", () => {
  it.each([0, 0.1, 0.25, 0.33])("are the planted ones with a share of %d changed one way", (changed) => {
    for (const seed of [1, 2]) {
      const { lines, count } = robustLines(planted({ n: 3000, changed, seed }));
      lines.forEach(({ gain, offset, rmse, correlation }, band) => {
        expect(Math.abs(gain / GAINS[band] - 1)).toBeLessThan(0.01);
        expect(Math.abs(offset - OFFSETS[band])).toBeLessThan(15);
        expect(rmse).toBeLessThan(35);
        expect(correlation).toBeGreaterThan(0.99);
      });
      // Nearly all that did not change, and hardly anything else.
      expect(count / 3000 / (1 - changed)).toBeGreaterThan(0.93);
      expect(count / 3000 / (1 - changed)).toBeLessThan(1.01);
    }
  });

  it("are exact where nothing but some changed", () => {
    const pairs = planted({ n: 2000, changed: 0.25, noise: 0 });
    const y = pairs.x.map((values, band) => values.map((value, at) => (at < 500 ? pairs.y[band][at] : value)));
    const { lines, count } = robustLines({ x: pairs.x, y });
    expect(count).toBe(1500);
    for (const { gain, offset, rmse } of lines) {
      expect(gain).toBeCloseTo(1, 9);
      expect(offset).toBeCloseTo(0, 5);
      expect(rmse).toBeLessThan(1e-3);
    }
  });

  it("are the inverse of those from the other side", () => {
    const { x, y } = planted({ n: 4000, changed: 0.2 });
    const [there, back] = [robustLines({ x, y }).lines, robustLines({ x: y, y: x }).lines];
    there.forEach(({ gain }, band) => {
      expect(Math.abs(gain * back[band].gain - 1)).toBeLessThan(0.005);
    });
  });

  it("say that what has nothing to do with each other does not correlate", () => {
    const random = createRandom(5, "noise");
    const noise = () => [0, 1, 2].map(() => Float32Array.from({ length: 4000 }, () => 1000 + 100 * random.normal()));
    for (const { correlation } of robustLines({ x: noise(), y: noise() }).lines) expect(Math.abs(correlation)).toBeLessThan(0.4);
  });

  it("take a band without any spread for the same but its offset", () => {
    const x = [Float32Array.of(1, 2, 3, 4, 5), new Float32Array(5).fill(7)];
    const { lines } = robustLines({ x, y: [x[0], new Float32Array(5).fill(9)] });
    expect(lines[1]).toEqual({ gain: 1, offset: 2, correlation: 1, rmse: 0 });
    expect(() => robustLines({ x: [new Float32Array(1)], y: [new Float32Array(1)] })).toThrow(RangeError);
  });
});
