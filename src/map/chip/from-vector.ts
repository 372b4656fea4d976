import { normalizedLabel } from "../../data/labels.js";
import { compareCodePoints, quoted } from "../../data/text.js";
import type { VectorFeature, VectorLayer } from "../../data/vector/layer.js";
import { readVector } from "../../data/vector/read.js";
import { nearest, UserError } from "../../errors.js";
import type { WorkOptions } from "../../progress.js";
import { type Covered, coverageOf } from "../../raster/geo/coverage.js";
import type { RasterInfo } from "../../raster/reader.js";
import type { PixelWindow } from "../../raster/resample.js";
import { placedLayer } from "../placed-layer.js";
import type { Labeller } from "./labeller.js";

/** What is said of ground that no polygon covers: nobody looked there, or it is of no class. */
export const ELSEWHERE = ["unknown", "no"] as const;
export type Elsewhere = (typeof ELSEWHERE)[number];

export interface VectorLabels {
  readonly file: string;
  /** Whose values are the classes. */
  readonly field: string;
  readonly elsewhere: Elsewhere;
}

const MOST_CLASSES = 1000;

/**
 * Labels of polygons: the share of a chip's area that those of a class cover together. Where polygons of two classes overlap, both
 * are there.
 *
 * @throws UserError as `readVector` and `placedLayer`; `bad-data` where the field is not there or says nothing
 */
export async function vectorLabeller(
  { file, field, elsewhere }: VectorLabels,
  scene: RasterInfo,
  onWarning: WorkOptions["onWarning"],
): Promise<Labeller> {
  const layer = await readVector(file, { field, onWarning });
  const classes = classesOf(layer, field, onWarning);
  const indices = new Map(classes.map((name, k) => [name, k]));
  const { polygons } = await placedLayer(layer, scene, (feature) => {
    const name = classOf(feature);
    return name === undefined ? undefined : indices.get(name);
  });
  let covered: ((window: PixelWindow) => Covered) | undefined;
  return {
    kind: "vector",
    source: file,
    details: { field, elsewhere, sha256: layer.sha256 },
    classes,
    async look({ window }) {
      covered = coverageOf(polygons, window, classes.length);
    },
    shares(chip) {
      if (covered === undefined) throw new RangeError("the labeller has not looked at this part of the scene");
      const { ofValues, together } = covered(chip);
      return { ofClasses: ofValues, unseen: elsewhere === "no" ? 0 : 1 - together };
    },
    close: async () => {},
  };
}

/** The names that the field has, in their order; features without one are nobody's. */
function classesOf(
  { file, features, fields }: VectorLayer,
  field: string,
  onWarning: WorkOptions["onWarning"],
): readonly string[] {
  const names = new Set<string>();
  const without = features.filter((feature) => {
    const name = classOf(feature);
    if (name !== undefined) names.add(name);
    return name === undefined;
  });
  if (names.size === 0) {
    const known = nearest(field, fields);
    throw new UserError("bad-data", `${file}: no polygon says anything in the field ${quoted(field)}`, {
      hint: `${known === undefined ? "" : `Did you mean ${quoted(known)}? `}It has ${fields.length === 0 ? "no fields" : `the fields ${fields.slice(0, 20).join(", ")}`}.`,
    });
  }
  if (names.size > MOST_CLASSES) {
    throw new UserError(
      "limit",
      `${file}: the field ${quoted(field)} has ${names.size} different values; there may be ${MOST_CLASSES}`,
      {
        hint: `Is it the class? It has the fields ${fields.slice(0, 20).join(", ")}.`,
      },
    );
  }
  if (without.length > 0) {
    onWarning?.(
      `${file}: ${without.length} of ${features.length} polygons do not say their ${quoted(field)} and are left out, first feature ${without[0].number}`,
    );
  }
  return [...names].sort(compareCodePoints);
}

/** A text or a number names a class; everything else does not. */
function classOf({ value }: VectorFeature): string | undefined {
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") return undefined;
  return normalizedLabel(String(value)) || undefined;
}
