import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGeneratedImages } from "./images.js";
import { peakMemoryMb } from "./peak-memory.js";

const IMAGES = 100_000;
const SIZE_PX = 48;
const LIMIT_MB = 600;

/** Peak memory of `sigmax embed` over 100,000 generated images: ratio of the limit of 600 MB to the peak. Linux only. */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-bench-"));
  try {
    const images = join(folder, "images");
    await writeGeneratedImages(images, IMAGES, SIZE_PX);
    const started = performance.now();
    const peakMb = await peakMemoryMb([
      "embed",
      images,
      "--backbone",
      "stats",
      "--cache",
      join(folder, "cache"),
      "--out",
      join(folder, "out.npy"),
      "--quiet",
    ]);
    if (peakMb === undefined)
      return { ratios: { memory: null }, figures: { missing: "/proc is not there: the peak cannot be read" } };
    return {
      ratios: { memory: LIMIT_MB / peakMb },
      figures: { images: IMAGES, peakMb, seconds: (performance.now() - started) / 1000 },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
