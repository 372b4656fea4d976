import { UserError } from "../../errors.js";
import { type ByteSource, cutOff } from "../bytes/bytes.js";
import { startsWith, viewOf } from "../formats/header.js";

/** Bytes of a file from `start` to before `end`. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

/** What the boxes of a JP2 say (ISO/IEC 15444-1, annex I). */
export interface Jp2File {
  readonly codestream: Extent;
  /** Enumerated colour space: 16 is sRGB, 17 grey, 18 YCbCr. */
  readonly colourSpace: number | undefined;
  /** Of channels that are described: type (0 colour, 1 and 2 opacity) and which colour, from 1. */
  readonly channels: ReadonlyMap<number, { readonly type: number; readonly colour: number }>;
  /** [red, green, blue, alpha] of each value. */
  readonly palette: readonly (readonly [number, number, number, number])[] | undefined;
  /** A TIFF of one pixel whose tags say where the image lies (GeoJP2). */
  readonly geoTiff: Uint8Array | undefined;
  /** GMLJP2, as text. */
  readonly gml: string | undefined;
}

interface Box extends Extent {
  readonly type: string;
}

const SIGNATURE = [0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20, 0x0d, 0x0a, 0x87, 0x0a];
/** Start of a codestream and the marker of its sizes. */
const CODESTREAM = [0xff, 0x4f, 0xff, 0x51];
const GEO_JP2 = [0xb1, 0x4b, 0xf8, 0xbd, 0x08, 0x3d, 0x4b, 0x43, 0xa5, 0xae, 0x8c, 0xd7, 0xd5, 0xa6, 0xce, 0x03];

const MAX_BOXES = 1024;
const MAX_HEADER_BYTES = 1 << 20;
const MAX_PLACE_BYTES = 8 << 20;
const MAX_DEPTH = 4;

/** How many of a file's first bytes `isJpeg2000` looks at. */
export const JPEG2000_SNIFFED_BYTES = SIGNATURE.length;

/** Whether the bytes start as a JP2 or as a bare codestream does. */
export function isJpeg2000(start: Uint8Array): boolean {
  return startsWith(start, SIGNATURE) || startsWith(start, CODESTREAM);
}

/**
 * Finds the codestream of a JP2, and what is said of it; a bare codestream is all of its file.
 *
 * @param onWarning hears of damage behind the codestream, and of places that are too large to be looked at
 * @throws UserError `bad-file` for boxes that do not hold together
 */
export async function readBoxes(source: ByteSource, onWarning?: (message: string) => void): Promise<Jp2File> {
  const { name, size } = source;
  if (startsWith(await source.read(0, Math.min(size, CODESTREAM.length)), CODESTREAM)) {
    return { ...NOTHING_SAID, codestream: { start: 0, end: size } };
  }
  let codestream: Extent | undefined;
  let header: HeaderBoxes = NOTHING_SAID;
  let geoTiff: Uint8Array | undefined;
  let gml: string | undefined;
  try {
    for await (const box of boxesIn(source, { start: 0, end: size })) {
      const bytes = box.end - box.start;
      if (box.type === "jp2c") codestream ??= { start: box.start, end: Math.min(box.end, size) };
      else if (box.end > size) {
        throw cutOff(name, `its box "${box.type}" at byte ${box.start} ends at byte ${box.end}, it ends at byte ${size}`);
      } else if (box.type === "jp2h") header = await readHeaderBoxes(source, box);
      else if (box.type === "uuid" && geoTiff === undefined) geoTiff = await geoTiffIn(source, box, onWarning);
      else if (box.type === "asoc" && gml === undefined) {
        if (bytes > MAX_PLACE_BYTES) onWarning?.(`its box "asoc" has ${bytes} bytes and is not looked at`);
        else gml = gmlIn(await source.read(box.start, bytes));
      }
    }
  } catch (error) {
    // Pixels can be read without what stands behind them.
    if (codestream === undefined || !(error instanceof UserError) || error.code !== "bad-file") throw error;
    onWarning?.(`${error.message}; what stands there is not used`);
  }
  if (codestream === undefined) throw bad(name, 'it has no codestream (no box "jp2c")');
  return { codestream, ...header, geoTiff, gml };
}

type HeaderBoxes = Pick<Jp2File, "colourSpace" | "channels" | "palette">;

const NOTHING_SAID: Omit<Jp2File, "codestream"> = {
  colourSpace: undefined,
  channels: new Map(),
  palette: undefined,
  geoTiff: undefined,
  gml: undefined,
};

/** The boxes that follow each other; the last may end behind the extent. */
async function* boxesIn(source: ByteSource, { start, end }: Extent): AsyncGenerator<Box> {
  let count = 0;
  for (let at = start; at < end; count++) {
    if (count === MAX_BOXES) throw bad(source.name, `has more than ${MAX_BOXES} boxes`);
    const box = boxAt(source.name, await source.read(at, Math.min(16, end - at)), { start: at, end });
    yield box;
    at = box.end;
  }
}

