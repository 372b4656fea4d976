import { BINARY, type FormulaKind, type Step, UNARY } from "./formula-operators.js";
import { readFormula, WORDS } from "./formula-parser.js";
import { errorAt } from "./formula-text.js";

/** Band arithmetic or a condition on bands, read and checked: plain data, which threads can send each other. */
export interface Formula {
  /** As it was written. */
  readonly text: string;
  /** The bands that it reads, each once. */
  readonly bands: readonly string[];
  /** What it gives for a pixel: a number, or yes and no. */
  readonly kind: FormulaKind;
  /** In postfix order: operands before what works on them. */
  readonly steps: readonly Step[];
}

/** What a formula may name, and what it is for. */
export interface FormulaOptions {
  /** The bands there are. An index can be named where its bands are there. Where not given, every name is taken for a band. */
  readonly known?: readonly string[] | undefined;
  /** What it has to give. */
  readonly kind: FormulaKind;
  /** What the formula is from, for messages: "--derive ndvi". */
  readonly where: string;
  /** What to do where bands have other names, for messages about names: whole sentences. */
  readonly naming?: string | undefined;
}

/**
 * Reads a formula: numbers, names of bands and indices, `+ - * / ( )`, `min max abs sqrt`, `< <= > >= == !=`, `and or not`. `*` and
 * `/` bind tighter than `+` and `-`, these than comparisons, then `not`, `and`, `or`. Nothing of it is ever run as a program.
 *
 * @example parseFormula("(nir - red) / (nir + red)", { known: ["red", "nir"], kind: "number", where: "--derive ndvi" })
 * @throws UserError `usage` that points at the word which is wrong; also over {@link MAX_DEPTH} and the limits of `formula-text.ts`
 */
export function parseFormula(text: string, { known, kind, where, naming }: FormulaOptions): Formula {
  const formula = { text, where, naming };
  const { gives, token, bands, steps } = readFormula(formula, known);
  if (gives !== kind) {
    const hint = {
      truth: "Compare it with a number: ndvi > 0.6.",
      number: "A band is made of numbers; conditions are for rules.",
    }[kind];
    throw errorAt(formula, token, `this is ${WORDS[gives]}, where ${WORDS[kind]} is needed`, hint);
  }
  return { text, bands, kind, steps };
}

/** So many pixels go through all steps before the next ones: what is between stays in the processor's cache. */
const CHUNK = 2048;

/**
 * Works a formula out for every pixel: in 64-bit floating point. 0 / 0 is 0; x / 0, and all else that is not finite in the end, is
 * NaN. A condition on NaN is neither yes nor no but NaN, unless `and` or `or` knows better: no and NaN is no, yes or NaN is yes.
 *
 * @param planes in the order of `formula.bands`, at least as long as `out`
 * @param out for each pixel the number, or 1 for yes and 0 for no. May be one of the planes
 * @throws RangeError for planes that are too few, too many or too short
 */
export function evaluateFormula(formula: Formula, planes: readonly ArrayLike<number>[], out: Float32Array): void {
  if (planes.length !== formula.bands.length) {
    throw new RangeError(`${formula.bands.length} planes are needed (${formula.bands.join(", ")}), not ${planes.length}`);
  }
  if (planes.some((plane) => plane.length < out.length)) throw new RangeError(`planes shorter than the ${out.length} pixels`);
  const size = Math.min(CHUNK, out.length);
  const bands = planes.map(() => new Float64Array(size));
  const constants = formula.steps.map((step) => (step.kind === "number" ? new Float64Array(size).fill(step.value) : undefined));
  const results: Float64Array[] = [];
  for (let start = 0; start < out.length; start += size) {
    const count = Math.min(size, out.length - start);
    planes.forEach((plane, band) => {
      load(plane, start, count, bands[band]);
    });
    const last = runSteps(formula.steps, { bands, constants, results, size }, count);
    store(last, count, out, start);
  }
}

function store(values: Float64Array, count: number, out: Float32Array, start: number): void {
  out.set(values.subarray(0, count), start);
  // Checked as float32: a number can be too large for that alone.
  for (let i = start; i < start + count; i++) if (!Number.isFinite(out[i])) out[i] = Number.NaN;
}

function load(plane: ArrayLike<number>, start: number, count: number, into: Float64Array): void {
  if (ArrayBuffer.isView(plane)) {
    // A view with a length and numbers is a typed array.
    into.set((plane as Float64Array).subarray(start, start + count));
  } else {
    for (let i = 0; i < count; i++) into[i] = plane[start + i];
  }
}

/** Memory for one chunk; `results` holds what the operators at each height of the stack gave. */
interface Registers {
  readonly bands: readonly Float64Array[];
  readonly constants: readonly (Float64Array | undefined)[];
  readonly results: Float64Array[];
  readonly size: number;
}

function runSteps(steps: readonly Step[], { bands, constants, results, size }: Registers, count: number): Float64Array {
  const stack: Float64Array[] = [];
  const resultAt = (height: number) => {
    results[height] ??= new Float64Array(size);
    return results[height];
  };
  steps.forEach((step, i) => {
    switch (step.kind) {
      case "band":
        stack.push(bands[step.index]);
        break;
      case "number":
        stack.push(constants[i] ?? new Float64Array(size).fill(step.value));
        break;
      case "unary": {
        const height = stack.length - 1;
        const target = resultAt(height);
        UNARY[step.operator](stack[height], target, count);
        stack[height] = target;
        break;
      }
      case "binary": {
        const height = stack.length - 2;
        const target = resultAt(height);
        BINARY[step.operator](stack[height], stack[height + 1], target, count);
        stack.length = height + 1;
        stack[height] = target;
        break;
      }
      default:
        step satisfies never;
    }
  });
  return stack[0];
}
