import { GREY, RGB } from "../bands.js";
import { damaged, type ImageFormat, type PictureHeader, startsWith, viewOf } from "./header.js";
import { decodePicture } from "./picture.js";

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = 0xd9;

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
    const view = viewOf(bytes);
    let header: PictureHeader | undefined;
    for (let offset = 2; ; ) {
      if (offset + 4 > bytes.length) throw damaged(file, "the JPEG is cut off before its pixels");
      if (bytes[offset] !== 0xff) throw damaged(file, `no JPEG marker at byte ${offset}`);
      const marker = bytes[offset + 1];
      if (marker === 0xff) {
        offset++;
        continue;
      }
      if (marker === END_OF_IMAGE) throw damaged(file, "the JPEG holds no pixels");
      const length = view.getUint16(offset + 2);
      if (length < 2 || offset + 2 + length > bytes.length)
        throw damaged(file, `the JPEG is cut off within the block at byte ${offset}`);
      if (isFrame(marker)) header = readFrame(bytes.subarray(offset, offset + 2 + length), file);
      offset += 2 + length;
      if (marker === START_OF_SCAN) break;
    }
    if (header === undefined) throw damaged(file, "the JPEG has no size: its frame header is missing");
    return header;
  },
  decode: decodePicture,
};

/** SOF0 to SOF15 without DHT, JPG and DAC, which share the range. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function readFrame(frame: Uint8Array, file: string): PictureHeader {
  if (frame.length < 10) throw damaged(file, "the JPEG frame header is too short");
  const view = viewOf(frame);
  const kind = COMPONENTS[frame[9]];
  if (frame[4] !== 8) throw damaged(file, `a JPEG with ${frame[4]} bits a sample cannot be read, only 8`);
  if (kind === undefined) throw damaged(file, `a JPEG with ${frame[9]} components cannot be read, only 1, 3 or 4`);
  return { widthPx: view.getUint16(7), heightPx: view.getUint16(5), dtype: "uint8", ...kind };
}
