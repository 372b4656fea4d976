/**
 * What land is made of: one vocabulary for the demo, generated scenes and rules. A class raster holds the index + 1; 0 is "no
 * truth".
 */
export const LAND = [
  { name: "water", colour: [59, 111, 182] },
  { name: "forest", colour: [30, 92, 50] },
  { name: "grass", colour: [150, 196, 98] },
  { name: "field", colour: [222, 196, 84] },
  { name: "bare", colour: [176, 150, 124] },
  { name: "road", colour: [70, 70, 76] },
  { name: "urban", colour: [206, 84, 72] },
] as const satisfies readonly { readonly name: string; readonly colour: readonly [number, number, number] }[];

export type LandName = (typeof LAND)[number]["name"];

// Object.fromEntries forgets the key type of an object that is complete by construction.
/** The value of each class in a class raster. */
export const LAND_VALUE = Object.fromEntries(LAND.map(({ name }, index) => [name, index + 1])) as Readonly<
  Record<LandName, number>
>;
