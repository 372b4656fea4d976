/** An index of remote sensing. */
export interface Index {
  /** A formula over bands by their STAC common names: see `formula.ts`. */
  readonly formula: string;
  /** Whether a common factor of all bands leaves it as it is; if not, it wants reflectance from 0 to 1. */
  readonly scaleFree: boolean;
}

/** The indices that stand for their formula wherever a band can be named. */
export const INDICES: Readonly<Record<string, Index>> = {
  /** Vegetation. Rouse, Haas, Schell and Deering 1974: Monitoring vegetation systems in the Great Plains with ERTS. NASA SP-351, 309–317. */
  ndvi: { formula: "(nir - red) / (nir + red)", scaleFree: true },
  /** Water. McFeeters 1996: The use of the Normalized Difference Water Index. Int. J. Remote Sensing 17(7), 1425–1432. */
  ndwi: { formula: "(green - nir) / (green + nir)", scaleFree: true },
  /** Water beside buildings. Xu 2006: Modification of normalised difference water index. Int. J. Remote Sensing 27(14), 3025–3033. */
  mndwi: { formula: "(green - swir16) / (green + swir16)", scaleFree: true },
  /** Built-up land. Zha, Gao and Ni 2003: Use of normalized difference built-up index. Int. J. Remote Sensing 24(3), 583–594. */
  ndbi: { formula: "(swir16 - nir) / (swir16 + nir)", scaleFree: true },
  /** Burnt land. Key and Benson 2006: Landscape Assessment. In FIREMON, USDA Forest Service RMRS-GTR-164-CD. */
  nbr: { formula: "(nir - swir22) / (nir + swir22)", scaleFree: true },
  /** Dense vegetation. Jiang, Huete, Didan and Miura 2008: A two-band enhanced vegetation index. Remote Sens. Environ. 112(10), 3833–3845. */
  evi2: { formula: "2.5 * (nir - red) / (nir + 2.4 * red + 1)", scaleFree: false },
  /** Sparse vegetation on soil, with L = 0.5. Huete 1988: A soil-adjusted vegetation index. Remote Sens. Environ. 25(3), 295–309. */
  savi: { formula: "1.5 * (nir - red) / (nir + red + 0.5)", scaleFree: false },
};

/**
 * The formula that an index stands for; undefined where the name is none of {@link INDICES}.
 *
 * @param options.bands names of the bands that are there: a name that is both a band and an index is the band
 */
export function expandIndex(name: string, { bands = [] }: { readonly bands?: readonly string[] } = {}): string | undefined {
  return bands.includes(name) || !Object.hasOwn(INDICES, name) ? undefined : INDICES[name].formula;
}

/** The indices in a formula. @param options.bands as for {@link expandIndex} */
export function indicesIn(text: string, { bands = [] }: { readonly bands?: readonly string[] } = {}): readonly string[] {
  const words = new Set(text.match(/[A-Za-z_]\w*/g));
  return [...words].filter((word) => expandIndex(word, { bands }) !== undefined);
}

/** The indices in a formula that want reflectance, 0 to 1. @param options.bands as for {@link expandIndex} */
export function unscaledIndices(text: string, options: { readonly bands?: readonly string[] } = {}): readonly string[] {
  return indicesIn(text, options).filter((index) => !INDICES[index].scaleFree);
}
