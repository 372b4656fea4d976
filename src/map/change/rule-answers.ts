import { type Colour, classColours } from "../colours.js";
import type { ChangedCells } from "./changed-cells.js";
import { answers, type ChangeRule } from "./rules.js";

/** Where there is no answer, and 0 means something. */
export const NO_ANSWER = 255;

/** A rule and what it says of each cell. */
export interface RuleAnswers {
  readonly name: string;
  /** As it was given. */
  readonly text: string;
  readonly colour: Colour;
  /** By cell: 1 yes, 0 no, 255 no answer. */
  readonly cells: Uint8Array;
  /** By cell: the date, counted from 0, from which on it is as the rule asks; 0 for no. */
  readonly since: Uint8Array;
}

/** What people expect of the usual questions; others get colours in turn. */
const COLOURS: ReadonlyMap<string, Colour> = new Map([
  ["deforestation", [214, 39, 40]],
  ["urbanisation", [148, 60, 180]],
]);

/** What rules say of every cell, from its labels on all dates. */
export function answerRules(rules: readonly ChangeRule[], cells: ChangedCells): readonly RuleAnswers[] {
  const others = classColours(rules.map(({ name }) => `rule ${name}`));
  return rules.map((rule, i) => ({
    ...{ name: rule.name, text: rule.text, colour: COLOURS.get(rule.name) ?? others[i] },
    ...answerRule(rule, cells),
  }));
}

function answerRule(rule: ChangeRule, { answered, present, classes }: ChangedCells): Pick<RuleAnswers, "cells" | "since"> {
  const last = present.length - 1;
  const cells = new Uint8Array(answered.length).fill(NO_ANSWER);
  const since = new Uint8Array(answered.length);
  for (let cell = 0; cell < answered.length; cell++) {
    if (answered[cell] === 0) continue;
    const between = (before: number, after: number) => answers(rule, present[before], present[after], cell * classes, classes);
    cells[cell] = between(0, last) ? 1 : 0;
    if (cells[cell] === 0) continue;
    // From the end on: the first date from which on the answer was never no again.
    let date = last;
    while (date > 1 && between(0, date - 1)) date--;
    since[cell] = date;
  }
  return { cells, since };
}
