/** Bands a country can be rendered in, in the order in which `--bands` counts them. */
export const COUNTRY_BANDS = ["red", "green", "blue", "nir", "swir16", "swir22"] as const;
export type CountryBand = (typeof COUNTRY_BANDS)[number];

/** Reflectance in [0, 1], in the order of COUNTRY_BANDS: round numbers of the size that spectral libraries give. */
const SPECTRA = {
  soil: [0.135, 0.105, 0.075, 0.19, 0.26, 0.22],
  hay: [0.2, 0.165, 0.115, 0.3, 0.34, 0.27],
  grass: [0.06, 0.09, 0.045, 0.36, 0.2, 0.1],
  dense: [0.04, 0.075, 0.033, 0.44, 0.18, 0.08],
  conifer: [0.032, 0.05, 0.027, 0.3, 0.12, 0.055],
  broadleaf: [0.042, 0.074, 0.034, 0.42, 0.18, 0.085],
  turning: [0.1, 0.085, 0.038, 0.36, 0.21, 0.11],
  understorey: [0.024, 0.032, 0.019, 0.15, 0.08, 0.04],
  water: [0.03, 0.048, 0.04, 0.014, 0.006, 0.004],
  silt: [0.1, 0.11, 0.08, 0.055, 0.015, 0.008],
  asphalt: [0.113, 0.107, 0.1, 0.13, 0.15, 0.145],
  gravel: [0.195, 0.175, 0.15, 0.24, 0.3, 0.28],
  paving: [0.155, 0.145, 0.13, 0.19, 0.23, 0.22],
  tile: [0.19, 0.105, 0.075, 0.28, 0.3, 0.27],
  slate: [0.115, 0.11, 0.105, 0.15, 0.17, 0.165],
  metal: [0.26, 0.25, 0.24, 0.28, 0.27, 0.25],
} as const satisfies Record<string, readonly [number, number, number, number, number, number]>;

/** What a surface is made of. */
export type Substance = keyof typeof SPECTRA;

/** Reflectance per band of a view. */
export type Spectrum = Float64Array;

/** The spectra of all substances in the bands of a view. */
export type Palette = Readonly<Record<Substance, Spectrum>>;

export function paletteOf(bands: readonly CountryBand[]): Palette {
  const columns = bands.map((band) => COUNTRY_BANDS.indexOf(band));
  return Object.fromEntries(
    Object.entries(SPECTRA).map(([name, values]) => [name, Float64Array.from(columns, (column) => values[column])]),
    // Object.fromEntries forgets the key type of an object that is complete by construction.
  ) as Palette;
}

/**
 * Soil and plants mixed, written into `out`: every class of open land takes its colours from this one space, so that colour alone
 * does not tell them apart. Each argument is a share in [0, 1].
 */
export function mixLand(out: Spectrum, palette: Palette, green: number, dry: number, lush: number, tone: number): void {
  const { soil, hay, grass, dense } = palette;
  const g = green < 0 ? 0 : Math.min(green, 1);
  const ofSoil = (1 - g) * (1 - dry) * tone;
  const ofHay = (1 - g) * dry * tone;
  const ofGrass = g * (1 - lush) * tone;
  const ofDense = g * lush * tone;
  for (let band = 0; band < out.length; band++) {
    out[band] = ofSoil * soil[band] + ofHay * hay[band] + ofGrass * grass[band] + ofDense * dense[band];
  }
}
