import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeGeneratedImages } from "./images.js";

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

/** The high-water mark of the resident memory of one command line, in MB. */
function peakMemoryMb(args: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["dist/cli/main.js", ...args], { stdio: ["ignore", "ignore", "inherit"] });
    let peak: number | undefined;
    const timer = setInterval(() => {
      try {
        const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1];
        if (kilobytes !== undefined) peak = Number(kilobytes) / 1000;
      } catch {
        // The process has just ended, or there is no /proc.
      }
    }, 100);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearInterval(timer);
      if (code === 0) resolve(peak);
      else reject(new Error(`sigmax ${args.join(" ")} ended with ${code}`));
    });
  });
}
