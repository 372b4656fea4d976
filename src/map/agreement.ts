import { mapInOrder } from "../concurrency.js";
import { decide } from "../learn/decide.js";
import { wilsonInterval } from "../learn/wilson.js";
import type { ClassifierFile } from "../model/classifier.js";
import type { WorkOptions } from "../progress.js";
import { createRandom, DEFAULT_SEED } from "../random.js";
import { type DenseWay, GROUND, groundWindow, placeIn } from "./dense.js";
import { decideCell, type MappedScene, type Piece, type Way } from "./run.js";

/** How often windows decide a cell as its own chip does. */
export interface Agreement {
  /** Of the cells compared, those with the same labels. NaN where none could be compared. */
  readonly share: number;
  /** Of all such cells, with 95 % certainty. */
  readonly interval: readonly [low: number, high: number];
  /** Cells compared. */
  readonly cells: number;
}

/** Cells that are compared, where a scene has as many whose pixels were all measured: a twentieth of a map, within these. */
const COMPARED = { least: 50, most: 400 };
/** A scene of which little was measured is drawn from so many times. */
const MOST_ROUNDS = 4;
/** Draws for each cell that is wanted, before there are taken to be no more. */
const PATIENCE = 50;

/** What pieces were decided to, by their first cell. */
export type Decided = Map<string, Awaited<ReturnType<Way["decide"]>>>;

/**
 * Decides cells drawn at random both ways: each in the very window in which a map decides it, and by its own chip. Cells that windows leave
 * to their own chips are not counted. What windows give is remembered.
 */
export async function measureAgreement(
  mapped: MappedScene,
  { dense, classifier, signal, onProgress }: WorkOptions & { readonly dense: DenseWay; readonly classifier: ClassifierFile },
): Promise<{ readonly agreement: Agreement; readonly decided: Decided }> {
  const { manifest, rules } = classifier;
  const labels = (probabilities: Float32Array) =>
    decide(manifest.task, probabilities, manifest.classes.length, manifest.thresholds, rules).join();
  const decided: Decided = new Map();
  const draw = cellDrawer(mapped, dense.side);
  const wanted = Math.max(COMPARED.least, Math.min(COMPARED.most, Math.ceil((mapped.cells.columns * mapped.cells.rows) / 20)));
  let [same, compared] = [0, 0];
  for (let round = 0; round < MOST_ROUNDS && compared < wanted; round++) {
    const both = async ({ piece, cells }: DrawnPiece) => {
      const window = groundWindow(mapped, piece);
      const ground = { ...window, raster: await mapped.scene.read({ window, bands: mapped.bands, signal }) };
      const states = dense.groundOf(piece, ground);
      const complete = cells.filter((cell) => states[cell] === GROUND.complete);
      if (complete.length === 0) return [];
      const answers = decided.get(keyOf(piece)) ?? (await dense.decide(piece, ground));
      decided.set(keyOf(piece), answers);
      const alone = await Promise.all(complete.map((cell) => decideCell(mapped, ground, ...placeIn(piece, cell))));
      return complete.map((cell, i) => [answers[cell], alone[i]] as const);
    };
    for await (const pairs of mapInOrder(draw(wanted - compared), dense.concurrency, both, signal)) {
      for (const [together, alone] of pairs) {
        compared++;
        if (together !== undefined && alone !== undefined && labels(together) === labels(alone)) same++;
      }
      onProgress?.({ stage: "compare", done: Math.min(compared, wanted), total: wanted, unit: "cells" });
    }
  }
  const agreement = { share: same / compared, interval: wilsonInterval(same, compared), cells: compared };
  return { agreement, decided };
}

/** Takes what is known of pieces from there, once. */
export function remembering(way: Way, decided: Decided): Way {
  return {
    ...way,
    async decide(piece, ground) {
      const known = decided.get(keyOf(piece));
      decided.delete(keyOf(piece));
      return known ?? way.decide(piece, ground);
    },
  };
}

function keyOf({ firstRow, firstColumn }: Piece): string {
  return `${firstRow} ${firstColumn}`;
}

interface DrawnPiece {
  readonly piece: Piece;
  /** Of the piece, by row and column. */
  readonly cells: readonly number[];
}

/** Draws so many wanted cells that were not drawn before, in the order of their pieces: neighbours share blocks of the file. */
function cellDrawer({ cells, wanted }: MappedScene, side: number): (count: number) => DrawnPiece[] {
  const random = createRandom(DEFAULT_SEED, "map/agreement");
  const drawn = new Set<number>();
  const total = cells.columns * cells.rows;
  return (count) => {
    const pieces = new Map<number, { piece: Piece; cells: number[] }>();
    let found = 0;
    for (let tries = 0; found < count && drawn.size < total && tries < PATIENCE * count; tries++) {
      const at = random.int(total);
      const [column, row] = [at % cells.columns, Math.floor(at / cells.columns)];
      if (drawn.has(at)) continue;
      drawn.add(at);
      if (!wanted(column, row)) continue;
      found++;
      const [firstRow, firstColumn] = [row - (row % side), column - (column % side)];
      const piece = {
        ...{ firstRow, firstColumn },
        rows: Math.min(side, cells.rows - firstRow),
        columns: Math.min(side, cells.columns - firstColumn),
      };
      const entry = pieces.get(firstRow * cells.columns + firstColumn) ?? { piece, cells: [] };
      entry.cells.push((row - firstRow) * piece.columns + column - firstColumn);
      pieces.set(firstRow * cells.columns + firstColumn, entry);
    }
    return [...pieces.entries()].sort(([a], [b]) => a - b).map(([, entry]) => entry);
  };
}
