import type { OpenJpeg } from "@cornerstonejs/codec-openjpeg/decodewasmjs";

/** One picture that OpenJPEG can decode, and what it should turn out to be. */
export interface Encoded {
  /** A JP2 of one or three channels, all of these bits and this sign. */
  readonly jp2: Uint8Array<ArrayBuffer>;
  /** How often sides are halved. */
  readonly level: number;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly channels: number;
  /** 1 to 16. */
  readonly bits: number;
  readonly signed: boolean;
  /** All that it holds, wanted or not: how long it may take. */
  readonly samples: number;
}

/** Samples `[C, H, W]`: of up to 8 bits without a sign, or of more or with one. */
export type Decoded = Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | Int16Array<ArrayBuffer>;

/** What OpenJPEG says against a picture. */
export class Undecodable extends Error {}

/** Never more of it is kept: a hostile file makes it say the same thing a million times. */
const MAX_LINES = 3;

let codec: Promise<OpenJpeg> | undefined;
let complaints: string[] = [];

function note(line: string): void {
  // What it says besides is how far it is.
  const complaint = /^\[ERROR\] (.*)/.exec(line)?.[1];
  if (complaint !== undefined && complaints.length < MAX_LINES) complaints.push(complaint.trim());
}

/**
 * Decodes a picture. After a failure the codec is loaded anew: its memory may be spoilt.
 *
 * @throws Undecodable with what OpenJPEG says
 */
export async function decodeWithOpenJpeg(encoded: Encoded): Promise<Decoded> {
  const { jp2, level, widthPx, heightPx, channels, bits, signed } = encoded;
  complaints = [];
  codec ??= loadCodec();
  const { J2KDecoder } = await codec;
  try {
    const decoder = new J2KDecoder();
    decoder.getEncodedBuffer(jp2.length).set(jp2);
    decoder.decodeSubResolution(level, 0);
    const found = decoder.getFrameInfo();
    const samples = decoder.getDecodedBuffer();
    const bytes = bits > 8 ? 2 : 1;
    // Of what it cannot decode it says that it has no pixels, and throws nothing.
    const asExpected =
      complaints.length === 0 &&
      found.componentCount === channels &&
      found.bitsPerSample === bits &&
      found.isSigned === signed &&
      samples.length === widthPx * heightPx * channels * bytes;
    if (!asExpected) throw new Undecodable(complaints.join("; ") || "it decodes to something else than its header says");
    const planes = separated(samples, { bytes, signed, channels });
    decoder.delete();
    return planes;
  } catch (error) {
    codec = undefined;
    if (error instanceof Undecodable) throw error;
    throw new Undecodable(complaints.join("; ") || "OpenJPEG breaks off", { cause: error });
  }
}

async function loadCodec(): Promise<OpenJpeg> {
  const { default: open } = await import("@cornerstonejs/codec-openjpeg/decodewasmjs");
  return open({ print: note, printErr: note });
}

/** `[H, W, C]` in the codec's memory to `[C, H, W]` in memory that can be given away. */
function separated(
  { buffer, byteOffset, length }: Uint8ClampedArray,
  { bytes, signed, channels }: { bytes: number; signed: boolean; channels: number },
): Decoded {
  const copy = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer; // the codec's memory is not shared
  const mixed = bytes === 1 ? new Uint8Array(copy) : signed ? new Int16Array(copy) : new Uint16Array(copy);
  if (channels === 1) return mixed;
  const planes = mixed.slice();
  const pixels = mixed.length / channels;
  for (let channel = 0; channel < channels; channel++) {
    for (let pixel = 0, from = channel; pixel < pixels; pixel++, from += channels) planes[channel * pixels + pixel] = mixed[from];
  }
  return planes;
}
