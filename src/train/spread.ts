/** At most `limit` of the items, evenly spread over all of them, in their order. */
export function spread<T>(items: readonly T[], limit: number): T[] {
  return spreadIndices(items.length, limit).map((i) => items[i]);
}

/** At most `limit` of the numbers 0 to `count` − 1, evenly spread, in order. */
export function spreadIndices(count: number, limit: number): number[] {
  const chosen = Math.min(limit, count);
  return Array.from({ length: chosen }, (_, i) => Math.floor((i * count) / chosen));
}
