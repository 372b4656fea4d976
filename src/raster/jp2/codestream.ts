import { UserError } from "../../errors.js";
import { type ByteSource, cutOff } from "../bytes/bytes.js";
import { viewOf } from "../formats/header.js";
import type { Extent } from "./boxes.js";
import { CONVERT_JP2 } from "./convert.js";

/** The main header of a codestream, checked (ISO/IEC 15444-1, annex A). Places are on its reference grid. */
export interface MainHeader {
  /** Corners of the image. */
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** Sides of a tile, and where the first begins. */
  readonly tileWidth: number;
  readonly tileHeight: number;
  readonly tileLeft: number;
  readonly tileTop: number;
  readonly columns: number;
  readonly rows: number;
  readonly components: number;
  /** Of every component: 1 to 16. */
  readonly bits: number;
  readonly signed: boolean;
  /** How often the sides of every component can be halved. */
  readonly halvings: number;
  readonly reversible: boolean;
  /** Marker segments that a tile needs to be decoded, SIZ first. */
  readonly segments: readonly Uint8Array[];
  /** Where the first tile-part begins. */
  readonly end: number;
}

/** Markers of the main header. */
const SIZ = 0xff51;
const COD = 0xff52;
const COC = 0xff53;
const SOT = 0xff90;
const PPM = 0xff60;
/** Lengths of tile-parts and packets, places of components, comments: not for a tile that stands alone. */
const LEFT_OUT = new Set([0xff55, 0xff57, 0xff63, 0xff64]);

const MAX_SEGMENTS = 2 ** 16;
const MAX_KEPT_BYTES = 2 ** 22;
const MAX_EXTENT = 2 ** 31;
const MAX_TILES = 65_535;
const MAX_COMPONENTS = 256;
const MAX_BITS = 16;
/** Where the components begin in SIZ, marker and length counted. */
const SIZ_COMPONENTS = 40;

/**
 * Reads and checks a main header; nothing is allocated for what it claims.
 *
 * @throws UserError `bad-file` for what is damaged, and for what is not read with the command that converts it
 */
export async function readMainHeader(source: ByteSource, { start, end }: Extent): Promise<MainHeader> {
  const { name } = source;
  const segments: Uint8Array[] = [];
  let kept = 0;
  let at = start + 2;
  for (let count = 0; ; count++) {
    if (at + 4 > end) throw cutOff(name, "it ends in the main header of its codestream");
    const head = viewOf(await source.read(at, 4));
    const marker = head.getUint16(0);
    if (marker === SOT) break;
    const length = head.getUint16(2);
    if (marker < 0xff01 || length < 2 || count === MAX_SEGMENTS) {
      throw damaged(name, `there is no marker at byte ${at} of its main header`);
    }
    if (at + 2 + length > end) throw cutOff(name, "it ends in the main header of its codestream");
    if ((marker === SIZ) !== (count === 0)) throw damaged(name, "its codestream does not begin with its sizes (SIZ)");
    if (marker === PPM) throw unread(name, "the headers of its packets stand apart (PPM), which is not read");
    if (!LEFT_OUT.has(marker)) {
      kept += 2 + length;
      if (kept > MAX_KEPT_BYTES) throw damaged(name, `its main header has more than ${MAX_KEPT_BYTES} bytes`);
      segments.push(await source.read(at, 2 + length));
    }
    at += 2 + length;
  }
  return { ...sizesOf(name, segments[0]), ...codingOf(name, segments), segments, end: at };
}

type Sizes = Omit<MainHeader, "halvings" | "reversible" | "segments" | "end">;

function sizesOf(name: string, segment: Uint8Array | undefined): Sizes {
  if (segment === undefined || segment.length < SIZ_COMPONENTS) throw damaged(name, "its codestream has no sizes (SIZ)");
  const view = viewOf(segment);
  const [right, bottom, left, top, tileWidth, tileHeight, tileLeft, tileTop] = Array.from({ length: 8 }, (_, i) =>
    view.getUint32(6 + 4 * i),
  );
  const components = view.getUint16(38);
  const claims = `${right - left} × ${bottom - top} pixels in tiles of ${tileWidth} × ${tileHeight}`;
  const isImage = left < right && top < bottom && right < MAX_EXTENT && bottom < MAX_EXTENT;
  const isTiled = tileWidth > 0 && tileHeight > 0 && tileLeft <= left && tileTop <= top;
  if (!isImage || !isTiled || tileLeft + tileWidth <= left || tileTop + tileHeight <= top) {
    throw damaged(name, `its sizes make no sense: ${claims}`);
  }
  const columns = Math.ceil((right - tileLeft) / tileWidth);
  const rows = Math.ceil((bottom - tileTop) / tileHeight);
  if (columns * rows > MAX_TILES) {
    throw damaged(name, `it claims ${claims}, which are ${columns * rows} tiles; there may be ${MAX_TILES}`);
  }
  if (components === 0 || segment.length !== SIZ_COMPONENTS + 3 * components) {
    throw damaged(name, `its sizes (SIZ) are of ${components} components, in ${segment.length} bytes`);
  }
  if (components > MAX_COMPONENTS) throw unread(name, `has ${components} components; up to ${MAX_COMPONENTS} are read`);
  const kinds = new Set<number>();
  for (let at = SIZ_COMPONENTS; at < segment.length; at += 3) {
    kinds.add(segment[at]);
    if (segment[at + 1] !== 1 || segment[at + 2] !== 1) {
      throw unread(
        name,
        `its components have different resolutions (1/${segment[at + 1]}, 1/${segment[at + 2]}), which is not read`,
      );
    }
  }
  const [kind] = kinds;
  if (kinds.size > 1) throw unread(name, "its components have different bits or signs, which is not read");
  const bits = (kind & 0x7f) + 1;
  if (bits > MAX_BITS) throw unread(name, `its samples have ${bits} bits; up to ${MAX_BITS} are read`);
  const tiles = { tileWidth, tileHeight, tileLeft, tileTop, columns, rows };
  return { left, top, right, bottom, ...tiles, components, bits, signed: kind >= 0x80 };
}

function codingOf(name: string, segments: readonly Uint8Array[]): Pick<MainHeader, "halvings" | "reversible"> {
  let halvings: number | undefined;
  let reversible = true;
  for (const segment of segments) {
    const marker = viewOf(segment).getUint16(0);
    if (marker !== COD && marker !== COC) continue;
    // Of COC the number of its component stands before; of 257 and more, which are not read, it has two bytes.
    const at = marker === COD ? 9 : 6;
    if (segment.length < at + 5) throw damaged(name, "how it is coded (COD) is cut short");
    halvings = Math.min(halvings ?? 32, segment[at]);
    reversible &&= segment[at + 4] === 1;
  }
  if (halvings === undefined) throw damaged(name, "it does not say how it is coded (COD)");
  return { halvings, reversible };
}

function damaged(name: string, what: string): UserError {
  return new UserError("bad-file", `${name}: ${what}`, { hint: "Fetch or export the file again." });
}

function unread(name: string, what: string): UserError {
  return new UserError("bad-file", `${name}: ${what}`, { hint: CONVERT_JP2 });
}
