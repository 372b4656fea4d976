import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRandom } from "../random.js";
import { openRaster } from "./reader.js";
import { plainTags, tiffBytes } from "./tiff/tiff-file.cases.js";

const BAD = resolve(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad");
const MAX_SECONDS = 5;
const MAX_EXTRA_RSS_MB = 200;

interface BadFile {
  readonly file: string;
  readonly category: string;
  readonly expect: "accept" | "reject" | "either";
  readonly why: string;
}

interface Outcome {
  readonly file: string;
  readonly accepted: boolean;
  readonly name: string | undefined;
  readonly message: string | undefined;
  readonly hint: string | undefined;
  readonly seconds: number;
  /** Growth of the process's peak memory since its start. */
  readonly extraRssMB: number;
}

function badTiffs(): readonly BadFile[] {
  const manifest = join(BAD, "manifest.json");
  if (!existsSync(manifest)) {
    console.warn(`SKIPPED: no hostile files at ${BAD}; set SIGMAX_GOLDEN`);
    return [];
  }
  const { files }: { files: BadFile[] } = JSON.parse(readFileSync(manifest, "utf8"));
  return files.filter(({ category, file }) => category === "tiff" && existsSync(join(BAD, file)));
}

/** Reads all of every file named on its command line and prints one JSON line about each. */
const CHILD = `
import { readFileSync } from "node:fs";
import { openRaster } from "./reader.mjs";
const peakKB = () => process.platform === "linux"
  ? Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1])
  : process.resourceUsage().maxRSS;
async function read(file) {
  const reader = await openRaster(file);
  try { await reader.read(); } finally { await reader.close(); }
}
const beforeKB = peakKB();
for (const file of process.argv.slice(2)) {
  const start = performance.now();
  const error = await read(file).then(() => undefined, (reason) => reason);
  console.log(JSON.stringify({
    file, accepted: error === undefined, name: error?.name, message: error?.message, hint: error?.hint,
    seconds: (performance.now() - start) / 1000, extraRssMB: (peakKB() - beforeKB) / 1024,
  }));
}
`;

describe("hostile scenes", () => {
  const files = badTiffs();
  const outcomes = new Map<string, Outcome>();
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sigmax-hostile-tiff-"));
    if (files.length === 0) return;
    const outfile = join(folder, "reader.mjs");
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    const external = ["sharp"];
    buildSync({ entryPoints: ["src/raster/reader.ts"], outfile, bundle: true, platform: "node", format: "esm", external });
    writeFileSync(join(folder, "child.mjs"), CHILD);
    const paths = files.map(({ file }) => join(BAD, file));
    const child = spawnSync(process.execPath, [join(folder, "child.mjs"), ...paths], { encoding: "utf8", timeout: 60_000 });
    expect(child.status, child.stderr).toBe(0);
    child.stdout
      .trim()
      .split("\n")
      .map((line): Outcome => JSON.parse(line))
      .forEach((outcome, index) => void outcomes.set(files[index].file, outcome));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.skipIf(files.length === 0).each(files)("$file: $expect ($why)", ({ file, expect: verdict }) => {
    const outcome = outcomes.get(file);
    if (outcome === undefined) throw new Error("the process ended before it");
    if (verdict !== "either") expect(outcome.accepted, outcome.message).toBe(verdict === "accept");
    if (!outcome.accepted) {
      expect(outcome.name, outcome.message).toBe("UserError");
      expect(outcome.message).toContain(file);
      expect(outcome.hint, outcome.message).toMatch(/\w/);
    }
    expect(outcome.seconds).toBeLessThan(MAX_SECONDS);
    expect(outcome.extraRssMB).toBeLessThan(MAX_EXTRA_RSS_MB);
  });

  it("however bytes of a good file are changed, it is read or refused", async () => {
    const random = createRandom(9);
    const scale = { pixelScale: { doubles: [1, 1, 0] }, tiePoints: { doubles: [0, 0, 0, 0, 0, 0] }, gdalNodata: "3" };
    const tags = { ...plainTags(6, 4, 2), ...scale, rowsPerStrip: [2], compression: [5], predictor: [2] };
    const blocks = [0, 1].map(() => Uint8Array.from({ length: 30 }, () => random.int(256)).fill(0x80, 0, 1));
    for (const form of [{}, { big: true }, { little: false }]) {
      const good = tiffBytes([{ tags, blocks }], form);
      for (let round = 0; round < 700; round++) {
        const bytes = Uint8Array.from(good);
        for (let changes = 1 + random.int(3); changes > 0; changes--) bytes[random.int(bytes.length)] = random.int(256);
        const outcome = await openRaster(bytes)
          .then((reader) => reader.read())
          .then(
            () => "read",
            (error: unknown) => (error instanceof Error ? error.name : "thrown"),
          );
        expect(["read", "UserError"]).toContain(outcome);
      }
    }
  });
});
