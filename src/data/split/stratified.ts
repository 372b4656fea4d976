import type { Random } from "../../random.js";
import { PARTS, type Part } from "../../task.js";
import type { Fractions } from "./fractions.js";
import type { Unit } from "./units.js";

/**
 * Deals out each stratum on its own: units with exactly the same labels. A stratum of three or more reaches every part; what
 * rounding leaves over goes where most is missing overall.
 */
export function stratifiedSplit(units: readonly Unit[], fractions: Fractions, random: Random): readonly Part[] {
  const strata = new Map<string, number[]>();
  units.forEach(({ labels }, u) => {
    const key = labels.join();
    if (strata.has(key)) strata.get(key)!.push(u);
    else strata.set(key, [u]);
  });
  const wanted = PARTS.filter((part) => fractions[part] > 0);
  const total = units.reduce((sum, { members }) => sum + members.length, 0);
  const missing = new Map(wanted.map((part) => [part, total * fractions[part]]));
  const parts: Part[] = new Array(units.length);
  // Large strata first: their remainders are settled by the small ones.
  for (const stratum of [...strata.values()].sort((a, b) => b.length - a.length)) {
    random.shuffle(stratum);
    const size = stratum.reduce((sum, u) => sum + units[u].members.length, 0);
    const open = new Map(wanted.map((part) => [part, size * fractions[part]]));
    const empty = new Set(stratum.length >= wanted.length ? wanted : []);
    stratum.forEach((u, i) => {
      // Once only as many units are left as parts are empty, those parts come first.
      const candidates = stratum.length - i <= empty.size ? [...empty] : wanted;
      const part = candidates.reduce((best, next) => {
        const gain = open.get(next)! - open.get(best)!;
        return gain > 1e-9 || (gain > -1e-9 && missing.get(next)! > missing.get(best)!) ? next : best;
      });
      parts[u] = part;
      empty.delete(part);
      open.set(part, open.get(part)! - units[u].members.length);
      missing.set(part, missing.get(part)! - units[u].members.length);
    });
  }
  return parts;
}
