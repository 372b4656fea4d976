/** All that `sigmax data inspect` found, as plain data for its page. */
export interface InspectionReport {
  /** Name of the data, as shown. */
  readonly name: string;
  readonly source: string;
  readonly task: string;
  readonly samples: number;
  readonly labelled: number;
  readonly classes: readonly { readonly name: string; readonly yes: number; readonly parts?: Readonly<Record<string, number>> }[];
  /** `[K, K]`: images with both labels; the diagonal holds the counts. */
  readonly together: readonly (readonly number[])[];
  /** The kinds of image in one line. */
  readonly sizes: string;
  readonly lookedAt: number;
  /** By type and band, as decoded. */
  readonly before: readonly BandHistogram[];
  /** What the network gets, in its order of channels; undefined where no backbone could be opened. */
  readonly after?: {
    readonly backbone: string;
    /** From the file to the network, one step each. */
    readonly steps: readonly string[];
    readonly values: readonly BandHistogram[];
    readonly expected: { readonly words: string; readonly range: readonly [number, number]; readonly usual: boolean };
  };
  readonly pictures: readonly PicturePairs[];
  readonly findings: readonly { readonly kind: string; readonly message: string; readonly files: readonly string[] }[];
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
  readonly version: string;
}

/** One band over all images. */
export interface BandHistogram {
  readonly band: string;
  readonly dtype: string;
  readonly images: number;
  readonly lowest: number;
  readonly highest: number;
  readonly mean: number;
  readonly deviation: number;
  /** Shares of the pixels, 0 to 1. */
  readonly zero: number;
  readonly saturated: number;
  readonly histogram: { readonly from: number; readonly to: number; readonly shares: readonly number[] };
}

/** One image, as decoded and as the network gets it: data URIs. */
export interface PicturePairs {
  readonly file: string;
  readonly labels: readonly string[];
  /** "256×256 uint8 PNG". */
  readonly kind: string;
  readonly before: string;
  readonly after?: string;
}
