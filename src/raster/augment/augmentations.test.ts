import { describe, expect, it } from "vitest";
import { TURNS } from "../dihedral.js";
import { AUGMENTATIONS, type AugmentOptions, checkAugment, DEFAULT_AUGMENT, drawAugmentation } from "./augmentations.js";

const ALL: AugmentOptions = {
  ...DEFAULT_AUGMENT,
  brightness: [0.8, 1.2],
  contrast: [0.5, 1.5],
  cutout: { share: 0.25, fill: "mean" },
};
const FRAME = { image: { widthPx: 256, heightPx: 256 }, input: { widthPx: 224, heightPx: 224 } };

/** Draws of the images 0, 1, 2, … of one epoch. */
const draws = (options: AugmentOptions, count: number, frame = FRAME) =>
  Array.from({ length: count }, (_, index) => drawAugmentation(options, { seed: 1, epoch: 2, index }, frame));

describe("drawAugmentation", () => {
  it("crops squares of every side from 180 to 256 px by default, each as often, everywhere in the image", () => {
    const crops = draws(DEFAULT_AUGMENT, 77 * 100).map(({ crop }) => crop!);
    const counts = new Map<number, number>();
    for (const { leftPx, topPx, widthPx, heightPx } of crops) {
      expect(heightPx).toBe(widthPx);
      expect(Math.min(leftPx, topPx)).toBeGreaterThanOrEqual(0);
      expect(Math.max(leftPx, topPx) + widthPx).toBeLessThanOrEqual(256);
      counts.set(widthPx, (counts.get(widthPx) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual(Array.from({ length: 77 }, (_, i) => 180 + i));
    // Poisson with mean 100: six standard deviations.
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(60);
    expect(Math.min(...crops.map(({ leftPx }) => leftPx))).toBe(0);
    expect(Math.max(...crops.map(({ topPx }) => topPx))).toBeGreaterThan(60);
  });

  it("draws each of the 8 turns as often", () => {
    const turns = draws(DEFAULT_AUGMENT, 8000).map(({ turn }) => turn);
    for (const turn of TURNS) expect(Math.abs(turns.filter((drawn) => drawn === turn).length - 1000)).toBeLessThan(6 * 30);
  });

  it("gives inputs that are not square the shape they have, and the 4 turns that keep it", () => {
    const frame = { image: { widthPx: 300, heightPx: 200 }, input: { widthPx: 64, heightPx: 32 } };
    const drawn = draws({ ...DEFAULT_AUGMENT, crop: { minShare: 0.5, maxShare: 1 } }, 500, frame);
    expect(new Set(drawn.map(({ turn }) => turn))).toEqual(new Set(["none", "rot180", "flipX", "flipY"]));
    for (const { crop } of drawn) {
      expect(Math.abs(crop!.widthPx / 2 - crop!.heightPx)).toBeLessThanOrEqual(0.5);
      expect(crop!.widthPx).toBeGreaterThanOrEqual(150);
      expect(crop!.leftPx + crop!.widthPx).toBeLessThanOrEqual(300);
      expect(crop!.topPx + crop!.heightPx).toBeLessThanOrEqual(200);
    }
  });

  it("crops what is smaller than a pixel to a pixel", () => {
    const frame = { image: { widthPx: 1, heightPx: 3 }, input: { widthPx: 64, heightPx: 64 } };
    for (const { crop } of draws(ALL, 50, frame)) expect([crop!.widthPx, crop!.heightPx, crop!.leftPx]).toEqual([1, 1, 0]);
  });

  it("draws factors within their ranges and squares within the input", () => {
    for (const { brightness, contrast, cutout } of draws(ALL, 2000)) {
      expect(brightness).toBeGreaterThanOrEqual(0.8);
      expect(brightness).toBeLessThan(1.2);
      expect(contrast).toBeGreaterThanOrEqual(0.5);
      expect(contrast).toBeLessThan(1.5);
      const { leftPx, topPx, widthPx, heightPx } = cutout!.window;
      expect(Math.min(leftPx, topPx)).toBeGreaterThanOrEqual(0);
      expect(Math.max(leftPx + widthPx, topPx + heightPx)).toBeLessThanOrEqual(224);
      expect(Math.min(widthPx, heightPx)).toBeGreaterThanOrEqual(28); // half of 56, where the centre is at the border
      expect(Math.max(widthPx, heightPx)).toBeLessThanOrEqual(56);
    }
  });

  it("depends on seed, epoch and index alone", () => {
    const visit = { seed: 4, epoch: 5, index: 6 };
    const drawn = drawAugmentation(ALL, visit, FRAME);
    expect(drawAugmentation(ALL, visit, FRAME)).toEqual(drawn);
    for (const change of [{ seed: 5 }, { epoch: 6 }, { index: 7 }]) {
      expect(drawAugmentation(ALL, { ...visit, ...change }, FRAME)).not.toEqual(drawn);
    }
  });

  it("draws for one step the same whatever other steps are on", () => {
    const visit = { seed: 4, epoch: 5, index: 6 };
    const together = drawAugmentation(ALL, visit, FRAME);
    for (const name of Object.keys(AUGMENTATIONS) as (keyof AugmentOptions)[]) {
      expect(drawAugmentation({ [name]: ALL[name] }, visit, FRAME)).toEqual({ [name]: together[name] });
    }
    expect(drawAugmentation({}, visit, FRAME)).toEqual({});
  });
});

describe("checkAugment", () => {
  it("accepts the default and all at once", () => {
    for (const options of [{}, DEFAULT_AUGMENT, ALL]) expect(() => checkAugment(options)).not.toThrow();
  });

  it.each<AugmentOptions>([
    { crop: { minShare: 0, maxShare: 1 } },
    { crop: { minShare: 0.9, maxShare: 0.8 } },
    { crop: { minShare: 0.9, maxShare: 1.1 } },
    { turn: [] },
    { brightness: [-0.1, 1] },
    { contrast: [1.2, 0.8] },
    { contrast: [1, Number.POSITIVE_INFINITY] },
    { cutout: { share: 1, fill: "mean" } },
    { cutout: { share: 0.5, fill: Number.NaN } },
  ])("refuses %o and says what would be right", (options) => {
    expect(() => checkAugment(options)).toThrow(new RegExp(`"${Object.keys(options)[0]}": .*(would be right|give some of)`));
  });
});
