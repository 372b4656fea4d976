import { join } from "node:path";
import { writeFileAtomic } from "../../files.js";
import { designArea } from "../../map/area/design.js";
import { DESIGN_FILE } from "../../map/area/design-file.js";
import { estimateAreaOf } from "../../map/area/estimate.js";
import { answerFromTruth } from "../../map/area/truth.js";
import { type ChangeResult, changeScenes } from "../../map/change/change.js";
import { writeChangeReport } from "../../map/change/report.js";
import { chipScene } from "../../map/chip/chip.js";
import type { AreaEstimates } from "../../report/area-estimates.js";
import { writeCountry } from "../../synth/country/write.js";
import { train } from "../../train/train.js";
import type { workOf } from "../command.js";

const SCENE_PX = 768;
const CHIP_PX = 64;
/** Chips overlap by half: an invented country is small. */
const CHIP_STRIDE_PX = 32;
/** Of the overall accuracy: what a demonstration can be content with. */
const STANDARD_ERROR = 0.06;
const LEAST_SAMPLES = 10;

/** What the demonstration of change came to. */
export interface DemoChange {
  readonly change: ChangeResult;
  readonly estimates: AreaEstimates;
  readonly sample: string;
}

/**
 * Two dates of an invented country, seen by a classifier that learnt on another one; then the areas of its changes from a sample, which
 * the known truth answers in the place of a person.
 */
export async function demoChange(
  out: string,
  { seed, force, command, ...work }: { seed: number; force: boolean; command: string } & ReturnType<typeof workOf>,
): Promise<DemoChange> {
  const size = { sizePx: SCENE_PX, force, ...work };
  const learnt = await writeCountry({ out: join(out, "country-learnt"), seed: seed + 1, dates: 1, ...size });
  const country = await writeCountry({ out: join(out, "country"), seed: seed + 2, dates: 2, ...size });
  const chips = await chipScene({
    ...{ scene: learnt.scenes[0], fromRaster: learnt.classes[0], sizePx: CHIP_PX, stridePx: CHIP_STRIDE_PX },
    ...{ out: join(out, "country-chips"), force, ...work },
  });
  const run = await train({
    ...{ data: chips.folder, labels: chips.largest, task: "multiclass", split: "blocks", values: "reflectance" },
    ...{ out: join(out, "run-country"), seed, force, command, ...work },
  });
  const folder = join(out, "change");
  const change = await changeScenes({ classifier: run.classifier, scenes: country.scenes, out: folder, force, command, ...work });
  const sample = join(out, "change-sample");
  const { sample: table } = await designArea({
    ...{ map: folder, out: sample, scenes: country.scenes, seed, force },
    ...{ standardError: STANDARD_ERROR, least: LEAST_SAMPLES, ...work },
  });
  await answerFromTruth({ folder: sample, truth: country.classes, cellPx: CHIP_PX, signal: work.signal });
  const estimates = estimateAreaOf({ sample: table, onWarning: work.onWarning });
  writeFileAtomic(join(sample, "estimate.json"), `${JSON.stringify(estimates, undefined, 1)}\n`);
  writeChangeReport(folder, estimates);
  return { change, estimates, sample: join(sample, DESIGN_FILE) };
}

/** The named answers as lines: counted, and estimated from the sample. */
export function changeLines({ change, estimates }: DemoChange): string {
  const lines = change.rules.map(({ name, hectares }) => {
    const found = estimates.classes.find((one) => one.of === "rule" && one.name === name);
    const between = found?.interval && `${found.interval.map((end) => end.toFixed(1)).join(" to ")} ha`;
    return `  ${name.padEnd(14)} ${hectares.toFixed(1).padStart(7)} ha counted on the map; from the sample ${between ?? found?.why ?? "nothing can be said"}`;
  });
  return lines.join("\n");
}
