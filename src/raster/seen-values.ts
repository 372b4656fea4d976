import { spreadValues } from "./measure.js";
import { type Preprocess, rangeScale, seenBands } from "./preprocess.js";
import type { Raster } from "./raster.js";

/**
 * At most `most` measured values of each band that a network sees of a raster, evenly spread, in the network's unit, `[C][n]`.
 *
 * @throws UserError `bad-data` if the raster lacks a band
 */
export function seenValues(
  raster: Raster,
  preprocess: Pick<Preprocess, "bands" | "values" | "derived" | "range">,
  { most, file }: { readonly most: number; readonly file?: string },
): readonly Float32Array[] {
  return measuredValues(seenBands(raster, preprocess, file === undefined ? {} : { file }), preprocess, most);
}

/** As `seenValues`, of what `seenBands` gave. */
export function measuredValues(
  { data, widthPx, heightPx, bands, valid, dtype }: Raster,
  preprocess: Pick<Preprocess, "range">,
  most: number,
): readonly Float32Array[] {
  const scale = rangeScale({ dtype }, preprocess);
  const px = widthPx * heightPx;
  return bands.map((_, band) => {
    const plane = data.subarray(band * px, (band + 1) * px);
    // Where nothing was measured stands the band's mean: nobody's pixel.
    const values = spreadValues(valid === undefined ? plane : plane.filter((_, i) => valid[i] === 1), most);
    return scale === 1 ? values : values.map((value) => value * scale);
  });
}
