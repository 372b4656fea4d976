import { mapInOrder } from "../../concurrency.js";
import { UserError } from "../../errors.js";
import type { Backbone } from "../../model/backbone.js";
import { throwIfAborted, type WorkOptions } from "../../progress.js";
import type { Random } from "../../random.js";
import { type Preprocess, placement, toInput } from "../../raster/preprocess.js";
import type { Raster } from "../../raster/raster.js";
import { resize } from "../../raster/resample.js";
import { openSession } from "../../runtime/open.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import { float32 } from "../../tensor.js";
import { IMAGE_ERRORS, type NamedFile, readRaster } from "../image-files.js";
import type { RetrainSettings } from "./options.js";

/** Decoded training images are kept up to this much, so that they need not be decoded for every batch. */
const KEPT_BYTES = 512 * 2 ** 20;
/** Images that go through the network at once. */
const CHUNK = 8;

/** What happens to one image: four independent draws in [0, 1), and a coin. */
export interface Distortion {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
  readonly brightness: number;
  readonly flip: boolean;
}

/** How far images may be changed, in retrain.py's percentages. */
export type DistortionLimits = Pick<RetrainSettings, "flipLeftRight" | "randomCrop" | "randomScale" | "randomBrightness">;

/** Draws what happens to one image. */
export function drawDistortion(random: Random): Distortion {
  return { scale: random.next(), left: random.next(), top: random.next(), brightness: random.next(), flip: random.next() < 0.5 };
}

/**
 * Writes the network's input for one distorted image, float32 `[C, H, W]`, as retrain.py's `add_input_distortions`: enlarged by
 * (1 + crop%) · uniform(1, 1 + scale%), a box of the input size cut out at random, mirrored, multiplied by 1 ± brightness%.
 * Nothing is clipped.
 */
export function distortedInput(
  raster: Raster,
  preprocess: Preprocess,
  { flipLeftRight, randomCrop, randomScale, randomBrightness }: DistortionLimits,
  draw: Distortion,
  out: Float32Array,
  offset: number,
): void {
  const { widthPx, heightPx } = preprocess;
  const usual = placement(raster, preprocess);
  const scale = (1 + randomCrop / 100) * (1 + (draw.scale * randomScale) / 100);
  // A sum of decimal percentages must not lose a pixel to rounding: 1.1 · 100 is 110.00000000000001, 1.15 · 100 is 114.99999999999999.
  const enlarged = (px: number) => Math.floor(px * scale + 1e-6);
  const offsetPx = (usualPx: number, sizePx: number, at: number) =>
    enlarged(usualPx) + Math.floor(at * (enlarged(sizePx) - sizePx + 1));
  const window = {
    leftPx: offsetPx(usual.window?.leftPx ?? 0, widthPx, draw.left),
    topPx: offsetPx(usual.window?.topPx ?? 0, heightPx, draw.top),
    widthPx,
    heightPx,
  };
  const cut = resize(raster, { ...usual, widthPx: enlarged(usual.widthPx), heightPx: enlarged(usual.heightPx), window });
  toInput(cut, { ...preprocess, fit: "stretch" }, out, offset);

  const end = offset + preprocess.bands.length * widthPx * heightPx;
  if (flipLeftRight && draw.flip) for (let row = offset; row < end; row += widthPx) out.subarray(row, row + widthPx).reverse();
  const factor = 1 + ((2 * draw.brightness - 1) * randomBrightness) / 100;
  if (factor !== 1) for (let i = offset; i < end; i++) out[i] *= factor;
}

/** Embeds training images that are distorted anew each time. Close it. */
export interface Distorter<F extends NamedFile> {
  /** The images that can be read. */
  readonly files: readonly F[];
  /** Embeddings `[n, D]` of these images, each with a distortion of its own. */
  embed(rows: readonly number[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Reads every image once, so that those that cannot be read are known before the training, and opens the network. */
export async function openDistorter<F extends NamedFile>(
  files: readonly F[],
  backbone: Backbone,
  options: WorkOptions & {
    readonly limits: DistortionLimits;
    readonly random: Random;
    readonly threads?: number | undefined;
    readonly runtime?: RuntimeChoice | undefined;
  },
): Promise<Distorter<F>> {
  const { limits, random, threads, runtime, signal, onProgress, onWarning } = options;
  const { preprocess, embeddingSize } = backbone;
  const kept = new Map<string, Raster>();
  let keptBytes = 0;
  const decode = ({ file, path }: NamedFile) => readRaster(path, file);
  const tryDecode = async (file: F) => {
    try {
      return { file, raster: await decode(file) };
    } catch (error) {
      if (error instanceof UserError && IMAGE_ERRORS.has(error.code)) return { file, error };
      throw error;
    }
  };
  const readable: F[] = [];
  const unreadable: string[] = [];
  for await (const { file, raster, error } of mapInOrder(files, CHUNK, tryDecode, signal)) {
    onProgress?.({ stage: "decode", done: readable.length + unreadable.length + 1, total: files.length, unit: "images" });
    if (error !== undefined) {
      unreadable.push(error.message);
      continue;
    }
    readable.push(file);
    keptBytes += raster.data.byteLength;
    if (keptBytes <= KEPT_BYTES) kept.set(file.path, raster);
  }
  if (unreadable.length > 0) {
    onWarning?.(
      `${unreadable.length} of ${files.length} training images cannot be read and are left out: ${unreadable.slice(0, 3).join("; ")}`,
    );
  }

  const session = await openSession(backbone.model, { threads, runtime, onWarning, file: backbone.id });
  const inputSize = preprocess.bands.length * preprocess.heightPx * preprocess.widthPx;
  return {
    files: readable,
    async embed(rows) {
      // Drawn before anything runs, so that the order of decoding does not matter.
      const jobs = rows.map((row) => ({ file: readable[row], draw: drawDistortion(random) }));
      const load = async (job: (typeof jobs)[number]) => ({
        ...job,
        raster: kept.get(job.file.path) ?? (await decode(job.file)),
      });
      const embeddings = new Float32Array(rows.length * embeddingSize);
      for (let from = 0; from < jobs.length; from += CHUNK) {
        throwIfAborted(signal);
        const chunk = await Promise.all(jobs.slice(from, from + CHUNK).map(load));
        const pixels = new Float32Array(chunk.length * inputSize);
        chunk.forEach(({ raster, draw }, i) => {
          distortedInput(raster, preprocess, limits, draw, pixels, i * inputSize);
        });
        const shape = [chunk.length, preprocess.bands.length, preprocess.heightPx, preprocess.widthPx];
        const { embedding } = await session.run({ image: float32(shape, pixels) }, ["embedding"]);
        embeddings.set(embedding.data as Float32Array, from * embeddingSize); // a backbone's embedding is float32
      }
      return embeddings;
    },
    close: () => session.close(),
  };
}
