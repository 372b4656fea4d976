import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openJournal } from "./journal.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-journal-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const row = (value: number) => ({ probabilities: Float32Array.of(value, 1 - value, 0.5, 0.25), states: Uint8Array.of(2, 0) });
const open = (path: string, fingerprint = "a") => openJournal({ path, fingerprint, columns: 2, classes: 2 });

function written(name: string): string {
  const path = join(folder, name);
  const journal = open(path);
  for (const value of [0.1, 0.2, 0.3]) journal.append(row(value));
  journal.close();
  return path;
}

describe("journal", () => {
  it("goes on with what is there, in order", () => {
    const path = written("whole");
    const journal = open(path);
    expect(journal.rows).toBe(3);
    journal.append(row(0.4));
    expect([...journal.read()]).toEqual([0.1, 0.2, 0.3, 0.4].map(row));
    journal.remove();
    expect(() => readFileSync(path)).toThrow();
  });

  it("drops rows that are cut off or damaged, and all behind them", () => {
    const cut = written("cut");
    truncateSync(cut, readFileSync(cut).length - 1);
    const afterCut = open(cut);
    expect(afterCut.rows).toBe(2);
    afterCut.append(row(0.9));
    expect([...afterCut.read()].at(-1)).toEqual(row(0.9));
    afterCut.close();

    const flipped = written("flipped");
    const bytes = readFileSync(flipped);
    bytes[bytes.length - 30] ^= 1; // within the second row
    writeFileSync(flipped, bytes);
    const afterFlip = open(flipped);
    expect(afterFlip.rows).toBe(1);
    afterFlip.close();
  });

  it("begins anew for another map, and over a file of something else", () => {
    const other = open(written("other"), "b");
    expect(other.rows).toBe(0);
    other.append(row(0.5));
    expect([...other.read()]).toEqual([row(0.5)]);
    other.close();
    writeFileSync(join(folder, "foreign"), "x");
    expect(open(join(folder, "foreign")).rows).toBe(0);
  });

  it("tells another map that it replaces from its own that a kill left without a row", () => {
    const path = written("killed");
    expect(open(path).isReplacing).toBe(false);
    const headBytes = readFileSync(path).indexOf("}\n") + 2;
    for (const left of [headBytes, headBytes - 9, 3, 0]) {
      truncateSync(path, left);
      const journal = open(path);
      expect([journal.rows, journal.isReplacing], `${left} bytes`).toEqual([0, false]);
      journal.close();
    }
    expect(open(written("replaced"), "b").isReplacing).toBe(true);
    writeFileSync(join(folder, "text"), "x");
    expect(open(join(folder, "text")).isReplacing).toBe(true);
    expect(open(join(folder, "new")).isReplacing).toBe(false);
  });
});
