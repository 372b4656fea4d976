import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { mapInOrder } from "../../concurrency.js";
import { UserError } from "../../errors.js";
import { refuseFolder, writeFolder } from "../../output-folder.js";
import { throwIfAborted, type WorkOptions } from "../../progress.js";
import { crop } from "../../raster/crop.js";
import { measuredShare } from "../../raster/measure.js";
import { openScene, type Scene, type SceneInput } from "../../raster/scene/open.js";
import { VERSION } from "../../version.js";
import { type Clip, openClip } from "../clip.js";
import { contentMark, fileName, sceneItems } from "../provenance.js";
import type { Labeller } from "./labeller.js";
import { type ChipSource, openLabeller } from "./source.js";
import { unlistedWords } from "./unlisted.js";
import { type ChipGrid, chipCounts, chipStrips, stripOf } from "./windows.js";
import { chipTable, LABELS_FILE, LARGEST_FILE, type LabelledChip, makeChipsFolder, RECORD_FILE, writeChip } from "./write.js";

export interface ChipSceneOptions extends WorkOptions, ChipSource, SceneInput {
  readonly out: string;
  /** Side of a chip in pixels. Default 64. */
  readonly sizePx?: number | undefined;
  /** From chip to chip. Default the size. */
  readonly stridePx?: number | undefined;
  /** Share of a chip from which on a class is present. Default 0.1. */
  readonly minShare?: number | undefined;
  /** GeoJSON or GeoPackage: only chips that lie wholly inside its polygons are cut. */
  readonly clip?: string | undefined;
  readonly force?: boolean | undefined;
}

/** What was cut. */
export interface ChipSceneResult {
  readonly folder: string;
  /** For several labels per image. */
  readonly labels: string;
  /** For one label per image. */
  readonly largest: string;
  readonly chips: number;
  /** Chips with too many pixels that were not measured. */
  readonly leftOut: number;
  /** Chips that do not lie wholly inside `clip`. */
  readonly outside: number;
  readonly classes: readonly { readonly name: string; readonly present: number; readonly unknown: number }[];
  /** How the scene's numbers become reflectance and what masks it, a line each. */
  readonly notes: readonly string[];
}

export const DEFAULT_CHIP_PX = 64;
export const DEFAULT_MIN_SHARE = 0.1;
/** More of a chip must not lack a measurement. */
const MAX_INVALID = 0.1;
const MOST_CHIPS = 2_000_000;
const AT_ONCE = 4;

/**
 * Cuts a scene into chips with labels: a dataset that `train` takes as it is. Chips are GeoTIFFs with the numbers of the scene, its
 * bands, scales and place.
 *
 * @throws UserError `usage`, `not-found`, `bad-file`, `bad-data` where scene and labels do not fit, `exists`, `aborted`
 */
export async function chipScene(options: ChipSceneOptions): Promise<ChipSceneResult> {
  const { out, sizePx = DEFAULT_CHIP_PX, minShare = DEFAULT_MIN_SHARE, clip: area, force = false } = options;
  const { signal, onProgress, onWarning } = options;
  const grid = { sizePx, stridePx: options.stridePx ?? sizePx };
  checkGrid(grid, minShare);
  refuseFolder(out, { force, marker: RECORD_FILE });
  const reader = await openScene(options, { onWarning, signal });
  try {
    const { columns, rows } = chipCounts(reader.info, grid);
    if (columns * rows === 0) throw tooSmall(reader, grid);
    if (columns * rows > MOST_CHIPS) {
      throw new UserError("limit", `${reader.info.file}: ${columns * rows} chips; the limit is ${MOST_CHIPS}`, {
        hint: "Choose larger chips or a larger --stride.",
      });
    }
    const clip = area === undefined ? undefined : await openClip(area, reader.info, onWarning);
    const labeller = await openLabeller(options, reader, onWarning);
    try {
      checkNames(labeller);
      return await writeFolder(out, { force, marker: RECORD_FILE }, (folder) =>
        writeChips({ reader, labeller, clip, grid, minShare, folder, out, signal, onProgress, onWarning }),
      );
    } finally {
      await labeller.close();
    }
  } finally {
    await reader.close();
  }
}

interface Work extends WorkOptions {
  readonly reader: Scene;
  readonly labeller: Labeller;
  readonly clip: Clip | undefined;
  readonly grid: ChipGrid;
  readonly minShare: number;
  readonly folder: string;
  readonly out: string;
}

