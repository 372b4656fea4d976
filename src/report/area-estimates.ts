/** A share and how sure it is, 0 to 1. */
export interface AccuracyEstimate {
  readonly value: number;
  /** Null where the sample cannot tell. */
  readonly standardError: number | null;
}

/** One area: of a class on a date, of a label, of a named change, of a transition. */
export interface EstimatedArea {
  readonly of: "class" | "label" | "rule" | "transition";
  /** "forest", "deforestation", "forest -> urban". */
  readonly name: string;
  /** Index into the dates, where it is of one. */
  readonly date: number | null;
  /** As the map has it; null where nobody says. */
  readonly countedHectares: number | null;
  /** The binomial interval of the counted cells, as if each were drawn by itself and the map never wrong: shown to show that it is wrong. */
  readonly countedInterval: readonly [low: number, high: number] | null;
  /** On the ground; null where nothing can be said. */
  readonly hectares: number | null;
  readonly standardError: number | null;
  readonly interval: readonly [low: number, high: number] | null;
  /** Of what the map calls so, the share that is; null where nothing can be said. */
  readonly users: AccuracyEstimate | null;
  /** Of what is so, the share that the map calls so. */
  readonly producers: AccuracyEstimate | null;
  /** That were found to be so. */
  readonly samples: number;
  /** Why anything of it is null. */
  readonly why: string | null;
}

/** Areas estimated from a checked sample: what `sigmax area estimate --json` prints, and `estimate.json` holds. */
export interface AreaEstimates {
  readonly version: 1;
  readonly confidenceLevel: 0.95;
  /** Share of the area on which the map is right: its classes, or its transition from the first date to the last. */
  readonly overall: AccuracyEstimate | null;
  /** Names of the dates; one without a name for a map of one date. */
  readonly dates: readonly string[];
  readonly classes: readonly EstimatedArea[];
  readonly strata: readonly {
    readonly name: string;
    readonly hectares: number;
    readonly samples: number;
    /** Samples without an answer: taken to be like the others of their stratum. */
    readonly unanswered: number;
  }[];
  readonly notes: readonly string[];
}
