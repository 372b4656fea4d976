import { UserError } from "../errors.js";
import { createRandom, DEFAULT_SEED, type Random } from "../random.js";
import { PARTS, type Part, type Task } from "../task.js";
import { type Dataset, isLabelled } from "./dataset.js";
import { readSplit, type Split } from "./split/explicit.js";
import { checkFractions, DEFAULT_FRACTIONS, type Fractions } from "./split/fractions.js";
import { hashPart } from "./split/hash.js";
import { iterativeSplit } from "./split/iterative.js";
import { stratifiedSplit } from "./split/stratified.js";
import { groupingOf, type Unit, unitsOf } from "./split/units.js";

type Method = (units: readonly Unit[], fractions: Fractions, random: Random) => readonly Part[];

const METHODS = {
  hash: (units, fractions) => units.map(({ name }) => hashPart(name, fractions)),
  stratified: stratifiedSplit,
  iterative: iterativeSplit,
} as const satisfies Record<string, Method>;

/** How samples are dealt out: by a hash of their names, or so that labels are spread evenly. */
export type SplitMethod = keyof typeof METHODS;

/** Every method by name. */
// The keys of a constant table are known.
export const SPLIT_METHODS = Object.keys(METHODS) as readonly SplitMethod[];

/** Hashing keeps images in place when others come; several labels need care to reach every part. */
const METHOD_OF_TASK: Readonly<Record<Task, SplitMethod>> = { multiclass: "hash", multilabel: "iterative" };

/** How a dataset is split. */
export interface SplitOptions {
  readonly method?: SplitMethod | undefined;
  /** A split file, CSV `file,split`, instead of a method. */
  readonly file?: string | undefined;
  readonly fractions?: Fractions | undefined;
  /** For the methods that shuffle; the hash has none. */
  readonly seed?: number | undefined;
  /** The column that the dataset was opened with, or a pattern whose first parentheses capture the group in the file name. */
  readonly groupBy?: string | RegExp | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The part of each labelled sample, aligned with the samples; undefined for samples without a known label. A split file comes
 * first, then the parts that the source itself assigns, then the method; parts that the source leaves empty are taken from train.
 *
 * @throws UserError `usage` for impossible options, and what {@link readSplit} throws
 */
export function splitDataset(dataset: Dataset, options: SplitOptions = {}): Split {
  const split = options.file === undefined ? dealOut(dataset, options) : readSplit(options.file, dataset, options);
  return split.map((part, i) => (isLabelled(dataset.samples[i]) ? part : undefined));
}

function dealOut(dataset: Dataset, options: SplitOptions): Split {
  const {
    method = METHOD_OF_TASK[dataset.task],
    fractions = DEFAULT_FRACTIONS,
    seed = DEFAULT_SEED,
    groupBy,
    onWarning,
  } = options;
  checkFractions(fractions);
  if (!SPLIT_METHODS.includes(method)) {
    throw new UserError("usage", `"${method}" is no way to split`, {
      hint: `Choose ${SPLIT_METHODS.join(", ")} or name a CSV file.`,
    });
  }
  const random = createRandom(seed, "split");
  const assigned = PARTS.filter((part) => dataset.samples.some((sample) => sample.part === part));
  const given = assigned.length > 0 && options.method === undefined;
  const open = PARTS.filter((part) => part === "train" || (!assigned.includes(part) && fractions[part] > 0));
  if (given && (open.length === 1 || !assigned.includes("train"))) return dataset.samples.map(({ part }) => part);

  const share = given ? open.reduce((sum, part) => sum + fractions[part], 0) : 1;
  const shares = given ? mapParts((part) => (open.includes(part) ? fractions[part] / share : 0)) : fractions;
  const units = unitsOf(dataset, groupingOf(dataset, groupBy, onWarning), ({ part }) => !given || part === "train");
  const partOfUnit = METHODS[method](units, shares, random);
  const split: (Part | undefined)[] = dataset.samples.map(({ part }) => (given && part !== "train" ? part : undefined));
  units.forEach(({ members }, u) => {
    for (const i of members) split[i] = partOfUnit[u];
  });
  if (given) {
    const taken = open.filter((part) => part !== "train");
    onWarning?.(`${dataset.root}: the source has no ${taken.join(" and no ")} part; it is taken from train.`);
  }
  return split;
}

/** The dataset with the parts of a split as if its source had assigned them; samples in no part are left out. */
export function withParts(dataset: Dataset, split: Split): Dataset {
  const samples = dataset.samples.flatMap((sample, i) => {
    const part = split[i];
    return part === undefined ? [] : [{ ...sample, part }];
  });
  return { ...dataset, samples };
}

function mapParts(shareOf: (part: Part) => number): Fractions {
  return { train: shareOf("train"), validation: shareOf("validation"), test: shareOf("test") };
}
