import { availableParallelism } from "node:os";
import { compiledFile } from "../../compiled.js";
import type { PixelWindow } from "../../raster/resample.js";
import { openThreadPool } from "../../runtime/thread-pool.js";
import { type CountryOptions, createCountry } from "./country.js";
import { type CountryView, renderWindow } from "./render-window.js";

/** What every window of a country is painted like. */
export interface CrewData extends Required<CountryOptions> {
  readonly view: Omit<CountryView, "date" | "window">;
}

/** One date of a window, as arrays that a thread can give away. */
export interface PaintedDate {
  /** `[C, H, W]` */
  readonly scene: Uint16Array;
  readonly classes: Uint8Array;
  readonly clouds: Uint8Array | undefined;
}

/** Who paints windows. */
export interface Crew {
  /** How many windows to keep under way so that no core waits. */
  readonly concurrency: number;
  /** All dates of a window. */
  paint(window: PixelWindow): Promise<PaintedDate[]>;
  close(): Promise<void>;
}

/** A crew of worker threads, one per core by default; of one, and for a single window, the calling thread paints. */
export async function openCrew(
  data: CrewData,
  { windows, threads }: { windows: number; threads?: number | undefined },
): Promise<Crew> {
  const count = Math.min(threads ?? availableParallelism(), windows);
  if (count <= 1) {
    const paint = painter(data);
    return { concurrency: 1, paint: async (window) => paint(window), close: async () => {} };
  }
  const pool = await openThreadPool<PixelWindow, PaintedDate[]>({
    file: compiledFile("./country-worker.js", import.meta.url),
    workerData: data,
    name: "a painting thread",
    threads: count,
  });
  return { concurrency: 2 * count, paint: pool.run, close: pool.close };
}

/** Paints all dates of one window after another. */
export function painter({ view, ...options }: CrewData): (window: PixelWindow) => PaintedDate[] {
  const country = createCountry(options);
  return (window) =>
    Array.from({ length: options.dates }, (_, date) => {
      const { raster, classes, clouds } = renderWindow(country, { ...view, date, window });
      // renderWindow makes uint16; a Raster's type does not say so.
      return { scene: raster.data as Uint16Array, classes, clouds };
    });
}
