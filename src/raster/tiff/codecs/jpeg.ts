import { startsWith } from "../../formats/header.js";
import { type JpegSegments, jpegFrames, jpegSegments } from "../../formats/jpeg-segments.js";
import { BadBlock } from "../bad-block.js";
import type { BlockShape, Decode, StoredPixels } from "../codecs.js";
import { decodePictureBlock } from "./picture-block.js";

const START = Uint8Array.of(0xff, 0xd8);
const QUANTIZATION = 0xdb;
const HUFFMAN = 0xc4;
const COMMENT = 0xfe;
/** Values of the tag Photometric. */
const YCBCR = 6;
/** libjpeg knows no pixels of more. */
const MAX_COMPONENTS = 4;

/** JPEG (TIFF Technical Note 2): YCbCr becomes red, green, blue, as with GDAL; other components come as they are. */
export function bindJpeg({ stored, samples, photometric, tables }: StoredPixels): Decode | { readonly unread: string } {
  if (stored !== "uint8") return { unread: `JPEG of ${stored}` };
  if (samples > MAX_COMPONENTS) return { unread: `JPEG of ${samples} bands together` };
  if (photometric === YCBCR && samples !== 3) return { unread: `JPEG in YCbCr, of which ${samples} lie together` };
  return async (bytes, shape) => {
    const shared = tables === undefined ? [] : read(tables).segments.filter(({ marker }) => isTable(marker));
    const { segments, scan } = read(bytes);
    if (scan === undefined) throw new BadBlock("the JPEG holds no pixels");
    const storedHeightPx = checkFrame(segments, shape);
    const own = segments.filter(({ marker }) => !isNote(marker));
    const parts = [...shared, ...own].map((segment) => segment.bytes);
    const whole = Buffer.concat([START, adobe(photometric === YCBCR), ...parts, scan]);
    return decodePictureBlock(whole, { widthPx: shape.widthPx, heightPx: storedHeightPx, samples });
  };
}

function read(bytes: Uint8Array): JpegSegments {
  if (!startsWith(bytes, [...START])) throw new BadBlock("no JPEG");
  const found = jpegSegments(bytes);
  if (typeof found === "string") throw new BadBlock(found);
  return found;
}

const isTable = (marker: number) => marker === QUANTIZATION || marker === HUFFMAN;
/** APP0 to APP15 and comments: what the TIFF says of its colours counts, not they. */
const isNote = (marker: number) => (marker >= 0xe0 && marker <= 0xef) || marker === COMMENT;

/** APP14 of Adobe, whose last byte is the colour transform: without it, libjpeg guesses. */
function adobe(transformed: boolean): Uint8Array {
  return Uint8Array.of(0xff, 0xee, 0, 14, 0x41, 0x64, 0x6f, 0x62, 0x65, 0, 100, 0, 0, 0, 0, transformed ? 1 : 0);
}

/** Rows of the JPEG: the last strip may be stored with those below the image. */
function checkFrame(segments: JpegSegments["segments"], shape: BlockShape): number {
  const { widthPx, heightPx, samples, neededBytes, mostBytes } = shape;
  const frames = jpegFrames(segments);
  if (typeof frames === "string") throw new BadBlock(frames);
  if (frames.length !== 1) throw new BadBlock(`the JPEG has ${frames.length} frame headers`);
  const [frame] = frames;
  if (frame.bits !== 8) throw new BadBlock(`the JPEG has ${frame.bits} bits a sample, its image 8`);
  if (frame.components !== samples) throw new BadBlock(`the JPEG has ${frame.components} components, its block ${samples} bands`);
  if (frame.widthPx !== widthPx || frame.heightPx < heightPx || frame.heightPx * neededBytes > heightPx * mostBytes) {
    throw new BadBlock(`the JPEG is ${frame.widthPx} × ${frame.heightPx} pixels, its block ${widthPx} × ${heightPx}`);
  }
  return frame.heightPx;
}
