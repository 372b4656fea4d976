import { nearest, UserError } from "../errors.js";

/** What must hold between labels of one image. */
export interface Rule {
  /** `exclusive`: at most one of the classes. `implies`: the first never without the second. */
  readonly kind: RuleKind;
  /** Indices into the classes; for `exclusive` in class order. */
  readonly classes: readonly number[];
  /** As the user wrote it. */
  readonly text: string;
}

/** A rule that labels break, and the classes that break it. */
export interface Violation {
  readonly rule: Rule;
  readonly classes: readonly number[];
}

type RuleKind = "exclusive" | "implies";

/** More rules than this are refused. */
export const MAX_RULES = 1000;
/** Longer rules, in characters, are refused. */
export const MAX_RULE_LENGTH = 10_000;

/** The classes of a rule that break it; empty where they do not. Labels are 1, 0 or −1; an unknown one breaks nothing. */
const BREAKING: Readonly<Record<RuleKind, (classes: readonly number[], labels: ArrayLike<number>) => readonly number[]>> = {
  exclusive(classes, labels) {
    const said = classes.filter((k) => labels[k] === 1);
    return said.length > 1 ? said : [];
  },
  implies: (classes, labels) => (labels[classes[0]] === 1 && labels[classes[1]] === 0 ? classes : []),
};

const FORMS = '"urban excludes primary", "agriculture implies cultivation" or "exclusive: clear, cloudy, haze"';

/**
 * Reads rules, one a line: `a excludes b`, `a implies b`, `exclusive: a, b, c`. Names that hold a comma or one of these words stand
 * in double quotes.
 *
 * @param where what the rules are from, for messages
 * @throws UserError `usage` for rules that are empty, unreadable, of unknown classes, given twice, or that leave a class no room;
 * `limit` over {@link MAX_RULES} or {@link MAX_RULE_LENGTH}
 */
export function parseRules(
  lines: readonly string[],
  classes: readonly string[],
  { where }: { readonly where?: string | undefined } = {},
): readonly Rule[] {
  const place = where === undefined ? "" : `${where}: `;
  if (lines.length > MAX_RULES) {
    throw new UserError("limit", `${place}${lines.length} rules, more than the limit of ${MAX_RULES}`, {
      hint: 'One "exclusive: a, b, c" does the work of many "excludes".',
    });
  }
  const indexOf = new Map(classes.map((name, k) => [name, k]));
  const known = new Map<string, Rule>();
  for (const line of lines) {
    const rule = parseRule(line, indexOf, place);
    const key = `${rule.kind} ${rule.classes}`;
    const same = known.get(key);
    if (same !== undefined) {
      throw new UserError("usage", `${place}the rules ${shown(same.text)} and ${shown(rule.text)} say the same`, {
        hint: "Give every rule once.",
      });
    }
    known.set(key, rule);
  }
  const rules = [...known.values()];
  refuseContradictions(rules, classes, place);
  return rules;
}

