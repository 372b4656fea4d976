import { UserError } from "../../errors.js";
import type { Coordinates, Dataset, Sample } from "../dataset.js";
import { patternOf } from "./units.js";

/**
 * Where each sample lies: as the columns of the label file say, or as a pattern finds it in the file name: one group for places on a
 * line, two for x and y, or groups named `x` and `y`.
 *
 * @returns aligned with the samples; undefined where nothing is known
 * @throws UserError `usage` for a pattern that is no regular expression, fits no file, or captures what is no number; `bad-data` where
 * the dataset has no coordinates
 */
export function coordinatesOf({ root, samples }: Dataset, pattern: string | undefined): readonly (Coordinates | undefined)[] {
  const found = pattern === undefined ? samples.map(({ coordinates }) => coordinates) : fromNames(samples, pattern);
  if (found.some((coordinates) => coordinates !== undefined)) return found;
  throw pattern === undefined
    ? new UserError("bad-data", `${root}: nothing says where its images lie`, {
        hint: "Give the label file columns lon,lat or x,y, or say where the numbers stand in the file names: --coordinates '_(\\d+)_(\\d+)'.",
      })
    : new UserError(
        "usage",
        `the pattern of coordinates "${pattern}" fits no file name (${samples[0]?.file ?? "there are none"})`,
        {
          hint: "Put parentheses around the numbers: '_(\\d+)_(\\d+)'.",
        },
      );
}

function fromNames(samples: readonly Sample[], given: string): (Coordinates | undefined)[] {
  const pattern = patternOf(given);
  return samples.map(({ file }) => {
    const match = pattern.exec(file);
    if (match === null) return undefined;
    const texts = match.groups?.x === undefined ? match.slice(1) : [match.groups.x, match.groups.y ?? "0"];
    const [x, y = 0] = texts.map((text) => (text === undefined || text.trim() === "" ? Number.NaN : Number(text)));
    if (texts.length >= 1 && texts.length <= 2 && Number.isFinite(x) && Number.isFinite(y)) return [x, y];
    throw new UserError("usage", `the pattern of coordinates "${given}" captures ${JSON.stringify(texts)} in ${file}`, {
      hint: "Capture one number or two. Separate places with numbers of their own are told apart by --group-by.",
    });
  });
}

/** About a tenth of the longest side of what the coordinates span, as a round number (1, 2 or 5 times a power of ten); 0 for a single place. */
export function roundBlockSize(coordinates: readonly (Coordinates | undefined)[]): number {
  const sides = [0, 1].map((axis) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const point of coordinates) {
      if (point === undefined) continue;
      low = Math.min(low, point[axis]);
      high = Math.max(high, point[axis]);
    }
    return high - low;
  });
  const rough = Math.max(...sides) / 10;
  if (!(rough > 0 && rough < Number.POSITIVE_INFINITY)) return 0;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999)!;
}
