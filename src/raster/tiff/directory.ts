import { UserError } from "../../errors.js";
import { type ByteSource, checkWithin, cutOff } from "../bytes/bytes.js";
import { FIELD_TYPES, type FieldType } from "./field-types.js";
import { TAG_VALUES, TAGS, type TagName } from "./tags.js";

/** A tag that is read: what its values are, and how many there may be. */
interface KnownTag {
  readonly values: keyof typeof FIELD_TYPES;
  readonly most: number;
}

const MAX_DIRECTORIES = 64;
const MAX_TAGS = 4096;
/** Of one tag. The longest that means anything is a colour map of 16 bits. */
const MAX_VALUES = 2 ** 18;
/** Of tags that may have more values, or never have so many. */
const MOST_VALUES: Readonly<Partial<Record<TagName, number>>> = { gdalMetadata: 8 << 20, dateTime: 64 };
/** Of one file: the values of its tags, and the offsets and byte counts of its blocks; room for eight million blocks. */
const MAX_KEPT_BYTES = 2 ** 27;

/** Arrays with a value per block are read by `blockNumbers`, once it is known how many there should be. */
const PER_BLOCK: ReadonlySet<TagName> = new Set(["stripOffsets", "stripByteCounts", "tileOffsets", "tileByteCounts"]);
/** Pixels do not depend on these: where they cannot be read they are passed over. */
const OPTIONAL: ReadonlySet<TagName> = new Set(["dateTime"]);
const KNOWN: ReadonlyMap<number, KnownTag & { readonly perBlock: boolean; readonly isOptional: boolean }> = new Map(
  // The keys are those of the table.
  (Object.keys(TAGS) as TagName[]).map((name) => {
    const most = PER_BLOCK.has(name) ? Number.POSITIVE_INFINITY : (MOST_VALUES[name] ?? MAX_VALUES);
    const kind = { perBlock: PER_BLOCK.has(name), isOptional: OPTIONAL.has(name) };
    return [TAGS[name], { values: TAG_VALUES[name] ?? "whole", most, ...kind }];
  }),
);

/** Where one tag's values lie. */
interface Entry {
  readonly type: FieldType;
  readonly count: number;
  readonly offset: number;
}

/** One image file directory: tags that were read, and where those with a value per block lie. */
export interface Directory {
  readonly source: ByteSource;
  readonly little: boolean;
  readonly entries: ReadonlyMap<number, Entry>;
  readonly values: ReadonlyMap<number, Float64Array>;
  readonly bytes: ReadonlyMap<number, Uint8Array>;
  /** To be told before memory is taken that lives as long as the file is open. @throws UserError `limit` */
  readonly keep: (bytes: number) => void;
}

interface Header {
  readonly little: boolean;
  readonly big: boolean;
  readonly first: number;
}

/** Whether the bytes start as a TIFF or BigTIFF does. */
export function isTiff(start: Uint8Array): boolean {
  const text = String.fromCharCode(...start.subarray(0, 4));
  return ["II*\0", "MM\0*", "II+\0", "MM\0+"].includes(text);
}

/**
 * The directories of a TIFF in the order of their chain, at most 64; a chain that bites its tail ends there.
 *
 * @param onWarning hears of a chain that goes on where nothing can be read
 * @throws UserError `bad-file` where the file is no TIFF or its first directory cannot be read; nothing that a count or an offset
 * says is allocated before the bytes are known to be there
 */
export async function readDirectories(source: ByteSource, onWarning?: (message: string) => void): Promise<readonly Directory[]> {
  const header = await readHeader(source);
  const keep = memoryOf(source);
  const directories: Directory[] = [];
  const visited = new Set<number>();
  for (let offset = header.first; offset !== 0 && !visited.has(offset); ) {
    if (directories.length === MAX_DIRECTORIES) {
      onWarning?.(`${source.name}: has more than ${MAX_DIRECTORIES} directories; the others are not looked at`);
      break;
    }
    visited.add(offset);
    try {
      const { directory, next } = await readDirectory(source, header, offset, keep);
      directories.push(directory);
      offset = next;
    } catch (error) {
      if (directories.length === 0 || !(error instanceof UserError) || error.code !== "bad-file") throw error;
      onWarning?.(`${error.message}; only what stands before it is read`);
      break;
    }
  }
  return directories;
}

function memoryOf({ name }: ByteSource): Directory["keep"] {
  let left = MAX_KEPT_BYTES;
  return (bytes) => {
    left -= bytes;
    if (left >= 0) return;
    throw new UserError("limit", `${name}: its tags and places of blocks take more than ${MAX_KEPT_BYTES} bytes`, {
      hint: "Store it in larger blocks: gdal_translate -co TILED=YES -co BLOCKXSIZE=1024 -co BLOCKYSIZE=1024 in.tif out.tif",
    });
  };
}

async function readHeader(source: ByteSource): Promise<Header> {
  const { name, size } = source;
  if (size === 0) throw bad(name, "the file is empty", "Fetch or export the file again.");
  const start = await source.read(0, Math.min(size, 16));
  if (!isTiff(start)) throw bad(name, "is not a TIFF", "Give a GeoTIFF; gdal_translate makes one of most raster files.");
  const little = start[0] === 0x49;
  const big = (little ? start[2] : start[3]) === 43;
  if (size < (big ? 16 : 8)) throw cutOff(name, `it has ${size} bytes, fewer than the header of a TIFF`);
  const view = viewOf(start);
  if (!big) return within(source, { little, big, first: view.getUint32(4, little) });
  if (view.getUint16(4, little) !== 8) throw bad(name, `is a BigTIFF with offsets of ${view.getUint16(4, little)} bytes, not 8`);
  return within(source, { little, big, first: Number(view.getBigUint64(8, little)) });
}

