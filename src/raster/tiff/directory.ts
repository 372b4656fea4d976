import { UserError } from "../../errors.js";
import { type ByteSource, checkWithin, cutOff } from "../bytes/bytes.js";
import { TAGS, type TagName } from "./tags.js";

/** Bytes of a value of each field type, and how one is read; ASCII (2) is read as bytes. */
const FIELD_TYPES: Readonly<Record<number, { bytes: number; get: (view: DataView, at: number, little: boolean) => number }>> = {
  1: { bytes: 1, get: (view, at) => view.getUint8(at) },
  2: { bytes: 1, get: (view, at) => view.getUint8(at) },
  3: { bytes: 2, get: (view, at, little) => view.getUint16(at, little) },
  4: { bytes: 4, get: (view, at, little) => view.getUint32(at, little) },
  5: { bytes: 8, get: (view, at, little) => view.getUint32(at, little) / view.getUint32(at + 4, little) },
  6: { bytes: 1, get: (view, at) => view.getInt8(at) },
  7: { bytes: 1, get: (view, at) => view.getUint8(at) },
  8: { bytes: 2, get: (view, at, little) => view.getInt16(at, little) },
  9: { bytes: 4, get: (view, at, little) => view.getInt32(at, little) },
  10: { bytes: 8, get: (view, at, little) => view.getInt32(at, little) / view.getInt32(at + 4, little) },
  11: { bytes: 4, get: (view, at, little) => view.getFloat32(at, little) },
  12: { bytes: 8, get: (view, at, little) => view.getFloat64(at, little) },
  13: { bytes: 4, get: (view, at, little) => view.getUint32(at, little) },
  // Beyond 2^53 digits are lost, never the comparison with the size of the file.
  16: { bytes: 8, get: (view, at, little) => Number(view.getBigUint64(at, little)) },
  17: { bytes: 8, get: (view, at, little) => Number(view.getBigInt64(at, little)) },
  18: { bytes: 8, get: (view, at, little) => Number(view.getBigUint64(at, little)) },
};

const MAX_DIRECTORIES = 64;
const MAX_TAGS = 4096;
/** Of one tag; offsets and byte counts of blocks are read by `blockNumbers`, which knows how many there should be. */
const MAX_VALUES = 1 << 20;
const MAX_METADATA_BYTES = 8 << 20;

/** Where one tag's values lie. */
interface Entry {
  readonly type: number;
  readonly count: number;
  readonly offset: number;
}

/** One image file directory: tags that were read, and where the longer ones lie. */
export interface Directory {
  readonly source: ByteSource;
  readonly little: boolean;
  readonly entries: ReadonlyMap<number, Entry>;
  readonly values: ReadonlyMap<number, Float64Array>;
}

/** Arrays with a value per block, which are read once the number of blocks is known. */
const PER_BLOCK: ReadonlySet<number> = new Set([TAGS.stripOffsets, TAGS.stripByteCounts, TAGS.tileOffsets, TAGS.tileByteCounts]);
const READ: ReadonlySet<number> = new Set(Object.values(TAGS));

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
  const directories: Directory[] = [];
  const visited = new Set<number>();
  for (let offset = header.first; offset !== 0 && !visited.has(offset); ) {
    if (directories.length === MAX_DIRECTORIES) {
      onWarning?.(`${source.name}: has more than ${MAX_DIRECTORIES} directories; the others are not looked at`);
      break;
    }
    visited.add(offset);
    try {
      const { directory, next } = await readDirectory(source, header, offset);
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
    // The first of several wins, as in libtiff.
    if (!READ.has(tag) || entries.has(tag)) continue;
    const type = table.getUint16(start + 2, little);
    const values = big ? Number(table.getBigUint64(start + 4, little)) : table.getUint32(start + 4, little);
    const field = FIELD_TYPES[type];
    if (field === undefined) throw bad(name, `tag ${tag} has the field type ${type}, which there is not`);
    const inline = values * field.bytes <= pointerBytes;
    const pointer = start + (big ? 12 : 8);
    const far = () => (big ? Number(table.getBigUint64(pointer, little)) : table.getUint32(pointer, little));
    const entry = { type, count: values, offset: inline ? at + countBytes + pointer : far() };
    checkEntry(source, tag, entry);
    entries.set(tag, entry);
  }
  const values = new Map<number, Float64Array>();
  for (const [tag, entry] of entries) if (!PER_BLOCK.has(tag)) values.set(tag, await readValues(source, little, entry));

  // A file may end right behind its last directory, without the pointer to the next.
  const tail = end + pointerBytes <= size ? viewOf(await source.read(end, pointerBytes)) : undefined;
  const next = tail === undefined ? 0 : big ? Number(tail.getBigUint64(0, little)) : tail.getUint32(0, little);
  return { directory: { source, little, entries, values }, next };
}

function checkEntry({ name, size }: ByteSource, tag: number, { type, count, offset }: Entry): void {
  const bytes = count * FIELD_TYPES[type].bytes;
  if (offset + bytes > size) {
    throw cutOff(name, `tag ${tag} claims ${count} values (${bytes} bytes at byte ${offset}), the file has ${size} bytes`);
  }
  const most = tag === TAGS.gdalMetadata ? MAX_METADATA_BYTES : MAX_VALUES;
  if (!PER_BLOCK.has(tag) && count > most) throw bad(name, `tag ${tag} has ${count} values; there may be ${most}`);
}

async function readValues(source: ByteSource, little: boolean, { type, count, offset }: Entry): Promise<Float64Array> {
  const { bytes, get } = FIELD_TYPES[type];
  checkWithin(source, offset, count * bytes);
  const view = viewOf(await source.read(offset, count * bytes));
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) values[i] = get(view, i * bytes, little);
  return values;
}

/** All values of a tag; undefined where it is absent or empty. */
export function numbersOf(directory: Directory, name: TagName): Float64Array | undefined {
  const values = directory.values.get(TAGS[name]);
  return values === undefined || values.length === 0 ? undefined : values;
}

/** The first value of a tag; `absent` where there is none. */
export function numberOf<T extends number | undefined>(directory: Directory, name: TagName, absent: T): number | T {
  return numbersOf(directory, name)?.[0] ?? absent;
}

/** A text up to its first zero byte, as UTF-8; undefined where the tag is absent. */
export function textOf(directory: Directory, name: TagName): string | undefined {
  const values = directory.values.get(TAGS[name]);
  if (values === undefined) return undefined;
  const end = values.indexOf(0);
  return new TextDecoder().decode(Uint8Array.from(end < 0 ? values : values.subarray(0, end)));
}

/** How many values a tag claims; 0 where it is absent. */
export function countOf(directory: Directory, name: TagName): number {
  return directory.entries.get(TAGS[name])?.count ?? 0;
}

/** Offsets or byte counts of blocks, which `readDirectories` leaves unread: call it once `countOf` is what it should be. */
export async function blockNumbers({ source, little, entries }: Directory, name: TagName): Promise<Float64Array> {
  const entry = entries.get(TAGS[name]);
  return entry === undefined ? new Float64Array(0) : readValues(source, little, entry);
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
