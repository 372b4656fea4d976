import type { BytePiece } from "./bytes.js";

const PAGE_BYTES = 2 ** 16;
const MOST_PAGES = 128;

/** Fetches bytes that are there. */
export type FetchBytes = (piece: BytePiece) => Promise<Uint8Array>;

/**
 * Reads small pieces by way of pages of 64 KiB, of which the 128 used last are kept; pages side by side are fetched together.
 *
 * @param size bytes of all
 */
export function pagedReads(size: number, fetchBytes: FetchBytes): FetchBytes {
  // In the order of their last use.
  const pages = new Map<number, Promise<Uint8Array>>();

  const fetchRun = (first: number, last: number) => {
    const offset = first * PAGE_BYTES;
    const run = fetchBytes({ offset, length: Math.min((last + 1) * PAGE_BYTES, size) - offset });
    for (let index = first; index <= last; index++) {
      const start = (index - first) * PAGE_BYTES;
      // A copy: a page that is kept shall not keep its neighbours.
      const page = run.then((bytes) => bytes.slice(start, start + PAGE_BYTES));
      pages.set(index, page);
      page.catch(() => {
        if (pages.get(index) === page) pages.delete(index);
      });
    }
  };

  return async ({ offset, length }) => {
    const [first, last] = [Math.floor(offset / PAGE_BYTES), Math.floor((offset + length - 1) / PAGE_BYTES)];
    for (let index = first; index <= last; index++) {
      if (pages.has(index)) continue;
      let end = index;
      while (end < last && !pages.has(end + 1)) end++;
      fetchRun(index, end);
    }
    const wanted: Promise<Uint8Array>[] = [];
    for (let index = first; index <= last; index++) {
      const page = pages.get(index);
      if (page === undefined) throw new RangeError(`page ${index} was not fetched`);
      pages.delete(index);
      pages.set(index, page);
      wanted.push(page);
    }
    for (const oldest of pages.keys()) {
      if (pages.size <= MOST_PAGES) break;
      pages.delete(oldest);
    }
    const bytes = new Uint8Array(length);
    for (const [i, page] of (await Promise.all(wanted)).entries()) {
      const start = (first + i) * PAGE_BYTES;
      const from = Math.max(offset, start);
      bytes.set(page.subarray(from - start, Math.min(offset + length, start + PAGE_BYTES) - start), from - offset);
    }
    return bytes;
  };
}
