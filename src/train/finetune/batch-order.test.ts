import { describe, expect, it } from "vitest";
import { type BatchOrderOptions, type BatchPlace, batchesFrom, stepsPerEpoch } from "./batch-order.js";

const SHUFFLED: BatchOrderOptions = { count: 23, batch: 5, order: "shuffled", seed: 1 };

function take(options: BatchOrderOptions, place: BatchPlace, count: number) {
  const batches = batchesFrom(options, place);
  return Array.from({ length: count }, () => batches.next().value);
}

describe("batchesFrom", () => {
  it("shuffles every epoch anew, visits no row twice in one, and leaves out the last incomplete batch", () => {
    const batches = take(SHUFFLED, { epoch: 0, step: 0 }, 8);
    expect(batches.map(({ epoch, step }) => [epoch, step])).toEqual(
      [0, 1].flatMap((epoch) => [0, 1, 2, 3].map((step) => [epoch, step])),
    );
    const [first, second] = [0, 1].map((epoch) =>
      batches.filter((batch) => batch.epoch === epoch).flatMap(({ rows }) => [...rows]),
    );
    for (const rows of [first, second]) {
      expect(new Set(rows).size).toBe(20);
      expect(Math.min(...rows)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...rows)).toBeLessThan(23);
    }
    expect(second).not.toEqual(first);
    expect(take({ ...SHUFFLED, seed: 2 }, { epoch: 0, step: 0 }, 1)).not.toEqual(batches.slice(0, 1));
  });

  it("leaves out other rows in other epochs", () => {
    const seen = new Set(take(SHUFFLED, { epoch: 0, step: 0 }, 40).flatMap(({ rows }) => [...rows]));
    expect(seen.size).toBe(23);
  });

  it("gives every row in order where asked to", () => {
    const batches = take({ ...SHUFFLED, order: "given" }, { epoch: 0, step: 0 }, 6);
    expect(batches.slice(0, 5).flatMap(({ rows }) => [...rows])).toEqual(Array.from({ length: 23 }, (_, row) => row));
    expect(batches[4].rows).toHaveLength(3);
    expect(batches[5]).toEqual({ epoch: 1, step: 0, rows: batches[0].rows });
  });

  it.each([
    [0, 3],
    [2, 1],
    [1, 4], // the end of an epoch is the beginning of the next
  ])("goes on from epoch %d, step %d as if it had never stopped", (epoch, step) => {
    const all = take(SHUFFLED, { epoch: 0, step: 0 }, 16);
    expect(take(SHUFFLED, { epoch, step }, 3)).toEqual(all.slice(epoch * 4 + step, epoch * 4 + step + 3));
  });

  it("counts the batches of an epoch, and refuses samples that fill none", () => {
    expect(stepsPerEpoch(SHUFFLED)).toBe(4);
    expect(stepsPerEpoch({ ...SHUFFLED, order: "given" })).toBe(5);
    expect(stepsPerEpoch({ ...SHUFFLED, count: 4 })).toBe(0);
    expect(() => batchesFrom({ ...SHUFFLED, count: 4 }, { epoch: 0, step: 0 })).toThrow(/4 samples do not fill a batch of 5/);
  });
});
