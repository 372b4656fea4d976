import { RGB } from "../bands.js";
import { damaged, type ImageFormat, type PictureHeader } from "./header.js";
import { decodePicture } from "./picture.js";
import { isWebp, webpSize } from "./webp-size.js";

/** WebP; the first frame of an animation. */
export const WEBP: ImageFormat<PictureHeader> = {
  name: "WebP",
  extensions: [".webp"],
  sniff: isWebp,
  check(bytes, file) {
    const size = webpSize(bytes);
    if (typeof size === "string") throw damaged(file, size);
    const { widthPx, heightPx } = size;
    return { widthPx, heightPx, colour: "rgb", bands: RGB, dtype: "uint8" };
  },
  decode: decodePicture,
};
