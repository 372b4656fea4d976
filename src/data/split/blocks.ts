import { UserError } from "../../errors.js";
import type { Part } from "../../task.js";
import { type Coordinates, type Dataset, isLabelled, type Sample } from "../dataset.js";
import { coordinatesOf, roundBlockSize } from "./coordinates.js";
import type { Split } from "./explicit.js";
import { openNearness } from "./nearness.js";

/** How the ground is cut into blocks. */
export interface BlockOptions {
  /** Side of a block, in units of the coordinates; a tenth of what they span by default. */
  readonly blockSize?: number | undefined;
  /** Images of train and validation nearer than this to one that judges them are left out. Default 0. */
  readonly buffer?: number | undefined;
  /** A pattern whose groups capture one or two numbers in the file name; by default columns of the label file. */
  readonly coordinates?: string | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The block of each sample, and what keeps parts at a distance. */
export interface Blocks {
  readonly size: number;
  readonly buffer: number;
  /** Aligned with the samples; undefined for those that lie nowhere. */
  readonly names: readonly (string | undefined)[];
  /** Takes out of the parts what lies too near to a part that judges it. @throws UserError `usage` if nothing to train on is left */
  readonly keepApart: (split: Split) => Split;
}

/**
 * Cuts the ground into squares: images with the same floor(x / size) and floor(y / size) are of one block.
 *
 * @param placeOf tells apart places that have coordinates of their own: scenes, classes of files with running numbers
 * @throws UserError `usage` for impossible sizes, and what {@link coordinatesOf} throws
 */
export function cutBlocks(
  dataset: Dataset,
  placeOf: (sample: Sample) => string | undefined,
  { blockSize, buffer = 0, coordinates: pattern, onWarning }: BlockOptions,
): Blocks {
  const points = coordinatesOf(dataset, pattern);
  const nowhere = dataset.samples.filter((sample, i) => points[i] === undefined && isLabelled(sample));
  if (nowhere.length > 0)
    onWarning?.(
      `${nowhere.length} images have no coordinates and are left out (${nowhere[0].file}${nowhere.length > 1 ? ", …" : ""}).`,
    );
  const size = blockSize ?? roundBlockSize(points);
  if (blockSize === undefined && size > 0)
    onWarning?.(`Blocks of ${size}, a tenth of what the coordinates span: --block-size changes it.`);
  if (!(size > 0 && size < Number.POSITIVE_INFINITY && buffer >= 0 && buffer < Number.POSITIVE_INFINITY)) {
    throw new UserError("usage", `blocks of ${size} with a buffer of ${buffer} cannot be cut`, {
      hint: "The size is above 0 and the buffer not below, both in units of the coordinates.",
    });
  }
  const places = dataset.samples.map((sample) => placeOf(sample) ?? "");
  const names = points.map((point, i) => point && `${places[i]}[${point.map((value) => Math.floor(value / size)).join(",")}]`);
  return { size, buffer, names, keepApart: (split) => keepApart(split, points, places, buffer, onWarning) };
}

/** Which parts a part must keep away from: those that judge what was learned from it. */
const JUDGES: readonly (readonly [part: Part, judges: readonly Part[]])[] = [
  ["validation", ["test"]],
  ["train", ["test", "validation"]],
];

function keepApart(
  split: Split,
  points: readonly (Coordinates | undefined)[],
  places: readonly string[],
  buffer: number,
  onWarning: BlockOptions["onWarning"],
): Split {
  if (buffer === 0) return split;
  const kept = [...split];
  const counts: string[] = [];
  // Validation first: what it loses keeps nothing away from train any more.
  for (const [part, judges] of JUDGES) {
    const near = nearnessByPlace(kept, judges, points, places);
    let left = 0;
    split.forEach((own, i) => {
      const point = points[i];
      if (own !== part || point === undefined || !near.get(places[i])?.(point, buffer)) return;
      kept[i] = undefined;
      left++;
    });
    if (left > 0) counts.push(`${part} ${left}`);
  }
  if (split.includes("train") && !kept.includes("train")) {
    throw new UserError("usage", `a buffer of ${buffer} leaves no image to train on`, {
      hint: "Take a smaller --buffer, or larger blocks with --block-size.",
    });
  }
  if (counts.length > 0)
    onWarning?.(`Images nearer than the buffer of ${buffer} to others that judge them are left out: ${counts.join(", ")}.`);
  return kept;
}

function nearnessByPlace(
  split: Split,
  parts: readonly Part[],
  points: readonly (Coordinates | undefined)[],
  places: readonly string[],
): ReadonlyMap<string, ReturnType<typeof openNearness>> {
  const byPlace = new Map<string, Coordinates[]>();
  split.forEach((part, i) => {
    const point = points[i];
    if (part === undefined || point === undefined || !parts.includes(part)) return;
    const known = byPlace.get(places[i]);
    if (known) known.push(point);
    else byPlace.set(places[i], [point]);
  });
  return new Map(Array.from(byPlace, ([place, own]) => [place, openNearness(own)]));
}
