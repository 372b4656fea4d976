import { UserError } from "../../errors.js";
import { evaluateFormula, type Formula, parseFormula } from "../../raster/formula.js";
import type { Raster } from "../../raster/raster.js";
import type { RasterInfo } from "../../raster/reader.js";
import { NAMING } from "../../raster/scene/product.js";
import { missingSamples } from "../../raster/values.js";
import type { Labeller } from "./labeller.js";
import { pixelLabeller } from "./pixel-labeller.js";

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
  const read = [...new Set(classes.flatMap(({ condition }) => condition.bands))];
  const twice = classes.find(({ name }, i) => classes.findIndex((other) => other.name === name) < i);
  if (twice !== undefined) {
    throw new UserError("usage", `--rule: ${JSON.stringify(twice.name)} has two rules`, { hint: "Join them with or." });
  }
  return pixelLabeller({
    kind: "rule",
    source: rules.join("; "),
    classes: classes.map(({ name }) => name),
    async classify({ raster }) {
      const pixels = raster.widthPx * raster.heightPx;
      /** By class and pixel: 1 yes, 0 no, NaN not known. */
      const met = classes.map(({ condition }) => {
        const out = new Float32Array(pixels);
        const planes = condition.bands.map((band) => valuesOf(raster, raster.bands.indexOf(band)));
        evaluateFormula(condition, planes, out);
        return out;
      });
      const unmeasured = unmeasuredPixels(raster, read);
      return (pixel, counts) => {
        if (raster.valid?.[pixel] === 0 || unmeasured?.[pixel] === 1) return false;
        if (met.some((values) => Number.isNaN(values[pixel]))) return false;
        for (let k = 0; k < met.length; k++) counts[k] += met[k][pixel];
        return true;
      };
    },
    close: async () => {},
  });
}

function classRule(rule: string, known: readonly string[]): ClassRule {
  const colon = rule.indexOf(":");
  const name = rule.slice(0, Math.max(0, colon)).trim();
  if (name === "") {
    throw new UserError("usage", `--rule ${JSON.stringify(rule)}: has no class`, {
      hint: 'Write the class, a colon, and the condition: "forest: ndvi > 0.6".',
    });
  }
  const condition = parseFormula(rule.slice(colon + 1).trim(), { known, kind: "truth", where: `--rule ${name}`, naming: NAMING });
  return { name, condition };
}

/** 1 where one of these bands was not measured, `[H, W]`; undefined where all were everywhere. */
function unmeasuredPixels(raster: Raster, bands: readonly string[]): Uint8Array | undefined {
  const missing = missingSamples(raster);
  if (missing === undefined) return undefined;
  const unmeasured = new Uint8Array(raster.widthPx * raster.heightPx);
  for (const band of bands) {
    const start = raster.bands.indexOf(band) * unmeasured.length;
    for (let i = 0; i < unmeasured.length; i++) unmeasured[i] |= missing[start + i];
  }
  return unmeasured;
}

/** A band in its unit. */
function valuesOf({ data, widthPx, heightPx, scaling }: Raster, band: number): ArrayLike<number> {
  const pixels = widthPx * heightPx;
  const plane = data.subarray(band * pixels, (band + 1) * pixels);
  const { scale, offset } = scaling?.[band] ?? { scale: 1, offset: 0 };
  return scale === 1 && offset === 0 ? plane : Float64Array.from(plane, (value) => value * scale + offset);
}
