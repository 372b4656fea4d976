/** One directory of a little-endian TIFF: where it stands and its numeric tags by number. */
export interface Directory {
  readonly offset: number;
  readonly tags: ReadonlyMap<number, readonly number[]>;
}

const BYTES: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 12: 8, 16: 8 };

/** The directories of a TIFF or BigTIFF, in the order of the chain. */
export function directoriesOf(bytes: Uint8Array): { readonly big: boolean; readonly directories: readonly Directory[] } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const big = view.getUint16(2, true) === 43;
  const long8 = (at: number) => Number(view.getBigUint64(at, true));
  const word = (at: number) => (big ? long8(at) : view.getUint32(at, true));
  const read: Readonly<Record<number, (at: number) => number>> = {
    2: (at) => bytes[at],
    3: (at) => view.getUint16(at, true),
    4: (at) => view.getUint32(at, true),
    12: (at) => view.getFloat64(at, true),
    16: long8,
  };
  const directories: Directory[] = [];
  for (let offset = word(big ? 8 : 4); offset !== 0; ) {
    const count = big ? long8(offset) : view.getUint16(offset, true);
    const first = offset + (big ? 8 : 2);
    const entryBytes = big ? 20 : 12;
    const tags = new Map<number, readonly number[]>();
    for (let entry = first; entry < first + count * entryBytes; entry += entryBytes) {
      const type = view.getUint16(entry + 2, true);
      const values = word(entry + 4);
      const inline = entry + (big ? 12 : 8);
      const at = values * BYTES[type] <= (big ? 8 : 4) ? inline : word(inline);
      tags.set(
        view.getUint16(entry, true),
        Array.from({ length: values }, (_, index) => read[type](at + index * BYTES[type])),
      );
    }
    directories.push({ offset, tags });
    offset = word(first + count * entryBytes);
  }
  return { big, directories };
}

/** What keeps a TIFF from being cloud-optimised; empty when nothing does. Every byte behind the head must belong to a block. */
export function cogFaults(bytes: Uint8Array): readonly string[] {
  const { big, directories } = directoriesOf(bytes);
  const faults: string[] = [];
  if (directories[0].offset !== (big ? 16 : 8)) faults.push("the first directory is not behind the header");
  directories.forEach(({ offset, tags }, index) => {
    if (index > 0 && offset <= directories[index - 1].offset) faults.push(`directory ${index} does not rise`);
    if (index > 0 && tags.get(254)?.[0] !== 1) faults.push(`directory ${index} is no overview`);
    const sides = [256, 257].map((tag) => tags.get(tag)?.[0] ?? 0);
    const full = [256, 257].map((tag) => directories[0].tags.get(tag)?.[0] ?? 0);
    if (sides.some((side, axis) => side !== Math.ceil(full[axis] / 2 ** index)))
      faults.push(`directory ${index} has a wrong size`);
    if ([...tags.keys()].some((tag, position, all) => position > 0 && tag <= all[position - 1])) faults.push("tags do not rise");
  });
  let end: number | undefined;
  for (const { tags, offset: directory } of directories.toReversed()) {
    const lengths = tags.get(325) ?? [];
    (tags.get(324) ?? []).forEach((offset, block) => {
      if ((offset === 0) !== (lengths[block] === 0)) faults.push(`block ${block} is half sparse`);
      if (offset === 0) return;
      if (offset <= directory) faults.push(`block ${block} is before its directory`);
      if (end !== undefined && offset !== end) faults.push(`block ${block} is at ${offset}, not ${end}`);
      end = offset + lengths[block];
    });
  }
  if (end !== undefined && end !== bytes.length) faults.push(`${bytes.length - end} bytes follow the last block`);
  return faults;
}
