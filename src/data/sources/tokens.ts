import { UserError } from "../../errors.js";
import type { Task } from "../../task.js";
import { type Dataset, isLabelled, type Sample, UNKNOWN, YES } from "../dataset.js";
import { quoted } from "../text.js";

interface Writing {
  /** Name of the column of labels in a table. */
  readonly column: string;
  /** Name of the field of labels in an object. */
  readonly field: string;
  /** What stands in JSON for the tokens of a sample. */
  readonly json: (tokens: readonly string[]) => string | null | readonly string[];
}

/** How each task's labels are written, so that a reader sees which task it is. */
export const WRITINGS: Readonly<Record<Task, Writing>> = {
  multiclass: { column: "label", field: "label", json: ([token = null]) => token },
  multilabel: { column: "tags", field: "labels", json: (tokens) => tokens },
};

/**
 * How a sample's labels are written as tokens, in the notation that every text source reads: the labels that it has, `?` when
 * nothing more is known, `?label` for one that is not. A multiclass sample without a known label has no token.
 *
 * @throws UserError `bad-data` for class names that the notation cannot hold
 */
export function tokensOf({ task, classes }: Dataset): (sample: Sample) => readonly string[] {
  const bad = classes.find((name) => name.startsWith("?"));
  if (bad !== undefined) {
    throw new UserError("bad-data", `the class ${quoted(bad)} starts with the mark of unknown labels`, {
      hint: "Convert to one-hot, or rename the class.",
    });
  }
  const namesWith = (sample: Sample, value: number) => classes.filter((_, k) => sample.labels[k] === value);
  if (task === "multiclass") return (sample) => namesWith(sample, YES);
  return (sample) => {
    if (!isLabelled(sample)) return ["?"];
    return [...namesWith(sample, YES), ...namesWith(sample, UNKNOWN).map((name) => `?${name}`)];
  };
}
