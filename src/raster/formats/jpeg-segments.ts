import { viewOf } from "./header.js";

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;
/** DHT, JPG and DAC, among the numbers of frame headers. */
const NO_FRAMES = [0xc4, 0xc8, 0xcc];

/** A marker and what belongs to it. */
export interface JpegSegment {
  readonly marker: number;
  /** With the marker. */
  readonly bytes: Uint8Array;
}

/** What stands before the first scan of a JPEG. */
export interface JpegSegments {
  readonly segments: readonly JpegSegment[];
  /** All from the first scan on; undefined where the JPEG ends without one. */
  readonly scan: Uint8Array | undefined;
}

/** What a frame header says. */
export interface JpegFrame {
  readonly bits: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly components: number;
}

/** The segments of a JPEG (ITU-T T.81, annex B), or what is wrong with them. */
export function jpegSegments(bytes: Uint8Array): JpegSegments | string {
  const view = viewOf(bytes);
  const segments: JpegSegment[] = [];
  for (let offset = 2; offset + 2 <= bytes.length; ) {
    if (bytes[offset] !== 0xff) return `no JPEG marker at byte ${offset}`;
    const marker = bytes[offset + 1];
    if (marker === 0xff) {
      offset++;
      continue;
    }
    if (marker === END_OF_IMAGE) return { segments, scan: undefined };
    if (offset + 4 > bytes.length) break;
    const length = view.getUint16(offset + 2);
    if (length < 2 || offset + 2 + length > bytes.length) return `the JPEG is cut off within the block at byte ${offset}`;
    if (marker === START_OF_SCAN) return { segments, scan: bytes.subarray(offset) };
    segments.push({ marker, bytes: bytes.subarray(offset, offset + 2 + length) });
    offset += 2 + length;
  }
  return "the JPEG is cut off before its pixels";
}

/** The frame headers among segments (SOF0 to SOF15), or what is wrong with one. */
export function jpegFrames(segments: readonly JpegSegment[]): readonly JpegFrame[] | string {
  const frames = segments.filter(({ marker }) => marker >= 0xc0 && marker <= 0xcf && !NO_FRAMES.includes(marker));
  if (frames.some(({ bytes }) => bytes.length < 10)) return "the JPEG frame header is too short";
  return frames.map(({ bytes }) => {
    const view = viewOf(bytes);
    return { bits: bytes[4], widthPx: view.getUint16(7), heightPx: view.getUint16(5), components: bytes[9] };
  });
}
