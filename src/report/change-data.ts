import { z } from "zod";
import { readJsonFile } from "../json-file.js";
import { TASKS, type Task } from "../task.js";

/** All that a comparison of dates found, as plain data: what `change.json` holds and `change.html` shows. */
export interface ChangeReportData {
  readonly version: 1;
  readonly title: string;
  readonly task: Task;
  /** Whether a scene says that it was generated: no place on earth then. */
  readonly generated: boolean;
  readonly classifier: {
    readonly file: string;
    readonly sha256: string;
    /** "the rule", or the file that the labels were read from, where no person gave them; null where people did. */
    readonly agreementWith: string | null;
  };
  /** From the first to the last, at least two. */
  readonly dates: readonly {
    /** "1985", or "before". */
    readonly label: string;
    /** ISO 8601; null where it is not known. */
    readonly day: string | null;
    readonly scene: string;
    readonly sha256: string;
    /** Name of its file in `pictures/`. */
    readonly picture: string;
  }[];
  readonly cells: {
    readonly columns: number;
    readonly rows: number;
    /** 0 where nobody knows. */
    readonly metersWide: number;
    readonly metersHigh: number;
    /** Of a cell that no edge cuts off, the mean. */
    readonly hectares: number;
  };
  /** Colours as #rrggbb, here and below. */
  readonly classes: readonly { readonly name: string; readonly colour: string }[];
  readonly counts: {
    readonly cells: number;
    /** Without an answer on the first or the last date. */
    readonly noAnswer: number;
    readonly changed: number;
    /** Differ, but without enough evidence: shown as unchanged. */
    readonly undecided: number;
    /** In changed regions smaller than the mapping unit: shown as unchanged. */
    readonly belowUnit: number;
  };
  readonly rules: readonly {
    readonly name: string;
    /** As a person wrote it: "forest -> field|grass". */
    readonly rule: string;
    readonly colour: string;
    /** The raster of it, in the folder of the report. */
    readonly file: string;
    readonly cells: number;
    readonly hectares: number;
  }[];
  /** Per date (index into `dates`) and class or label. */
  readonly areas: readonly { readonly date: number; readonly name: string; readonly cells: number; readonly hectares: number }[];
  /** From the first date to the last, unchanged ones too. */
  readonly transitions: readonly {
    readonly before: string;
    readonly after: string;
    readonly cells: number;
    readonly hectares: number;
  }[];
  /** The largest 100 changed regions, largest first. */
  readonly places: readonly {
    readonly id: number;
    readonly before: string;
    readonly after: string;
    readonly rules: readonly string[];
    readonly hectares: number;
    /** Degrees of WGS 84; null where nobody knows where the scene lies. */
    readonly longitude: number | null;
    readonly latitude: number | null;
    /** When it changed, as far as the dates tell. */
    readonly when: string | null;
    /** Mean evidence of its cells, 0 to 1. */
    readonly score: number;
    /** In cells; right and lower side outside. */
    readonly box: readonly [left: number, top: number, right: number, bottom: number];
  }[];
  readonly settings: {
    /** Probability that a cell keeps its class from one date to the next. */
    readonly stay: number;
    /** Least probability of what is decided. */
    readonly confidence: number;
    readonly unitCells: number;
    readonly unitHectares: number;
    /** Whether colours were matched to those of the date that is most like what the classifier learned from. */
    readonly match: boolean;
    readonly notes: readonly string[];
  };
  /** The command line that makes this again. */
  readonly command: string;
  /** File in `pictures/`, transparent where nothing changed. */
  readonly changePicture: string;
}

const MAX_BYTES = 2 ** 26;
const MAX_NAME = 4000;

const text = z.string().max(MAX_NAME);
const count = z.int().min(0);
const amount = z.number().min(0).refine(Number.isFinite, "must be finite");
const share = z.number().min(0).max(1);
const colour = z.string().regex(/^#[0-9a-f]{6}$/i, "must be #rrggbb");
/** The file may come from anywhere: a name, and no way out of the folder of pictures. */
const picture = z.string().regex(/^\w[\w.-]{0,200}$/, "must be the name of a file");

const changeSchema = z.object({
  version: z.literal(1),
  title: text,
  task: z.enum(TASKS),
  generated: z.boolean(),
  classifier: z.object({ file: text, sha256: text, agreementWith: text.nullable() }),
  dates: z
    .array(z.object({ label: text, day: text.nullable(), scene: text, sha256: text, picture }))
    .min(2)
    .max(1000),
  cells: z.object({
    columns: count.min(1),
    rows: count.min(1),
    metersWide: amount,
    metersHigh: amount,
    hectares: amount,
  }),
  classes: z.array(z.object({ name: text, colour })).max(100_000),
  counts: z.object({ cells: count, noAnswer: count, changed: count, undecided: count, belowUnit: count }),
  rules: z.array(z.object({ name: text, rule: text, colour, file: text, cells: count, hectares: amount })),
  areas: z.array(z.object({ date: count, name: text, cells: count, hectares: amount })),
  transitions: z.array(z.object({ before: text, after: text, cells: count, hectares: amount })),
  places: z.array(
    z.object({
      id: count,
      before: text,
      after: text,
      rules: z.array(text),
      hectares: amount,
      longitude: z.number().nullable(),
      latitude: z.number().nullable(),
      when: text.nullable(),
      score: share,
      box: z.tuple([count, count, count, count]),
    }),
  ),
  settings: z.object({
    stay: share,
    confidence: share,
    unitCells: count,
    unitHectares: amount,
    match: z.boolean(),
    notes: z.array(text),
  }),
  command: z.string(),
  changePicture: picture,
});

/** Reads a `change.json`. @throws UserError as `readJsonFile` */
export function readChangeData(path: string): ChangeReportData {
  const hint = "Make it again: sigmax change <classifier> <before> <after> --out <folder>";
  return readJsonFile(path, { schema: changeSchema, otherwise: "no record of changes", maxBytes: MAX_BYTES, hint });
}
