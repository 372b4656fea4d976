import { throwIfAborted } from "./progress.js";

/**
 * Maps items with at most `limit` of them under way, and yields the results in the order of the items.
 * Reads the items lazily; memory is bounded by `limit`.
 */
export async function* mapInOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
  signal?: AbortSignal,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  try {
    for await (const item of items) {
      throwIfAborted(signal);
      const promise = work(item);
      // A failure is thrown when its turn comes; until then it must not count as unhandled.
      promise.catch(() => {});
      underWay.push(promise);
      if (underWay.length >= limit) yield await (underWay.shift() as Promise<R>); // the length was just checked
    }
    while (underWay.length > 0) {
      throwIfAborted(signal);
      yield await (underWay.shift() as Promise<R>); // the length was just checked
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}

/** Runs pieces of work as they are given, with at most `limit` of them under way; the others wait in line. */
export function limited(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((start) => waiting.push(start));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
