import { throwIfAborted } from "../progress.js";
import type { Raster } from "./raster.js";
import type { RasterReader } from "./reader.js";
import type { PixelWindow } from "./resample.js";
import { integerRange, newSamples } from "./samples.js";

/** Samples that are read at once. */
const WINDOW_SAMPLES = 2 ** 22;

export interface ReducedOptions {
  /** Indices into the bands of the file. */
  readonly bands: readonly number[];
  readonly widthPx: number;
  readonly heightPx: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * All of a raster file in fewer pixels, each the mean of those measured below it; never more than the file has. Read from the
 * smallest overview that is large enough, window by window: memory goes with the size of the result.
 *
 * @throws UserError what reading throws; `aborted`
 */
export async function readReduced(reader: RasterReader, options: ReducedOptions): Promise<Raster> {
  const { bands, signal } = options;
  const { info } = reader;
  const isEnough = (one: { widthPx: number; heightPx: number }) =>
    one.widthPx >= options.widthPx && one.heightPx >= options.heightPx;
  const level = Math.max(0, info.levels.findLastIndex(isEnough));
  const from = info.levels[level];
  const widthPx = Math.min(options.widthPx, from.widthPx);
  const heightPx = Math.min(options.heightPx, from.heightPx);
  const outPx = widthPx * heightPx;
  const columns = targets(from.widthPx, widthPx);
  const rows = targets(from.heightPx, heightPx);
  const sums = new Float64Array(bands.length * outPx);
  const counts = new Uint32Array(bands.length * outPx);
  for (const window of windowsOf(from, info.block, Math.floor(WINDOW_SAMPLES / bands.length))) {
    throwIfAborted(signal);
    const { data, valid } = await reader.read({ window, bands, level, signal });
    for (let band = 0, i = 0; band < bands.length; band++) {
      for (let y = 0, pixel = 0; y < window.heightPx; y++) {
        const line = band * outPx + rows[window.topPx + y] * widthPx;
        for (let x = 0; x < window.widthPx; x++, i++, pixel++) {
          if (valid?.[pixel] === 0 || !Number.isFinite(data[i])) continue;
          const at = line + columns[window.leftPx + x];
          sums[at] += data[i];
          counts[at]++;
        }
      }
    }
  }
  const data = newSamples(info.dtype, sums.length);
  const isWhole = integerRange(info.dtype) !== undefined;
  for (let i = 0; i < sums.length; i++) {
    const mean = counts[i] === 0 ? 0 : sums[i] / counts[i];
    data[i] = isWhole ? Math.round(mean) : mean;
  }
  const valid = Uint8Array.from({ length: outPx }, (_, i) => (bands.some((_, band) => counts[band * outPx + i] > 0) ? 1 : 0));
  return { bands: bands.map((band) => info.bands[band].name), widthPx, heightPx, dtype: info.dtype, data, valid };
}

/** The pixel that each of `length` pixels falls into. */
function targets(length: number, into: number): Uint32Array {
  return Uint32Array.from({ length }, (_, i) => Math.floor(((i + 0.5) * into) / length));
}

interface Size {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Windows of whole blocks, so that no block is decoded twice; a block larger than `mostPx` is cut. */
function* windowsOf(raster: Size, block: Size, mostPx: number): Generator<PixelWindow> {
  const rowPx = Math.min(block.heightPx, raster.heightPx);
  const blocks = Math.max(1, Math.floor(mostPx / (rowPx * block.widthPx)));
  const across = Math.min(raster.widthPx, blocks * block.widthPx, mostPx);
  const fitting = Math.max(1, Math.floor(mostPx / across));
  const down = fitting < rowPx ? fitting : fitting - (fitting % rowPx);
  for (let topPx = 0; topPx < raster.heightPx; topPx += down) {
    for (let leftPx = 0; leftPx < raster.widthPx; leftPx += across) {
      const widthPx = Math.min(across, raster.widthPx - leftPx);
      yield { leftPx, topPx, widthPx, heightPx: Math.min(down, raster.heightPx - topPx) };
    }
  }
}
