import { UserError } from "../errors.js";
import { type Flag, flagName, type Input } from "./command.js";
import { RECIPE_FLAGS } from "./recipe-flags.js";

/** Flags that would do nothing beside others. */
interface Useless {
  readonly where: (flags: Input["flags"]) => boolean;
  readonly flags: readonly string[];
  readonly why: string;
  readonly hint: string;
}

const USELESS: readonly Useless[] = [
  {
    where: ({ finetune, network }) => finetune !== true && network === undefined,
    flags: [...Object.keys(RECIPE_FLAGS), "checkpointEvery", "memory"],
    why: "does nothing for a last layer alone",
    hint: "Add --finetune or --network <name>, or leave it out.",
  },
  {
    where: ({ network }) => network !== undefined,
    flags: ["l2", "scale", "mean", "std", "channelOrder", "resample", "embedding"],
    why: "does nothing for a network from scratch",
    hint: "Its images are standardised by the training part, and it decays by --weight-decay; leave it out.",
  },
  {
    where: ({ schedule = "one-cycle" }) => schedule === "one-cycle",
    flags: ["momentum"],
    why: "does nothing with the schedule one-cycle, which moves it between 0.85 and 0.95",
    hint: "Leave it out, or choose another --schedule.",
  },
  {
    where: ({ batchNorm }) => batchNorm === "frozen",
    flags: ["batchNormMomentum"],
    why: "does nothing with --batch-norm frozen",
    hint: "Leave one of them out.",
  },
];

/**
 * Refuses flags that would do nothing.
 *
 * @throws UserError `usage` naming the first of them as it was typed
 */
export function refuseUselessFlags(known: Readonly<Record<string, Flag>>, { flags }: Pick<Input, "flags">): void {
  for (const { where, flags: useless, why, hint } of USELESS) {
    const typed = useless.find((key) => key in known && flags[key] !== undefined && flags[key] !== false);
    if (typed !== undefined && where(flags)) throw new UserError("usage", `${flagName(typed, known[typed])} ${why}`, { hint });
  }
}
