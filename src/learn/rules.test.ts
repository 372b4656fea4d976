import { describe, expect, test } from "vitest";
import { UserError } from "../errors.js";
import { createRandom } from "../random.js";
import { decide } from "./decide.js";
import { enforceRules, MAX_RULE_LENGTH, MAX_RULES, parseRules, type Rule, violations } from "./rules.js";

const CLASSES = [
  "agriculture",
  "clear",
  "cloudy",
  "cultivation",
  "haze",
  "primary",
  "urban",
  "bare ground",
  "a, b",
  "x implies y",
];
const at = (name: string) => CLASSES.indexOf(name);
const rule = (line: string) => parseRules([line], CLASSES)[0];

describe("rules as people write them", () => {
  test.each([
    ["urban excludes primary", "exclusive", ["primary", "urban"]],
    ["agriculture implies cultivation", "implies", ["agriculture", "cultivation"]],
    ["cultivation IMPLIES agriculture", "implies", ["cultivation", "agriculture"]],
    ["exclusive: clear, cloudy, haze", "exclusive", ["clear", "cloudy", "haze"]],
    ["Exclusive :haze,clear", "exclusive", ["clear", "haze"]],
    ['  bare ground   excludes "primary" ', "exclusive", ["primary", "bare ground"]],
    ['"bare ground"excludes"urban"', "exclusive", ["urban", "bare ground"]],
    ["a, b implies urban", "implies", ["a, b", "urban"]],
    ['exclusive: "a, b", "x implies y", urban', "exclusive", ["urban", "a, b", "x implies y"]],
    ['"x implies y" implies clear', "implies", ["x implies y", "clear"]],
  ])("%s", (line, kind, names) => {
    expect(rule(line)).toEqual({ kind, classes: names.map(at), text: line.trim() });
  });

  test.each([
    [[""], /an empty rule/],
    [["   "], /an empty rule/],
    [["urban"], /"urban" is not understood/],
    [["urban forbids primary"], /not understood/],
    [["urban excludes primary excludes haze"], /not understood/],
    [["urban excludes"], /a name is missing/],
    [["implies urban"], /a name is missing/],
    [["exclusive:"], /a name is missing/],
    [["exclusive: urban"], /two classes or more/],
    [["exclusive: urban,, haze"], /a name is missing/],
    [["urban excludes urban"], /names "urban" twice/],
    [["urban implies urban"], /names "urban" twice/],
    [["exclusive: haze, clear, haze"], /names "haze" twice/],
    [["urban excludes primry"], /unknown class "primry"/],
    [["urban excludes primary", "primary excludes urban"], /say the same/],
    [["exclusive: urban, primary", "primary excludes urban"], /say the same/],
    [["urban implies haze", "urban excludes haze"], /no room for "urban"/],
    [["urban implies haze", "haze implies clear", "exclusive: clear, cloudy, urban"], /no room for "urban"/],
    [["urban implies haze", "urban implies clear", "exclusive: clear, cloudy, haze"], /no room for "urban"/],
  ])("%j is refused", (lines, message) => {
    expect(() => parseRules(lines, CLASSES)).toThrow(message);
    expect(() => parseRules(lines, CLASSES)).toThrow(UserError);
  });

  test("too many rules, too long ones and ones of nothing but quotes are refused", () => {
    expect(() => parseRules(["a".repeat(MAX_RULE_LENGTH + 1)], CLASSES)).toThrow(/more than the limit/);
    expect(() => parseRules(new Array(MAX_RULES + 1).fill("urban excludes haze"), CLASSES)).toThrow(/more than the limit/);
    expect(() => parseRules([`urban excludes ${'"'.repeat(5000)}`], CLASSES)).toThrow(/unknown class/);
  });

  test("an unknown class comes with the nearest known one, and with the place", () => {
    expect(() => parseRules(["urban excludes primry"], CLASSES, { where: "rules.txt" })).toThrow(
      expect.objectContaining({
        code: "usage",
        message: expect.stringMatching(/^rules\.txt: /),
        hint: 'Did you mean "primary"?',
      }),
    );
  });

  test("classes that imply each other in a circle are the same, and no contradiction", () => {
    expect(parseRules(["urban implies haze", "haze implies urban"], CLASSES)).toHaveLength(2);
  });

  test("a thousand implications in a chain are read at once", () => {
    const classes = Array.from({ length: 1001 }, (_, k) => `c${k}`);
    const lines = Array.from({ length: 1000 }, (_, k) => `c${k} implies c${k + 1}`);
    expect(parseRules(lines, classes)).toHaveLength(1000);
  });
});

describe("violations", () => {
  const rules = parseRules(["exclusive: a, b, c", "a implies d"], ["a", "b", "c", "d"]);
  test.each([
    [[0, 0, 0, 0], []],
    [[1, 0, 0, 1], []],
    [[0, 1, 1, 0], [[1, 2]]],
    [
      [1, 1, 1, 0],
      [
        [0, 1, 2],
        [0, 3],
      ],
    ],
    [[1, -1, -1, -1], []],
    [[-1, 1, 0, 0], []],
    [[1, 1, -1, -1], [[0, 1]]],
  ])("%j breaks %j", (labels, broken) => {
    expect(violations(rules, labels).map(({ classes }) => [...classes])).toEqual(broken);
  });
});

