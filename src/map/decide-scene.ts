import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../errors.js";
import { VERSION } from "../version.js";
import { type Journal, openJournal } from "./journal.js";
import { type ChooseWayOptions, chooseWay, type ModeReport } from "./mode.js";
import { sha256 } from "./provenance.js";
import { decideCells, type MappedScene } from "./run.js";

export interface DecideSceneOptions extends ChooseWayOptions {
  /** What is made of the cells: names it in messages. */
  readonly out: string;
  /** Path of the rows that are done, see `journalPath`. */
  readonly journal: string;
  /** All that the numbers come from, beside cells and bands: rows that were made of anything else are not gone on with. */
  readonly inputs: object;
}

/**
 * Decides every cell of a scene into a journal, and goes on where an earlier call was stopped. The journal is the caller's to close.
 *
 * @throws UserError `usage`, `bad-file`, `bad-model`, `io`, `aborted`
 */
export async function decideScene(
  scene: Omit<MappedScene, "pool">,
  options: DecideSceneOptions,
): Promise<{ readonly journal: Journal; readonly report: ModeReport }> {
  const { out, inputs, runtime, signal, onProgress, onWarning } = options;
  const { cells, bands, classes } = scene;
  const { mapped, way, report, close } = await chooseWay(scene, options);
  let journal: Journal | undefined;
  try {
    const fingerprint = sha256(
      Buffer.from(JSON.stringify({ ...inputs, ...cells, bands, runtime, mode: report.mode, version: VERSION })),
    );
    journal = openJournal({ path: options.journal, fingerprint, columns: cells.columns, classes });
    if (journal.isReplacing) {
      onWarning?.(`${out}: an unfinished one of other inputs or settings was there; it is not gone on with`);
    }
    await decideCells({ ...mapped, way, journal, signal, onProgress });
    return { journal, report };
  } catch (error) {
    journal?.close();
    throw continued(error, journal?.rows ?? 0, cells.rows);
  } finally {
    await close();
  }
}

/** Tells of a map that was stopped that it is not lost. */
export function continued(error: unknown, done: number, rows: number): unknown {
  if (!(error instanceof UserError) || error.code !== "aborted" || done === 0) return error;
  return new UserError("aborted", `stopped: ${done} of ${rows} rows of cells are done`, {
    hint: "The same command goes on from there.",
    cause: error,
  });
}

/** Rows that are done stand beside what is made of them, hidden. */
export function journalPath(out: string, date?: number): string {
  const target = resolve(out);
  return join(dirname(target), `.${basename(target)}.${date === undefined ? "" : `${date}.`}cells`);
}
