import { UserError } from "../../errors.js";
import { type Dataset, isLabelled, type Sample, YES } from "../dataset.js";
import { compareCodePoints } from "../text.js";

/** What a split moves as a whole: one sample, or all samples of a group. */
export interface Unit {
  /** The group, or the file. */
  readonly name: string;
  /** Positions of its samples in the dataset. */
  readonly members: readonly number[];
  /** Labels that at least one member has, as class indices in order. */
  readonly labels: readonly number[];
  /** How many members have each of `labels`. */
  readonly counts: readonly number[];
}

/**
 * The labelled samples of a dataset as units, ordered by name, so that the order of the dataset does not matter.
 *
 * @param groupOf the group of a sample; samples without one stand alone
 */
export function unitsOf(
  { samples }: Dataset,
  groupOf: (sample: Sample, index: number) => string | undefined,
  only: (sample: Sample, index: number) => boolean,
): readonly Unit[] {
  const groups = new Map<string, number[]>();
  const alone: { name: string; members: number[] }[] = [];
  samples.forEach((sample, i) => {
    if (!isLabelled(sample) || !only(sample, i)) return;
    const group = groupOf(sample, i);
    if (group === undefined) alone.push({ name: sample.file, members: [i] });
    else if (groups.has(group)) groups.get(group)!.push(i);
    else groups.set(group, [i]);
  });
  const together = Array.from(groups, ([name, members]) => ({ name, members }));
  return [...together, ...alone]
    .sort((a, b) => compareCodePoints(a.name, b.name))
    .map(({ name, members }) => {
      const counts = new Map<number, number>();
      for (const i of members) {
        samples[i].labels.forEach((label, k) => {
          if (label === YES) counts.set(k, (counts.get(k) ?? 0) + 1);
        });
      }
      const labels = [...counts.keys()].sort((a, b) => a - b);
      return { name, members, labels, counts: labels.map((k) => counts.get(k)!) };
    });
}

/**
 * How samples are grouped: by the column that the dataset was opened with, or by what the first parentheses of a pattern capture
 * in the file name.
 *
 * @throws UserError `usage` for a pattern that is no regular expression, captures nothing, or fits no file
 */
export function groupingOf(
  dataset: Dataset,
  groupBy: string | RegExp | undefined,
  onWarning?: (message: string) => void,
): (sample: Sample) => string | undefined {
  if (groupBy === undefined || groupBy === dataset.groupedBy) return ({ group }) => group;
  const pattern = patternOf(groupBy);
  const groupOf = ({ file }: Sample) => pattern.exec(file)?.[1];
  const alone = dataset.samples.filter((sample) => groupOf(sample) === undefined);
  if (alone.length > 0 && alone.length < dataset.samples.length) {
    onWarning?.(`${alone.length} file names do not fit the pattern ${pattern} and stand alone (${alone[0].file}, …).`);
  }
  if (alone.length < dataset.samples.length) return groupOf;
  throw new UserError("usage", `"${groupBy}" is no column of the labels, and as a pattern it captures a part of no file name`, {
    hint: "Name a column, or a regular expression with parentheses around the place: '^(scene\\d+)_'.",
  });
}

/** A regular expression of the user's. @throws UserError `usage` where it is none */
export function patternOf(groupBy: string | RegExp): RegExp {
  try {
    // Without the flags that make a RegExp remember where it stopped.
    return typeof groupBy === "string"
      ? new RegExp(groupBy, "u")
      : new RegExp(groupBy.source, groupBy.flags.replace(/[gy]/g, ""));
  } catch (cause) {
    throw new UserError("usage", `"${groupBy}" is no regular expression`, { hint: "Escape special characters with \\.", cause });
  }
}
