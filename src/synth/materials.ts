/** Bands a scene can be rendered in. */
export const SCENE_BANDS = ["blue", "green", "red", "nir", "swir"] as const;
export type SceneBand = (typeof SCENE_BANDS)[number];

/** Reflectance in [0, 1], in the order of SCENE_BANDS: round numbers of the size that spectral libraries give. */
const SPECTRA = {
  grass: [0.045, 0.09, 0.06, 0.38, 0.2],
  hay: [0.085, 0.14, 0.155, 0.3, 0.28],
  bare: [0.11, 0.155, 0.195, 0.26, 0.33],
  broadleaf: [0.032, 0.07, 0.04, 0.42, 0.17],
  conifer: [0.026, 0.047, 0.03, 0.28, 0.11],
  turning: [0.035, 0.085, 0.115, 0.36, 0.2],
  understorey: [0.018, 0.03, 0.022, 0.14, 0.08],
  young: [0.045, 0.1, 0.055, 0.42, 0.19],
  dense: [0.034, 0.082, 0.042, 0.48, 0.18],
  ripe: [0.1, 0.165, 0.205, 0.34, 0.33],
  flower: [0.06, 0.19, 0.2, 0.45, 0.2],
  stubble: [0.125, 0.175, 0.21, 0.28, 0.35],
  soil: [0.075, 0.105, 0.135, 0.19, 0.26],
  darkSoil: [0.055, 0.07, 0.085, 0.12, 0.17],
  water: [0.04, 0.048, 0.03, 0.012, 0.006],
  silt: [0.085, 0.12, 0.12, 0.06, 0.015],
  sand: [0.16, 0.21, 0.25, 0.31, 0.38],
  asphalt: [0.1, 0.107, 0.113, 0.13, 0.15],
  gravel: [0.15, 0.175, 0.195, 0.24, 0.3],
  paving: [0.13, 0.145, 0.155, 0.19, 0.23],
  tile: [0.075, 0.105, 0.19, 0.28, 0.3],
  slate: [0.105, 0.11, 0.115, 0.15, 0.17],
  wood: [0.065, 0.085, 0.115, 0.2, 0.24],
  metal: [0.24, 0.25, 0.26, 0.28, 0.27],
} as const satisfies Record<string, readonly [number, number, number, number, number]>;

/** What a surface is made of. */
export type Material = keyof typeof SPECTRA;

// Object.keys forgets the key type of an object that is complete by construction.
const NAMES = Object.keys(SPECTRA) as Material[];

/** Each material's number in a Ground's layers. */
export const MATERIAL: Readonly<Record<Material, number>> = Object.fromEntries(
  NAMES.map((name, index) => [name, index]),
  // Object.fromEntries forgets the key type as well.
) as Record<Material, number>;

/** The reflectance of every material in one band, by material number. */
export function reflectances(band: SceneBand): Float32Array {
  const column = SCENE_BANDS.indexOf(band);
  return Float32Array.from(NAMES, (name) => SPECTRA[name][column]);
}

/** What the time of year does to the land. */
export interface Season {
  /** Share of hay in grassland, 0 to 1. */
  readonly grassDryness: number;
  /** Share of broadleaved crowns that have turned, 0 to 1. */
  readonly leafTurn: number;
  /** What stands in the fields: which column of the crop table. */
  readonly crop: "spring" | "summer" | "autumn";
}

/** The seasons that a scene can be rendered in. */
export const SEASONS = {
  spring: { grassDryness: 0.12, leafTurn: 0, crop: "spring" },
  summer: { grassDryness: 0.3, leafTurn: 0.02, crop: "summer" },
  autumn: { grassDryness: 0.42, leafTurn: 0.4, crop: "autumn" },
} as const satisfies Record<string, Season>;

export type SeasonName = keyof typeof SEASONS;