async function writeChips({
  reader,
  labeller,
  clip,
  grid,
  minShare,
  folder,
  out,
  signal,
  onProgress,
  onWarning,
}: Work): Promise<ChipSceneResult> {
  // Of an address, what may be shown of it.
  const scene = reader.info.file;
  const { columns, rows } = chipCounts(reader.info, grid);
  const { classes, kind, source } = labeller;
  const name = stemOf(scene).replaceAll(/[^\w.-]/g, "_");
  const digits = { rows: String(rows - 1).length, columns: String(columns - 1).length };
  const table = chipTable({ scene: name, classes, minShare, digits });
  const metadata = { SIGMAX_SCENE: basename(scene), SIGMAX_LABELS_FROM: kind, ...sceneItems(reader) };
  await makeChipsFolder(folder);
  let [written, leftOut, outside, seen] = [0, 0, 0, 0];
  for (const whole of chipStrips(reader.info, grid)) {
    const strip = clip === undefined ? whole : stripOf(clip.windows(whole.chips));
    outside += whole.chips.length - (strip?.chips.length ?? 0);
    if (strip === undefined) continue;
    const { window } = strip;
    const raster = await reader.read({ window, signal });
    await labeller.look({ window, raster });
    const chips = function* (): Generator<LabelledChip> {
      for (const chip of strip.chips) {
        const cut = crop(raster, { ...chip, leftPx: chip.leftPx - window.leftPx, topPx: chip.topPx - window.topPx });
        if (1 - measuredShare(cut) > MAX_INVALID) leftOut++;
        else yield { window: chip, raster: cut, shares: labeller.shares(chip) };
      }
    };
    const write = (chip: LabelledChip) => {
      seen += 1 - chip.shares.unseen;
      return writeChip(folder, table.add(chip), chip.raster, metadata);
    };
    for await (const _ of mapInOrder(chips(), AT_ONCE, write, signal)) {
      written++;
      onProgress?.({ stage: "cut chips", done: written + leftOut + outside, total: columns * rows, unit: "chips" });
    }
    throwIfAborted(signal);
  }
  onProgress?.({ stage: "cut chips", done: columns * rows, total: columns * rows, unit: "chips" });
  if (clip !== undefined && outside === columns * rows) throw clip.misses(`no chip of ${grid.sizePx} px lies wholly in it`);
  if (written === 0) {
    throw new UserError("bad-data", `${scene}: no chip has measurements on ${100 * (1 - MAX_INVALID)} % of its pixels`, {
      hint: "Choose smaller chips, or another scene.",
    });
  }
  const unlisted = labeller.unlisted?.();
  const strangers = unlisted && unlisted.values.length > 0 ? unlistedWords(unlisted) : undefined;
  if (seen === 0 && strangers !== undefined) {
    throw new UserError("bad-data", `${source}: ${strangers}`, {
      hint: "Give the table that belongs to this raster: --class-table with a file, or the name of a known legend.",
    });
  }
  if (seen === 0) {
    throw new UserError("bad-data", `${source}: says nothing about any chip of ${scene}`, {
      hint: kind === "rule" ? "Look at the rules and at the values of the bands." : "Do both show the same place?",
    });
  }
  if (strangers !== undefined) {
    onWarning?.(
      `${source}: ${strangers}, and such pixels count as unknown; add to the table what is missing, and mark what means no data by gdal_edit.py -a_nodata`,
    );
  }
  if (table.present.every((count) => count === 0)) {
    onWarning?.(
      `${source}: no chip has any of the classes; look at the values that the scene has, or choose a smaller --min-share`,
    );
  }
  const mark = await contentMark(reader.files, signal);
  const record = {
    version: 1,
    sigmax: VERSION,
    scene: basename(scene),
    ...(mark.kind === "sha256" ? { sceneSha256: mark.text } : { sceneVersion: mark.text }),
    sceneFiles: reader.files.map(fileName),
    ...(reader.sensor && { sensor: reader.sensor }),
    ...(reader.date && { date: reader.date }),
    reflectance: reader.scaling.words,
    mask: reader.mask?.words ?? "none",
    ...grid,
    minShare,
    labelsFrom: {
      kind,
      source: kind === "rule" ? source : fileName(source),
      files: [LABELS_FILE, LARGEST_FILE],
      ...labeller.details,
    },
    ...(clip && { clip: { file: basename(clip.file), sha256: clip.sha256 } }),
    chips: written,
    leftOut,
    ...(clip && { outside }),
    classes: classes.map((label, k) => ({ name: label, present: table.present[k], unknown: table.unknown[k] })),
  };
  writeFileSync(join(folder, LABELS_FILE), table.labelsCsv());
  writeFileSync(join(folder, LARGEST_FILE), table.largestCsv());
  writeFileSync(join(folder, RECORD_FILE), `${JSON.stringify(record, undefined, 2)}\n`);
  return {
    folder: out,
    labels: join(out, LABELS_FILE),
    largest: join(out, LARGEST_FILE),
    chips: written,
    leftOut,
    outside,
    classes: record.classes,
    notes: reader.notes,
  };
}

/** Names that would be other labels where several stand in one cell. */
function checkNames({ source, classes }: Labeller): void {
  const bad = classes.find((name) => name.includes("|") || name.startsWith("?"));
  if (bad === undefined) return;
  throw new UserError(
    "bad-data",
    `${source}: ${JSON.stringify(bad)} cannot be a label: a table of labels parts them by |, and ? means unknown`,
    {
      hint: "Rename the class.",
    },
  );
}

/** Of a file its name without the ending; names of product folders have dots of their own. */
function stemOf(scene: string): string {
  return basename(scene).replace(/\.(tiff?|jp2|SAFE)$/i, "");
}

function checkGrid({ sizePx, stridePx }: ChipGrid, minShare: number): void {
  for (const [flag, px] of [
    ["--size", sizePx],
    ["--stride", stridePx],
  ] as const) {
    if (!Number.isInteger(px) || px < 1 || px > 4096) {
      throw new UserError("usage", `${flag} ${px}: chips have 1 to 4096 pixels a side`, { hint: "64 is a good start." });
    }
  }
  if (!(minShare > 0 && minShare <= 1)) {
    throw new UserError("usage", `--min-share ${minShare}: a share lies above 0 and is at most 1`, {
      hint: "0.1 is a tenth of the chip.",
    });
  }
}

function tooSmall({ info }: Scene, { sizePx }: ChipGrid): UserError {
  return new UserError("bad-data", `${info.file}: ${info.widthPx} × ${info.heightPx} pixels hold no chip of ${sizePx} px`, {
    hint: "Choose a smaller --size.",
  });
}
