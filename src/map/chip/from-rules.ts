import { UserError } from "../../errors.js";
import { evaluateFormula, type Formula, parseFormula } from "../../raster/formula.js";
import type { Raster } from "../../raster/raster.js";
import type { RasterInfo } from "../../raster/reader.js";
import type { PixelWindow } from "../../raster/resample.js";
import type { Labeller } from "./labeller.js";

/** A class and the condition that its pixels meet. */
interface ClassRule {
  readonly name: string;
  readonly condition: Formula;
}

/**
 * Labels by what pixels are like: "forest: ndvi > 0.6". Conditions see reflectance where the scene says its scale, stored numbers else.
 * What they make are labels of a rule, and scores against them tell how well a classifier follows the rule.
 *
 * @throws UserError `usage` for a rule that cannot be read, pointing at the word which is wrong
 */
export function ruleLabeller(rules: readonly string[], { bands }: Pick<RasterInfo, "bands">): Labeller {
  const known = bands.filter(({ colour }) => colour !== "alpha").map(({ name }) => name);
  const classes = rules.map((rule) => classRule(rule, known));
  const twice = classes.find(({ name }, i) => classes.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) {
    throw new UserError("usage", `--rule: ${JSON.stringify(twice.name)} has two rules`, { hint: "Join them with or." });
  }
  /** By class and pixel: 1 yes, 0 no, NaN not known. */
  let part: { readonly window: PixelWindow; readonly met: readonly Float32Array[]; readonly unseen: Uint8Array } | undefined;
  return {
    kind: "rule",
    source: rules.join("; "),
    classes: classes.map(({ name }) => name),
    async look({ window, raster }) {
      const pixels = raster.widthPx * raster.heightPx;
      const met = classes.map(({ condition }) => {
        const out = new Float32Array(pixels);
        const planes = condition.bands.map((band) => valuesOf(raster, raster.bands.indexOf(band)));
        evaluateFormula(condition, planes, out);
        return out;
      });
      const unseen = Uint8Array.from({ length: pixels }, (_, i) =>
        raster.valid?.[i] === 0 || met.some((values) => Number.isNaN(values[i])) ? 1 : 0,
      );
      part = { window, met, unseen };
    },
    shares(chip) {
      if (part === undefined) throw new RangeError("the labeller has not looked at this part of the scene");
      const { window, met, unseen } = part;
      const ofClasses = new Float64Array(met.length);
      let unknown = 0;
      for (let y = 0; y < chip.heightPx; y++) {
        const start = (chip.topPx - window.topPx + y) * window.widthPx + chip.leftPx - window.leftPx;
        for (let i = start; i < start + chip.widthPx; i++) {
          if (unseen[i] === 1) unknown++;
          else for (let k = 0; k < met.length; k++) ofClasses[k] += met[k][i];
        }
      }
      const pixels = chip.widthPx * chip.heightPx;
      return { ofClasses: ofClasses.map((count) => count / pixels), unseen: unknown / pixels };
    },
    close: async () => {},
  };
}

function classRule(rule: string, known: readonly string[]): ClassRule {
  const colon = rule.indexOf(":");
  const name = rule.slice(0, Math.max(0, colon)).trim();
  if (name === "") {
    throw new UserError("usage", `--rule ${JSON.stringify(rule)}: has no class`, {
      hint: 'Write the class, a colon, and the condition: "forest: ndvi > 0.6".',
    });
  }
  const condition = parseFormula(rule.slice(colon + 1).trim(), { known, kind: "truth", where: `--rule ${name}` });
  return { name, condition };
}

/** A band in its unit. */
function valuesOf({ data, widthPx, heightPx, scaling }: Raster, band: number): ArrayLike<number> {
  const pixels = widthPx * heightPx;
  const plane = data.subarray(band * pixels, (band + 1) * pixels);
  const { scale, offset } = scaling?.[band] ?? { scale: 1, offset: 0 };
  return scale === 1 && offset === 0 ? plane : Float64Array.from(plane, (value) => value * scale + offset);
}
