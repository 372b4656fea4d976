import { OTHER_CHANGE, withUnit } from "../../report/change/words.js";
import type { ChangeReportData } from "../../report/change-data.js";
import { colourOfHex } from "../colours.js";
import type { LegendEntry } from "./pictures.js";

/** The legend of the change map: the rules with their counted hectares, and what no rule names. */
export function changeLegend({ rules }: Pick<ChangeReportData, "rules">): readonly LegendEntry[] {
  return [
    ...rules.map(({ name, colour, hectares }) => ({ name, colour: colourOfHex(colour), detail: withUnit(hectares) })),
    { name: OTHER_CHANGE.name, colour: colourOfHex(OTHER_CHANGE.colour) },
  ];
}
