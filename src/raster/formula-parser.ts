import { nearest, type UserError } from "../errors.js";
import { canonicalBand } from "./bands.js";
import {
  type BinaryName,
  type FormulaKind,
  INFIXES,
  NEGATE_BINDS,
  NOT_BINDS,
  type Step,
  type UnaryName,
} from "./formula-operators.js";
import { errorAt, type FormulaText, quoted, type Token, tokenize } from "./formula-text.js";
import { expandIndex, INDICES } from "./indices.js";

/** Brackets, functions, signs and `not` inside each other: more are refused. */
export const MAX_DEPTH = 32;

/** How many values a function takes: the name is that of its operator. */
const FUNCTIONS: ReadonlyMap<
  string,
  { readonly operator: UnaryName; readonly values: 1 } | { readonly operator: BinaryName; readonly values: 2 }
> = new Map([
  ["min", { operator: "min", values: 2 }],
  ["max", { operator: "max", values: 2 }],
  ["abs", { operator: "abs", values: 1 }],
  ["sqrt", { operator: "sqrt", values: 1 }],
] as const);

/** In messages. */
export const WORDS: Readonly<Record<FormulaKind, string>> = { number: "a number", truth: "a condition" };

/** What is being read: how far, and the steps so far. */
interface Reading {
  readonly formula: FormulaText;
  readonly known: readonly string[] | undefined;
  readonly tokens: readonly Token[];
  next: number;
  depth: number;
  readonly bands: string[];
  readonly steps: Step[];
}

/** A part that was read: what it gives, and the word that made it so. */
interface Part {
  readonly gives: FormulaKind;
  readonly token: Token;
}

/** A formula that was read. */
export interface ReadFormula {
  readonly bands: readonly string[];
  readonly steps: readonly Step[];
  readonly gives: FormulaKind;
  /** The word that makes the whole what it is: its last operator, function or name. */
  readonly token: Token;
}

/**
 * Reads a whole formula, whatever it gives.
 *
 * @param known as in `FormulaOptions`
 * @throws UserError `usage` that points at the word which is wrong
 */
export function readFormula(formula: FormulaText, known: readonly string[] | undefined): ReadFormula {
  const reading: Reading = { formula, known, tokens: tokenize(formula), next: 0, depth: 0, bands: [], steps: [] };
  const whole = readExpression(reading, 0);
  const rest = peek(reading);
  if (rest.kind !== "end") throw leftOver(reading, rest);
  return { ...whole, bands: reading.bands, steps: reading.steps };
}

function peek({ tokens, next }: Reading): Token {
  return tokens[next];
}

/** Reads operators that bind at least so tightly, and what stands between them (precedence climbing). */
function readExpression(reading: Reading, binds: number): Part {
  let left = readOperand(reading);
  for (;;) {
    const token = peek(reading);
    const infix = token.kind === "number" ? undefined : INFIXES.get(token.text);
    if (infix === undefined || infix.binds < binds) return left;
    const refuse = (side: string, { gives }: Part) =>
      errorAt(reading.formula, token, `${quoted(token.text)} ${infix.does}, and ${side} of it is ${WORDS[gives]}`, infix.hint);
    if (left.gives !== infix.takes) throw refuse("left", left);
    reading.next++;
    const right = readExpression(reading, infix.binds + 1);
    if (right.gives !== infix.takes) throw refuse("right", right);
    reading.steps.push({ kind: "binary", operator: infix.operator });
    left = { gives: infix.gives, token };
  }
}

function readOperand(reading: Reading): Part {
  const token = peek(reading);
  if (token.kind === "number") {
    reading.next++;
    reading.steps.push({ kind: "number", value: Number(token.text) });
    return { gives: "number", token };
  }
  if (token.text === "(") return deeper(reading, token, () => readBrackets(reading, token));
  if (token.text === "-") return deeper(reading, token, () => readPrefix(reading, token, "negate", NEGATE_BINDS, "number"));
  if (token.text === "not") return deeper(reading, token, () => readPrefix(reading, token, "not", NOT_BINDS, "truth"));
  if (token.kind !== "name" || INFIXES.has(token.text)) throw operandMissing(reading, token);
  const follower = reading.tokens[reading.next + 1];
  if (follower.text === "(") return deeper(reading, token, () => readCall(reading, token));
  reading.next++;
  addName(reading, token);
  return { gives: "number", token };
}

function deeper(reading: Reading, token: Token, read: () => Part): Part {
  if (reading.depth === MAX_DEPTH) {
    throw errorAt(
      reading.formula,
      token,
      `more than ${MAX_DEPTH} parts inside each other`,
      "Split it: a derived band for each part.",
    );
  }
  reading.depth++;
  const part = read();
  reading.depth--;
  return part;
}

function readPrefix(reading: Reading, token: Token, operator: UnaryName, binds: number, takes: FormulaKind): Part {
  reading.next++;
  const part = readExpression(reading, binds);
  if (part.gives !== takes) {
    const hint = takes === "truth" ? "Compare it first: not nir > 0.3." : 'Write "not" for the opposite of a condition.';
    throw errorAt(reading.formula, token, `${quoted(token.text)} takes ${WORDS[takes]}, and this is ${WORDS[part.gives]}`, hint);
  }
  reading.steps.push({ kind: "unary", operator });
  return { gives: takes, token };
}

function readBrackets(reading: Reading, open: Token): Part {
  reading.next++;
  const part = readExpression(reading, 0);
  close(reading, open);
  return part;
}

