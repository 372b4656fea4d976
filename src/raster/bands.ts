import { UserError } from "../errors.js";
import type { Raster } from "./raster.js";
import { newSamples } from "./samples.js";

/** Bands of a colour image. */
export const RGB: readonly string[] = ["red", "green", "blue"];
/** Bands of a greyscale image. */
export const GREY: readonly string[] = ["grey"];

/** Other names of bands that people write, and the common name (STAC) that they mean. */
const ALIASES: Readonly<Record<string, string>> = { swir1: "swir16", swir2: "swir22" };

/** The name that a band goes by here. */
export function canonicalBand(name: string): string {
  return Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
}

/**
 * Picks and orders bands by name: the classifier's channel order. Grey serves for red, green and blue alike; grey is made of
 * a colour image as in Pillow, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601). A raster that fits is returned as it is.
 *
 * @throws UserError `bad-data` if a band is not there and cannot be made
 */
export function toBands(raster: Raster, bands: readonly string[], { file = "the image" }: { file?: string } = {}): Raster {
  if (sameBands(raster.bands, bands)) return raster;
  const planePx = raster.widthPx * raster.heightPx;
  const data = newSamples(raster.dtype, bands.length * planePx);
  bands.forEach((band, index) => {
    const target = data.subarray(index * planePx, (index + 1) * planePx);
    const source = raster.bands.indexOf(band);
    const grey = raster.bands.indexOf("grey");
    if (source >= 0) copyPlane(raster, source, target);
    else if (grey >= 0 && RGB.includes(band)) copyPlane(raster, grey, target);
    else if (band === "grey" && RGB.every((name) => raster.bands.includes(name))) mixGrey(raster, target);
    else {
      throw new UserError("bad-data", `${file}: has the bands ${raster.bands.join(", ")}; ${band} is not among them`, {
        hint: `The classifier reads ${bands.join(", ")}. Give images that have these bands.`,
      });
    }
  });
  const { scaling } = raster;
  // Grey made of colours is scaled as they are: nobody gives red another unit than green.
  const sourceOf = (band: string) => Math.max(0, raster.bands.indexOf(band));
  return { ...raster, bands, data, ...(scaling && { scaling: bands.map((band) => scaling[sourceOf(band)]) }) };
}

function sameBands(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}

function plane({ data, widthPx, heightPx }: Raster, band: number): Raster["data"] {
  return data.subarray(band * widthPx * heightPx, (band + 1) * widthPx * heightPx);
}

function copyPlane(raster: Raster, band: number, target: Raster["data"]): void {
  target.set(plane(raster, band));
}

function mixGrey(raster: Raster, target: Raster["data"]): void {
  const [red, green, blue] = RGB.map((name) => plane(raster, raster.bands.indexOf(name)));
  const whole = !(target instanceof Float32Array || target instanceof Float64Array);
  for (let i = 0; i < target.length; i++) {
    // Pillow's integer weights over 2^16 add up to exactly 1.
    const grey = (19595 * red[i] + 38470 * green[i] + 7471 * blue[i]) / 65536;
    target[i] = whole ? Math.floor(grey + 0.5) : grey;
  }
}
