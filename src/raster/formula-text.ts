import { UserError } from "../errors.js";
import { printable } from "../printable.js";

/** A word of a formula. */
export interface Token {
  readonly kind: "number" | "name" | "symbol" | "end";
  readonly text: string;
  /** Of its first UTF-16 unit. */
  readonly start: number;
}

/** A formula as it was written, and what it is from. */
export interface FormulaText {
  readonly text: string;
  /** For messages: "--derive ndvi". */
  readonly where: string;
  /** What to do where bands have other names, for messages about names. */
  readonly naming?: string | undefined;
}

/** Formulas of more words are refused. */
export const MAX_TOKENS = 200;
/** Longer formulas, in characters, are refused. */
export const MAX_LENGTH = 1000;

/** What other languages write, and what is written here instead. */
const FOREIGN: Readonly<Record<string, string>> = {
  "&&": 'Write "and".',
  "&": 'Write "and".',
  "||": 'Write "or".',
  "|": 'Write "or".',
  "!": 'Write "not".',
  "=": 'Write "==" to compare.',
  "=<": 'Write "<=".',
  "=>": 'Write ">=".',
  "<>": 'Write "!=".',
  "≤": 'Write "<=".',
  "≥": 'Write ">=".',
  "≠": 'Write "!=".',
  "**": "Write a product: nir * nir.",
  "^": "Write a product: nir * nir.",
  "·": 'Write "*".',
  "×": 'Write "*".',
  "÷": 'Write "/".',
  "−": 'Write "-".',
  "[": 'Write "(".',
  "]": 'Write ")".',
};

const FORMS = "A formula is made of numbers, names, + - * / ( ), min, max, abs, sqrt, < <= > >= == !=, and, or, not.";

const SPACE = /\s+/y;
const NAME = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/y;
/** What a number and all that sticks to it look like. */
const LIKE_NUMBER = /\.?\d(?:[eE][-+]\d|[\p{L}\p{M}\p{N}_.])*/uy;
const FOREIGN_PAIR = /&&|\|\||\*\*|<>|=<|=>/y;
const SYMBOL = /<=|>=|==|!=|[-+*/(),<>]/y;
const ANYTHING = /./suy;

/**
 * The words of a formula, closed by one of kind "end".
 *
 * @throws UserError `usage` for what is no word of a formula, for none at all, and for too many
 */
export function tokenize({ text, where }: FormulaText): readonly Token[] {
  if (text.length > MAX_LENGTH) {
    throw new UserError("usage", `${where}: a formula of ${text.length} characters, more than the limit of ${MAX_LENGTH}`, {
      hint: "Split it: a derived band for each part.",
    });
  }
  const tokens: Token[] = [];
  let start = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = start;
    return pattern.exec(text)?.[0];
  };
  for (start = match(SPACE)?.length ?? 0; start < text.length; start += match(SPACE)?.length ?? 0) {
    const token = { ...wordAt({ text, where }, start, match), start };
    if (tokens.length === MAX_TOKENS) {
      throw errorAt({ text, where }, token, `more than ${MAX_TOKENS} words`, "Split it: a derived band for each part.");
    }
    tokens.push(token);
    start += token.text.length;
  }
  if (tokens.length === 0) throw new UserError("usage", `${where}: an empty formula`, { hint: FORMS });
  return [...tokens, { kind: "end", text: "", start: text.trimEnd().length }];
}

function wordAt(
  formula: FormulaText,
  start: number,
  match: (pattern: RegExp) => string | undefined,
): Pick<Token, "kind" | "text"> {
  const name = match(NAME);
  if (name !== undefined) return { kind: "name", text: name };
  const number = match(NUMBER);
  if (number !== undefined) {
    const whole = match(LIKE_NUMBER) ?? number;
    const point = { text: whole, start };
    if (whole !== number) {
      throw errorAt(
        formula,
        point,
        `${quoted(whole)} is no number`,
        "Names begin with a letter; a product needs its *: 2 * nir.",
      );
    }
    if (!Number.isFinite(Number(number)))
      throw errorAt(formula, point, `${quoted(number)} is too large`, "Write a smaller number.");
    return { kind: "number", text: number };
  }
  const symbol = match(FOREIGN_PAIR) ?? match(SYMBOL) ?? match(ANYTHING) ?? "";
  if (SYMBOLS.has(symbol)) return { kind: "symbol", text: symbol };
  throw errorAt(formula, { text: symbol, start }, `${quoted(symbol)} means nothing here`, FOREIGN[symbol] ?? FORMS);
}

const SYMBOLS: ReadonlySet<string> = new Set(["<=", ">=", "==", "!=", "-", "+", "*", "/", "(", ")", ",", "<", ">"]);

/** A word in quotes, safe to show. */
export function quoted(word: string): string {
  return `"${printable(shortened(word))}"`;
}

function shortened(word: string): string {
  return word.length > 40 ? `${word.slice(0, 39)}…` : word;
}

/** Of a long formula, this many characters before and after the start of a word are shown. */
const SHOWN = 60;

/**
 * An error that points at a word: the message has the place as a number, then the formula, then a caret under the word.
 *
 * @param hint what would be right
 */
export function errorAt(
  { text, where }: FormulaText,
  { text: word, start }: Pick<Token, "text" | "start">,
  what: string,
  hint: string,
): UserError {
  const characters = [...text];
  const place = [...text.slice(0, start)].length;
  const from = place > SHOWN ? place - SHOWN : 0;
  const to = Math.min(characters.length, place + SHOWN);
  // One column a character, whatever it was: the caret has to stand below the word.
  const shown = characters.slice(from, to).map((character) => (/\s/.test(character) ? " " : printable(character)));
  const line = `${from > 0 ? "…" : ""}${shown.join("")}${to < characters.length ? "…" : ""}`;
  const caret = " ".repeat(place - from + (from > 0 ? 1 : 0)) + "^".repeat(Math.max(1, Math.min([...word].length, to - place)));
  return new UserError("usage", `${where}: ${what}, at character ${place + 1}\n  ${line.trimEnd()}\n  ${caret}`, { hint });
}
