import { mkdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { formatCsv } from "../data/csv.js";
import { writeFolder } from "../output-folder.js";
import { throwIfAborted, type WorkOptions } from "../progress.js";
import { encodePng } from "../raster/encode.js";
import type { Raster } from "../raster/raster.js";
import type { Task } from "../task.js";
import { chipClasses, type GeneratedChip, LABEL_RULES } from "./chips.js";
import { COVERS, type Cover } from "./ground.js";

/** What a written chip set holds. */
export interface ChipSet {
  /** The folder to train on. */
  readonly folder: string;
  /** The label file, where labels are not folder names. */
  readonly labelsFile?: string;
  readonly classes: readonly string[];
  readonly count: number;
  /** Chips per class; "" counts chips without a label. */
  readonly counts: ReadonlyMap<string, number>;
}

/** How a chip set is written. */
export interface WriteChipSetOptions extends WorkOptions {
  readonly task: Task;
  /** Replace a folder that holds generated chips. Anything else is never removed. */
  readonly force?: boolean;
  /** How many chips will come, for the progress bar. */
  readonly total?: number;
}

/** How each task keeps its labels on disk. */
const LAYOUTS: Readonly<Record<Task, { readonly pathOf: (chip: GeneratedChip) => string; readonly labelsFile?: string }>> = {
  multilabel: { pathOf: ({ name }) => `images/${name}`, labelsFile: "labels.csv" },
  multiclass: { pathOf: ({ name, labels }) => `${labels[0]}/${name}` },
};

/** Says that a folder is ours and may be replaced. */
const MARKER = "chips.csv";
const AT_ONCE = 32;

/**
 * Writes chips as PNG files with their labels: for multilabel `images/*.png` and `labels.csv` (image_name, tags, group), for
 * multiclass one folder per class; beside them `chips.csv` (file, group, place in the scene, share of each cover) and README.txt.
 * The folder appears whole or not at all.
 *
 * @throws UserError `exists` if the folder holds something, `io` if the disk refuses, `aborted`
 */
export function writeChipSet(
  folder: string,
  chips: Iterable<GeneratedChip> | AsyncIterable<GeneratedChip>,
  { task, force = false, total, signal, onProgress }: WriteChipSetOptions,
): Promise<ChipSet> {
  const { pathOf, labelsFile } = LAYOUTS[task];
  return writeFolder(folder, { force, marker: MARKER }, async (workplace) => {
    const chipRows: string[][] = [];
    const labelRows: string[][] = [];
    const counts = new Map<string, number>();
    let batch: Png[] = [];
    for await (const chip of chips) {
      throwIfAborted(signal);
      const file = pathOf(chip);
      const shares = COVERS.map((cover) => chip.shares[cover].toFixed(4));
      chipRows.push([file, chip.group, String(chip.xPx), String(chip.yPx), ...shares]);
      labelRows.push([file, chip.labels.join(" "), chip.group]);
      for (const label of chip.labels.length > 0 ? chip.labels : [""]) counts.set(label, (counts.get(label) ?? 0) + 1);
      batch.push({ path: join(workplace, file), raster: chip.raster });
      if (batch.length === AT_ONCE) {
        await writeImages(batch);
        batch = [];
      }
      onProgress?.({ stage: "generate", done: chipRows.length, ...(total !== undefined && { total }), unit: "chips" });
    }
    await writeImages(batch);
    const header = ["file", "group", "x_px", "y_px", ...COVERS.map((cover) => `share_${cover}`)];
    writeFileSync(join(workplace, MARKER), formatCsv([header, ...chipRows]));
    if (labelsFile !== undefined) {
      writeFileSync(join(workplace, labelsFile), formatCsv([["image_name", "tags", "group"], ...labelRows]));
    }
    writeFileSync(join(workplace, "README.txt"), readme(task, chipRows.length));
    return {
      folder,
      ...(labelsFile !== undefined && { labelsFile: join(folder, labelsFile) }),
      classes: chipClasses(task),
      count: chipRows.length,
      counts,
    };
  });
}

interface Png {
  readonly path: string;
  readonly raster: Raster;
}

async function writeImages(images: readonly Png[]): Promise<void> {
  for (const folder of new Set(images.map(({ path }) => dirname(path)))) mkdirSync(folder, { recursive: true });
  const written = images.map(async ({ path, raster }) => writeFile(path, await encodePng(raster)));
  // All have ended, well or badly, before the folder may be removed.
  await Promise.allSettled(written);
  await Promise.all(written);
}

const EXPLANATIONS: Readonly<Record<Task, string>> = {
  multilabel: `labels.csv: image_name, tags (separated by spaces; empty: plain grass, no label), group.
A chip has a label when its class covers at least this share of the chip; chips with
half of a share or more, but not all of it, were left out as unclear.`,
  multiclass: `One folder per class. A chip is in a folder when its class covers at least this share of the
chip; the gardens and streets of a village count as urban. Roads are never that wide.`,
};

function readme(task: Task, count: number): string {
  // Object.entries forgets the key type.
  const shares = Object.entries(LABEL_RULES[task].leastShare) as [Cover, number][];
  return `Generated by sigmax: no real place.

${count} chips (${task}), cut from generated scenes of about 2 m to the pixel. Land, light and labels come out of a
seeded program; the labels are exact. Good for trying things out, no evidence of how a classifier does on real images.

${EXPLANATIONS[task]}
${shares.map(([cover, share]) => `  ${cover.padEnd(8)} ${Math.round(100 * share)} %`).join("\n")}

chips.csv: file, group, x_px and y_px of the top left corner in its scene, share of each cover.
Chips of one group come from one scene: when the data is split, keep a group together.
`;
}
