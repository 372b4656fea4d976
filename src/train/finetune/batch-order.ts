import { createRandom } from "../../random.js";

/** `shuffled`: anew for each epoch, the last incomplete batch left out. `given`: as the samples stand, every one of them. */
export type BatchOrder = "shuffled" | "given";

/** A place in a training: a batch of an epoch, both counted from 0. */
export interface BatchPlace {
  readonly epoch: number;
  readonly step: number;
}

/** Which samples make which batch. */
export interface BatchOrderOptions {
  /** How many samples there are. */
  readonly count: number;
  readonly batch: number;
  readonly order: BatchOrder;
  readonly seed: number;
}

/** The batches of one epoch. */
export function stepsPerEpoch({ count, batch, order }: Pick<BatchOrderOptions, "count" | "batch" | "order">): number {
  return order === "given" ? Math.ceil(count / batch) : Math.floor(count / batch);
}

/**
 * The rows of every batch from a place on, epoch after epoch without end. An epoch's order depends on seed and epoch alone, so a
 * resumed training goes on as if it had never stopped.
 *
 * @throws RangeError if the samples fill no batch
 */
export function batchesFrom(options: BatchOrderOptions, place: BatchPlace): BatchRows {
  const steps = stepsPerEpoch(options);
  if (steps < 1) throw new RangeError(`${options.count} samples do not fill a batch of ${options.batch}`);
  return epochsFrom(options, steps, place);
}

type BatchRows = Generator<BatchPlace & { readonly rows: Int32Array }, never>;

function* epochsFrom({ count, batch, order, seed }: BatchOrderOptions, steps: number, place: BatchPlace): BatchRows {
  let step = place.step % steps;
  for (let epoch = place.epoch + Math.floor(place.step / steps); ; epoch++, step = 0) {
    const rows = Array.from({ length: count }, (_, row) => row);
    if (order === "shuffled") createRandom(seed, `order/${epoch}`).shuffle(rows);
    for (; step < steps; step++) yield { epoch, step, rows: Int32Array.from(rows.slice(step * batch, (step + 1) * batch)) };
  }
}