function parseRule(line: string, indexOf: ReadonlyMap<string, number>, place: string): Rule {
  if (line.length > MAX_RULE_LENGTH) {
    throw new UserError("limit", `${place}a rule of ${line.length} characters, more than the limit of ${MAX_RULE_LENGTH}`, {
      hint: "Split it into several rules.",
    });
  }
  const text = line.trim();
  const wrong = (what: string, hint = `Write ${FORMS}.`) => new UserError("usage", `${place}${what}`, { hint });
  if (text === "") throw wrong("an empty rule");
  const { kind, names } = read(text) ?? {};
  if (kind === undefined || names === undefined) throw wrong(`the rule ${shown(text)} is not understood`);
  const found = names.map((name) => {
    const k = indexOf.get(name);
    if (k !== undefined) return k;
    const similar = nearest(name, indexOf.keys());
    const some = [...indexOf.keys()].slice(0, 8).join(", ");
    const meant = similar === undefined ? `The classes are ${some}.` : `Did you mean ${shown(similar)}?`;
    throw wrong(`the rule ${shown(text)}: ${name === "" ? "a name is missing" : `unknown class ${shown(name)}`}`, meant);
  });
  if (found.length < 2) throw wrong(`the rule ${shown(text)} needs two classes or more`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw wrong(`the rule ${shown(text)} names ${shown(twice)} twice`, "Name two different classes.");
  return { kind, classes: kind === "exclusive" ? found.sort((a, b) => a - b) : found, text };
}

/** Kind and names of a rule; undefined where it has no known form. */
function read(text: string): { readonly kind: RuleKind; readonly names: readonly string[] } | undefined {
  // What stands in quotes cannot part anything; the mask keeps every place where it was.
  const mask = text.replace(/"[^"]*"/g, (name) => `"${"_".repeat(name.length - 2)}"`);
  const pieces = (separator: RegExp, from = 0) => {
    const cuts = [...mask.slice(from).matchAll(separator)].map(({ index, 0: { length } }) => ({ index: index + from, length }));
    return [...cuts, { index: text.length, length: 0 }].map(({ index }, i) =>
      nameIn(text.slice(i === 0 ? from : cuts[i - 1].index + cuts[i - 1].length, index)),
    );
  };
  const group = /^exclusive\s*:/i.exec(mask);
  if (group !== null) return { kind: "exclusive", names: pieces(/,/g, group[0].length) };
  const verb = /(?<=^|[\s"])(excludes|implies)(?=$|[\s"])/gi;
  const names = pieces(verb);
  if (names.length !== 2) return undefined;
  return { kind: mask.match(verb)?.[0].toLowerCase() === "implies" ? "implies" : "exclusive", names };
}

function nameIn(piece: string): string {
  const name = piece.trim();
  return (/^"[^"]*"$/.test(name) ? name.slice(1, -1).trim() : name).normalize("NFC");
}

/** @throws UserError for a class that implies two classes, itself one of them perhaps, that exclude each other */
function refuseContradictions(rules: readonly Rule[], classes: readonly string[], place: string): void {
  const implied = implicationsOf(rules);
  for (const k of implied.keys()) {
    const together = withImplied([k], implied);
    const broken = rules.find((rule) => rule.kind === "exclusive" && rule.classes.filter((c) => together.has(c)).length > 1);
    if (broken === undefined) continue;
    const both = broken.classes.filter((c) => together.has(c)).map((c) => shown(classes[c]));
    throw new UserError(
      "usage",
      `${place}the rules leave no room for ${shown(classes[k])}: it comes with ${both.slice(0, 2).join(" and ")}, against ${shown(broken.text)}`,
      { hint: "Drop one of the rules." },
    );
  }
}

/** The rules that the labels `[K]` of one image break; 1, 0 or −1 (unknown, which breaks nothing). */
export function violations(rules: readonly Rule[], labels: ArrayLike<number>): Violation[] {
  return rules.flatMap((rule) => {
    const classes = BREAKING[rule.kind](rule.classes, labels);
    return classes.length > 0 ? [{ rule, classes }] : [];
  });
}

/** Up to this many labels that hang together are searched for the best set; more are decided greedily. */
const SEARCHED = 12;

/**
 * The set of labels that breaks no rule and changes the decisions least: flipping label k costs |margins[k]|. Of sets that cost the
 * same, always the same one. Exact while no more than {@link SEARCHED} labels hang together; beyond, the surest labels come first.
 *
 * Only labels that were said, or that those imply, can be in the best set: leaving any other out of a consistent set keeps it
 * consistent and costs no more.
 *
 * @param decisions `[K]` of 1 and 0; not written into
 * @param margins `[K]`: logit(p) − logit(threshold)
 * @throws RangeError for a margin that is NaN
 */
export function enforceRules(rules: readonly Rule[], decisions: Uint8Array, margins: ArrayLike<number>): Uint8Array {
  const broken = violations(rules, decisions);
  if (broken.length === 0) return decisions.slice();
  const implied = implicationsOf(rules);
  const said = Array.from(decisions.keys()).filter((k) => decisions[k] === 1);
  const possible = withImplied(said, implied);
  const enforced = decisions.slice();
  for (const { labels, rules: binding } of knots(rules, possible, new Set(broken.map(({ rule }) => rule)))) {
    const costs = labels.map((k) => Math.min(Math.abs(margins[k]), Number.MAX_VALUE / labels.length));
    if (costs.some(Number.isNaN)) throw new RangeError("a margin is NaN");
    const kept =
      labels.length <= SEARCHED
        ? search(labels, binding, decisions, costs)
        : pickSurest(labels, binding, decisions, costs, implied);
    for (const k of labels) enforced[k] = kept.has(k) ? 1 : 0;
  }
  return enforced;
}

/** Labels that rules tie together, and those rules. */
interface Knot {
  readonly labels: readonly number[];
  readonly rules: readonly Rule[];
}

/** The connected pieces of rules and possible labels in which some rule is broken. */
function knots(rules: readonly Rule[], possible: ReadonlySet<number>, broken: ReadonlySet<Rule>): Knot[] {
  const rulesOf = new Map<number, Rule[]>();
  for (const rule of rules) {
    for (const k of rule.classes) {
      const known = rulesOf.get(k);
      if (known) known.push(rule);
      else rulesOf.set(k, [rule]);
    }
  }
  const seen = new Set<Rule>();
  return [...broken].flatMap((first) => {
    if (seen.has(first)) return [];
    const labels = new Set<number>();
    const binding = [first];
    seen.add(first);
    for (const rule of binding) {
      for (const k of rule.classes) {
        if (!possible.has(k) || labels.has(k)) continue;
        labels.add(k);
        for (const other of rulesOf.get(k)!) {
          if (seen.has(other)) continue;
          seen.add(other);
          binding.push(other);
        }
      }
    }
    return [{ labels: [...labels].sort((a, b) => a - b), rules: binding }];
  });
}

/** Tries every set of the labels. */
function search(labels: readonly number[], rules: readonly Rule[], decisions: Uint8Array, costs: readonly number[]): Set<number> {
  const bitOf = new Map(labels.map((k, i) => [k, 1 << i]));
  const bits = rules.map(({ kind, classes }) => ({ kind, masks: classes.map((k) => bitOf.get(k) ?? 0) }));
  const groups = bits.flatMap(({ kind, masks }) => (kind === "exclusive" ? [masks.reduce((all, bit) => all | bit, 0)] : []));
  const arrows = bits.flatMap(({ kind, masks: [from, to] }) => (kind === "implies" && from !== 0 ? [{ from, to }] : []));
  // x & (x − 1) clears the lowest bit: 0 where there is at most one.
  const consistent = (set: number) =>
    groups.every((group) => (set & group & ((set & group) - 1)) === 0) &&
    arrows.every(({ from, to }) => (set & from) === 0 || (set & to) !== 0);
  const given = labels.reduce((set, k, i) => (decisions[k] === 1 ? set | (1 << i) : set), 0);
  const costOf = new Float64Array(1 << labels.length);
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  for (let flips = 0; flips < costOf.length; flips++) {
    // The cost of a set of flips is that of its highest one and of the rest.
    const top = 31 - Math.clz32(flips);
    if (flips > 0) costOf[flips] = costOf[flips ^ (1 << top)] + costs[top];
    if (costOf[flips] >= least || !consistent(given ^ flips)) continue;
    best = given ^ flips;
    least = costOf[flips];
  }
  return new Set(labels.filter((_, i) => (best & (1 << i)) !== 0));
}

/** Takes labels from the surest on, each with all it implies, wherever that fits what was taken and gains more than it costs. */
function pickSurest(
  labels: readonly number[],
  rules: readonly Rule[],
  decisions: Uint8Array,
  costs: readonly number[],
  implied: ReadonlyMap<number, readonly number[]>,
): Set<number> {
  const costOf = new Map(labels.map((k, i) => [k, costs[i]]));
  const said = labels.filter((k) => decisions[k] === 1).sort((a, b) => costOf.get(b)! - costOf.get(a)! || a - b);
  const exclusive = rules.filter(({ kind }) => kind === "exclusive");
  const taken = new Set<number>();
  for (const k of said) {
    if (taken.has(k)) continue;
    const added = [...withImplied([k], implied)].filter((c) => !taken.has(c));
    const gain = added.reduce((sum, c) => sum + (decisions[c] === 1 ? 1 : -1) * costOf.get(c)!, 0);
    const both = new Set([...taken, ...added]);
    if (gain < 0 || exclusive.some(({ classes }) => classes.filter((c) => both.has(c)).length > 1)) continue;
    for (const c of added) taken.add(c);
  }
  return taken;
}

/** What each class implies directly. */
function implicationsOf(rules: readonly Rule[]): ReadonlyMap<number, readonly number[]> {
  const implied = new Map<number, number[]>();
  for (const { kind, classes } of rules) {
    if (kind !== "implies") continue;
    const known = implied.get(classes[0]);
    if (known) known.push(classes[1]);
    else implied.set(classes[0], [classes[1]]);
  }
  return implied;
}

/** Classes and everything they imply, directly or not. */
function withImplied(classes: readonly number[], implied: ReadonlyMap<number, readonly number[]>): Set<number> {
  const all = new Set(classes);
  // A set that grows while it is walked is walked to its end.
  for (const k of all) for (const next of implied.get(k) ?? []) all.add(next);
  return all;
}

function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 77)}…` : text);
}
