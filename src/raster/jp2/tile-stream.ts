import type { ByteSource } from "../bytes/bytes.js";
import type { PixelWindow } from "../resample.js";
import type { Extent } from "./boxes.js";
import type { MainHeader } from "./codestream.js";
import { SOT_BYTES } from "./tile-parts.js";

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

const START = [0xff, 0x4f];
const END = [0xff, 0xd9];
const FILE_HEAD = [box("jP  ", Uint8Array.of(0x0d, 0x0a, 0x87, 0x0a)), box("ftyp", latin1("jp2 \0\0\0\0jp2 "))];
/** Where SIZ says bits and sign of the first component, which are those of all. */
const SIZ_KIND = 40;
const SRGB = 16;
const GREY = 17;

/**
 * One tile as a JP2 of its own, with one or three of its components as channels. Its codestream is the main header, whose image ends
 * where the tile does, and the parts of the tile, now of tile 0; OpenJPEG decodes all components, and a mapping of channels picks some
 * of them (a palette that no channel goes through).
 *
 * @param area the tile on the reference grid
 */
export async function tileAsJp2(
  source: ByteSource,
  header: MainHeader,
  { area, parts, components }: { area: PixelWindow; parts: readonly Extent[]; components: readonly number[] },
): Promise<Uint8Array<ArrayBuffer>> {
  const [siz, ...others] = header.segments;
  const pieces = [Uint8Array.from(START), sizesOfTile(siz, header, area), ...others];
  for (const { start, end } of parts) {
    const part = await source.read(start, end - start);
    const view = new DataView(part.buffer, part.byteOffset, SOT_BYTES);
    view.setUint16(4, 0);
    // The last part of a file may leave its length open.
    view.setUint32(6, part.length);
    pieces.push(part);
  }
  pieces.push(Uint8Array.from(END));
  return joined([...FILE_HEAD, describe(header, area, components), box("jp2c", ...pieces)]);
}

function sizesOfTile(siz: Uint8Array, header: MainHeader, { leftPx, topPx, widthPx, heightPx }: PixelWindow): Uint8Array {
  const sizes = siz.slice();
  const view = new DataView(sizes.buffer);
  const corner = (start: number, first: number, side: number) => first + Math.floor((start - first) / side) * side;
  const { tileLeft, tileTop, tileWidth, tileHeight } = header;
  const places = [
    leftPx + widthPx,
    topPx + heightPx,
    leftPx,
    topPx,
    tileWidth,
    tileHeight,
    corner(leftPx, tileLeft, tileWidth),
    corner(topPx, tileTop, tileHeight),
  ];
  for (const [index, place] of places.entries()) view.setUint32(6 + 4 * index, place);
  return sizes;
}

/** Bits of the channels that OpenJPEG is asked for: few with a sign it would give without. */
export function channelBits({ bits, signed }: Pick<MainHeader, "bits" | "signed">): number {
  return signed && bits <= 8 ? 16 : bits;
}

/** The boxes that say which channels there are. */
function describe(header: MainHeader, area: PixelWindow, components: readonly number[]): Uint8Array {
  const bits = channelBits(header);
  const kind = bits - 1 + (header.signed ? 0x80 : 0);
  const unused = new Uint8Array(components.length * (bits > 8 ? 2 : 1));
  const colours = components.length === 1 ? GREY : SRGB;
  return box(
    "jp2h",
    box(
      "ihdr",
      numbers(4, area.heightPx, area.widthPx),
      numbers(2, header.components),
      Uint8Array.of(header.segments[0][SIZ_KIND], 7, 0, 0),
    ),
    box("colr", Uint8Array.of(1, 0, 0), numbers(4, colours)),
    box("pclr", numbers(2, 1), Uint8Array.of(components.length, ...components.map(() => kind)), unused),
    // Each channel is a component as it is: mapping 0.
    box("cmap", ...components.map((component) => Uint8Array.of(component >> 8, component & 0xff, 0, 0))),
  );
}

/** Whole numbers of some bytes each, high byte first. */
function numbers(bytes: 2 | 4, ...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(bytes * values.length));
  for (const [index, value] of values.entries()) {
    if (bytes === 2) view.setUint16(2 * index, value);
    else view.setUint32(4 * index, value);
  }
  return new Uint8Array(view.buffer);
}

function box(type: string, ...pieces: readonly Uint8Array[]): Uint8Array {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 8);
  return joined([numbers(4, length), latin1(type), ...pieces]);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