/** The least cost over all 2^K sets. */
function leastCost(rules: readonly Rule[], decisions: Uint8Array, margins: readonly number[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (let set = 0; set < 1 << decisions.length; set++) {
    const labels = Array.from(decisions, (_, k) => (set >> k) & 1);
    if (violations(rules, labels).length === 0) least = Math.min(least, costOf(labels, decisions, margins));
  }
  return least;
}

function costOf(labels: ArrayLike<number>, decisions: Uint8Array, margins: readonly number[]): number {
  return margins.reduce((sum, margin, k) => sum + (labels[k] === decisions[k] ? 0 : Math.abs(margin)), 0);
}

function randomCase(seed: number, classes: number, wanted: number) {
  const random = createRandom(seed, "rules");
  const names = Array.from({ length: classes }, (_, k) => `c${k}`);
  let lines: string[] = [];
  let rules: readonly Rule[] = [];
  for (let i = 0; i < wanted * 3 && rules.length < wanted; i++) {
    const some = random.shuffle([...names]);
    const line =
      random.next() < 0.5 ? `${some[0]} implies ${some[1]}` : `exclusive: ${some.slice(0, 2 + random.int(3)).join(", ")}`;
    try {
      rules = parseRules([...lines, line], names);
      lines = [...lines, line];
    } catch {
      // A contradiction is drawn again.
    }
  }
  const margins = names.map(() => random.normal() + 0.5);
  return { rules, margins, decisions: Uint8Array.from(margins, (margin) => (margin >= 0 ? 1 : 0)) };
}

describe("enforcing", () => {
  test("costs as little as the best of all sets, in 400 random cases of up to 10 labels", () => {
    let changed = 0;
    for (let seed = 0; seed < 400; seed++) {
      const { rules, margins, decisions } = randomCase(seed, 3 + (seed % 8), 1 + (seed % 7));
      const enforced = enforceRules(rules, decisions, margins);
      expect(violations(rules, enforced)).toEqual([]);
      expect(costOf(enforced, decisions, margins)).toBeCloseTo(leastCost(rules, decisions, margins), 10);
      if (enforced.some((label, k) => label !== decisions[k])) changed++;
    }
    expect(changed).toBeGreaterThan(200);
  });

  test("with more labels than are searched it is consistent all the same, and near the best", () => {
    let greedy = 0;
    let best = 0;
    for (let seed = 0; seed < 12; seed++) {
      const { rules, margins, decisions } = randomCase(seed, 14, 13);
      const enforced = enforceRules(rules, decisions, margins);
      expect(violations(rules, enforced)).toEqual([]);
      greedy += costOf(enforced, decisions, margins);
      best += leastCost(rules, decisions, margins);
    }
    expect(best).toBeGreaterThan(0);
    expect(greedy).toBeLessThan(1.25 * best);
  });

  test("thousands of labels in one group end at once with the surest", () => {
    const names = Array.from({ length: 1000 }, (_, k) => `c${k}`);
    const rules = parseRules([`exclusive: ${names.join(",")}`], names);
    const enforced = enforceRules(
      rules,
      new Uint8Array(1000).fill(1),
      names.map((_, k) => (k === 700 ? 5 : 1)),
    );
    expect([...enforced.keys()].filter((k) => enforced[k] === 1)).toEqual([700]);
  });

  test("labels that no broken rule reaches keep their decision, and the decisions given are left alone", () => {
    const rules = parseRules(["a excludes b", "c implies d"], ["a", "b", "c", "d", "e"]);
    const decisions = Uint8Array.of(1, 1, 1, 1, 1);
    expect([...enforceRules(rules, decisions, [1, 2, 0.1, 0.1, 0.1])]).toEqual([0, 1, 1, 1, 1]);
    expect([...decisions]).toEqual([1, 1, 1, 1, 1]);
  });

  test("an implied label is added where that is cheaper than dropping the one that implies it", () => {
    const rules = parseRules(["a implies b"], ["a", "b"]);
    expect([...enforceRules(rules, Uint8Array.of(1, 0), [3, -1])]).toEqual([1, 1]);
    expect([...enforceRules(rules, Uint8Array.of(1, 0), [1, -3])]).toEqual([0, 0]);
  });

  test("infinite margins count as very sure; NaN is refused", () => {
    const rules = parseRules(["exclusive: a, b, c"], ["a", "b", "c"]);
    const all = Uint8Array.of(1, 1, 1);
    expect([...enforceRules(rules, all, [1, Number.POSITIVE_INFINITY, 2])]).toEqual([0, 1, 0]);
    expect(() => enforceRules(rules, all, [1, Number.NaN, 2])).toThrow(RangeError);
  });
});

describe("decide", () => {
  const rules = parseRules(["a excludes b"], ["a", "b", "c"]);
  const probabilities = [0.9, 0.8, 0.7, 0.9, 0.1, 0.7, 1, 0.99, 0];

  test("rules go to the label that is further above its own threshold", () => {
    expect([...decide("multilabel", probabilities, 3, undefined, rules)]).toEqual([1, 0, 1, 1, 0, 1, 1, 0, 0]);
    expect([...decide("multilabel", probabilities, 3, [0.9, 0.2, 0.5], rules)]).toEqual([0, 1, 1, 1, 0, 1, 1, 0, 0]);
  });

  test("without rules it is the table of decisions", () => {
    expect([...decide("multilabel", probabilities, 3)]).toEqual([1, 1, 1, 1, 0, 1, 1, 1, 0]);
    expect([...decide("multiclass", probabilities, 3)]).toEqual([1, 0, 0, 1, 0, 0, 1, 0, 0]);
  });
});
