import type { Command } from "./command.js";
import { areaDesign } from "./commands/area-design.js";
import { areaEstimate } from "./commands/area-estimate.js";
import { backboneInspect } from "./commands/backbone-inspect.js";
import { change } from "./commands/change.js";
import { chip } from "./commands/chip.js";
import { compare } from "./commands/compare.js";
import { dataCheck } from "./commands/data-check.js";
import { dataConvert } from "./commands/data-convert.js";
import { dataInspect } from "./commands/data-inspect.js";
import { dataSplit } from "./commands/data-split.js";
import { demo } from "./commands/demo.js";
import { embed } from "./commands/embed.js";
import { evaluate } from "./commands/evaluate.js";
import { lrFind } from "./commands/lr-find.js";
import { map } from "./commands/map.js";
import { predict } from "./commands/predict.js";
import { retrain } from "./commands/retrain.js";
import { synth } from "./commands/synth.js";
import { thresholds } from "./commands/thresholds.js";
import { train } from "./commands/train.js";

/** Every command, in the order of `sigmax --help`. */
export const COMMANDS: readonly Command[] = [
  demo,
  synth,
  train,
  lrFind,
  predict,
  evaluate,
  thresholds,
  compare,
  embed,
  chip,
  map,
  change,
  areaDesign,
  areaEstimate,
  dataInspect,
  dataCheck,
  dataConvert,
  dataSplit,
  backboneInspect,
  retrain,
];
