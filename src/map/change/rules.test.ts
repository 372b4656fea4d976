import { describe, expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { answers, changeRules, defaultRules } from "./rules.js";

const CLASSES = ["water", "forest", "field", "urban"];
const row = (...names: string[]) => Uint8Array.from(CLASSES, (name) => (names.includes(name) ? 1 : 0));

describe("rules of change", () => {
  const [cleared, built, gone] = changeRules(
    ["cleared: forest -> field|urban", "built: * -> urban", "gone: water -> *"],
    CLASSES,
  );

  test.each([
    { rule: cleared, before: ["forest"], after: ["field"], answer: true },
    { rule: cleared, before: ["forest"], after: ["forest"], answer: false },
    { rule: cleared, before: ["forest"], after: ["water"], answer: false },
    { rule: cleared, before: ["field"], after: ["urban"], answer: false },
    { rule: cleared, before: ["forest", "urban"], after: ["urban"], answer: true },
    { rule: cleared, before: ["forest"], after: [], answer: false },
    { rule: cleared, before: ["forest"], after: ["forest", "urban"], answer: false },
    { rule: built, before: ["field"], after: ["urban"], answer: true },
    { rule: built, before: ["urban"], after: ["urban"], answer: false },
    { rule: built, before: [], after: ["urban", "water"], answer: true },
    { rule: built, before: ["urban"], after: ["field"], answer: false },
    { rule: gone, before: ["water"], after: [], answer: true },
    { rule: gone, before: ["water"], after: ["field"], answer: true },
    { rule: gone, before: ["field"], after: ["urban"], answer: false },
  ])("$rule.name: $before to $after is $answer", ({ rule, before, after, answer }) => {
    expect(answers(rule, row(...before), row(...after), 0, CLASSES.length)).toBe(answer);
  });

  test("the usual questions are those that the classifier can answer", () => {
    expect(defaultRules(CLASSES).map(({ name }) => name)).toEqual(["deforestation", "urbanisation"]);
    expect(defaultRules(["water", "urban"]).map(({ name }) => name)).toEqual(["urbanisation"]);
    expect(defaultRules(["a", "b"])).toEqual([]);
  });

  test("classes that the classifier does not have are left out and told", () => {
    const told: string[] = [];
    const [rule] = changeRules(["x: forest -> urban|industry"], CLASSES, { onWarning: (message) => told.push(message) });
    expect(rule.to).toEqual(new Set([3]));
    expect(told).toEqual(["rule x: the classifier knows no industry"]);
  });

  test.each([
    ["no rule at all", "is none"],
    ["forest -> urban", "is none"],
    ["../x: forest -> urban", "cannot name a file"],
    ["change: forest -> urban", "cannot name a file"],
    ["x: forrest -> urban", "knows no forrest"],
    ["x: * -> *", "anything may become anything"],
    ["x: -> urban", "knows no "],
  ])("%j is refused", (text, message) => {
    expect(() => changeRules([text], CLASSES)).toThrow(UserError);
    expect(() => changeRules([text], CLASSES)).toThrow(message);
  });

  test("two rules of one name are refused, whatever the case: their files would be one", () => {
    expect(() => changeRules(["a: * -> urban", "A: * -> field"], CLASSES)).toThrow("two rules are called a");
  });
});
