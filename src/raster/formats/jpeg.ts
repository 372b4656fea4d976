import { GREY, RGB } from "../bands.js";
import { damaged, type ImageFormat, type PictureHeader, startsWith } from "./header.js";
import { jpegFrames, jpegSegments } from "./jpeg-segments.js";
import { decodePicture } from "./picture.js";

/** Colour by number of components (ITU-T T.81, B.2.2). */
const COMPONENTS: Readonly<Record<number, Pick<PictureHeader, "colour" | "bands">>> = {
  1: { colour: "grey", bands: GREY },
  3: { colour: "rgb", bands: RGB },
  4: { colour: "cmyk", bands: RGB },
};

/** JPEG, baseline and progressive; CMYK becomes red, green, blue without a colour profile. */
export const JPEG: ImageFormat<PictureHeader> = {
  name: "JPEG",
  extensions: [".jpg", ".jpeg", ".jpe", ".jfif"],
  sniff: (bytes) => startsWith(bytes, [0xff, 0xd8]),
  check(bytes, file) {
    const found = jpegSegments(bytes);
    if (typeof found === "string") throw damaged(file, found);
    if (found.scan === undefined) throw damaged(file, "the JPEG holds no pixels");
    const frames = jpegFrames(found.segments);
    if (typeof frames === "string") throw damaged(file, frames);
    const frame = frames.at(-1);
    if (frame === undefined) throw damaged(file, "the JPEG has no size: its frame header is missing");
    const { bits, components, widthPx, heightPx } = frame;
    const kind = COMPONENTS[components];
    if (bits !== 8) throw damaged(file, `a JPEG with ${bits} bits a sample cannot be read, only 8`);
    if (kind === undefined) throw damaged(file, `a JPEG with ${components} components cannot be read, only 1, 3 or 4`);
    return { widthPx, heightPx, dtype: "uint8", ...kind };
  },
  decode: decodePicture,
};
