import { plural } from "../format.js";
import { type Html, html, name } from "../html.js";
import type { RunReport } from "../run-data.js";

/** Rules that are shown; the classifier holds them all. */
const MAX_RULES = 5;

/** Says which numbers keep the rules: those of the whole classifier do; a label that is looked at alone has only its threshold. */
export function rulesNote({ rules = [] }: RunReport): Html | false {
  return (
    rules.length > 0 &&
    html`<p class="quiet small">The metrics at the top, and the labels that the classifier gives, keep ${plural(rules.length, "rule")} between labels
(${rules.slice(0, MAX_RULES).map((rule, i) => html`${i > 0 && "; "}${name(rule)}`)}${rules.length > MAX_RULES && "; …"}). Here each label stands alone, by its threshold: numbers can differ from those.</p>`
  );
}
