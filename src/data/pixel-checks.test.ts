import { describe, expect, it } from "vitest";
import type { Raster } from "../raster/raster.js";
import type { StoredImage } from "../raster/stored.js";
import type { PixelFault } from "./checks.js";
import { checkPixels } from "./pixel-checks.js";
import { type ImageFacts, imageFacts } from "./pixels.js";

const SIDE = 16;
type Pixel = (i: number, band: number) => number;
interface Made {
  readonly bands?: readonly string[];
  readonly dtype?: "uint8" | "uint16" | "float32";
  readonly nodata?: number;
  readonly stored?: Partial<StoredImage>;
  readonly widthPx?: number;
}

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, float32: Float32Array };

/** An image of `SIDE` rows. */
function image(
  pixel: Pixel,
  { bands = ["red", "green", "blue"], dtype = "uint8", stored, widthPx = SIDE, nodata }: Made = {},
): ImageFacts {
  const px = widthPx * SIDE;
  const values = Array.from({ length: bands.length * px }, (_, i) => pixel(i % px, Math.floor(i / px)));
  const data = ARRAYS[dtype].from(values);
  const raster: Raster = { bands, widthPx, heightPx: SIDE, dtype, data, ...(nodata !== undefined && { nodata }) };
  return imageFacts("made.png", raster, { format: "PNG", orientation: 1, ...stored });
}

/** Up and down between 0 and 250: pictures do not fall from bright to dark again and again. */
const colourful: Pixel = (i, band) => Math.abs(((i * 31 + band * 77) % 501) - 250);
const deep: Pixel = (i, band) => (i * 7919 + band * 77) % 65_000;
const fine = Array.from({ length: 5 }, () => image(colourful));
const RGBX = ["red", "green", "blue", "band4"];
const clear = (share: number, opaque: number) => ({ stored: { alpha: { clear: share, opaque } } });

