import { UserError } from "../errors.js";
import type { ClassifierFile } from "../model/classifier.js";
import type { WorkOptions } from "../progress.js";
import type { Preprocess } from "../raster/preprocess.js";
import { openImagePool } from "../runtime/image-pool.js";
import type { RuntimeChoice } from "../runtime/session.js";
import { type Agreement, measureAgreement, remembering } from "./agreement.js";
import { openDenseWay } from "./dense.js";
import { type MappedScene, slidingWay, type Way } from "./run.js";

/** How a map is made: every cell by its own chip, or many by the features of a window that they share; `auto` measures which. */
export const MAP_MODES = ["auto", "dense", "sliding"] as const;
export type MapMode = (typeof MAP_MODES)[number];

/** What a map was made by, and why. */
export interface ModeReport {
  readonly mode: Exclude<MapMode, "auto">;
  /** Why not dense, where nobody asked for sliding. */
  readonly why?: string;
  /** Of dense with sliding, where it was measured. */
  readonly agreement?: Agreement;
}

/** A map that is less like that of the sliding window is not made without being asked for. */
export const LEAST_AGREEMENT = 0.98;
/** Of fewer cells than this, comparing would take more time than it saves. */
const LEAST_CELLS = 1600;
/** Chips a stride apart share most of their pixels from so many strides a chip on: with fewer, windows save less than comparing costs. */
const LEAST_STRIDES = 4;

export interface ChooseWayOptions extends WorkOptions {
  readonly mode: MapMode;
  readonly classifier: ClassifierFile;
  readonly preprocess: Preprocess;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
}

/** A way to decide the cells of a map; close it afterwards. */
export interface ChosenWay {
  readonly mapped: MappedScene;
  readonly way: Way;
  readonly report: ModeReport;
  close(): Promise<void>;
}

/**
 * Opens what decides the cells of a map, and in dense mode measures on the scene itself how well that agrees with the sliding window.
 *
 * @throws UserError `usage` where dense mode is asked for and not possible
 */
export async function chooseWay(scene: Omit<MappedScene, "pool">, options: ChooseWayOptions): Promise<ChosenWay> {
  const { mode, classifier, preprocess, threads, runtime, onWarning } = options;
  const cellCount = scene.cells.columns * scene.cells.rows;
  const pool = await openImagePool({
    ...{ model: classifier.bytes, preprocess, outputs: ["final_result"] },
    ...{ threads, images: cellCount, runtime, onWarning },
  });
  const mapped = { ...scene, pool };
  const sliding = (report: Omit<ModeReport, "mode">): ChosenWay => {
    return { mapped, way: slidingWay(mapped), report: { mode: "sliding", ...report }, close: pool.close };
  };
  try {
    if (mode === "sliding") return sliding({});
    if (mode === "auto" && cellCount < LEAST_CELLS) return sliding({ why: `${cellCount} cells are too few to gain anything` });
    const { chipPx, stridePx } = scene.cells;
    if (mode === "auto" && chipPx < LEAST_STRIDES * stridePx)
      return sliding({ why: "chips overlap too little to gain anything" });
    const dense = await openDenseWay(mapped, options);
    if ("why" in dense) {
      if (mode === "auto") return sliding(dense);
      throw new UserError("usage", `--mode dense: ${dense.why}`, { hint: "Use --mode sliding, which every classifier allows." });
    }
    const close = async () => {
      await Promise.all([pool.close(), dense.close()]);
    };
    try {
      const { agreement, decided } = await measureAgreement(mapped, { ...options, dense });
      const why = complaintAbout(agreement);
      if (why !== undefined && mode === "auto") {
        await dense.close();
        return sliding({ why, agreement });
      }
      if (why !== undefined) onWarning?.(`dense mode, as asked for: ${why}`);
      return { mapped, way: remembering(dense, decided), report: { mode: "dense", agreement }, close };
    } catch (error) {
      await dense.close();
      throw error;
    }
  } catch (error) {
    await pool.close();
    throw error;
  }
}

function complaintAbout({ share, cells }: Agreement): string | undefined {
  if (cells === 0) return "no cell could be compared with the sliding window";
  if (share >= LEAST_AGREEMENT) return undefined;
  return `windows decide ${(100 * share).toFixed(1)} % of ${cells} cells as the sliding window does, less than ${100 * LEAST_AGREEMENT} %`;
}
