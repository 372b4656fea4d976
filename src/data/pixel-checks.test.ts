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
  readonly dtype?: "uint8" | "uint16";
  readonly stored?: Partial<StoredImage>;
  readonly widthPx?: number;
}

/** An image of `SIDE` rows. */
function image(
  pixel: Pixel,
  { bands = ["red", "green", "blue"], dtype = "uint8", stored, widthPx = SIDE }: Made = {},
): ImageFacts {
  const px = widthPx * SIDE;
  const values = Array.from({ length: bands.length * px }, (_, i) => pixel(i % px, Math.floor(i / px)));
  const data = dtype === "uint8" ? Uint8Array.from(values) : Uint16Array.from(values);
  const raster: Raster = { bands, widthPx, heightPx: SIDE, dtype, data };
  return imageFacts("made.png", raster, { format: "PNG", orientation: 1, ...stored });
}

const colourful: Pixel = (i, band) => (i * 31 + band * 77) % 251;
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
