import { createRandom } from "../random.js";
import { estimateAreas, type SampleGroup } from "./area-estimate.js";
import { sizesOfStrata } from "./sample-sizes.js";
import { Z95 } from "./wilson.js";

/** A map and the truth: cells `[K, K]`, rows are classes of the map, columns what is there. */
export interface SurveyedMap {
  readonly names: readonly string[];
  readonly cells: readonly (readonly number[])[];
}

/** A change map of four strata: two rare changes that are also overlooked in the large ones, as changes are. */
export const CHANGE_MAP: SurveyedMap = {
  names: ["deforestation", "new forest", "stable forest", "other"],
  cells: [
    [17_600, 200, 1200, 1000],
    [100, 11_000, 1700, 2200],
    [2500, 400, 300_000, 17_100],
    [3200, 2000, 18_300, 621_500],
  ],
};

/** The same land in cells of a hundred times the area: of the rare strata a good part is drawn. */
export const SMALL_MAP: SurveyedMap = {
  names: CHANGE_MAP.names,
  cells: CHANGE_MAP.cells.map((row) => row.map((count) => Math.round(count / 100))),
};

/** How often intervals hold what is true. */
export interface Coverage {
  /** Of intervals of classes with at least 30 expected samples: the share that holds the true area. */
  readonly coverage: number;
  /** The same of the binomial intervals of counted cells, which do not depend on the sample. */
  readonly naive: number;
  readonly classes: readonly {
    readonly name: string;
    readonly expected: number;
    readonly share: number;
    /** Of intervals of the estimate ± z standard errors. */
    readonly normal: number;
    readonly naive: boolean;
  }[];
}

const LEAST_EXPECTED = 30;

/** Draws samples of a map again and again, answers them with the truth, and looks which intervals hold the true areas. */
export function surveyRandomly({
  designs,
  seed,
  map = CHANGE_MAP,
  standardError = 0.01,
  least = 50,
}: {
  readonly designs: number;
  readonly seed: number;
  readonly map?: SurveyedMap;
  readonly standardError?: number;
  readonly least?: number;
}): Coverage {
  const { names, cells } = map;
  const classes = names.length;
  const mapped = cells.map((row) => row.reduce((sum, count) => sum + count, 0));
  const total = mapped.reduce((sum, count) => sum + count, 0);
  const truth = names.map((_, k) => cells.reduce((sum, row) => sum + row[k], 0));
  const weights = mapped.map((count) => count / total);
  // As somebody draws a sample who knows nothing of the map yet.
  const users = cells.map(() => 0.8);
  const { samples: sizes } = sizesOfStrata({ weights, users, standardError, cells: mapped, least });
  const strata = names.map((name, h) => ({ name, area: mapped[h], cells: mapped[h], mapped: [h] }));
  const [held, normal] = [names.map(() => 0), names.map(() => 0)];
  const random = createRandom(seed, "surveys");
  for (let design = 0; design < designs; design++) {
    const samples = cells.flatMap((row, stratum): SampleGroup[] => {
      const counts = row.map(() => 0);
      const left = [...row];
      let all = mapped[stratum];
      for (let i = 0; i < sizes[stratum]; i++, all--) {
        // Without replacement: the cell drawn is no longer there.
        let at = random.int(all);
        let found = 0;
        while (at >= left[found]) at -= left[found++];
        left[found]--;
        counts[found]++;
      }
      return counts.map((count, found) => ({ stratum, mapped: stratum, found, count }));
    });
    const { shares, intervals } = estimateAreas({ strata, classes, samples });
    intervals.forEach((interval, k) => {
      const { value = 0, standardError = 0 } = shares[k];
      const [low, high] = interval ?? [0, 0];
      if (low * total <= truth[k] && truth[k] <= high * total) held[k]++;
      if (Math.abs(value - truth[k] / total) <= Z95 * standardError) normal[k]++;
    });
  }
  const told = names.map((name, k) => {
    const expected = cells.reduce((sum, row, h) => sum + (sizes[h] * row[k]) / mapped[h], 0);
    const share = weights[k];
    const reach = Z95 * Math.sqrt((share * (1 - share)) / total);
    return {
      name,
      expected,
      share: held[k] / designs,
      normal: normal[k] / designs,
      naive: Math.abs(truth[k] / total - share) <= reach,
    };
  });
  const judged = told.filter(({ expected }) => expected >= LEAST_EXPECTED);
  return {
    coverage: judged.reduce((sum, { share }) => sum + share, 0) / judged.length,
    naive: judged.filter(({ naive }) => naive).length / judged.length,
    classes: told,
  };
}
