/** An estimate of a share, 0 to 1. */
export interface ShareEstimate {
  readonly value: number;
  readonly standardError: number;
}

/** One class, or one named change, of a map whose sample was checked. */
export interface ClassAreaEstimate {
  readonly name: string;
  /** Of the cells that the map gives it. */
  readonly countedHectares: number;
  /** As if cells were an independent sample and the map right: shown to show that it is wrong. */
  readonly countedInterval: readonly [low: number, high: number];
  /** Error-adjusted; null where the sample says nothing. */
  readonly hectares: number | null;
  readonly standardError: number | null;
  readonly interval: readonly [low: number, high: number] | null;
  /** Of what the map calls so, the share that is so. */
  readonly users: ShareEstimate | null;
  /** Of what is so, the share that the map calls so. */
  readonly producers: ShareEstimate | null;
  readonly samples: number;
}

/** What `sigmax area estimate` found: its JSON. */
export interface AreaEstimates {
  readonly version: 1;
  readonly confidenceLevel: 0.95;
  readonly overall: { readonly accuracy: number; readonly standardError: number };
  readonly classes: readonly ClassAreaEstimate[];
}
