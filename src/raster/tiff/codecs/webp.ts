import { isWebp, webpSize } from "../../formats/webp-size.js";
import { BadBlock } from "../bad-block.js";
import type { Decode, StoredPixels } from "../codecs.js";
import { decodePictureBlock } from "./picture-block.js";

/** WebP of red, green, blue and perhaps alpha, lossy or not. */
export function bindWebp({ stored, samples }: StoredPixels): Decode | { readonly unread: string } {
  if (stored !== "uint8" || (samples !== 3 && samples !== 4)) {
    return { unread: `WebP of ${stored}, ${samples === 1 ? "bands apart" : `${samples} bands together`}` };
  }
  return async (bytes, { widthPx, heightPx, neededBytes, mostBytes }) => {
    if (!isWebp(bytes)) throw new BadBlock("no WebP");
    const size = webpSize(bytes);
    if (typeof size === "string") throw new BadBlock(size);
    if (size.animated) throw new BadBlock("an animated WebP");
    if (size.widthPx !== widthPx || size.heightPx < heightPx || size.heightPx * neededBytes > heightPx * mostBytes) {
      throw new BadBlock(`the WebP is ${size.widthPx} × ${size.heightPx} pixels, its block ${widthPx} × ${heightPx}`);
    }
    return decodePictureBlock(bytes, { widthPx, heightPx: size.heightPx, samples });
  };
}
