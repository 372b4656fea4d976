import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createRandom } from "../src/random.js";
import { encodeJpeg } from "../src/raster/encode.js";
import { createLandscape } from "../src/synth/landscape.js";
import { renderLandscape } from "../src/synth/render.js";

/** Where the real data lies. */
export const DATA = resolve(process.env.SIGMAX_DATA ?? "../shared/data");

/** Real 256×256 JPEG files where they are, as absolute paths. */
export function realImages(): string[] {
  const root = join(DATA, "rsscn7");
  if (!existsSync(root)) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jpg"))
    .sort()
    .map((name) => join(root, name));
}

/** Writes generated JPEG images that all differ in their bytes: a comment segment with a number makes each its own. */
export async function writeGeneratedImages(folder: string, count: number, sizePx: number): Promise<void> {
  const scene = renderLandscape(createLandscape({ widthPx: 256, heightPx: 256, seed: 1 })).raster;
  const random = createRandom(1, "bench");
  const bases: Uint8Array[] = [];
  for (let i = 0; i < 64; i++)
    bases.push(await encodeJpeg(cut(scene, random.int(256 - sizePx), random.int(256 - sizePx), sizePx), 85));
  for (let i = 0; i < count; i++) {
    const sub = join(folder, String(Math.floor(i / 1000)).padStart(4, "0"));
    if (i % 1000 === 0) mkdirSync(sub, { recursive: true });
    writeFileSync(join(sub, `${String(i).padStart(7, "0")}.jpg`), numbered(bases[i % bases.length], i));
  }
}

/** A JPEG with a comment segment (marker FF FE) after its start marker. */
function numbered(jpeg: Uint8Array, number: number): Uint8Array {
  const comment = Buffer.from(`generated ${number}`);
  const segment = Buffer.alloc(4 + comment.length);
  segment.writeUInt16BE(0xfffe, 0);
  segment.writeUInt16BE(2 + comment.length, 2);
  comment.copy(segment, 4);
  return Buffer.concat([jpeg.subarray(0, 2), segment, jpeg.subarray(2)]);
}

function cut(raster: ReturnType<typeof renderLandscape>["raster"], left: number, top: number, sizePx: number) {
  const data = new Uint8Array(raster.bands.length * sizePx * sizePx);
  const plane = raster.widthPx * raster.heightPx;
  let out = 0;
  for (let band = 0; band < raster.bands.length; band++) {
    for (let y = top; y < top + sizePx; y++) {
      for (let x = left; x < left + sizePx; x++) data[out++] = raster.data[band * plane + y * raster.widthPx + x];
    }
  }
  return { ...raster, widthPx: sizePx, heightPx: sizePx, data };
}
