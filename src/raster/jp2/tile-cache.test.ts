import { expect, it } from "vitest";
import { createTileCache } from "./tile-cache.js";

it("the tile cache keeps what was asked for last, decodes once at a time, and forgets failures", async () => {
  const cache = createTileCache(20);
  let decoded = 0;
  const get = (key: string, bytes = 10) =>
    cache.get(key, bytes, async () => {
      decoded++;
      return new Uint8Array(bytes);
    });
  await Promise.all([get("a/0"), get("a/0"), get("b/0")]);
  expect(decoded).toBe(2);
  await get("a/0");
  await get("a/1");
  expect(["a/0", "b/0", "a/1"].map(cache.has)).toEqual([true, false, true]);
  cache.forget("a/");
  expect(["a/0", "a/1"].map(cache.has)).toEqual([false, false]);
  await expect(cache.get("c/0", 10, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(cache.has("c/0")).toBe(false);
  // Larger than all: kept alone, and in the end nothing is counted that is not there.
  await get("d/0", 30);
  expect(cache.has("d/0")).toBe(true);
  await get("d/1");
  await get("d/2");
  expect(["d/0", "d/1", "d/2"].map(cache.has)).toEqual([false, true, true]);
});
