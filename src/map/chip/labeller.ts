import type { Raster } from "../../raster/raster.js";
import type { PixelWindow } from "../../raster/resample.js";
import type { Unlisted } from "./unlisted.js";

/** How much of an area belongs to each class. */
export interface Shares {
  /** From 0 to 1 by class; together more than 1 where classes overlap. */
  readonly ofClasses: Float64Array;
  /** Of which nobody knows what it is, 0 to 1. */
  readonly unseen: number;
}

/** Where the labels of chips come from. */
export interface Labeller {
  readonly kind: "raster" | "vector" | "rule";
  /** In words, for the record beside the chips: a file, the rules. */
  readonly source: string;
  /** What else is to be known of it, for the same record. */
  readonly details?: Readonly<Record<string, string>>;
  readonly classes: readonly string[];
  /** Shows the part of the scene that the next chips lie in. */
  look(part: { readonly window: PixelWindow; readonly raster: Raster }): Promise<void>;
  /** Of a chip within that part, in pixels of the scene. */
  shares(chip: PixelWindow): Shares;
  /** What it met in all chips that has no class, where classes stand in a table. */
  readonly unlisted?: () => Unlisted;
  close(): Promise<void>;
}

/** What is said of a class in a chip: yes, no, or that it cannot be told. */
export type Verdict = 1 | 0 | -1;

/**
 * Yes from the least share on; no where even with all that is unseen the share stays below half of it; in between a chip is nobody's
 * example.
 */
export function verdict(share: number, unseen: number, minShare: number): Verdict {
  if (share >= minShare) return 1;
  return share + unseen < minShare / 2 ? 0 : -1;
}

/** The class with the largest share, undefined where more is unseen than that. Among equals the first. */
export function largestClass({ ofClasses, unseen }: Shares): number | undefined {
  let best = 0;
  for (let k = 1; k < ofClasses.length; k++) if (ofClasses[k] > ofClasses[best]) best = k;
  return ofClasses[best] > unseen ? best : undefined;
}
