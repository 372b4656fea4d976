import { UserError } from "../errors.js";
import type { OptimizerName } from "../learn/optimizers.js";
import { type Flag, flagName, type Input } from "./command.js";
import { RECIPE_FLAGS } from "./recipe-flags.js";

/** Flags that would do nothing beside others. */
interface Useless {
  /** `known`: the flags that the command has. */
  readonly where: (flags: Input["flags"], known: Readonly<Record<string, Flag>>) => boolean;
  readonly flags: readonly string[];
  readonly why: string;
  readonly hint: string;
}

/** Optimizers that have one. */
const MOMENTUM: ReadonlySet<string> = new Set(["sgd", "rmsprop", "adam", "adamw"] satisfies OptimizerName[]);

const USELESS: readonly Useless[] = [
  {
    where: ({ finetune, network }, known) => "finetune" in known && finetune !== true && network === undefined,
    flags: [...Object.keys(RECIPE_FLAGS), "checkpointEvery", "memory"],
    why: "does nothing for a last layer alone",
    hint: "Add --finetune or --network <name>, or leave it out.",
  },
  {
    where: ({ network }) => network !== undefined,
    flags: ["l2", "scale", "mean", "std", "normalize", "channelOrder", "resample", "embedding"],
    why: "does nothing for a network from scratch",
    hint: "Its images are standardised by the training part, and it decays by --weight-decay; leave it out.",
  },
  {
    where: ({ schedule = "one-cycle" }, known) => "schedule" in known && schedule === "one-cycle",
    flags: ["momentum"],
    why: "does nothing with the schedule one-cycle, which moves it between 0.85 and 0.95",
    hint: "Leave it out, or choose another --schedule.",
  },
  {
    where: ({ optimizer = "adamw" }) => !MOMENTUM.has(String(optimizer)),
    flags: ["momentum"],
    why: "does nothing with this --optimizer",
    hint: `It belongs to ${[...MOMENTUM].join(", ")}; leave it out.`,
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
    if (typed !== undefined && where(flags, known))
      throw new UserError("usage", `${flagName(typed, known[typed])} ${why}`, { hint });
  }
}
