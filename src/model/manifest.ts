import { z } from "zod";
import { messageOf, UserError } from "../errors.js";
import { CALIBRATION_METHODS } from "../learn/calibration.js";
import { MAX_RULE_LENGTH, MAX_RULES, parseRules } from "../learn/rules.js";
import { GOALS } from "../learn/thresholds.js";
import { parseFormula } from "../raster/formula.js";
import { INTERPOLATIONS } from "../raster/preprocess.js";
import { PIXEL_VALUES } from "../raster/values.js";
import { HEADS, TASKS } from "../task.js";

/** The key of `metadata_props` that holds the manifest. */
export const MANIFEST_KEY = "sigmax";

const MAX_NAME = 200;
const MAX_FORMULA = 1000;

const finite = z.number().refine(Number.isFinite, "must be finite");
const size = z.int().min(1).max(16_384);

const preprocessSchema = z
  .strictObject({
    widthPx: size,
    heightPx: size,
    fit: z.enum(["stretch", "crop"]),
    shorterSidePx: size.optional(),
    interpolation: z.enum(INTERPOLATIONS),
    antialias: z.literal(true),
    bands: z.array(z.string()).min(1).max(256),
    values: z.enum(PIXEL_VALUES).optional(),
    derived: z.record(z.string().max(MAX_NAME), z.string().max(MAX_FORMULA)).optional(),
    range: z.tuple([finite, finite]),
  })
  .superRefine(({ derived = {} }, context) => {
    for (const [name, formula] of Object.entries(derived)) {
      try {
        parseFormula(formula, { kind: "number", where: name });
      } catch (error) {
        context.addIssue({ code: "custom", path: ["derived", name], message: messageOf(error) });
      }
    }
  });

const manifestSchema = z
  .object({
    version: z.literal(1),
    task: z.enum(TASKS),
    head: z.enum(HEADS),
    classes: z.array(z.string()).min(1).max(100_000),
    /** Probability from which a label is said, per class; used by multilabel only. */
    thresholds: z.array(finite),
    /** How the logits of the fitted head became those of the classifier, whose last layer has it inside. */
    calibration: z
      .object({
        method: z.enum(CALIBRATION_METHODS),
        /** `[K]`, above zero. */
        scale: z.array(finite.positive()),
        shift: z.array(finite),
        /** Expected calibration error on the test part; absent where there was none. */
        ece: z.object({ before: finite, after: finite }).optional(),
      })
      .nullable(),
    /** What the thresholds were tuned for and how sure they are; absent or null where they were not. */
    tuning: z
      .object({
        goal: z.enum(GOALS),
        minPrecision: finite.optional(),
        /** 95 %, `[K]`. */
        intervals: z.array(z.tuple([finite, finite])),
      })
      .nullable()
      .optional(),
    /** What must hold between labels, as {@link parseRules} reads it; every prediction keeps it. */
    rules: z.array(z.string().max(MAX_RULE_LENGTH)).max(MAX_RULES).optional(),
    /** Null for a classifier of embeddings made elsewhere: its input is `embedding` `[N, D]`, not `image`. */
    preprocess: preprocessSchema.nullable(),
    backbone: z.object({
      id: z.string(),
      sha256: z.string(),
      views: z.union([z.literal(1), z.literal(8)]),
      embeddingSize: z.int().positive(),
      /** What the graph does to each band of `preprocess` before all else, from the training images; absent where it does nothing. */
      normalize: z
        .discriminatedUnion("method", [
          z.object({ method: z.literal("standardize"), mean: z.array(finite), std: z.array(finite.positive()) }),
          z.object({ method: z.literal("stretch"), low: z.array(finite), high: z.array(finite) }),
        ])
        .optional(),
    }),
    /** The pixels that it was trained on; absent in older files and where nobody looked. */
    pixels: z
      .object({
        /** Side of a training image in its own pixels. */
        chipPx: size,
        /** Null where the images did not say where they lie. */
        metersPerPixel: finite.positive().nullable(),
        /** Values of each band in input order at 1, 5, 25, 50, 75, 95 and 99 %. */
        quantiles: z.array(z.object({ band: z.string(), at: z.array(finite) })),
        /** How stored numbers become values, of the bands of which all images said the same; absent where it sees reflectance. */
        scaling: z.array(z.object({ band: z.string(), scale: finite, offset: finite })).optional(),
      })
      .optional(),
    /** How the labels were made that it was trained on and tested against, where no person gave them. */
    labelsFrom: z.object({ kind: z.string(), source: z.string() }).optional(),
    /** sha256 over the names, labels and parts of the samples. */
    dataset: z.object({
      fingerprint: z.string(),
      counts: z.object({ train: z.int(), validation: z.int(), test: z.int() }),
    }),
    /** Metrics on the test part; empty where there was none. */
    test: z.record(z.string(), z.number()),
  })
  .refine((manifest) => manifest.thresholds.length === manifest.classes.length, "one threshold per class is needed")
  .refine(
    ({ calibration, tuning, classes }) =>
      [calibration?.scale, calibration?.shift, tuning?.intervals].every(
        (list) => (list?.length ?? classes.length) === classes.length,
      ),
    "calibration and tuning need one entry per class",
  )
  .refine((manifest) => new Set(manifest.classes).size === manifest.classes.length, "class names must differ")
  .superRefine(({ rules = [], classes }, context) => {
    try {
      parseRules(rules, classes);
    } catch (error) {
      context.addIssue({ code: "custom", path: ["rules"], message: messageOf(error) });
    }
  });

/** Everything a classifier says about itself, version 1; stored as JSON in the model's metadata. */
export type Manifest = z.output<typeof manifestSchema>;

/**
 * Reads and checks a manifest.
 *
 * @throws UserError `bad-model` if the text is absent or is not a manifest that this version understands
 */
export function parseManifest(text: string | undefined, file: string): Manifest {
  if (text === undefined) {
    throw new UserError("bad-model", `${file}: is not a sigmax classifier: its metadata has no "${MANIFEST_KEY}" entry`, {
      hint: "Give the classifier.onnx of a run folder. A bare network is a backbone: sigmax train <data> --backbone <file>.",
    });
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UserError("bad-model", `${file}: its sigmax metadata is not JSON`, { hint: DAMAGED, cause });
  }
  const result = manifestSchema.safeParse(json);
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new UserError(
      "bad-model",
      `${file}: its sigmax metadata is wrong at ${issue.path.join(".") || "the top"}: ${issue.message}`,
      { hint: DAMAGED },
    );
  }
  return result.data;
}

const DAMAGED = "The file is damaged, or was written by a newer version of sigmax.";
