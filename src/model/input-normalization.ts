import { UserError } from "../errors.js";
import { quantiles } from "../learn/quantiles.js";
import type { BandNormalization } from "../onnx/surgery.js";
import { measureValues } from "../raster/measure.js";
import type { ExpectedInput } from "./expected-input.js";
import type { Manifest } from "./manifest.js";

/** How the bands of the training images can be brought to what a network takes, before its own normalisation. */
export const NORMALIZE_METHODS = ["none", "standardize", "stretch"] as const;
export type NormalizeMethod = Exclude<(typeof NORMALIZE_METHODS)[number], "none">;

/** What was measured of the training images, per band in input order, in the unit and the range of the preprocessing. */
export type InputNormalization = NonNullable<Manifest["backbone"]["normalize"]>;

/** Where a stretch begins and ends: what is darker or brighter is cut off. */
const ENDS = [0.02, 0.98] as const;

interface Method {
  readonly measure: (bands: readonly Float32Array[]) => InputNormalization;
  /** Why a network cannot take it, and what to do instead; undefined where it can. */
  readonly refusal: (expected: ExpectedInput, ownFirstLayer: boolean) => { problem: string; hint: string } | undefined;
}

const METHODS: Readonly<Record<NormalizeMethod, Method>> = {
  standardize: {
    measure(bands) {
      const measures = bands.map((values) => measureValues(values));
      // A band that never changes keeps its scale.
      const std = measures.map(({ mean, deviation }) => (deviation > 1e-6 * Math.abs(mean) ? deviation : 1));
      return { method: "standardize", mean: measures.map(({ mean }) => mean), std };
    },
    refusal(expected, ownFirstLayer) {
      if (!ownFirstLayer && (expected.standard || !expected.usual)) return undefined;
      const problem = ownFirstLayer ? "its own first layer standardises" : `it was trained on ${expected.words}`;
      return { problem, hint: "Use --normalize stretch, which ends at the values that it takes." };
    },
  },
  stretch: {
    measure(bands) {
      const ends = bands.map((values) => quantiles(values.slice().sort(), ENDS));
      const low = ends.map(([from]) => from);
      return { method: "stretch", low, high: ends.map(([from, to]) => (to > from ? to : from + 1)) };
    },
    refusal({ usual }) {
      if (usual) return undefined;
      const problem = "its scaling is not a usual one, and nothing says which values it takes";
      return { problem, hint: "Use --normalize standardize, or correct --scale, --mean and --std." };
    },
  },
};

/**
 * Measures the bands of training images.
 *
 * @param values some of each band of each image, `[images][C][n]`
 * @throws UserError `bad-data` where a band has none
 */
export function measureNormalization(
  method: NormalizeMethod,
  values: readonly (readonly Float32Array[])[],
  bands: readonly string[],
): InputNormalization {
  const finite = bands.map((_, band) => Float32Array.from(values.flatMap((image) => [...image[band]].filter(Number.isFinite))));
  const empty = finite.findIndex(({ length }) => length === 0);
  if (empty >= 0) {
    throw new UserError("bad-data", `--normalize ${method}: no training image has a measured value of ${bands[empty]}`, {
      hint: "Leave that band out with --bands, or leave --normalize out.",
    });
  }
  return METHODS[method].measure(finite);
}

/** @throws UserError `usage` where a network cannot take values that are normalised so */
export function checkNormalization(
  method: NormalizeMethod,
  { file, expected, ownFirstLayer }: { readonly file: string; readonly expected: ExpectedInput; readonly ownFirstLayer: boolean },
): void {
  const found = METHODS[method].refusal(expected, ownFirstLayer);
  if (found === undefined) return;
  throw new UserError("usage", `--normalize ${method}: ${file}: ${found.problem}`, { hint: found.hint });
}

/** What stands in the graph before the network's own normalisation: mean 0 and deviation 1, or 0 to 1 with the rest cut off. */
export function bandNormalization(normalize: InputNormalization): BandNormalization {
  if (normalize.method === "standardize") return { mean: normalize.mean, std: normalize.std, cut: false };
  const { low, high } = normalize;
  return { mean: low, std: high.map((to, band) => to - low[band]), cut: true };
}
