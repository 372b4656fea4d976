import { nearest, UserError } from "../../errors.js";

/** A named question to two dates: did land of one kind become land of another? */
export interface ChangeRule {
  /** Names its files. */
  readonly name: string;
  /** Classes before and after; undefined for any. */
  readonly from: ReadonlySet<number> | undefined;
  readonly to: ReadonlySet<number> | undefined;
  /** As it was given. */
  readonly text: string;
}

/** What is asked unless something else is. */
export const DEFAULT_RULES = [
  "deforestation: forest -> field|grass|urban|bare",
  "urbanisation: * -> urban|residential|industry",
] as const;

const MOST_RULES = 32;
const FORM = 'Write "deforestation: forest -> field|grass|urban|bare"; * is any class.';
/** Names of files of a change that are no rule's. */
const TAKEN: ReadonlySet<string> = new Set(["change", "when", "confidence", "alerts", "labels"]);

/**
 * Reads rules, `name: class|class -> class|class`, one a text; `*` is any class. Classes that the classifier does not have are left
 * out with a warning: a table of rules serves many classifiers.
 *
 * @throws UserError `usage` for what is no rule, a name twice, and a rule of which no class is known
 */
export function changeRules(
  given: readonly string[],
  classes: readonly string[],
  { onWarning }: { readonly onWarning?: ((message: string) => void) | undefined } = {},
): readonly ChangeRule[] {
  if (given.length > MOST_RULES) {
    throw new UserError("usage", `${given.length} rules: ${MOST_RULES} at most`, { hint: "Ask in several runs." });
  }
  const rules = given.map((text) => changeRule(text, classes, onWarning));
  const names = rules.map(({ name }) => name.toLowerCase());
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice === undefined) return rules;
  throw new UserError("usage", `two rules are called ${twice}`, { hint: "Their files would have one name: rename one." });
}

/** Those of {@link DEFAULT_RULES} of which the classifier knows a class on each side; others are no question to it. */
export function defaultRules(classes: readonly string[]): readonly ChangeRule[] {
  const known = (side: string) => side.trim() === "*" || side.split("|").some((name) => classes.includes(name.trim()));
  const asked = DEFAULT_RULES.filter((text) =>
    text
      .slice(text.indexOf(":") + 1)
      .split("->")
      .every(known),
  );
  return changeRules(asked, classes);
}

function changeRule(text: string, classes: readonly string[], onWarning: ((message: string) => void) | undefined): ChangeRule {
  const shown = JSON.stringify(text.slice(0, 200));
  const [, name, left, right] = /^\s*([^:]*?)\s*:(.*?)->(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new UserError("usage", `rule ${shown}: is none`, { hint: FORM });
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/i.test(name) || TAKEN.has(name.toLowerCase())) {
    throw new UserError("usage", `rule ${shown}: ${JSON.stringify(name)} cannot name a file of its own`, {
      hint: `Use letters, digits, - and _, and none of ${[...TAKEN].join(", ")}.`,
    });
  }
  const side = (part: string): ReadonlySet<number> | undefined => {
    const names = part.split("|").map((one) => one.trim());
    if (names.includes("*")) return undefined;
    const unknown = names.filter((one) => !classes.includes(one));
    if (unknown.length < names.length) {
      if (unknown.length > 0) onWarning?.(`rule ${name}: the classifier knows no ${unknown.join(", ")}`);
      return new Set(names.filter((one) => classes.includes(one)).map((one) => classes.indexOf(one)));
    }
    const meant = nearest(unknown[0], classes);
    throw new UserError("usage", `rule ${shown}: the classifier knows no ${unknown.join(", ")}`, {
      hint: `${meant === undefined ? "" : `Did you mean "${meant}"? `}It knows ${classes.join(", ")}.`,
    });
  };
  const [from, to] = [side(left), side(right)];
  if (from !== undefined || to !== undefined) return { name, from, to, text: text.trim() };
  throw new UserError("usage", `rule ${shown}: anything may become anything`, { hint: FORM });
}

/**
 * Whether labels before and after, `[K]` of 1 and 0 from `at` on, are what a rule asks for: a label of its left side is lost and one
 * of its right side is there; where its left side is anything, one of the right side is gained. With one label per image this says that
 * land of the left side became land of the right side.
 */
export function answers({ from, to }: ChangeRule, before: Uint8Array, after: Uint8Array, at: number, classes: number): boolean {
  let [lost, there, gained] = [false, false, false];
  for (let k = 0; k < classes; k++) {
    const [was, is] = [before[at + k] === 1, after[at + k] === 1];
    if (was && !is && from?.has(k)) lost = true;
    if (is && (to === undefined || to.has(k))) there = true;
    if (is && !was && to?.has(k)) gained = true;
  }
  return from === undefined ? gained : lost && (there || to === undefined);
}
