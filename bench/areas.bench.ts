import { CHANGE_MAP, type Coverage, SMALL_MAP, surveyRandomly } from "../src/learn/area-survey.cases.js";

const DESIGNS = 500;
const SEEDS = [1, 2, 3];
/** Of intervals of 95 %. */
const LOWEST = 0.93;
const HIGHEST = 0.97;
/** As `area design` draws without being told, and a quarter of that. */
const STANDARD_ERRORS = [0.01, 0.02];
/** Of the small one, a good part of the rare strata is drawn: what the correction for finite strata is for. */
const MAPS = { large: CHANGE_MAP, small: SMALL_MAP };

/**
 * How often 95 % intervals of estimated areas hold the true area, over three times 500 samples of two change maps with known truth, for
 * classes with 30 expected samples or more; how often estimate ± 1.96 standard errors does; and how often the intervals of raw counts do. Ratios: 1
 * where every such class lies within 93 to 97 %, less by how far the worst is outside; and the share of classes whose counted interval holds
 * the truth.
 */
export async function run() {
  const surveys = Object.entries(MAPS).flatMap(([name, map]) =>
    STANDARD_ERRORS.map((standardError) => ({
      name: `${name}, se ${standardError}`,
      runs: SEEDS.map((seed) => surveyRandomly({ designs: DESIGNS, seed, map, standardError })),
    })),
  );
  const pooled = surveys.flatMap(({ runs }) =>
    CHANGE_MAP.names.filter((_, k) => runs[0].classes[k].expected >= 30).map((_, k) => mean(runs, k, "share")),
  );
  const outside = Math.max(...pooled.map((share) => Math.max(0, LOWEST - share, share - HIGHEST)));
  const figures = Object.fromEntries(
    surveys.flatMap(({ name: survey, runs }) =>
      CHANGE_MAP.names.map((name, k) => [
        `${name}, ${survey}`,
        `${percent(mean(runs, k, "share"))} (${runs.map(({ classes }) => percent(classes[k].share)).join(", ")}), ± 1.96 SE ${percent(mean(runs, k, "normal"))}; ${runs[0].classes[k].expected.toFixed(0)} samples`,
      ]),
    ),
  );
  return { ratios: { coverage: 1 - outside, naive: surveys[0].runs[0].naive }, figures: { designs: DESIGNS, ...figures } };
}

function mean(runs: readonly Coverage[], k: number, key: "share" | "normal"): number {
  return runs.reduce((sum, { classes }) => sum + classes[k][key], 0) / runs.length;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
