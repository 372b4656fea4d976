import { nearest, UserError } from "../errors.js";
import { GOALS } from "../learn/thresholds.js";
import { PIXEL_VALUES } from "../raster/values.js";
import { HEAD_LOSSES, HEADS, TASKS } from "../task.js";

type Check = readonly [valid: (value: unknown) => boolean, expected: string];

const oneOf = (...values: readonly unknown[]): Check => [(value) => values.includes(value), values.map(String).join(" or ")];
const integer = (least: number): Check => [
  (value) => Number.isSafeInteger(value) && Number(value) >= least,
  `a whole number of ${least} or more`,
];
const text: Check = [(value) => typeof value === "string" && value !== "", "a text that is not empty"];
const anything: Check = [() => true, "anything"];
const work = { signal: anything, onProgress: anything, onWarning: anything };

/** What the options of the library's functions may be: programs are not checked by a command line. */
const CHECKS: Readonly<Record<string, Check>> = {
  ...work,
  data: text,
  labels: text,
  task: oneOf(...TASKS),
  classes: [(value) => Array.isArray(value) && value.every((name) => typeof name === "string"), "a list of names"],
  split: text,
  groupBy: text,
  blockSize: [(value) => Number.isFinite(value) && Number(value) > 0, "a number above 0"],
  buffer: [(value) => Number.isFinite(value) && Number(value) >= 0, "a number of 0 or more"],
  coordinates: text,
  rules: [(value) => Array.isArray(value) && value.every((rule) => typeof rule === "string"), "a list of rules"],
  unreadable: oneOf("skip", "fail"),
  backbone: text,
  embeddings: text,
  bands: [
    (value) => Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string"),
    "a list of bands",
  ],
  derived: [
    (value) =>
      typeof value === "object" && value !== null && Object.values(value).every((formula) => typeof formula === "string"),
    "formulas by name",
  ],
  values: oneOf(...PIXEL_VALUES),
  preprocessing: anything,
  views: oneOf(1, 8),
  cache: text,
  threads: integer(1),
  runtime: oneOf("auto", "native", "wasm"),
  head: oneOf(...HEADS),
  out: text,
  force: oneOf(true, false),
  seed: integer(0),
  l2: [(value) => typeof value === "number" && value >= 0 && value < Number.POSITIVE_INFINITY, "a number of 0 or more"],
  classWeights: oneOf("none", "balanced"),
  goal: oneOf(...GOALS),
  minPrecision: [(value) => typeof value === "number" && value > 0 && value <= 1, "a number above 0, at most 1"],
  loss: oneOf(...HEAD_LOSSES),
  from: [(value) => Number(value) > 0 && Number.isFinite(value), "a number above 0"],
  to: [(value) => Number(value) > 0 && Number.isFinite(value), "a number above 0"],
  steps: integer(1),
  finetune: oneOf(true, false),
  network: text,
  recipe: [(value) => typeof value === "object" && value !== null, "an object of recipe options"],
  checkpointSeconds: [(value) => Number.isFinite(value) && Number(value) >= 0, "a number of seconds, 0 or more"],
  memoryLimit: [(value) => Number.isFinite(value) && Number(value) > 0, "a number of bytes"],
  onPlan: anything,
  assert: [
    (value) => Array.isArray(value) && value.every((bound) => typeof bound === "string"),
    "a list of bounds like accuracy>=0.9",
  ],
  command: [(value) => typeof value === "string", "a text"],
  classifier: [(value) => typeof value === "string" || value instanceof Uint8Array, "a path or bytes"],
  part: oneOf("train", "validation", "test"),
  images: [(value) => Array.isArray(value), "a list of images"],
};

/**
 * Checks options before any work begins.
 *
 * @throws UserError `usage` naming the option, its value and what it may be; unknown options with the nearest known one
 */
export function checkOptions(options: object, required: readonly string[]): void {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name)) {
      const guess = nearest(name, Object.keys(CHECKS));
      throw new UserError("usage", `unknown option "${name}"`, guess === undefined ? {} : { hint: `Did you mean ${guess}?` });
    }
    const [valid, expected] = CHECKS[name];
    if (value !== undefined && !valid(value))
      throw new UserError("usage", `${name}: ${JSON.stringify(value)} is not ${expected}`);
  }
  const given = new Map(Object.entries(options));
  const missing = required.find((name) => given.get(name) === undefined);
  if (missing !== undefined)
    throw new UserError("usage", `the option "${missing}" is missing`, { hint: `${missing} is ${CHECKS[missing][1]}.` });
}
