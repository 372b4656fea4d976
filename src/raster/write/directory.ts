/**
 * How the values of a tag are stored. An "offset" is a LONG in a classic TIFF and a LONG8 in a BigTIFF: the only type that can
 * point past 4 GiB.
 */
export type TagType = "ascii" | "short" | "long" | "double" | "offset";

/** One entry of an image file directory (TIFF 6.0). An ascii tag holds the bytes of its text with the final zero. */
export interface Tag {
  readonly id: number;
  readonly type: TagType;
  readonly values: ArrayLike<number>;
}

interface StoredType {
  readonly code: number;
  readonly bytes: number;
  readonly set: (view: DataView, at: number, value: number) => void;
}

const LONG: StoredType = { code: 4, bytes: 4, set: (view, at, value) => view.setUint32(at, value, true) };
const LONG8: StoredType = { code: 16, bytes: 8, set: (view, at, value) => view.setBigUint64(at, BigInt(value), true) };
const TYPES: Readonly<Record<Exclude<TagType, "offset">, StoredType>> = {
  ascii: { code: 2, bytes: 1, set: (view, at, value) => view.setUint8(at, value) },
  short: { code: 3, bytes: 2, set: (view, at, value) => view.setUint16(at, value, true) },
  long: LONG,
  double: { code: 12, bytes: 8, set: (view, at, value) => view.setFloat64(at, value, true) },
};

/** What differs between the two kinds of TIFF: magic, size of the header, of a count and of an entry. */
interface Kind {
  readonly magic: number;
  readonly headerBytes: number;
  readonly countBytes: number;
  readonly entryBytes: number;
  readonly word: StoredType;
}

const CLASSIC: Kind = { magic: 42, headerBytes: 8, countBytes: 2, entryBytes: 12, word: LONG };
const BIG: Kind = { magic: 43, headerBytes: 16, countBytes: 8, entryBytes: 20, word: LONG8 };

/** A tag of a text in UTF-8. */
export function textTag(id: number, text: string): Tag {
  return { id, type: "ascii", values: new TextEncoder().encode(`${text}\0`) };
}

/**
 * The head of a little-endian TIFF: header, then each directory followed by its values, chained in the order given; the first
 * directory stands right behind the header, as a COG wants it. The length depends on the number of values, not on the values.
 *
 * @param options.big BigTIFF: 8-byte offsets
 */
export function encodeDirectories(directories: readonly (readonly Tag[])[], { big }: { readonly big: boolean }): Uint8Array {
  const kind = big ? BIG : CLASSIC;
  const storedAs = (tag: Tag) => (tag.type === "offset" ? kind.word : TYPES[tag.type]);
  const bytesOf = (tag: Tag) => tag.values.length * storedAs(tag).bytes;
  const isInline = (tag: Tag) => bytesOf(tag) <= kind.word.bytes;

  let end = kind.headerBytes;
  const placed = directories.map((directory) => {
    const start = end;
    // TIFF wants entries in ascending order.
    const tags = [...directory].sort((a, b) => a.id - b.id);
    end += kind.countBytes + tags.length * kind.entryBytes + kind.word.bytes;
    const values = tags.map((tag) => {
      if (isInline(tag)) return undefined;
      const at = aligned(end);
      end = at + bytesOf(tag);
      return at;
    });
    end = aligned(end);
    return { start, tags, values };
  });

  const bytes = new Uint8Array(end);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0x4949, true);
  view.setUint16(2, kind.magic, true);
  if (big) view.setUint16(4, kind.word.bytes, true);
  kind.word.set(view, kind.headerBytes - kind.word.bytes, kind.headerBytes);
  placed.forEach(({ start, tags, values }, index) => {
    const setCount = big ? LONG8.set : TYPES.short.set;
    setCount(view, start, tags.length);
    tags.forEach((tag, position) => {
      const { code, bytes: size, set } = storedAs(tag);
      const entry = start + kind.countBytes + position * kind.entryBytes;
      const inline = entry + kind.entryBytes - kind.word.bytes;
      view.setUint16(entry, tag.id, true);
      view.setUint16(entry + 2, code, true);
      kind.word.set(view, entry + 4, tag.values.length);
      const at = values[position] ?? inline;
      if (at !== inline) kind.word.set(view, inline, at);
      for (let value = 0; value < tag.values.length; value++) set(view, at + value * size, tag.values[value]);
    });
    kind.word.set(view, start + kind.countBytes + tags.length * kind.entryBytes, placed[index + 1]?.start ?? 0);
  });
  return bytes;
}

/** Doubles and 8-byte offsets lie where processors like to read them. */
function aligned(offset: number): number {
  return Math.ceil(offset / 8) * 8;
}
