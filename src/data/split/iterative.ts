import type { Random } from "../../random.js";
import { PARTS, type Part } from "../../task.js";
import { balanceShares } from "./balance.js";
import { repairCoverage } from "./coverage.js";
import type { Fractions } from "./fractions.js";
import type { Unit } from "./units.js";

/**
 * Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011): the label with the fewest samples left is dealt out first, each
 * sample to the part that misses that label most. Beyond the paper, labels with at least as many units as there are parts reach
 * every part, wherever that is possible at all, and single units are then moved until no move brings the shares nearer.
 */
export function iterativeSplit(units: readonly Unit[], fractions: Fractions, random: Random): readonly Part[] {
  const wanted = PARTS.filter((part) => fractions[part] > 0);
  const parts = new Int8Array(units.length).fill(-1);
  const labelCount = 1 + units.reduce((most, { labels }) => Math.max(most, ...labels), -1);
  const unitsOfLabel: number[][] = Array.from({ length: labelCount }, () => []);
  const samplesLeft = new Float64Array(labelCount);
  const order = random.shuffle(Array.from(units.keys())).sort((a, b) => units[b].members.length - units[a].members.length);
  for (const u of order) {
    units[u].labels.forEach((k, i) => {
      unitsOfLabel[k].push(u);
      samplesLeft[k] += units[u].counts[i];
    });
  }

  // missing[k·P + p]: samples with label k that part p still lacks; missingAny[p]: samples of any kind.
  const missing = Float64Array.from({ length: labelCount * wanted.length }, (_, i) => {
    return samplesLeft[Math.floor(i / wanted.length)] * fractions[wanted[i % wanted.length]];
  });
  const total = units.reduce((sum, { members }) => sum + members.length, 0);
  const missingAny = wanted.map((part) => total * fractions[part]);
  const reached = new Uint32Array(labelCount * wanted.length);

  const assign = (u: number, p: number) => {
    parts[u] = p;
    missingAny[p] -= units[u].members.length;
    units[u].labels.forEach((k, i) => {
      missing[k * wanted.length + p] -= units[u].counts[i];
      samplesLeft[k] -= units[u].counts[i];
      reached[k * wanted.length + p]++;
    });
  };
  /** The part that misses most of label k (−1: of all samples), then most of all samples, then at random. */
  const neediest = (candidates: readonly number[], k: number) => {
    const need = (p: number) => (k < 0 ? missingAny[p] : missing[k * wanted.length + p]);
    let [best, ties] = [candidates[0], 1];
    for (let i = 1; i < candidates.length; i++) {
      const p = candidates[i];
      const more = need(p) - need(best);
      const moreAny = missingAny[p] - missingAny[best];
      if (more > 1e-9 || (more > -1e-9 && moreAny > 1e-9)) [best, ties] = [p, 1];
      else if (more > -1e-9 && moreAny > -1e-9 && random.int(++ties) === 0) best = p;
    }
    return best;
  };

  const every = Array.from(wanted.keys());
  for (let k = scarcest(samplesLeft); k >= 0; k = scarcest(samplesLeft)) {
    const open = unitsOfLabel[k].filter((u) => parts[u] < 0);
    const mustReach = unitsOfLabel[k].length >= wanted.length;
    open.forEach((u, i) => {
      const empty = mustReach ? every.filter((p) => reached[k * wanted.length + p] === 0) : [];
      // Once only as many units are left as parts are empty, those parts come first.
      assign(u, neediest(open.length - i <= empty.length ? empty : every, k));
    });
  }
  for (const u of order) if (parts[u] < 0) assign(u, neediest(every, -1));
  repairCoverage(units, unitsOfLabel, parts, wanted.length, random);
  balanceShares(
    units,
    order,
    labelCount,
    wanted.map((part) => fractions[part]),
    parts,
  );
  return Array.from(parts, (p) => wanted[p]);
}

/** The label with the fewest samples left, but some; -1 when none has any. */
function scarcest(samplesLeft: Float64Array): number {
  let best = -1;
  for (let k = 0; k < samplesLeft.length; k++) {
    if (samplesLeft[k] > 0 && (best < 0 || samplesLeft[k] < samplesLeft[best])) best = k;
  }
  return best;
}
