import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** The high-water mark of the resident memory of one command line of ours, in MB; undefined where /proc is not there. */
export function peakMemoryMb(args: readonly string[]): Promise<number | undefined> {
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
