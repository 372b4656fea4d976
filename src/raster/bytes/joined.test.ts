import { expect, it } from "vitest";
import { memoryBytes } from "./bytes.js";
import { joined } from "./joined.js";

const BYTES = Uint8Array.from({ length: 5000 }, (_, i) => i % 251);

/** Bytes that note what is read of them. */
function noted() {
  const source = memoryBytes(BYTES, "noted");
  const reads: [number, number][] = [];
  const read = (offset: number, length: number) => {
    reads.push([offset, length]);
    return source.read(offset, length);
  };
  return { source: { read }, reads };
}

it("pieces side by side are read at once, others alone, and all are what they are", async () => {
  const { source, reads } = noted();
  const pieces = [
    { offset: 10, length: 20 },
    { offset: 30, length: 5 },
    { offset: 43, length: 7 },
    { offset: 3000, length: 10 },
    { offset: 200, length: 10 },
  ];
  const together = joined(source, pieces);
  const read = await Promise.all(pieces.map(({ offset, length }) => together.read(offset, length)));
  for (const [i, { offset, length }] of pieces.entries())
    expect([...read[i]]).toEqual([...BYTES.subarray(offset, offset + length)]);
  expect(reads).toEqual([
    [10, 40],
    [3000, 10],
    [200, 10],
  ]);
  read[0].fill(0);
  expect([...(await together.read(10, 20))]).toEqual([...BYTES.subarray(10, 30)]);
});

it("what was not said before is read too", async () => {
  const { source } = noted();
  const together = joined(source, [{ offset: 0, length: 10 }]);
  expect([...(await together.read(5, 10))]).toEqual([...BYTES.subarray(5, 15)]);
  expect([...(await together.read(0, 12))]).toEqual([...BYTES.subarray(0, 12)]);
});
