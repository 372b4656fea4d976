/** What is trained, and how: the networks are those of bench/peers/torch_networks.py. */
export interface TrainingCase {
  readonly network: "resnet18-w32" | "mobilenetv2-1.0";
  readonly sizePx: number;
  readonly batch: number;
}

/** A network that is ready to take steps, on random images and classes that stay the same. */
export interface OurTrainer {
  /** One step, forward to update, of SGD with momentum 0.9; resolves to the loss before it. */
  step(): Promise<number>;
  /** What the engine says it needs at most, in bytes; shown beside what was measured. */
  peakBytes(): number;
  close(): Promise<void>;
}

/** Opens our side of the training benchmark. */
export async function openOurs(options: TrainingCase & { readonly layout: "blocked" | "portable" }): Promise<OurTrainer> {
  throw new Error(`nothing trains ${options.network} yet`);
}