function close(reading: Reading, open: Token): void {
  const token = peek(reading);
  if (token.kind === "end") throw errorAt(reading.formula, open, '"(" is never closed', 'Add ")" where it ends.');
  if (token.text !== ")") throw leftOver(reading, token);
  reading.next++;
}

function readCall(reading: Reading, name: Token): Part {
  const known = FUNCTIONS.get(name.text);
  if (known === undefined) {
    const similar = nearest(name.text, FUNCTIONS.keys());
    const hint = `${similar === undefined ? "" : `Did you mean ${quoted(similar)}? `}The functions are ${[...FUNCTIONS.keys()].join(", ")}.`;
    throw errorAt(reading.formula, name, `${quoted(name.text)} is no function`, hint);
  }
  const open = reading.tokens[reading.next + 1];
  reading.next += 2;
  let values = 0;
  for (;;) {
    const start = peek(reading);
    const value = readExpression(reading, 0);
    if (value.gives !== "number") {
      throw errorAt(reading.formula, start, `${name.text} takes numbers, and this is a condition`, "Give it bands or numbers.");
    }
    values++;
    // min(a, b, c) = min(min(a, b), c)
    if (known.values === 2 && values > 1) reading.steps.push({ kind: "binary", operator: known.operator });
    if (peek(reading).text !== ",") break;
    reading.next++;
  }
  close(reading, open);
  if (known.values === 1 ? values !== 1 : values < 2) {
    const takes = known.values === 1 ? "one value" : "two values or more";
    throw errorAt(
      reading.formula,
      name,
      `${name.text} takes ${takes}, not ${values}`,
      `Write ${name.text}(${known.values === 1 ? "nir" : "nir, red"}).`,
    );
  }
  if (known.values === 1) reading.steps.push({ kind: "unary", operator: known.operator });
  return { gives: "number", token: name };
}

/** A band, or an index in place of whose name its own steps stand. */
function addName(reading: Reading, token: Token): void {
  const { known, steps } = reading;
  const name = known?.includes(token.text) ? token.text : canonicalBand(token.text);
  if (known === undefined || known.includes(name)) {
    steps.push({ kind: "band", index: bandIndex(reading, name) });
    return;
  }
  const index = expandIndex(name);
  if (index === undefined) throw unknownName(reading, token, known);
  const { bands, steps: inner } = readFormula({ text: index, where: name }, undefined);
  const missing = bands.filter((band) => !known.includes(band));
  if (missing.length > 0) {
    const what = `${name} is ${index}, and there is no ${missing.map(quoted).join(" and no ")}`;
    throw errorAt(reading.formula, token, what, namesThere(reading, known));
  }
  for (const step of inner)
    steps.push(step.kind === "band" ? { kind: "band", index: bandIndex(reading, bands[step.index]) } : step);
}

function bandIndex({ bands }: Reading, name: string): number {
  const index = bands.indexOf(name);
  return index >= 0 ? index : bands.push(name) - 1;
}

function unknownName(reading: Reading, token: Token, known: readonly string[]): UserError {
  const name = token.text;
  if (FUNCTIONS.has(name)) {
    return errorAt(reading.formula, token, `${quoted(name)} is a function and needs brackets`, `Write ${name}(…).`);
  }
  const similar = nearest(name, [...known, ...possibleIndices(known)]);
  const meant = similar === undefined ? "" : `Did you mean ${quoted(similar)}? `;
  return errorAt(reading.formula, token, `unknown name ${quoted(name)}`, `${meant}${namesThere(reading, known)}`);
}

/** So many names are listed. */
const LISTED = 20;

function namesThere({ formula }: Reading, known: readonly string[]): string {
  if (known.length === 0) return "There are no bands.";
  const bands = known.slice(0, LISTED).map((name) => quoted(name).slice(1, -1));
  const more = known.length > LISTED ? ` and ${known.length - LISTED} more` : "";
  const indices = possibleIndices(known);
  const made = indices.length > 0 ? ` Of them can be made ${indices.join(", ")}.` : "";
  return `The bands are ${bands.join(", ")}${more}.${made}${formula.naming === undefined ? "" : ` ${formula.naming}`}`;
}

function possibleIndices(known: readonly string[]): string[] {
  return Object.entries(INDICES)
    .filter(([name, { formula }]) =>
      readFormula({ text: formula, where: name }, undefined).bands.every((band) => known.includes(band)),
    )
    .map(([name]) => name);
}

function operandMissing(reading: Reading, token: Token): UserError {
  const place = token.kind === "end" ? "at the end" : `before ${quoted(token.text)}`;
  return errorAt(
    reading.formula,
    token,
    `a number or a name is missing ${place}`,
    'An operand is a number, a name, a function or a "(".',
  );
}

/** What is said of a word that cannot follow. */
function leftOver(reading: Reading, token: Token): UserError {
  const before = reading.tokens[reading.next - 1];
  const wrong = (what: string, hint: string) => errorAt(reading.formula, token, what, hint);
  if (token.text === ")") return wrong('")" closes nothing', 'Leave it out, or add "(" before.');
  if (token.text === ",") {
    return wrong('"," stands only between the values of min and max', "Write decimals with a point: 0.5.");
  }
  const lower = token.text.toLowerCase();
  const hint =
    INFIXES.has(lower) || lower === "not" ? `Write ${quoted(lower)}.` : "Put an operator between them, such as * or and.";
  return wrong(`${quoted(token.text)} cannot follow ${quoted(before.text)}`, hint);
}
