import { messageOf } from "../../../errors.js";
import { BadBlock } from "../bad-block.js";

/** What a picture's header was found to say. */
export interface PictureBlock {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly samples: number;
}

const OPAQUE = 255;

/**
 * Decodes a JPEG or WebP to samples `[H, W, S]`, once its header was compared with its block.
 *
 * @throws BadBlock where it is damaged or cut off
 */
export async function decodePictureBlock(bytes: Uint8Array, block: PictureBlock): Promise<Uint8Array> {
  const { widthPx, heightPx, samples } = block;
  // Loaded when it is first needed: most files are read without.
  const { decodeSamples } = await import("../../formats/sharp.js");
  const pixels = await decodeSamples(bytes, block).catch((error: unknown) => {
    throw new BadBlock(messageOf(error).trim().split("\n", 1)[0], { cause: error });
  });
  const { channels, data } = pixels;
  if (pixels.widthPx !== widthPx || pixels.heightPx !== heightPx) {
    throw new BadBlock(`it decodes to ${pixels.widthPx} × ${pixels.heightPx} pixels, its header says ${widthPx} × ${heightPx}`);
  }
  if (channels === samples) return data;
  // Where no pixel is transparent, alpha may not be stored.
  if (samples === 4 && channels === 3) return withAlpha(data);
  throw new BadBlock(`it decodes to ${channels} bands, its block has ${samples}`);
}

function withAlpha(rgb: Uint8Array): Uint8Array {
  const out = new Uint8Array((rgb.length / 3) * 4).fill(OPAQUE);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    out[to] = rgb[from];
    out[to + 1] = rgb[from + 1];
    out[to + 2] = rgb[from + 2];
  }
  return out;
}
