import { describe, expect, it } from "vitest";
import type { BytePiece } from "./bytes.js";
import { pagedReads } from "./pages.js";

const PAGE = 65_536;
const SIZE = 300 * PAGE + 7;
/** Byte i is i mod 251. */
const BYTES = Buffer.alloc(
  SIZE,
  Uint8Array.from({ length: 251 }, (_, i) => i),
);

function source() {
  const fetched: string[] = [];
  const state = { fails: false };
  const read = pagedReads(SIZE, async ({ offset, length }: BytePiece) => {
    fetched.push(`${offset / PAGE}+${length / PAGE}`);
    if (state.fails) throw new Error("no");
    return new Uint8Array(BYTES.subarray(offset, offset + length));
  });
  return { fetched, state, read };
}

describe("pages", () => {
  it("side by side are fetched together, once, also for reads at the same time", async () => {
    const { fetched, read } = source();
    const [a, b] = await Promise.all([read({ offset: PAGE - 3, length: 6 }), read({ offset: PAGE + 10, length: 2 * PAGE })]);
    expect([...a]).toEqual(Array.from({ length: 6 }, (_, i) => (PAGE - 3 + i) % 251));
    expect(Buffer.compare(b, BYTES.subarray(PAGE + 10, 3 * PAGE + 10))).toBe(0);
    expect(fetched).toEqual(["0+2", "2+2"]);
    await read({ offset: 0, length: 4 * PAGE });
    expect(fetched).toHaveLength(2);
  });

  it("end where the file does", async () => {
    const { fetched, read } = source();
    expect([...(await read({ offset: SIZE - 2, length: 2 }))]).toEqual([(SIZE - 2) % 251, (SIZE - 1) % 251]);
    expect(fetched).toEqual([`300+${7 / PAGE}`]);
  });

  it("used last are kept, 128 of them", async () => {
    const { fetched, read } = source();
    const page = (index: number) => read({ offset: index * PAGE, length: 1 });
    for (let index = 0; index < 128; index++) await page(index);
    await page(0);
    await page(128);
    expect(fetched).toHaveLength(129);
    await page(0);
    expect(fetched).toHaveLength(129);
    await page(1);
    expect(fetched).toHaveLength(130);
  });

  it("that could not be fetched are fetched when they are wanted again", async () => {
    const { state, read } = source();
    state.fails = true;
    await expect(read({ offset: 0, length: 1 })).rejects.toThrow("no");
    state.fails = false;
    expect([...(await read({ offset: 1, length: 1 }))]).toEqual([1]);
  });
});
