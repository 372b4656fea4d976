import { measureImages } from "../../data/sizes.js";
import { newSamples } from "../../raster/samples.js";
import type { NamedFile } from "../image-files.js";
import { DECODING } from "./batch-loader.js";

/** Bytes of decoded images that are kept of each part. */
export const KEPT_BYTES = { train: 512 * 2 ** 20, validation: 128 * 2 ** 20 } as const;

/** Images whose headers are read: reading them all would take as long as an epoch. */
const MEASURED = 100;

/**
 * Estimate of the bytes that decoded images of one part take at most: those that its workers keep, at the size they have on disk
 * and not at that of the input, and those on their way. Unreadable images take none.
 *
 * @param limit most bytes that are kept
 * @param workers threads that decode
 */
export async function decodedBytes(
  samples: readonly NamedFile[],
  { limit, workers, signal }: { readonly limit: number; readonly workers: number; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const { kinds } = await measureImages({ samples }, { limit: MEASURED, signal });
  const measured = kinds.reduce((sum, { count }) => sum + count, 0);
  if (measured === 0) return 0;
  const sizes = kinds.map(
    ({ bands, widthPx, heightPx, dtype }) => bands.length * widthPx * heightPx * newSamples(dtype, 0).BYTES_PER_ELEMENT,
  );
  const mean = kinds.reduce((sum, { count }, i) => sum + count * sizes[i], 0) / measured;
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  return Math.min(limit, samples.length * mean) + workers * DECODING * largest;
}
