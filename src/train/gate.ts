import { nearest, UserError } from "../errors.js";
import type { Metrics } from "../learn/metrics/report.js";
import { METRIC_ROWS } from "../learn/metrics/rows.js";

/** A bound that a metric of the test part must keep, as a person writes it: `accuracy>=0.9`. */
export interface Assertion {
  readonly metric: string;
  readonly relation: Relation;
  readonly bound: number;
}

const RELATIONS = {
  ">=": (value, bound) => value >= bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  "<": (value, bound) => value < bound,
} as const satisfies Record<string, (value: number, bound: number) => boolean>;

type Relation = keyof typeof RELATIONS;

/** Reads `metric>=number` (or <=, >, <). @throws UserError `usage` for another form, or a metric that sigmax does not report */
export function parseAssertion(text: string): Assertion {
  const match = /^\s*(\w+)\s*(>=|<=|>|<)\s*(\S+)\s*$/.exec(text);
  const bound = Number(match?.[3]);
  if (match === null || !Number.isFinite(bound)) {
    throw new UserError("usage", `"${text}" is no assertion`, {
      hint: "Write a metric, one of >= <= > <, and a number: accuracy>=0.9",
    });
  }
  const metric = match[1];
  if (!Object.hasOwn(METRIC_ROWS, metric)) {
    const guess = nearest(metric, Object.keys(METRIC_ROWS));
    throw new UserError(
      "usage",
      `"${text}": there is no metric "${metric}"${guess === undefined ? "" : `; did you mean "${guess}"?`}`,
      {
        hint: `Metrics are ${Object.keys(METRIC_ROWS).join(", ")}.`,
      },
    );
  }
  return { metric, relation: match[2] as Relation, bound }; // the pattern names the relations
}

/** Refuses bounds that no image can keep. @throws UserError `not-met` */
export function checkAssertable(assertions: readonly Assertion[], testImages: number): void {
  if (assertions.length === 0 || testImages > 0) return;
  throw new UserError("not-met", "nothing can be asserted: there is no test image", {
    hint: "Give the test part some images: --split.",
  });
}

/**
 * Refuses results that break a bound: nothing of the run is kept then.
 *
 * @param kept where a training is kept that need not be repeated for another bound
 * @throws UserError `not-met` naming every broken bound and the value; `usage` for a metric that this task does not have
 */
export function checkAssertions(
  assertions: readonly Assertion[],
  metrics: Metrics,
  images: number,
  kept?: string | undefined,
): void {
  checkAssertable(assertions, images);
  const broken = assertions.flatMap(({ metric, relation, bound }) => {
    const value = metrics[metric];
    if (value === undefined) {
      throw new UserError("usage", `"${metric}${relation}${bound}": this test has no metric "${metric}"`, {
        hint: `It has ${Object.keys(metrics).join(", ")}.${kept === undefined ? "" : ` ${KEPT} ${kept}.`}`,
      });
    }
    return RELATIONS[relation](value, bound) ? [] : [`${metric} is ${value.toFixed(4)}, not ${relation} ${bound}`];
  });
  if (broken.length === 0) return;
  throw new UserError("not-met", `${broken.join("; ")} (on ${images} test images)`, {
    hint:
      kept === undefined
        ? "Nothing was written. Look at more or better labelled images, another --backbone or --views 8, or lower the bound."
        : `No run was written. ${KEPT} ${kept}; remove that folder if it is not wanted.`,
  });
}

const KEPT = "The same command with another bound does not train again: the training is kept in";