function within({ name, size }: ByteSource, header: Header): Header {
  if (header.first === 0) throw bad(name, "there is no image in this TIFF");
  if (header.first >= size) throw cutOff(name, `its first directory lies at byte ${header.first}, it ends at byte ${size}`);
  return header;
}

async function readDirectory(
  source: ByteSource,
  { little, big }: Header,
  at: number,
  keep: Directory["keep"],
): Promise<{ directory: Directory; next: number }> {
  const { name, size } = source;
  const [countBytes, entryBytes, pointerBytes] = big ? [8, 20, 8] : [2, 12, 4];
  const head = viewOf(await source.read(at, countBytes));
  const count = big ? Number(head.getBigUint64(0, little)) : head.getUint16(0, little);
  const end = at + countBytes + count * entryBytes;
  if (end > size) throw cutOff(name, `a directory of ${count} entries at byte ${at} does not fit into ${size} bytes`);
  if (count === 0 || count > MAX_TAGS) throw bad(name, `a directory claims ${count} tags; there may be 1 to ${MAX_TAGS}`);

  const table = viewOf(await source.read(at + countBytes, count * entryBytes));
  const entries = new Map<number, Entry>();
  for (let i = 0; i < count; i++) {
    const start = i * entryBytes;
    const tag = table.getUint16(start, little);
    const known = KNOWN.get(tag);
    // The first of several wins, as in libtiff.
    if (known === undefined || entries.has(tag)) continue;
    const type = FIELD_TYPES[known.values][table.getUint16(start + 2, little)];
    if (type === undefined) {
      if (known.isOptional) continue;
      throw bad(name, `tag ${tag} has the field type ${table.getUint16(start + 2, little)}, which it cannot have`);
    }
    const values = big ? Number(table.getBigUint64(start + 4, little)) : table.getUint32(start + 4, little);
    const inline = values * type.bytes <= pointerBytes;
    const pointer = start + (big ? 12 : 8);
    const far = () => (big ? Number(table.getBigUint64(pointer, little)) : table.getUint32(pointer, little));
    const entry = { type, count: values, offset: inline ? at + countBytes + pointer : far() };
    if (known.isOptional && (values > known.most || entry.offset + values * type.bytes > size)) continue;
    checkEntry(source, tag, entry, known);
    entries.set(tag, entry);
  }
  const values = new Map<number, Float64Array>();
  const bytes = new Map<number, Uint8Array>();
  for (const [tag, entry] of entries) {
    const known = KNOWN.get(tag);
    if (known?.perBlock) continue;
    if (known?.values !== "bytes") values.set(tag, await readNumbers({ source, little, keep }, entry));
    else {
      keep(entry.count);
      bytes.set(tag, await source.read(entry.offset, entry.count));
    }
  }

  // A file may end right behind its last directory, without the pointer to the next.
  const tail = end + pointerBytes <= size ? viewOf(await source.read(end, pointerBytes)) : undefined;
  const next = tail === undefined ? 0 : big ? Number(tail.getBigUint64(0, little)) : tail.getUint32(0, little);
  return { directory: { source, little, entries, values, bytes, keep }, next };
}

function checkEntry({ name, size }: ByteSource, tag: number, { type, count, offset }: Entry, { most }: KnownTag): void {
  const bytes = count * type.bytes;
  if (offset + bytes > size) {
    throw cutOff(name, `tag ${tag} claims ${count} values (${bytes} bytes at byte ${offset}), the file has ${size} bytes`);
  }
  if (count > most) throw bad(name, `tag ${tag} has ${count} values; there may be ${most}`);
}

async function readNumbers(
  { source, little, keep }: Pick<Directory, "source" | "little" | "keep">,
  { type: { bytes, get }, count, offset }: Entry,
): Promise<Float64Array> {
  checkWithin(source, offset, count * bytes);
  keep(count * Float64Array.BYTES_PER_ELEMENT);
  const view = viewOf(await source.read(offset, count * bytes));
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = get(view, i * bytes, little);
  return values;
}

/** All values of a tag of numbers; undefined where it is absent or empty. */
export function numbersOf(directory: Directory, name: TagName): Float64Array | undefined {
  const values = directory.values.get(TAGS[name]);
  return values === undefined || values.length === 0 ? undefined : values;
}

/** The first value of a tag; `absent` where there is none. */
export function numberOf<T extends number | undefined>(directory: Directory, name: TagName, absent: T): number | T {
  return numbersOf(directory, name)?.[0] ?? absent;
}

/** A tag of bytes; undefined where it is absent. */
export function bytesOf(directory: Directory, name: TagName): Uint8Array | undefined {
  return directory.bytes.get(TAGS[name]);
}

/** A text up to its first zero byte, as UTF-8; undefined where the tag is absent. */
export function textOf(directory: Directory, name: TagName): string | undefined {
  const bytes = bytesOf(directory, name);
  if (bytes === undefined) return undefined;
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** How many values a tag claims; 0 where it is absent. */
export function countOf(directory: Directory, name: TagName): number {
  return directory.entries.get(TAGS[name])?.count ?? 0;
}

/** Offsets or byte counts of blocks, which `readDirectories` leaves unread: call it once `countOf` is what it should be. */
export async function blockNumbers(directory: Directory, name: TagName): Promise<Float64Array> {
  const entry = directory.entries.get(TAGS[name]);
  return entry === undefined ? new Float64Array(0) : readNumbers(directory, entry);
}

function bad(
  name: string,
  what: string,
  hint = "Export the file again, or convert it: gdal_translate in.tif out.tif",
): UserError {
  return new UserError("bad-file", `${name}: ${what}`, { hint });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