describe("checkPixels", () => {
  it("finds nothing in images that are as they should be", () => {
    expect(checkPixels(fine)).toEqual([]);
    expect(checkPixels([])).toEqual([]);
    expect(checkPixels(fine.map(() => image(deep, { dtype: "uint16" })))).toEqual([]);
  });

  // Each fault: an image that has it, and one that nearly has it and must not be told.
  const cases: readonly (readonly [PixelFault, bad: ImageFacts, good: ImageFacts])[] = [
    ["almost-empty", image((i) => (i < 20 ? 200 : 0)), image((i, band) => (i < 40 ? colourful(i, band) : 0))],
    ["almost-empty", image(() => 0), fine[0]],
    ["constant", image((i) => 100 + (i % 5)), image((i, band) => 100 + (i % 20) + band)],
    [
      "saturated",
      image((i, band) => (i % 2 === 0 ? 255 : colourful(i, band))),
      image((i, band) => (i % 3 === 0 ? 255 : colourful(i, band))),
    ],
    ["grey-among-colour", image((i) => i, { bands: ["grey"] }), fine[0]],
    ["grey-among-colour", image((i) => i), image((i, band) => (i === 0 ? band : i))],
    ["mixed-dtypes", image(deep, { dtype: "uint16" }), fine[0]],
    ["narrow-range", image((i) => i * 16, { dtype: "uint16" }), image((i) => i * 40, { dtype: "uint16" })],
    ["eight-bit-in-sixteen", image((i) => i * 257, { dtype: "uint16" }), image((i) => i * 256, { dtype: "uint16" })],
    ["alpha-dropped", image(colourful, clear(0.2, 0.8)), image(colourful, clear(0, 1))],
    ["measurement-as-alpha", image(colourful, clear(0.1, 0.1)), image(colourful, clear(0.1, 0.8))],
    [
      "alpha-as-band",
      image((i, band) => (band === 3 ? 255 : colourful(i, band)), { bands: RGBX }),
      image(colourful, { bands: RGBX }),
    ],
    ["turned", image(colourful, { stored: { orientation: 6 } }), fine[0]],
    ["mixed-formats", image(colourful, { stored: { format: "JPEG" } }), fine[0]],
    ["mixed-sizes", image(colourful, { widthPx: 32 }), image(colourful, { widthPx: 31 })],
  ];
  it.each(cases)("tells %s and only where it is", (kind, bad, good) => {
    const kinds = (other: ImageFacts) => checkPixels([...fine, other]).map((finding) => finding.kind);
    expect(kinds(bad)).toContain(kind);
    expect(kinds(good)).not.toContain(kind);
  });

  /** Reflectance × 10000 of a landscape, with the texture of one: from 300 to 3900. */
  const land: Pixel = (i, band) => 300 + ((i * 137 + band * 411) % 3600);
  /** Dark land of some 200, with one pixel in so many above 255. */
  const patchy =
    (every: number): Pixel =>
    (i, band) =>
      (i % every === 0 ? 262 : 190) + ((i + band) % 9);
  const deepLand = { dtype: "uint16" } as const;
  const share = { dtype: "float32" } as const;
  const kindsOf = (...images: readonly ImageFacts[]) => checkPixels(images).map(({ kind }) => kind);
  const messageOf = (kind: PixelFault, ...images: readonly ImageFacts[]) =>
    checkPixels(images).find((finding) => finding.kind === kind)?.message;

  it.each<[string, Pixel, words: string]>([
    ["cut off at 255", (i, band) => Math.min(255, land(i, band)), "half of every band or more stands at 255"],
    ["modulo 256", (i, band) => land(i, band) % 256, "the low bytes"],
    ["modulo 256 of dark land, where few wrap around", (i, band) => patchy(20)(i, band) % 256, "the low bytes"],
  ])("tells 16-bit numbers in 8-bit files: %s", (_, pixel, words) => {
    expect(messageOf("sixteen-as-eight", image(pixel), image(pixel), fine[0])).toContain(words);
  });

  it("does not take pictures with small bright things for low bytes", () => {
    const cars: Pixel = (i, band) => patchy(50)(i, band) % 256;
    expect(kindsOf(image(cars), image(cars), fine[0])).not.toContain("sixteen-as-eight");
  });

  it("tells 8-bit images that hold the high bytes of 16-bit numbers", () => {
    const high = image((i, band) => (2.5 * land(i, band)) >> 8);
    expect(messageOf("sixteen-as-eight", high, high)).toContain("none has a value above 37, as if only the high bytes");
    expect(kindsOf(high, ...fine)).not.toContain("sixteen-as-eight");
  });

  it("takes neither the numbers of a sensor for dark pictures nor dark water for images of one colour", () => {
    const bands = ["red", "green", "blue", "nir"];
    const water = image((i, band) => 100 + ((i * 7 + band) % 90), { ...deepLand, bands });
    expect(kindsOf(image(land, { ...deepLand, bands }), water)).toEqual([]);
    expect(kindsOf(image(() => 900, { ...deepLand, bands }))).toContain("constant");
  });

  it("does not take a cloud among other 8-bit images for a fault of how they were made", () => {
    const cloud = image((i, band) => (i % 4 === 0 ? colourful(i, band) : 255));
    expect(kindsOf(...fine, cloud)).not.toContain("sixteen-as-eight");
    expect(kindsOf(...fine)).toEqual([]);
  });

  it("tells 16-bit files that hold 8 bits, and only if all do", () => {
    const eight = image(colourful, deepLand);
    expect(kindsOf(eight, eight)).toEqual(["eight-as-sixteen"]);
    expect(kindsOf(eight, image(land, deepLand))).not.toContain("eight-as-sixteen");
  });

  it.each<[ImageFacts, words: string]>([
    [
      image((i, band) => land(i, band) / 10_000, share),
      "they look like reflectance from 0 to 1, the rest like reflectance × 10000",
    ],
    [image((i, band) => land(i, band) / 39.2), "they look like 8-bit numbers, the rest like reflectance × 10000"],
  ])("tells images of another scale than the rest", (other, words) => {
    const rest = [1, 2, 3].map(() => image(land, deepLand));
    expect(messageOf("mixed-scales", ...rest, other)).toContain(words);
  });

  it("tells 16-bit numbers ÷ 255 beside those ÷ 10000, and takes dark water beside sand for no other scale", () => {
    const rest = [1, 2, 3].map(() => image((i, band) => land(i, band) / 10_000, share));
    const other = image((i, band) => land(i, band) / 255, share);
    expect(messageOf("mixed-scales", ...rest, other)).toContain(
      "they look like 16-bit numbers ÷ 255, the rest like reflectance from 0 to 1",
    );
    const water = image((i, band) => land(i, band) / 400_000, share);
    expect(kindsOf(...rest, water)).not.toContain("mixed-scales");
  });

  it("tells pictures ÷ 255 beside pictures", () => {
    const shares = image((i, band) => colourful(i, band) / 255, share);
    expect(messageOf("mixed-scales", ...fine, shares)).toContain("8-bit numbers ÷ 255, the rest like 8-bit numbers");
  });

  it("takes dark water among land, and full 16-bit pictures among 8-bit ones, for no other scale", () => {
    const water = image((i, band) => land(i, band) / 30, deepLand);
    expect(kindsOf(image(land, deepLand), image(land, deepLand), water)).not.toContain("mixed-scales");
    expect(kindsOf(...fine, image(deep, deepLand))).not.toContain("mixed-scales");
  });

  it.each([
    [65_535, deepLand],
    [0, deepLand],
    [-9999, share],
  ] as const)(
    "tells %d on a tenth of the pixels where it is not declared, and leaves it out of the measures where it is",
    (value, made) => {
      const holed: Pixel = (i, band) => (i % 10 === 0 ? value : land(i, band));
      expect(messageOf("nodata-in-statistics", image(holed, made))).toContain(
        `: ${value} stands in all bands of up to 10 % of the pixels`,
      );
      const declared = image(holed, { ...made, nodata: value });
      expect(kindsOf(declared)).not.toContain("nodata-in-statistics");
      expect([declared.measures[0].lowest, declared.measures[0].highest]).toEqual([
        Math.min(...Array.from({ length: SIDE * SIDE }, (_, i) => (i % 10 === 0 ? 9999 : land(i, 0)))),
        Math.max(...Array.from({ length: SIDE * SIDE }, (_, i) => (i % 10 === 0 ? 0 : land(i, 0)))),
      ]);
    },
  );

  it("takes a value that only one band has, as dark water may, for a measurement", () => {
    const dark: Pixel = (i, band) => (i % 10 === 0 && band === 0 ? 0 : land(i, band));
    expect(kindsOf(image(dark, deepLand))).not.toContain("nodata-in-statistics");
  });

  it("tells an empty image once, not as one of a single colour too", () => {
    expect(checkPixels([...fine, image(() => 0)]).map(({ kind }) => kind)).toEqual(["almost-empty"]);
  });

  it("tells 8-bit images that hold a mask or the numbers of classes", () => {
    const [finding, ...more] = checkPixels([0, 1, 2].map(() => image((i, band) => (i + band) % 8)));
    expect(finding).toMatchObject({ kind: "narrow-range", message: expect.stringContaining("end at 7 of 255") });
    expect(finding.files).toHaveLength(3);
    expect(more.map(({ kind }) => kind)).not.toContain("narrow-range");
  });

  it("says how many, why, and how to mend it, and names the files", () => {
    const [finding] = checkPixels([0, 1].map(() => image((i) => i * 16, { dtype: "uint16", bands: ["grey"] })));
    expect(finding.message).toBe(
      "Dark 16-bit images, 2 of 2: their values end at 4080 of 65535, so they hold fewer bits than their type. Brought to 0–255 they reach 15 and are black to the network. Stretch them first: gdal_translate -ot Byte -scale 0 4080 0 255.",
    );
    expect(finding.files).toEqual([["made.png"], ["made.png"]]);
  });
});
