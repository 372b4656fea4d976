import { LAND } from "../land.js";

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Of cells on which no label is decided. */
export const NO_LABEL_COLOUR: Colour = [160, 160, 160];

const ofLand = Object.fromEntries(LAND.map(({ name, colour }) => [name, colour])) as Record<string, Colour>;

/** What maps have taught people to expect; a name is looked for whole, then word by word. */
const KNOWN: ReadonlyMap<string, Colour> = new Map([
  ...Object.entries(ofLand),
  ["river", ofLand.water],
  ["tree", ofLand.forest],
  ["trees", ofLand.forest],
  ["meadow", ofLand.grass],
  ["crop", ofLand.field],
  ["houses", ofLand.urban],
  ["built-up", ofLand.urban],
  ["residential", [222, 130, 120]],
  ["industry", [134, 84, 150]],
]);

/** For other names, in turn: told apart by people with any colour vision (Okabe and Ito 2008), then their darker siblings. */
const OTHERS: readonly Colour[] = [
  [230, 159, 0],
  [86, 180, 233],
  [0, 158, 115],
  [240, 228, 66],
  [0, 114, 178],
  [213, 94, 0],
  [204, 121, 167],
  [138, 95, 0],
  [34, 100, 140],
  [0, 90, 66],
  [150, 140, 20],
  [120, 50, 90],
];

/** A colour for each class of a map, no two alike as long as there are enough. */
export function classColours(classes: readonly string[]): readonly Colour[] {
  const taken = new Set<Colour>();
  const known = classes.map((name) => {
    const found = [name.toLowerCase(), ...name.toLowerCase().split(/[^a-z]+/)].map((word) => KNOWN.get(word)).find(Boolean);
    if (found === undefined || taken.has(found)) return undefined;
    taken.add(found);
    return found;
  });
  let next = 0;
  return known.map((colour) => colour ?? OTHERS[next++ % OTHERS.length]);
}

/** As style sheets and `change.json` write it: "#d1495b". */
export function hexColour(colour: Colour): string {
  return `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** The colour of six digits: the inverse of {@link hexColour}. */
export function colourOfHex(hex: string): Colour {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return [red, green, blue];
}
