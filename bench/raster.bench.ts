import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { crc32 } from "../src/crc32.js";
import { openRaster } from "../src/raster/reader.js";
import { type Answer, type Competitor, openCompetitor } from "./competitor.js";
import { median, PYTHON, runPeer } from "./python.js";

const ROUNDS = 7;
const SCENE_PX = 4096;
const BANDS = 13;
/** At an origin that is no multiple of a block. */
const WINDOW = { leftPx: 1000, topPx: 1000, widthPx: 2048, heightPx: 2048 };
const WINDOW_BYTES = WINDOW.widthPx * WINDOW.heightPx * BANDS * 2;
const PEER = "bench/peers/raster.py";

/** Ways to store the scene, each with the threads that both sides get. */
const CASES = {
  gdal: { interleave: "pixel", predictor: 1, threads: 2 },
  gdal_alone: { interleave: "pixel", predictor: 1, threads: 1 },
  gdal_predictor: { interleave: "pixel", predictor: 2, threads: 2 },
  gdal_planar: { interleave: "band", predictor: 1, threads: 2 },
  gdal_planar_predictor: { interleave: "band", predictor: 2, threads: 2 },
} as const;

/**
 * A window of 2048² × 13 uint16 of a tiled Deflate GeoTIFF that GDAL wrote: seconds to open, read and close it, with nothing in any
 * cache of blocks and the file in that of the system. Peer: GDAL with as many threads; alone, ours decodes on the calling thread.
 * `memory` is 1.5 ÷ our rise of resident memory in windows.
 */
export async function run() {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-bench-"));
  const ratios: Record<string, number | null> = {};
  const figures: Record<string, number | string> = { windowMb: WINDOW_BYTES / 1e6, rounds: ROUNDS };
  try {
    const files = new Map<string, string>();
    for (const [key, { interleave, predictor, threads }] of Object.entries(CASES)) {
      const kind = `${interleave}${predictor}`;
      const path = files.get(kind) ?? join(folder, `${kind}.tif`);
      if (!files.has(kind)) {
        const made = runPeer(PEER, ["make", path, ...[SCENE_PX, BANDS].map(String), interleave, String(predictor)]);
        if ("missing" in made) {
          return {
            ratios: Object.fromEntries(Object.keys(CASES).map((name) => [name, null])),
            figures: { missing: made.missing },
          };
        }
        files.set(kind, path);
        figures[`${kind} raw ÷ stored`] = (SCENE_PX ** 2 * BANDS * 2) / statSync(path).size;
      }
      const { ours, theirs } = await compare(path, threads);
      ratios[key] = median(theirs) / median(ours);
      Object.assign(figures, { [`${key} seconds`]: median(ours), [`${key} GDAL seconds`]: median(theirs) });
    }
    const rise = await memoryRise(files.get("pixel1") ?? "");
    if (rise !== undefined) figures["memory, windows"] = rise;
    ratios.memory = rise === undefined ? null : 1.5 / rise;
    return { ratios, figures };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both sides take turns, the other one first every other time; the first round warms up. @throws Error where they read different pixels */
async function compare(path: string, threads: number): Promise<Record<"ours" | "theirs", number[]>> {
  const sides = [await openOurs(), await openCompetitor(PYTHON, [PEER, "serve"])] as const;
  const seconds = { ours: [] as number[], theirs: [] as number[] };
  try {
    for (let round = 0; round <= ROUNDS; round++) {
      const answers: Answer[] = [];
      for (const side of round % 2 === 0 ? [0, 1] : [1, 0]) {
        answers[side] = await sides[side].ask(questionOf(path, side === 0 && threads === 1 ? 0 : threads));
      }
      const [our, their] = answers;
      if (our.crc !== their.crc) throw new Error(`${path}: CRC ${our.crc} here, ${their.crc} there`);
      if (round === 0) continue;
      seconds.ours.push(Number(our.seconds));
      seconds.theirs.push(Number(their.seconds));
    }
  } finally {
    for (const side of sides) await side.close();
  }
  return seconds;
}

/** Of a new process that reads the window once, in windows; undefined where the system does not say. */
async function memoryRise(path: string): Promise<number | undefined> {
  const ours = await openOurs();
  try {
    const { risenBytes } = await ours.ask(questionOf(path, 2));
    return Number(risenBytes) > 0 ? Number(risenBytes) / WINDOW_BYTES : undefined;
  } finally {
    await ours.close();
  }
}

function openOurs(): Promise<Competitor> {
  return openCompetitor(process.execPath, [fileURLToPath(import.meta.url)]);
}

function questionOf(path: string, threads: number): string {
  return [threads, WINDOW.leftPx, WINDOW.topPx, WINDOW.widthPx, path].join(" ");
}

/** Our side of the conversation, in a process of its own: the same lines as bench/peers/raster.py. */
async function serve() {
  console.log(JSON.stringify({ ready: 1 }));
  for await (const line of createInterface({ input: process.stdin })) {
    const path = line.split(" ").slice(4).join(" ");
    const before = peakBytes();
    const started = performance.now();
    const reader = await openRaster(path, { threads: Number(line.split(" ", 1)[0]) });
    const { data } = await reader.read({ window: WINDOW });
    await reader.close();
    const seconds = (performance.now() - started) / 1000;
    const risenBytes = peakBytes() - before;
    const crc = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    console.log(JSON.stringify({ seconds, crc, risenBytes }));
  }
}

/** The high-water mark of this process; 0 where the system does not say. */
function peakBytes(): number {
  try {
    return 1024 * Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch {
    return 0;
  }
}

// The bundle is both: what `npm run bench` imports, and the process that it starts.
if (process.argv[1] === fileURLToPath(import.meta.url)) await serve();
