import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const BAD = resolve(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "bad");
/** Where the manifest states no limits of its own. */
const DEFAULT_LIMITS = { maxSeconds: 5, maxExtraRssMB: 256 };

interface BadFile {
  readonly file: string;
  readonly category: string;
  readonly expect: "accept" | "reject" | "either";
  readonly why: string;
  readonly limits?: { readonly maxSeconds: number; readonly maxExtraRssMB: number };
}

interface Outcome {
  readonly file: string;
  readonly accepted: boolean;
  readonly name: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly seconds: number;
  /** Growth of the process's peak memory since its start. */
  readonly extraRssMB: number;
}

function badFiles(): BadFile[] {
  const manifest = join(BAD, "manifest.json");
  if (!existsSync(manifest)) {
    console.warn(`SKIPPED: no hostile files at ${BAD}; set SIGMAX_GOLDEN`);
    return [];
  }
  const { files }: { files: BadFile[] } = JSON.parse(readFileSync(manifest, "utf8"));
  return files.filter(({ category, file }) => (category === "images" || category === "tiff") && existsSync(join(BAD, file)));
}

/** Decodes the files named on its command line and prints one JSON line about each. */
const CHILD = `
import { readFileSync } from "node:fs";
import { decodeRaster } from "./formats.mjs";
import sharp from "sharp";
const peakKB = () => process.platform === "linux"
  ? Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1])
  : process.resourceUsage().maxRSS;
await sharp({ create: { width: 1, height: 1, channels: 3, background: "red" } }).png().toBuffer();
const beforeKB = peakKB();
for (const file of process.argv.slice(2)) {
  const start = performance.now();
  const bytes = readFileSync(file);
  const error = await decodeRaster(bytes, { file }).then(() => undefined, (reason) => reason);
  console.log(JSON.stringify({
    file, accepted: error === undefined, name: error?.name, message: error?.message, hint: error?.hint,
    seconds: (performance.now() - start) / 1000, extraRssMB: (peakKB() - beforeKB) / 1024,
  }));
}
`;

describe("hostile images", () => {
  const all = badFiles();
  const cases = all.filter(({ category }) => category === "images");
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "sigmax-hostile-"));
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    buildSync({
      entryPoints: ["src/raster/formats.ts"],
      outfile: join(folder, "formats.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      external: ["sharp"],
    });
    writeFileSync(join(folder, "child.mjs"), CHILD);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function decodeInChild(files: readonly string[]): Map<string, Outcome> {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [join(folder, "child.mjs"), ...files.map((file) => join(BAD, file))],
      {
        encoding: "utf8",
        timeout: 60_000,
      },
    );
    expect(status, stderr).toBe(0);
    const outcomes: Outcome[] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    return new Map(outcomes.map((outcome, index) => [files[index], outcome]));
  }

  function judge(badFile: BadFile, outcome: Outcome | undefined): void {
    expect(outcome, `${badFile.file} was read`).toBeDefined();
    if (outcome === undefined) return;
    const label = `${badFile.file} (${badFile.why}): ${outcome.message}`;
    if (badFile.expect === "accept") expect(outcome.accepted, label).toBe(true);
    if (badFile.expect === "reject") expect(outcome.accepted, label).toBe(false);
    if (!outcome.accepted) {
      expect(outcome.name, label).toBe("UserError");
      expect(outcome.message).toContain(badFile.file);
      expect(outcome.hint, label).toMatch(/\w/);
    }
    const limits = badFile.limits ?? DEFAULT_LIMITS;
    expect(outcome.seconds, label).toBeLessThan(limits.maxSeconds);
    expect(outcome.extraRssMB, label).toBeLessThan(limits.maxExtraRssMB);
  }

  const limited = cases.filter(({ limits }) => limits !== undefined);
  it.skipIf(limited.length === 0).each(limited)("$file stays within its limits in a process of its own", (badFile) => {
    judge(badFile, decodeInChild([badFile.file]).get(badFile.file));
  });

  it.skipIf(cases.length === 0)("all others, one after the other, in one process", () => {
    const others = cases.filter(({ limits }) => limits === undefined);
    const outcomes = decodeInChild(others.map(({ file }) => file));
    for (const badFile of others) judge(badFile, outcomes.get(badFile.file));
  });

  it.skipIf(all.length === cases.length)("no TIFF of a hostile scene ends the process or goes beyond the limits", () => {
    const scenes = all.filter(({ category }) => category === "tiff");
    const outcomes = decodeInChild(scenes.map(({ file }) => file));
    // What is refused for its place on the earth is the business of the reader of scenes: as pixels it may pass.
    for (const scene of scenes) judge({ ...scene, expect: "either" }, outcomes.get(scene.file));
  });
});
