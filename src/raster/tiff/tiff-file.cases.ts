import { TAGS, type TagName } from "./tags.js";

/** A value of a tag: integers (LONG), a text (ASCII), or numbers of double precision. */
export type TagValue = readonly number[] | string | { readonly doubles: readonly number[] };

export interface TiffPage {
  /** All but offsets and byte counts of blocks, which follow from `blocks`; those given here win. */
  readonly tags: Partial<Record<TagName, TagValue>>;
  /** As they are stored; undefined is a block that was never written. */
  readonly blocks: readonly (Uint8Array | undefined)[];
}

export interface TiffForm {
  readonly little?: boolean;
  readonly big?: boolean;
}

/** A TIFF for tests: blocks first, then one directory after the other. */
export function tiffBytes(pages: readonly TiffPage[], { little = true, big = false }: TiffForm = {}): Uint8Array {
  const bytes: number[] = [];
  const pointerBytes = big ? 8 : 4;
  const integer = (value: number, size: number) => {
    const parts = Array.from({ length: size }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
    return little ? parts : parts.reverse();
  };
  const align = () => {
    while (bytes.length % 8 !== 0) bytes.push(0);
  };
  const append = (parts: Iterable<number>) => {
    align();
    const at = bytes.length;
    for (const part of parts) bytes.push(part);
    return at;
  };

  append([...(little ? [0x49, 0x49] : [0x4d, 0x4d]), ...integer(big ? 43 : 42, 2)]);
  if (big) bytes.push(...integer(8, 2), 0, 0);
  let pointer = bytes.length;
  bytes.push(...integer(0, pointerBytes));
  for (const { tags, blocks } of pages) {
    const offsets = blocks.map((block) => (block === undefined ? 0 : append(block)));
    const [offsetTag, countTag] = tags.tileWidth === undefined ? STRIPS : TILES;
    const all = { [offsetTag]: offsets, [countTag]: blocks.map((block) => block?.length ?? 0), ...tags };
    const entries = Object.entries(all).map(([name, value]) => {
      // The keys are those of `tags`.
      const id = TAGS[name as TagName];
      const { type, count, parts } = field(value, integer, little);
      const inline = parts.length <= pointerBytes;
      const stored = inline ? [...parts, ...Array(pointerBytes - parts.length).fill(0)] : integer(append(parts), pointerBytes);
      return { id, parts: [...integer(id, 2), ...integer(type, 2), ...integer(count, pointerBytes), ...stored] };
    });
    entries.sort((a, b) => a.id - b.id);
    bytes.splice(pointer, pointerBytes, ...integer(append(integer(entries.length, big ? 8 : 2)), pointerBytes));
    for (const { parts } of entries) bytes.push(...parts);
    pointer = bytes.length;
    bytes.push(...integer(0, pointerBytes));
  }
  return Uint8Array.from(bytes);
}

const STRIPS = ["stripOffsets", "stripByteCounts"] as const;
const TILES = ["tileOffsets", "tileByteCounts"] as const;

function field(value: TagValue, integer: (value: number, size: number) => number[], little: boolean) {
  if (typeof value === "string") {
    const parts = [...new TextEncoder().encode(value), 0];
    return { type: 2, count: parts.length, parts };
  }
  if (!("doubles" in value)) return { type: 4, count: value.length, parts: value.flatMap((item) => integer(item, 4)) };
  const view = new DataView(new ArrayBuffer(8 * value.doubles.length));
  value.doubles.forEach((item, i) => void view.setFloat64(8 * i, item, little));
  return { type: 12, count: value.doubles.length, parts: [...new Uint8Array(view.buffer)] };
}

/** Tags of an 8-bit image in one strip. */
export function plainTags(widthPx: number, heightPx: number, samples = 1): TiffPage["tags"] {
  return { width: [widthPx], height: [heightPx], bitsPerSample: [8], samplesPerPixel: [samples], photometric: [1] };
}