/** @param head up to 16 bytes from the start of the box */
function boxAt(name: string, head: Uint8Array, { start, end }: Extent): Box {
  if (head.length < 8) throw cutOff(name, `a box begins at byte ${start}, the last but ${head.length}`);
  const view = viewOf(head);
  const type = String.fromCharCode(...head.subarray(4, 8)).replaceAll(/[^ -~]/g, "?");
  const length = view.getUint32(0);
  // 0: to the end. 1: the length has 8 bytes and stands behind the type.
  if (length === 0) return { type, start: start + 8, end };
  if (length !== 1) {
    if (length < 8) throw bad(name, `its box "${type}" at byte ${start} claims ${length} bytes; a box has 8 at least`);
    return { type, start: start + 8, end: start + length };
  }
  const long = head.length < 16 ? 0 : Number(view.getBigUint64(8));
  if (long < 16)
    throw bad(name, `its box "${type}" at byte ${start} claims ${long} bytes; with a long length it has 16 at least`);
  return { type, start: start + 16, end: start + long };
}

async function readHeaderBoxes(source: ByteSource, { start, end }: Extent): Promise<HeaderBoxes> {
  const { name } = source;
  if (end - start > MAX_HEADER_BYTES) throw bad(name, `its header has ${end - start} bytes; there may be ${MAX_HEADER_BYTES}`);
  const bytes = await source.read(start, end - start);
  let colourSpace: number | undefined;
  let channels: Jp2File["channels"] = new Map();
  let palette: Jp2File["palette"];
  for (const { type, body } of boxesOf(name, bytes)) {
    // Method 1 has a number; the others are profiles.
    if (type === "colr" && body[0] === 1 && body.length >= 7) colourSpace ??= viewOf(body).getUint32(3);
    if (type === "cdef") channels = channelsIn(body);
    if (type === "pclr") palette = paletteIn(body);
  }
  return { colourSpace, channels, palette };
}

/** The boxes in memory; one that ends behind it is refused. */
function* boxesOf(name: string, bytes: Uint8Array): Generator<{ readonly type: string; readonly body: Uint8Array }> {
  for (let at = 0; at < bytes.length; ) {
    const box = boxAt(name, bytes.subarray(at, at + 16), { start: at, end: bytes.length });
    if (box.end > bytes.length) throw bad(name, `its box "${box.type}" ends behind the box that it stands in`);
    yield { type: box.type, body: bytes.subarray(box.start, box.end) };
    at = box.end;
  }
}

function channelsIn(body: Uint8Array): Jp2File["channels"] {
  const view = viewOf(body);
  const channels = new Map<number, { type: number; colour: number }>();
  for (let at = 2; at + 6 <= body.length; at += 6) {
    channels.set(view.getUint16(at), { type: view.getUint16(at + 2), colour: view.getUint16(at + 4) });
  }
  return channels;
}

/** Undefined for palettes of other than 8 bits, or of fewer than three colours. */
function paletteIn(body: Uint8Array): Jp2File["palette"] {
  if (body.length < 3) return undefined;
  const count = viewOf(body).getUint16(0);
  const columns = body[2];
  const values = body.subarray(3 + columns);
  const is8Bit = body.subarray(3, 3 + columns).every((bits) => bits === 7);
  if (columns < 3 || !is8Bit || values.length < count * columns) return undefined;
  return Array.from({ length: count }, (_, index) => {
    const [red, green, blue, alpha = 255] = values.subarray(index * columns, index * columns + Math.min(columns, 4));
    return [red, green, blue, alpha] as const;
  });
}

async function geoTiffIn(source: ByteSource, { start, end }: Extent, onWarning?: (message: string) => void) {
  const bytes = end - start - GEO_JP2.length;
  if (bytes < 0 || !startsWith(await source.read(start, GEO_JP2.length), GEO_JP2)) return undefined;
  if (bytes <= MAX_PLACE_BYTES) return source.read(start + GEO_JP2.length, bytes);
  onWarning?.(`what it says of its place has ${bytes} bytes and is not looked at`);
  return undefined;
}

/** The text in a box that is labelled "gml.root-instance", or the first XML in what is labelled "gml.data". */
function gmlIn(bytes: Uint8Array, depth = 0): string | undefined {
  if (depth === MAX_DEPTH) return undefined;
  let isGml = depth > 0;
  try {
    for (const { type, body } of boxesOf("", bytes)) {
      if (type === "lbl " && depth === 0) isGml = new TextDecoder().decode(body).startsWith("gml.data");
      else if (type === "xml " && isGml) return new TextDecoder().decode(body);
      else if (type === "asoc" && isGml) {
        const inner = gmlIn(body, depth + 1);
        if (inner !== undefined) return inner;
      }
    }
  } catch (error) {
    // A place that cannot be read is none.
    if (!(error instanceof UserError)) throw error;
  }
  return undefined;
}

function bad(name: string, what: string): UserError {
  return new UserError("bad-file", `${name}: ${what}`, { hint: "Fetch or export the file again." });
}
