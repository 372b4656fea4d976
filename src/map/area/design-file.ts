import { z } from "zod";
import { readJsonFile } from "../../json-file.js";
import { TASKS, type Task } from "../../task.js";

/** Names of the files of a design. */
export const DESIGN_FILE = "design.json";
export const SAMPLE_FILE = "sample.csv";
export const PICTURES_FOLDER = "chips";

/** What `design.json` holds: everything that an estimate needs beside the answers, and how the sample was drawn. */
export interface AreaDesign {
  readonly version: 1;
  /** "sigmax 0.6.0" */
  readonly program: string;
  readonly map: { readonly file: string; readonly hash: string };
  readonly task: Task;
  /** One or two; "" for a map of one date. */
  readonly dates: readonly string[];
  readonly classes: readonly string[];
  /** As they are given to `sigmax change`. */
  readonly rules: readonly string[];
  readonly strata: readonly {
    readonly name: string;
    readonly cells: number;
    readonly hectares: number;
    /** Share in the hectares of all. */
    readonly weight: number;
    readonly samples: number;
    readonly expectedUsers: number;
    /** What the map says of its cells, by date: each combination once. */
    readonly mapped: readonly (readonly string[])[];
    /** Names of the rules that say yes: each combination once. */
    readonly rules: readonly (readonly string[])[];
  }[];
  readonly counted: {
    readonly cells: number;
    readonly hectares: number;
    readonly areas: readonly {
      readonly of: "class" | "label" | "rule" | "transition";
      readonly name: string;
      readonly date: number | null;
      readonly cells: number;
      readonly hectares: number;
    }[];
  };
  readonly samples: readonly {
    readonly id: string;
    readonly stratum: string;
    readonly column: number;
    readonly row: number;
    /** Degrees of WGS 84 of its middle; null where nobody can tell. */
    readonly longitude: number | null;
    readonly latitude: number | null;
    /** The class that the map draws, by date. */
    readonly mapped: readonly string[];
    /** The labels of the map, by date; null where it has one class for each cell, or nobody says. */
    readonly labels: readonly (readonly string[])[] | null;
    readonly rules: readonly string[];
  }[];
  readonly settings: {
    readonly standardError: number;
    /** Of the overall accuracy, if the map is as right as expected. */
    readonly expectedStandardError: number;
    readonly least: number;
    readonly seed: number;
  };
}

/** Names of the columns of labels: one for each date. */
export function labelColumns(dates: readonly string[]): readonly string[] {
  return dates.length === 1 ? ["label"] : dates.map((date) => `label_${date}`);
}

const MAX_BYTES = 2 ** 28;
const text = z.string().max(4000);
const texts = z.array(text).max(100_000);
const count = z.int().min(0);
const amount = z.number().min(0).refine(Number.isFinite, "must be finite");

const schema = z.object({
  version: z.literal(1),
  program: text,
  map: z.object({ file: text, hash: text }),
  task: z.enum(TASKS),
  dates: texts.min(1).max(2),
  classes: texts,
  rules: texts,
  strata: z
    .array(
      z.object({
        name: text,
        cells: count,
        hectares: amount,
        weight: amount,
        samples: count,
        expectedUsers: amount,
        mapped: z.array(texts),
        rules: z.array(texts),
      }),
    )
    .min(1)
    .max(100_000),
  counted: z.object({
    cells: count,
    hectares: amount,
    areas: z.array(
      z.object({
        of: z.enum(["class", "label", "rule", "transition"]),
        name: text,
        date: count.nullable(),
        cells: count,
        hectares: amount,
      }),
    ),
  }),
  samples: z.array(
    z.object({
      id: text,
      stratum: text,
      column: count,
      row: count,
      longitude: z.number().nullable(),
      latitude: z.number().nullable(),
      mapped: texts,
      labels: z.array(texts).nullable(),
      rules: texts,
    }),
  ),
  settings: z.object({ standardError: amount, expectedStandardError: amount, least: count, seed: count }),
});

/** Reads a `design.json`. @throws UserError as `readJsonFile` */
export function readDesign(path: string): AreaDesign {
  const hint = "Draw a sample: sigmax area design <map> --out <folder>";
  return readJsonFile(path, { schema, otherwise: "no design", maxBytes: MAX_BYTES, hint });
}
