/** Resampling filters, named as in Pillow. */
export const INTERPOLATIONS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const;
export type Interpolation = (typeof INTERPOLATIONS)[number];

/**
 * How a raster becomes the network's input: everything that happens OUTSIDE the graph. Normalisation lives inside.
 * The result is float32 `[C, H, W]` in the range of the source pixels.
 */
export interface Preprocess {
  readonly widthPx: number;
  readonly heightPx: number;
  /** `stretch`: resize to the size. `crop`: resize the shorter side to `shorterSidePx`, then cut the centre out. */
  readonly fit: "stretch" | "crop";
  /** Only with `crop`. */
  readonly shorterSidePx?: number;
  readonly interpolation: Interpolation;
  /** Always true: the filter widens when it shrinks, as in Pillow. Stored so that other programs can obey it. */
  readonly antialias: true;
  /** Band names in input order; the classifier's channel order. */
  readonly bands: readonly string[];
  /** Lowest and highest value of the source pixels: [0, 255] for 8-bit. */
  readonly range: readonly [number, number];
}
