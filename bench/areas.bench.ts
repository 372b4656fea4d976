import { CHANGE_MAP, surveyRandomly } from "../src/learn/area-survey.cases.js";

const DESIGNS = 500;
/** Of intervals of 95 %. */
const LOWEST = 0.93;
const HIGHEST = 0.97;

/**
 * How often 95 % intervals of estimated areas hold the true area, over 500 samples of a generated change map, for classes with 30
 * expected samples or more; and how often those of raw counts do. Ratios: 1 where every such class lies within 93 to 97 %, less by how far the
 * worst is outside; and the share of classes whose counted interval holds the truth.
 */
export async function run() {
  const runs = [1, 2, 3].map((seed) => surveyRandomly({ designs: DESIGNS, seed }));
  const judged = runs.flatMap(({ classes }) => classes.filter(({ expected }) => expected >= 30).map(({ share }) => share));
  const outside = Math.max(...judged.map((share) => Math.max(0, LOWEST - share, share - HIGHEST)));
  const figures = Object.fromEntries(
    CHANGE_MAP.names.map((name, k) => [
      name,
      `${runs.map(({ classes }) => (100 * classes[k].share).toFixed(1)).join(", ")} % of ${runs[0].classes[k].expected.toFixed(0)} samples`,
    ]),
  );
  return { ratios: { coverage: 1 - outside, naive: runs[0].naive }, figures: { designs: DESIGNS, ...figures } };
}
