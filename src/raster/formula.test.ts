import { describe, expect, it } from "vitest";
import { UserError } from "../errors.js";
import { createRandom } from "../random.js";
import { evaluateFormula, type Formula, parseFormula } from "./formula.js";

const BANDS = ["red", "nir", "green", "B8A", "swir16"];

function numberFormula(text: string): Formula {
  return parseFormula(text, { known: BANDS, kind: "number", where: "--derive x" });
}

function truthFormula(text: string): Formula {
  return parseFormula(text, { known: BANDS, kind: "truth", where: "--rule x" });
}

/** What a formula gives for one pixel. */
function resultOf(formula: Formula, pixel: Readonly<Record<string, number>>): number {
  const out = new Float32Array(1);
  evaluateFormula(
    formula,
    formula.bands.map((band) => [pixel[band]]),
    out,
  );
  return out[0];
}

function refusal(text: string, options: { known?: readonly string[]; kind?: Formula["kind"] } = {}): UserError {
  try {
    parseFormula(text, { known: BANDS, kind: "number", where: "--derive x", ...options });
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error(`${text} was read`);
}

describe("a formula of numbers", () => {
  const PIXEL = { red: 2, nir: 6, green: 0, B8A: -9, swir16: 0.5 };
  // Worked out by hand.
  it.each([
    ["7", 7],
    ["1.5e2", 150],
    [".5", 0.5],
    ["2.", 2],
    ["nir", 6],
    ["B8A", -9],
    ["red + nir * 2", 14],
    ["(red + nir) * 2", 16],
    ["red - nir - 1", -5],
    ["red - (nir - 1)", -3],
    ["nir / red / 2", 1.5],
    ["nir / (red / 2)", 6],
    ["nir / red * 2", 6],
    ["-red", -2],
    ["--red", 2],
    ["-red * -3", 6],
    ["nir - -red", 8],
    ["2*-nir+1", -11],
    ["-(nir - red)", -4],
    ["min(nir, red)", 2],
    ["max(nir, red, 11, green)", 11],
    ["min(nir, max(red, 3), 5)", 3],
    ["abs(B8A)", 9],
    ["sqrt(abs(B8A) + 16)", 5],
    ["abs(red - nir) / (red + nir)", 0.5],
    ["(nir - red) / (nir + red)", 0.5],
    ["ndvi", 0.5],
    ["1 - ndvi * ndvi", 0.75],
    ["ndwi", -1],
    ["evi2", 2.5 * (4 / (6 + 4.8 + 1))],
    ["savi", 1.5 * (4 / 8.5)],
    ["mndwi", -1],
    ["ndbi", -5.5 / 6.5],
    ["\tnir\n+\r red ", 8],
    ["green / green", 0],
    ["-green", 0],
    ["nir / green", Number.NaN],
    ["max(nir / green, 5)", Number.NaN],
    ["sqrt(B8A)", Number.NaN],
    ["1e308 * 10", Number.NaN],
    ["1e200", Number.NaN],
    ["1e200 * 1e-200", 1],
  ])("%j is %d", (text, expected) => {
    expect(resultOf(numberFormula(text), PIXEL)).toBe(Math.fround(expected));
  });

  it("reads each of its bands once, in the order in which they come", () => {
    expect(numberFormula("(nir - red) / (nir + red) + green").bands).toEqual(["nir", "red", "green"]);
    expect(numberFormula("red * ndvi").bands).toEqual(["red", "nir"]);
  });

  it("is plain data that threads can send each other", () => {
    const formula = numberFormula("(nir - red) / (nir + 2.4 * red + 1)");
    expect(structuredClone(formula)).toEqual(formula);
    expect(resultOf(structuredClone(formula), PIXEL)).toBe(resultOf(formula, PIXEL));
  });

  it("takes a name that is both a band and an index for the band", () => {
    const formula = parseFormula("ndvi + nir", { known: ["nir", "red", "ndvi"], kind: "number", where: "x" });
    expect(formula.bands).toEqual(["ndvi", "nir"]);
  });

  it("takes every name for a band where nobody knows the bands", () => {
    expect(parseFormula("ndvi + B01", { kind: "number", where: "x" }).bands).toEqual(["ndvi", "B01"]);
  });

  it("takes names of any letters, and words of other languages", () => {
    const known = ["grün_2", "constructor", "min"];
    expect(resultOf(parseFormula("grün_2 * min", { known, kind: "number", where: "x" }), { grün_2: 3, min: 4 })).toBe(12);
    expect(parseFormula("constructor", { known, kind: "number", where: "x" }).bands).toEqual(["constructor"]);
    expect(refusal("toString").message).toMatch(/unknown name "toString"/);
  });
});

describe("a formula of conditions", () => {
  const PIXEL = { red: 2, nir: 6, green: 0, B8A: Number.NaN, swir16: 2 };
  const unknown = Number.NaN;
  it.each([
    ["nir > red", 1],
    ["nir < red", 0],
    ["red <= swir16", 1],
    ["red >= swir16", 1],
    ["red > swir16", 0],
    ["red < swir16", 0],
    ["red == swir16", 1],
    ["red != swir16", 0],
    ["red == nir", 0],
    ["red != nir", 1],
    ["ndvi > 0.4", 1],
    ["nir + red > 7 * red - 7", 1],
    ["nir > 9 or red > 1", 1],
    ["nir > 9 and red > 1", 0],
    // and before or, not before and
    ["nir > 1 or red > 1 and green > 1", 1],
    ["(nir > 1 or red > 1) and green > 1", 0],
    ["not nir > 9 and red > 1", 1],
    ["not (nir > 1 and red > 9)", 1],
    ["not not nir > 9", 0],
    ["not nir > 1 or green == 0", 1],
    ["1 < 2", 1],
    // Kleene's logic
    ["B8A > 1", unknown],
    ["B8A <= 1", unknown],
    ["B8A < B8A", unknown],
    ["B8A == B8A", unknown],
    ["B8A != 1", unknown],
    ["not B8A > 1", unknown],
    ["nir / green > 1", unknown],
    ["B8A > 1 and nir > 9", 0],
    ["nir > 9 and B8A > 1", 0],
    ["B8A > 1 and nir > 1", unknown],
    ["B8A > 1 or nir > 1", 1],
    ["nir > 1 or B8A > 1", 1],
    ["nir > 9 or B8A > 1", unknown],
  ])("%j is %d", (text, expected) => {
    expect(resultOf(truthFormula(text), PIXEL)).toBe(expected);
  });
});

describe("a refusal", () => {
  const names = "The bands are red, nir, green, B8A, swir16. Of them can be made ndvi, ndwi, mndwi, ndbi, evi2, savi.";
  const operators = "A formula is made of numbers, names, + - * / ( ), min, max, abs, sqrt, < <= > >= == !=, and, or, not.";
  const operand = 'An operand is a number, a name, a function or a "(".';
  /** Text, caret line (under the text), what is wrong, what would be right. */
  it.each([
    ["(nir - read) / nir", "       ^^^^", 'unknown name "read"', `Did you mean "red"? ${names}`],
    ["nir * 2 + qqqqq", "          ^^^^^", 'unknown name "qqqqq"', names],
    ["NDVI", "^^^^", 'unknown name "NDVI"', `Did you mean "ndvi"? ${names}`],
    ["1 + nbr", "    ^^^", 'nbr is (nir - swir22) / (nir + swir22), and there is no "swir22"', names],
    ["nir && red", "    ^^", '"&&" means nothing here', 'Write "and".'],
    ["nir || red", "    ^^", '"||" means nothing here', 'Write "or".'],
    ["!nir", "^", '"!" means nothing here', 'Write "not".'],
    ["nir = red", "    ^", '"=" means nothing here', 'Write "==" to compare.'],
    ["nir ** 2", "    ^^", '"**" means nothing here', "Write a product: nir * nir."],
    ["nir ^ 2", "    ^", '"^" means nothing here', "Write a product: nir * nir."],
    ["nir − red", "    ^", '"−" means nothing here', 'Write "-".'],
    ["nir % 2", "    ^", '"%" means nothing here', operators],
    ["🛰 nir", "^", '"🛰" means nothing here', operators],
    ["nir + 🛰", "      ^", '"🛰" means nothing here', operators],
    ["nir +", "     ^", "a number or a name is missing at the end", operand],
    ["nir * / red", "      ^", 'a number or a name is missing before "/"', operand],
    ["()", " ^", 'a number or a name is missing before ")"', operand],
    ["+nir", "^", 'a number or a name is missing before "+"', operand],
    ["nir + and", "      ^^^", 'a number or a name is missing before "and"', operand],
    ["(nir + (red)", "^", '"(" is never closed', 'Add ")" where it ends.'],
    ["abs(nir", "   ^", '"(" is never closed', 'Add ")" where it ends.'],
    ["nir) + 1", "   ^", '")" closes nothing', 'Leave it out, or add "(" before.'],
    ["nir red", "    ^^^", '"red" cannot follow "nir"', "Put an operator between them, such as * or and."],
    ["2 nir", "  ^^^", '"nir" cannot follow "2"', "Put an operator between them, such as * or and."],
    ["(nir 2)", "     ^", '"2" cannot follow "nir"', "Put an operator between them, such as * or and."],
    ["nir > 1 OR red > 1", "        ^^", '"OR" cannot follow "1"', 'Write "or".'],
    ["0,5 * nir", " ^", '"," stands only between the values of min and max', "Write decimals with a point: 0.5."],
    ["2nir", "^^^^", '"2nir" is no number', "Names begin with a letter; a product needs its *: 2 * nir."],
    ["1.2.3", "^^^^^", '"1.2.3" is no number', "Names begin with a letter; a product needs its *: 2 * nir."],
    ["1e", "^^", '"1e" is no number', "Names begin with a letter; a product needs its *: 2 * nir."],
    ["1e999", "^^^^^", '"1e999" is too large', "Write a smaller number."],
    ["log(nir)", "^^^", '"log" is no function', "The functions are min, max, abs, sqrt."],
    ["nir(red)", "^^^", '"nir" is no function', "The functions are min, max, abs, sqrt."],
    ["maxx(red, 1)", "^^^^", '"maxx" is no function', 'Did you mean "max"? The functions are min, max, abs, sqrt.'],
    ["abs", "^^^", '"abs" is a function and needs brackets', "Write abs(…)."],
    ["abs(nir, red)", "^^^", "abs takes one value, not 2", "Write abs(nir)."],
    ["1 + min(nir)", "    ^^^", "min takes two values or more, not 1", "Write min(nir, red)."],
    ["abs(nir > 1)", "    ^^^", "abs takes numbers, and this is a condition", "Give it bands or numbers."],
    [
      "nir > 1 + (red > 1)",
      "        ^",
      '"+" works on numbers, and right of it is a condition',
      "A condition is yes or no: join it with and, or.",
    ],
    [
      "0 < red < 1",
      "        ^",
      '"<" compares numbers, and left of it is a condition',
      "Comparisons do not chain: 0 < red < 1 is written 0 < red and red < 1.",
    ],
    [
      "nir and red > 1",
      "    ^^^",
      '"and" joins conditions, and left of it is a number',
      "Make conditions of numbers: nir > 0.3 and red < 0.1.",
    ],
    [
      "nir > 1 or red",
      "        ^^",
      '"or" joins conditions, and right of it is a number',
      "Make conditions of numbers: nir > 0.3 and red < 0.1.",
    ],
    ["not nir", "^^^", '"not" takes a condition, and this is a number', "Compare it first: not nir > 0.3."],
    ["-(nir > 1)", "^", '"-" takes a number, and this is a condition', 'Write "not" for the opposite of a condition.'],
    [
      "nir > 0.3",
      "    ^",
      "this is a condition, where a number is needed",
      "A band is made of numbers; conditions are for rules.",
    ],
    [
      "not nir > 0.3",
      "^^^",
      "this is a condition, where a number is needed",
      "A band is made of numbers; conditions are for rules.",
    ],
  ])("of %j points at the word and says what would be right", (text, caret, what, hint) => {
    const place = caret.indexOf("^") + 1;
    const error = refusal(text);
    expect(error.message).toBe(`--derive x: ${what}, at character ${place}\n  ${text}\n  ${caret}`);
    expect(error.hint).toBe(hint);
    expect(error.code).toBe("usage");
  });

  it("of a number in a rule says how to make a condition of it", () => {
    const error = refusal("(nir - red) / 2", { kind: "truth" });
    expect(error.message).toBe(
      "--derive x: this is a number, where a condition is needed, at character 13\n  (nir - red) / 2\n              ^",
    );
    expect(error.hint).toBe("Compare it with a number: ndvi > 0.6.");
  });

  it("of nothing at all", () => {
    expect(refusal(" \n").message).toBe("--derive x: an empty formula");
  });

  it("of too many words, too many characters, and too many parts inside each other", () => {
    const sum = (terms: number) => Array.from({ length: terms }, () => "nir").join(" + ");
    expect(numberFormula(sum(100)).steps).toHaveLength(199);
    expect(refusal(`${sum(100)} + 1`).message).toMatch(/^--derive x: more than 200 words, at character 601\n {2}….*\n *\^$/);
    expect(refusal(" ".repeat(1001)).message).toBe("--derive x: a formula of 1001 characters, more than the limit of 1000");
    const nested = (depth: number) => `${"(".repeat(depth)}nir${")".repeat(depth)}`;
    expect(numberFormula(nested(32)).bands).toEqual(["nir"]);
    expect(refusal(nested(33)).message).toMatch(/^--derive x: more than 32 parts inside each other, at character 33\n/);
    expect(refusal(`${"-".repeat(40)}nir`).message).toMatch(/more than 32 parts/);
  });

  it("shows the part of a long formula that matters, with the caret below the word", () => {
    const [, line, caret] = refusal(`${"nir + ".repeat(40)}read${" + nir".repeat(40)}`).message.split("\n");
    expect(line.length).toBeLessThan(130);
    expect(line.slice(caret.indexOf("^"), caret.length)).toBe("read");
  });

  it("shows nothing that could steer a terminal", () => {
    expect(refusal("nir\t+ \u001b[31m").message).toBe(
      '--derive x: "\ufffd" means nothing here, at character 7\n  nir + \ufffd[31m\n        ^',
    );
  });

  it("lists many bands in part", () => {
    const known = Array.from({ length: 200 }, (_, i) => `band${i + 1}`);
    expect(refusal("surface", { known }).hint).toMatch(/^The bands are band1, .*, band20 and 180 more\.$/);
    expect(refusal("nir", { known: [] }).hint).toMatch(/^There are no bands\.$/);
  });
});

describe("any words in any order", () => {
  const WORDS = [
    ..."+ - * / ( ) , < > <= >= == != and or not min max abs sqrt nir red ndvi nbr 1 0.5 2e3 . 1e .5 2x && ! = ^ é 🛰 _ $ toString".split(
      " ",
    ),
    "\u001b",
    "\n",
    "\ud800",
  ];

  /** Whether it could be read. */
  function tryOut(text: string, kind: Formula["kind"]): boolean {
    try {
      const formula = parseFormula(text, { known: BANDS, kind, where: "x" });
      const out = new Float32Array(5);
      const plane = [0, 1, -2.5, Number.NaN, 1e30];
      evaluateFormula(
        formula,
        formula.bands.map(() => plane),
        out,
      );
      const possible = (value: number) => (kind === "truth" ? value === 0 || value === 1 : Number.isFinite(value));
      expect(out.every((value) => Number.isNaN(value) || possible(value))).toBe(true);
      return true;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      expect(error.code).toBe("usage");
      return false;
    }
  }

  it("are read or refused with a UserError, and soon", () => {
    const random = createRandom(1, "formula");
    let read = 0;
    for (let i = 0; i < 2000; i++) {
      const length = i % 4 === 0 ? 250 : 6;
      const words = Array.from({ length: random.int(length) + 1 }, () => WORDS[random.int(WORDS.length)]);
      const text = words.join(random.int(2) === 0 ? " " : "");
      const times = [0, 1].map(() => {
        const startMs = performance.now();
        if (tryOut(text, "number") || tryOut(text, "truth")) read++;
        return performance.now() - startMs;
      });
      // Whichever of two tries nothing else on the machine has held up.
      expect(Math.min(...times), text).toBeLessThan(50);
    }
    expect(read).toBeGreaterThan(20);
  });

  it("that make sense give what they mean", () => {
    const random = createRandom(2, "formula");
    for (let i = 0; i < 300; i++) {
      const pixel = { nir: random.int(9), red: random.int(9), green: random.int(9) };
      const leaves: readonly [string, number][] = [...Object.entries(pixel), ["2", 2], ["0.25", 0.25]];
      const draw = (depth: number): readonly [text: string, value: number] => {
        if (depth === 0) return leaves[random.int(leaves.length)];
        const [a, x] = draw(depth - 1);
        const [b, y] = draw(depth - 1);
        const made = [
          [`(${a} + ${b})`, x + y],
          [`(${a}-${b})`, x - y],
          [`${a} * ${b}`, x * y],
          [`-${a}`, -x],
        ] as const;
        return made[random.int(made.length)];
      };
      const [text, expected] = draw(4);
      // Quarters of small integers: every order of the factors gives the same number. + 0 makes 0 of -0.
      expect(resultOf(numberFormula(text), pixel) + 0, text).toBe(Math.fround(expected) + 0);
    }
  });
});

describe("planes", () => {
  it("of more pixels than go through at once are worked out to the last one", () => {
    const pixels = 5001;
    const nir = Uint16Array.from({ length: pixels }, (_, i) => i);
    const red = Array.from({ length: pixels }, (_, i) => 2 * i);
    const out = new Float32Array(pixels);
    evaluateFormula(numberFormula("max(nir, 3) + red / 2 - 1"), [nir, red], out);
    expect(out).toEqual(Float32Array.from({ length: pixels }, (_, i) => Math.max(i, 3) + i - 1));
  });

  it("can be written over", () => {
    const nir = Float32Array.from({ length: 3000 }, (_, i) => i);
    evaluateFormula(numberFormula("nir * nir"), [nir], nir);
    expect(nir[2999]).toBe(2999 ** 2);
  });

  it("are not needed by a formula of numbers alone, nor any pixels", () => {
    const out = new Float32Array(2);
    evaluateFormula(numberFormula("2 * 3"), [], out);
    expect(out).toEqual(Float32Array.of(6, 6));
    evaluateFormula(numberFormula("nir"), [[]], new Float32Array(0));
  });

  it("too few, too many or too short are a mistake of the caller", () => {
    const formula = numberFormula("nir / red");
    expect(() => evaluateFormula(formula, [[1]], new Float32Array(1))).toThrow("2 planes are needed (nir, red), not 1");
    expect(() => evaluateFormula(formula, [[1], [1]], new Float32Array(2))).toThrow(RangeError);
  });

  it("of 4096 × 4096 pixels take less than two seconds, however busy the machine", () => {
    const pixels = 4096 ** 2;
    const nir = new Uint16Array(pixels).fill(3000);
    const red = new Uint16Array(pixels).fill(1000);
    const out = new Float32Array(pixels);
    const formula = numberFormula("ndvi");
    const startMs = performance.now();
    evaluateFormula(formula, [nir, red], out);
    expect(performance.now() - startMs).toBeLessThan(2000);
    expect(out.at(-1)).toBe(0.5);
  });
});
