import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openEmbeddingCache } from "./embedding-cache.js";

const SIZE = 5;
const keyOf = (name: string) => createHash("sha256").update(name).digest();
const vectorOf = (seed: number) => Float32Array.from({ length: SIZE }, (_, i) => seed + i / 7);

let folder: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sigmax-cache-"));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (identity: unknown = "net") =>
  openEmbeddingCache({ folder, identity, size: SIZE, onWarning: (message) => warnings.push(message) });

/** Writes vectors 0, 1, … and closes. */
function fill(count: number): void {
  const cache = open();
  for (let i = 0; i < count; i++) cache.append(keyOf(`image ${i}`), vectorOf(i));
  cache.close();
}

/** How many of the first vectors can be read, each checked to be the right one. */
function readable(count: number): number {
  const cache = open();
  const into = new Float32Array(SIZE);
  let found = 0;
  for (let i = 0; i < count; i++) {
    if (!cache.read(keyOf(`image ${i}`), into, 0)) continue;
    expect(into).toEqual(vectorOf(i));
    found++;
  }
  cache.close();
  return found;
}

const shard = (extension: string) => {
  const [inner] = readdirSync(join(folder, "embeddings"));
  const [name] = readdirSync(join(folder, "embeddings", inner)).filter((file) => file.endsWith(extension));
  return join(folder, "embeddings", inner, name);
};

describe("the embedding cache", () => {
  it("gives back what was put in, after closing, and over several processes' shards", () => {
    fill(3);
    const second = open();
    second.append(keyOf("image 3"), vectorOf(3));
    second.close();
    expect(readable(5)).toBe(4);
    expect(warnings).toEqual([]);
  });

  it("keeps vectors of other backbones apart", () => {
    fill(2);
    const other = open("another net");
    expect(other.found).toBe(0);
    other.close();
  });

  it("writes into the place asked for", () => {
    fill(1);
    const cache = open();
    const into = new Float32Array(3 * SIZE).fill(-1);
    expect(cache.read(keyOf("image 0"), into, SIZE)).toBe(true);
    cache.close();
    expect(into.subarray(SIZE, 2 * SIZE)).toEqual(vectorOf(0));
    expect([...into.subarray(0, SIZE), ...into.subarray(2 * SIZE)]).toEqual(new Array(2 * SIZE).fill(-1));
  });

  it("a crash in the middle of any write costs at most the record being written", () => {
    fill(4);
    const [keys, vectors] = [readFileSync(shard(".keys")), readFileSync(shard(".vectors"))];
    for (let length = 0; length <= keys.length; length += 7) {
      writeFileSync(shard(".keys"), keys.subarray(0, length));
      expect(readable(4)).toBe(Math.floor(length / 40));
    }
    writeFileSync(shard(".keys"), keys);
    for (let length = 0; length <= vectors.length; length += 3) {
      writeFileSync(shard(".vectors"), vectors.subarray(0, length));
      expect(readable(4)).toBe(Math.floor(length / (4 * SIZE)));
    }
  });

  it("a flipped bit anywhere is found, said, and never gives a wrong vector", () => {
    for (const extension of [".keys", ".vectors"]) {
      rmSync(join(folder, "embeddings"), { recursive: true, force: true });
      fill(3);
      const path = shard(extension);
      const bytes = readFileSync(path);
      const keys = readFileSync(shard(".keys"));
      for (let bit = 0; bit < bytes.length * 8; bit += 11) {
        const damaged = Buffer.from(bytes);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        writeFileSync(shard(".keys"), keys);
        writeFileSync(path, damaged);
        warnings = [];
        expect(readable(3)).toBe(2);
        expect(warnings.join()).toContain("damaged");
      }
      writeFileSync(path, bytes);
    }
  });

  it("damage is told of once, mended, and never shadows a good copy", () => {
    fill(3);
    const bytes = readFileSync(shard(".vectors"));
    bytes[0] ^= 1;
    writeFileSync(shard(".vectors"), bytes);
    writeFileSync(shard(".keys"), Buffer.concat([readFileSync(shard(".keys")), Buffer.from([1, 2])]));
    const mending = open();
    expect(mending.read(keyOf("image 0"), new Float32Array(SIZE), 0)).toBe(false);
    mending.append(keyOf("image 0"), vectorOf(0));
    mending.close();
    expect(warnings).toHaveLength(1);
    for (let run = 0; run < 3; run++) expect(readable(3)).toBe(3);
    expect(warnings).toHaveLength(1);
  });

  it("a shard without its vectors is passed over", () => {
    fill(2);
    rmSync(shard(".vectors"));
    expect(readable(2)).toBe(0);
    truncateSync(shard(".keys"), 0);
    expect(readable(2)).toBe(0);
  });
});
