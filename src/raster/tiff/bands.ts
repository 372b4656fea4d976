import { UserError } from "../../errors.js";
import { canonicalBand } from "../bands.js";
import type { RasterBand } from "../reader.js";
import type { TiffImage } from "./check.js";
import { numbersOf } from "./directory.js";
import { type GdalMetadata, scalingOf } from "./gdal-metadata.js";

type Colour = RasterBand["colour"];

const PALETTE = 3;
/** Colours of the first bands by the tag Photometric; those beyond are said by ExtraSamples. */
const PHOTOMETRIC: Readonly<Record<number, readonly Colour[]>> = {
  0: ["grey"],
  1: ["grey"],
  2: ["red", "green", "blue"],
  [PALETTE]: ["palette"],
  6: ["red", "green", "blue"],
};
/** Associated and unassociated alpha of the tag ExtraSamples. */
const ALPHA = [1, 2];
/** GDAL's words for what a band means; others stand for colours that are none of these. */
const COLORINTERP: Readonly<Record<string, Colour>> = {
  gray: "grey",
  palette: "palette",
  red: "red",
  green: "green",
  blue: "blue",
  alpha: "alpha",
};

/**
 * Names and meaning of an image's bands, as GDAL finds them: what its metadata says of a band, else photometric interpretation and
 * ExtraSamples.
 *
 * @throws UserError as `nameBands`
 */
export function describeBands(
  image: TiffImage,
  metadata: GdalMetadata,
  bandNames: readonly string[] | undefined,
): readonly RasterBand[] {
  return nameBands(coloursOf(image, metadata), metadata, bandNames, image.directory.source.name);
}

/**
 * Bands of these colours. A band is named by its description, else by its colour, else "band3"; no two bands are named alike.
 *
 * @param bandNames names instead of those, one for each band or one for each but alpha. A band that is tagged as alpha and named otherwise
 *   is none: GDAL tags the fourth of four 8-bit bands so, whatever it measures
 * @throws UserError `usage` where they are not as many or not different
 */
export function nameBands(
  colours: readonly Colour[],
  metadata: GdalMetadata,
  bandNames: readonly string[] | undefined,
  file: string,
): readonly RasterBand[] {
  const names = namesOf(colours, metadata);
  if (bandNames !== undefined) rename(names, colours, bandNames, file);
  const isEachNamed = bandNames?.length === colours.length;
  return colours.map((tagged, band) => {
    const items = metadata.bands.get(band);
    const colour = isEachNamed && tagged === "alpha" && names[band] !== "alpha" ? "undefined" : tagged;
    return { name: names[band], description: items?.description, colour, scaling: scalingOf(items), unit: items?.unit };
  });
}

function coloursOf(image: TiffImage, metadata: GdalMetadata): readonly Colour[] {
  const first = PHOTOMETRIC[image.photometric] ?? [];
  const extra = numbersOf(image.directory, "extraSamples");
  const base = image.samples - (extra?.length ?? 0);
  let alphaSeen = false;
  return Array.from({ length: image.samples }, (_, band): Colour => {
    const said = metadata.bands.get(band)?.colour;
    if (said !== undefined) return Object.hasOwn(COLORINTERP, said.toLowerCase()) ? COLORINTERP[said.toLowerCase()] : "undefined";
    if (band < first.length) return first[band];
    if (extra === undefined || band < base || !ALPHA.includes(extra[band - base]) || alphaSeen) return "undefined";
    alphaSeen = true;
    return "alpha";
  });
}

function namesOf(colours: readonly Colour[], metadata: GdalMetadata): string[] {
  const measured = colours.filter((colour) => colour !== "alpha").length;
  const names = new Set<string>();
  colours.forEach((colour, band) => {
    const numbered = `band${band + 1}`;
    // "grey" of several bands is only the first of them.
    const coloured = colour === "undefined" || colour === "palette" || (colour === "grey" && measured > 1) ? numbered : colour;
    const said = metadata.bands.get(band)?.description?.trim() || coloured;
    const canonical = canonicalBand(said);
    let name = names.has(canonical) ? said : canonical;
    // Another band may be described by the number of this one.
    for (let other = 1; names.has(name); other++) name = other === 1 ? numbered : `${numbered}_${other}`;
    names.add(name);
  });
  return [...names];
}

function rename(names: string[], colours: readonly Colour[], bandNames: readonly string[], file: string): void {
  const named = colours.flatMap((colour, band) => (bandNames.length === colours.length || colour !== "alpha" ? [band] : []));
  if (bandNames.length !== named.length || new Set(bandNames.map(canonicalBand)).size !== bandNames.length) {
    throw new UserError("usage", `${file}: ${bandNames.length} band names (${bandNames.join(", ")}) for ${named.length} bands`, {
      hint: "Give each band a name of its own, in the order of the file.",
    });
  }
  named.forEach((band, index) => {
    names[band] = canonicalBand(bandNames[index]);
  });
}

/** Colours of a palette as [red, green, blue, alpha], 0 to 255; undefined where the image has none. */
export function paletteOf(image: TiffImage): readonly (readonly [number, number, number, number])[] | undefined {
  const map = numbersOf(image.directory, "colorMap");
  if (map === undefined || image.photometric !== PALETTE) return undefined;
  const count = Math.floor(map.length / 3);
  // 16-bit colours, or 8-bit ones of writers that did not know.
  const divisor = map.some((value) => value > 255) ? 257 : 1;
  const level = (value: number) => Math.min(255, Math.floor(value / divisor));
  return Array.from({ length: count }, (_, i) => [level(map[i]), level(map[count + i]), level(map[2 * count + i]), 255] as const);
}
