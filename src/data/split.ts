import { UserError } from "../errors.js";
import { createRandom, DEFAULT_SEED, type Random } from "../random.js";
import { PARTS, type Part, type Task } from "../task.js";
import { type Dataset, isLabelled } from "./dataset.js";
import { type BlockOptions, type Blocks, cutBlocks } from "./split/blocks.js";
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
  /** Squares of ground are few, and each holds many labels. */
  blocks: iterativeSplit,
} as const satisfies Record<string, Method>;

/** How samples are dealt out: by a hash of their names, or so that labels are spread evenly; alone, in groups, or in blocks of ground. */
export type SplitMethod = keyof typeof METHODS;

/** Every method by name. */
// The keys of a constant table are known.
export const SPLIT_METHODS = Object.keys(METHODS) as readonly SplitMethod[];

/** Hashing keeps images in place when others come; several labels need care to reach every part. */
const METHOD_OF_TASK: Readonly<Record<Task, SplitMethod>> = { multiclass: "hash", multilabel: "iterative" };

/** How a dataset is split. */
export interface SplitOptions extends BlockOptions {
  readonly method?: SplitMethod | undefined;
  /** A split file, CSV `file,split`, instead of a method. */
  readonly file?: string | undefined;
  readonly fractions?: Fractions | undefined;
  /** For the methods that shuffle; the hash has none. */
  readonly seed?: number | undefined;
  /**
   * The column that the dataset was opened with, or a pattern whose first parentheses capture the group in the file name. Groups stay
   * together; with blocks they are places, each with coordinates of its own.
   */
  readonly groupBy?: string | RegExp | undefined;
}

/** A dataset and the parts of its samples. */
export interface Division {
  /** Every sample carries the group that was kept together with it: what its column, the pattern or its block says. */
  readonly dataset: Dataset;
  readonly split: Split;
  /** What was kept together: "groups of place", "blocks of 10, buffer 2"; undefined where every sample stood alone. */
  readonly by?: string;
}

/**
 * The part of each labelled sample, aligned with the samples; undefined for samples without a known label. A split file comes
 * first, then the parts that the source itself assigns, then the method; parts that the source leaves empty are taken from train.
 *
 * @throws UserError `usage` for impossible options, and what {@link readSplit} throws
 */
export function splitDataset(dataset: Dataset, options: SplitOptions = {}): Split {
  return divideDataset(dataset, options).split;
}

/** {@link splitDataset}, with what it kept together. @throws UserError as there */
export function divideDataset(dataset: Dataset, options: SplitOptions = {}): Division {
  const { blocks, groups, by } = grouping(dataset, options);
  const split =
    options.file === undefined ? dealOut(dataset, options, groups, blocks) : readSplit(options.file, dataset, options);
  const labelled = split.map((part, i) => (isLabelled(dataset.samples[i]) ? part : undefined));
  if (by === undefined) return { dataset, split: labelled };
  if (options.file !== undefined) warnOfTornGroups(labelled, groups, options);
  return { dataset: withGroups(dataset, groups), split: labelled, by };
}

/** The dataset with the groups that `groupBy` finds in its samples, as {@link divideDataset} does it. @throws UserError as there */
export function groupDataset(dataset: Dataset, { groupBy, onWarning }: Pick<SplitOptions, "groupBy" | "onWarning">): Dataset {
  return withGroups(dataset, dataset.samples.map(groupingOf(dataset, groupBy, onWarning)));
}

function withGroups(dataset: Dataset, groups: Grouping["groups"]): Dataset {
  const samples = dataset.samples.map((sample, i) => (groups[i] === undefined ? sample : { ...sample, group: groups[i] }));
  return { ...dataset, samples };
}

interface Grouping {
  readonly blocks?: Blocks;
  /** Aligned with the samples. */
  readonly groups: readonly (string | undefined)[];
  /** Undefined where no group holds two samples. */
  readonly by: string | undefined;
}

function grouping(dataset: Dataset, options: SplitOptions): Grouping {
  const { groupBy, onWarning } = options;
  refuseStrayBlockOptions(options);
  const groupOf = groupingOf(dataset, groupBy, onWarning);
  const blocks = options.method === "blocks" ? cutBlocks(dataset, groupOf, options) : undefined;
  const groups = blocks?.names ?? dataset.samples.map(groupOf);
  const known = groups.filter((group) => group !== undefined);
  if (new Set(known).size === known.length) return { groups, by: undefined, ...(blocks && { blocks }) };
  if (blocks !== undefined) return { groups, by: `blocks of ${blocks.size}, buffer ${blocks.buffer}`, blocks };
  return { groups, by: `groups of ${groupBy ?? dataset.groupedBy ?? "the dataset"}` };
}

/** Options of blocks that go with another way to split would be without effect. */
function refuseStrayBlockOptions(options: SplitOptions): void {
  if (options.method === "blocks") return;
  const stray = (["blockSize", "buffer", "coordinates"] as const).find((name) => options[name] !== undefined);
  if (stray === undefined) return;
  throw new UserError("usage", `${stray} is ${JSON.stringify(options[stray])}, and the split is not by blocks`, {
    hint: "Say --split blocks as well.",
  });
}

function warnOfTornGroups(split: Split, groups: Grouping["groups"], { file, onWarning }: SplitOptions): void {
  const partOf = new Map<string, Part>();
  const torn = new Set<string>();
  split.forEach((part, i) => {
    const group = groups[i];
    if (part === undefined || group === undefined) return;
    if ((partOf.get(group) ?? part) !== part) torn.add(group);
    partOf.set(group, part);
  });
  if (torn.size > 0)
    onWarning?.(
      `${file}: ${torn.size} of ${partOf.size} groups stand in more than one part (${[...torn].slice(0, 3).join(", ")}, …).`,
    );
}

function dealOut(dataset: Dataset, options: SplitOptions, groups: Grouping["groups"], blocks: Blocks | undefined): Split {
  const { method = METHOD_OF_TASK[dataset.task], fractions = DEFAULT_FRACTIONS, seed = DEFAULT_SEED, onWarning } = options;
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
  const units = unitsOf(
    dataset,
    (_, i) => groups[i],
    ({ part }, i) => (!given || part === "train") && (blocks === undefined || groups[i] !== undefined),
  );
  const wanted = PARTS.filter((part) => shares[part] > 0);
  if (blocks !== undefined && units.length < wanted.length) {
    throw new UserError("usage", `blocks of ${blocks.size} make ${units.length} of them, for ${wanted.length} parts`, {
      hint: "Take smaller blocks with --block-size.",
    });
  }
  const partOfUnit = METHODS[method](units, shares, random);
  const split: (Part | undefined)[] = dataset.samples.map(({ part }) => (given && part !== "train" ? part : undefined));
  units.forEach(({ members }, u) => {
    for (const i of members) split[i] = partOfUnit[u];
  });
  if (given) {
    const taken = open.filter((part) => part !== "train");
    onWarning?.(`${dataset.root}: the source has no ${taken.join(" and no ")} part; it is taken from train.`);
  }
  return blocks?.keepApart(split) ?? split;
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
