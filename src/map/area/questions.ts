import { UNKNOWN, YES } from "../../data/dataset.js";
import type { EstimatedArea } from "../../report/area-estimates.js";
import type { Task } from "../../task.js";
import { type ChangeRule, answers as ruleAnswers } from "../change/rules.js";
import { NO_LABEL } from "../products.js";

/** A sample with its answer. */
export interface CheckedSample {
  readonly stratum: number;
  /** The class that the map draws, by date; undefined where nobody says. */
  readonly mapped: readonly string[] | undefined;
  /** The labels of the map, by date; undefined where it has one class for each cell, or nobody says. */
  readonly mappedLabels: readonly (readonly string[])[] | undefined;
  /** Rules that say yes. */
  readonly rules: readonly string[];
  /** By date, labels found `[K]`: 1, 0 and -1. */
  readonly found: readonly Int8Array[];
}

/** What the map says of the cells of a stratum; undefined where nobody says. */
export interface StratumContents {
  readonly mapped: readonly (readonly string[])[] | undefined;
  readonly rules: readonly (readonly string[])[] | undefined;
}

/** Something that is asked of every sample, with one of several values as the answer of the map and of the person. */
export interface Question {
  readonly of: EstimatedArea["of"];
  readonly date: number | null;
  /** Values, by which answers are numbered. */
  readonly values: readonly string[];
  /** Of the values, those that have an area to tell of. */
  readonly told: readonly { readonly value: number; readonly name: string }[];
  /** -1 where it is not known. */
  readonly mapped: (sample: CheckedSample) => number;
  /** Undefined where there is no answer. */
  readonly found: (sample: CheckedSample) => number | undefined;
  /** Values of the map in a stratum; undefined where nobody says. */
  readonly mappedIn: (stratum: StratumContents) => readonly number[] | undefined;
  /** Whether it asks whether the whole map is right. */
  readonly isWhole: boolean;
}

export interface Asked {
  readonly classes: readonly string[];
  readonly dates: readonly string[];
  readonly rules: readonly ChangeRule[];
  readonly samples: readonly CheckedSample[];
  readonly strata: readonly StratumContents[];
}

/** All questions that samples answer: of each date, of each rule, and of each transition. */
export function questionsOf(task: Task, asked: Asked): readonly Question[] {
  const rules = asked.rules.map((rule) => ruleQuestion(rule, asked.classes.length));
  return [...QUESTIONS[task](asked), ...rules];
}

const QUESTIONS: Readonly<Record<Task, (asked: Asked) => readonly Question[]>> = {
  multiclass: (asked) => [
    ...asked.dates.map((_, date) => classQuestion(date, asked)),
    ...(asked.dates.length > 1 ? [transitionQuestion(asked)] : []),
  ],
  multilabel: ({ classes, dates }) => dates.flatMap((_, date) => classes.map((name, k) => labelQuestion(name, k, date))),
};

/** The class found, of labels of which one is a yes; undefined without an answer. */
function classOf(labels: Int8Array): number | undefined {
  const k = labels.indexOf(YES);
  return k < 0 ? undefined : k;
}

function classQuestion(date: number, { classes, dates }: Asked): Question {
  const indexOf = (name: string | undefined) => (name === undefined ? -1 : classes.indexOf(name));
  return {
    ...{ of: "class", date, values: classes, isWhole: dates.length === 1 },
    told: classes.map((name, value) => ({ name, value })),
    mapped: ({ mapped }) => indexOf(mapped?.[date]),
    found: ({ found }) => classOf(found[date]),
    mappedIn: ({ mapped }) => mapped?.map((names) => indexOf(names[date])),
  };
}

/** Of pairs of classes that the map or somebody saw. */
function transitionQuestion({ classes, samples, strata }: Asked): Question {
  const foundPair = ({ found }: CheckedSample) => {
    const [before, after] = [classOf(found[0]), classOf(found[1])];
    return before === undefined || after === undefined ? undefined : transitionName([classes[before], classes[after]]);
  };
  const seen = [
    ...strata.flatMap(({ mapped }) => mapped ?? []).map(transitionName),
    ...samples.flatMap(({ mapped }) => (mapped === undefined ? [] : [transitionName(mapped)])),
    ...samples.map(foundPair).filter((name) => name !== undefined),
  ];
  const rank = new Map(
    classes.flatMap((before, i) => classes.map((after, j) => [transitionName([before, after]), i * classes.length + j])),
  );
  const values = [...new Set(seen)].sort((a, b) => (rank.get(a) ?? -1) - (rank.get(b) ?? -1));
  const indexOf = new Map(values.map((name, value) => [name, value]));
  return {
    ...{ of: "transition", date: null, values, isWhole: true },
    told: values.map((name, value) => ({ name, value })),
    mapped: ({ mapped }) => (mapped === undefined ? -1 : (indexOf.get(transitionName(mapped)) ?? -1)),
    found(sample) {
      const name = foundPair(sample);
      return name === undefined ? undefined : indexOf.get(name);
    },
    mappedIn: ({ mapped }) => mapped?.map((names) => indexOf.get(transitionName(names)) ?? -1),
  };
}

/** "forest -> urban" */
export function transitionName(dates: readonly string[]): string {
  return dates.join(" -> ");
}

const NO_OR_YES = ["no", "yes"] as const;

function labelQuestion(name: string, k: number, date: number): Question {
  return {
    ...{ of: "label", date, values: NO_OR_YES, told: [{ name, value: 1 }], isWhole: false },
    mapped: ({ mappedLabels }) => (mappedLabels === undefined ? -1 : Number(mappedLabels[date]?.includes(name) ?? false)),
    found: ({ found }) => (found[date][k] === UNKNOWN ? undefined : found[date][k]),
    mappedIn: ({ mapped }) => (mapped?.every((names) => names[date] === NO_LABEL) ? [0] : undefined),
  };
}

function ruleQuestion(rule: ChangeRule, classes: number): Question {
  const saysYes = (names: readonly string[]) => Number(names.includes(rule.name));
  return {
    ...{ of: "rule", date: null, values: NO_OR_YES, told: [{ name: rule.name, value: 1 }], isWhole: false },
    mapped: ({ rules }) => saysYes(rules),
    found({ found: [before, after] }) {
      const isOpen = [before, after].some((labels) => labels.some((label, k) => label === UNKNOWN && asksOf(rule, k)));
      // No unknown label matters: -1 is not 1 for the rule.
      return isOpen ? undefined : Number(ruleAnswers(rule, asBytes(before), asBytes(after), 0, classes));
    },
    mappedIn: ({ rules }) => rules?.map(saysYes),
  };
}

/** Whether a label can decide what a rule says. */
function asksOf({ from, to }: ChangeRule, k: number): boolean {
  if (from === undefined) return to?.has(k) ?? true;
  return to === undefined || from.has(k) || to.has(k);
}

function asBytes(labels: Int8Array): Uint8Array {
  return Uint8Array.from(labels, (label) => Number(label === YES));
}
