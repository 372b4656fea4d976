// What operators are tried on: every row with a gradient is compared with differences in src/runtime/gradients.test.ts.
import { createRandom } from "../../random.js";
import { float32, int64, sizeOf, type Tensor } from "../../tensor.js";
import type { AttributeValue } from "../attributes.js";
import type { GraphBuilder, Value } from "../builder.js";

/** A float32 tensor drawn at random, fed to the graph, whose gradient is checked. */
export interface Drawn {
  readonly shape: readonly number[];
  readonly draw: (count: number, seed: number) => readonly number[];
}

/** An input of the operator: drawn, constant, or left out. */
export type Operand = Drawn | Tensor | "";

export interface OpCase {
  /** What is special about it. */
  readonly about: string;
  readonly inputs: readonly Operand[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Writes something else than one node of the operator. */
  readonly build?: (graph: GraphBuilder, inputs: readonly Value[]) => Value;
  /** Operator version, where that of training does not have it. */
  readonly opset?: number;
}

/** By operator. */
export type OpCases = Readonly<Record<string, readonly OpCase[]>>;

/** Farther than any element is moved while differences are taken: 1/32, or twice that between two. */
const MARGIN = 0.08;

/** Uniform numbers in a range, none of them near a kink. */
export function drawn(
  shape: readonly number[],
  [low, high]: readonly [number, number] = [-2, 2],
  { kinks = [] }: { readonly kinks?: readonly number[] } = {},
): Drawn {
  const far = (value: number) => kinks.every((kink) => Math.abs(value - kink) > MARGIN);
  return {
    shape,
    draw(count, seed) {
      const random = createRandom(seed);
      return Array.from({ length: count }, () => {
        for (;;) {
          const value = low + (high - low) * random.next();
          if (far(value)) return value;
        }
      });
    },
  };
}

/** Numbers of which no two are near each other, in any order: maxima stay where they are. */
export function apart(shape: readonly number[], offset = 0): Drawn {
  return {
    shape,
    draw(count, seed) {
      const places = createRandom(seed).shuffle(Array.from({ length: count }, (_, i) => i));
      return places.map((place) => 0.25 * (place - Math.floor(count / 2)) + offset);
    },
  };
}

export const isDrawn = (operand: Operand): operand is Drawn => operand !== "" && "draw" in operand;

/** The numbers of a drawn operand. */
export function drawnValue({ shape, draw }: Drawn, seed: number): Tensor<"float32"> {
  return float32(shape, draw(sizeOf(shape), seed));
}

/** Noise that is the same everywhere: a constant. */
export const fixed = (shape: readonly number[], range?: readonly [number, number]): Tensor<"float32"> =>
  drawnValue(drawn(shape, range), 17);

export const scalar = (value: number): Tensor<"float32"> => float32([], [value]);
export const ints = (...values: readonly number[]): Tensor<"int64"> => int64([values.length], values);

/** A matrix, and images whose channels fill blocks of 8 and 16 and leave some of a block empty. */
export const SHAPES: readonly (readonly number[])[] = [
  [3, 4],
  [2, 16, 3, 2],
  [2, 12, 2, 3],
];

/** The same case with each of these shapes. */
export const everywhere = (make: (shape: readonly number[]) => OpCase): readonly OpCase[] =>
  SHAPES.map((shape) => {
    const made = make(shape);
    return { ...made, about: `${made.about} of [${shape}]`.trim() };
  });
