import { RGB } from "../bands.js";
import { damaged, type ImageFormat, type PictureHeader, startsWith, viewOf } from "./header.js";
import { decodePicture } from "./picture.js";

/** GIF; the first frame of an animation. */
export const GIF: ImageFormat<PictureHeader> = {
  name: "GIF",
  extensions: [".gif"],
  sniff: (bytes) => startsWith(bytes, "GIF87a") || startsWith(bytes, "GIF89a"),
  check(bytes, file) {
    if (bytes.length < 13) throw damaged(file, "the GIF ends within its header");
    const view = viewOf(bytes);
    return { widthPx: view.getUint16(6, true), heightPx: view.getUint16(8, true), colour: "rgb", bands: RGB, dtype: "uint8" };
  },
  decode: decodePicture,
};
