import { describe, expect, it } from "vitest";
import { createBlockCache } from "./block-cache.js";

const blockOf = (value: number, bytes = 100) => new Uint8Array(bytes).fill(value);

/** Which blocks are decoded when they are asked for in this order. */
async function decoded(cache: ReturnType<typeof createBlockCache>, image: object, indices: readonly number[], isKept = true) {
  const made: number[] = [];
  for (const index of indices) {
    const { data } = await cache.of(image).get(index, isKept, async () => {
      made.push(index);
      return blockOf(index);
    });
    expect(data[0]).toBe(index);
  }
  return made;
}

describe("a cache of blocks", () => {
  it("keeps those that were used last, within its bytes", async () => {
    const cache = createBlockCache(300);
    const image = {};
    expect(await decoded(cache, image, [1, 2, 3, 1, 4])).toEqual([1, 2, 3, 4]);
    expect(await decoded(cache, image, [1, 3, 4, 2])).toEqual([2]);
    expect(cache.of(image).has(1)).toBe(false);
  });

  it("keeps nothing that is not worth it, or larger than itself", async () => {
    const image = {};
    expect(await decoded(createBlockCache(1000), image, [1, 1], false)).toEqual([1, 1]);
    expect(await decoded(createBlockCache(99), image, [1, 1])).toEqual([1, 1]);
  });

  it("tells images apart and forgets one of them", async () => {
    const cache = createBlockCache(1000);
    const [one, other] = [{}, {}];
    await decoded(cache, one, [1, 2]);
    expect(await decoded(cache, other, [1])).toEqual([1]);
    cache.of(one).drop();
    expect(await decoded(cache, one, [1])).toEqual([1]);
    expect(await decoded(cache, other, [1])).toEqual([]);
  });

  it("does not hold the memory that a block is a small part of", async () => {
    const cache = createBlockCache(1000);
    const blocks = cache.of({});
    await blocks.get(1, true, async () => new Uint8Array(1000).subarray(0, 100));
    const { data } = await blocks.get(1, true, () => Promise.reject(new Error("is there")));
    expect(data.buffer.byteLength).toBe(100);
  });

  it("decodes a block once for all who wait for it, and frees it with the last of them", async () => {
    const blocks = createBlockCache(2 ** 22).of({});
    let decodings = 0;
    const decode = async () => {
      decodings++;
      return blockOf(7, 2 ** 20);
    };
    const [first, second] = await Promise.all([blocks.get(1, false, decode), blocks.get(1, false, decode)]);
    expect(decodings).toBe(1);
    first.giveBack();
    expect(second.data[5]).toBe(7);
    second.giveBack();
    expect(second.data).toHaveLength(0);
  });

  it("never frees what it keeps, whoever of the waiting wanted that", async () => {
    const blocks = createBlockCache(2 ** 22).of({});
    const lent = await Promise.all([false, true].map((isKept) => blocks.get(1, isKept, async () => blockOf(7, 2 ** 20))));
    for (const block of lent) block.giveBack();
    const { data } = await blocks.get(1, false, () => Promise.reject(new Error("is there")));
    expect(data[5]).toBe(7);
  });

  it("tells all who wait of a failure, and tries again for the next", async () => {
    const blocks = createBlockCache(1000).of({});
    const fail = () => Promise.reject(new Error("damaged"));
    const results = await Promise.allSettled([blocks.get(1, true, fail), blocks.get(1, true, fail)]);
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect((await blocks.get(1, true, async () => blockOf(3))).data[0]).toBe(3);
  });
});
