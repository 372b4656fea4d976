import type { Raster } from "./raster.js";

/** How much of the picture's own colour stays where there is no heat: enough to see what is there, little enough to see the heat. */
const FADED = 0.45;
/** Colours from none to full heat: dark blue is left out, since it looks like water. */
const RAMP: readonly (readonly [number, number, number])[] = [
  [253, 231, 37],
  [248, 150, 30],
  [215, 38, 61],
];

/**
 * A picture with heat painted over it, 8-bit red, green and blue: the picture fades to grey, places with heat are coloured from
 * yellow to red.
 *
 * @param raster one or three bands of 8 bits
 * @param heat `[H, W]` in [0, 1]; values outside are clipped
 */
export function heatOver({ bands, widthPx, heightPx, data }: Raster, heat: ArrayLike<number>): Raster {
  const plane = widthPx * heightPx;
  const painted = new Uint8Array(3 * plane);
  const last = bands.length - 1;
  for (let p = 0; p < plane; p++) {
    const grey = (data[p] + data[Math.min(1, last) * plane + p] + data[Math.min(2, last) * plane + p]) / 3;
    const share = Math.min(1, Math.max(0, heat[p]));
    const place = share * (RAMP.length - 1);
    const step = Math.min(RAMP.length - 2, Math.floor(place));
    for (let band = 0; band < 3; band++) {
      const faded = FADED * data[Math.min(band, last) * plane + p] + (1 - FADED) * grey;
      const colour = RAMP[step][band] + (place - step) * (RAMP[step + 1][band] - RAMP[step][band]);
      painted[band * plane + p] = Math.round(faded + 0.75 * share * (colour - faded));
    }
  }
  return { bands: ["red", "green", "blue"], widthPx, heightPx, dtype: "uint8", data: painted };
}
