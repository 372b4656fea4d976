/** What of a class raster is in no class of its table. */
export interface Unlisted {
  /** The most frequent first. */
  readonly values: readonly number[];
  /** Of the pixels that have a value, 0 to 1. */
  readonly share: number;
}

/** Counts the pixels of a class raster that have a value, by whether a class has it. */
export interface UnlistedCounter {
  listed: number;
  add(value: number): void;
  found(): Unlisted;
}

/** So many are named. */
const MOST_NAMED = 5;
/** So many are told apart: a raster of ids has one for every field. */
const MOST_COUNTED = 65_536;

export function unlistedCounter(): UnlistedCounter {
  const counts = new Map<number, number>();
  let unlisted = 0;
  return {
    listed: 0,
    add(value) {
      unlisted++;
      const count = counts.get(value) ?? 0;
      if (count > 0 || counts.size < MOST_COUNTED) counts.set(value, count + 1);
    },
    found() {
      const values = [...counts].sort(([, a], [, b]) => b - a).map(([value]) => value);
      return { values, share: unlisted === 0 ? 0 : unlisted / (unlisted + this.listed) };
    },
  };
}

/** "value 99 (28 % of the labelled pixels) is in no class of the table"; some values have to be there. */
export function unlistedWords({ values, share }: Unlisted): string {
  const part = share < 0.01 ? "less than 1 %" : `${Math.round(100 * share)} %`;
  const [noun, verb] = values.length === 1 ? ["value", "is"] : ["values", "are"];
  const named = values.slice(0, MOST_NAMED);
  const more = values.length - named.length;
  return `${noun} ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""} (${part} of the labelled pixels) ${verb} in no class of the table`;
}
