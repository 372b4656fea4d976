import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

/** Writes noise row by row of blocks, tells of each, and ends with what it was told by the writer. */
const CHILD = `
import { createCog } from ${JSON.stringify(fileURLToPath(new URL("../src/raster/write/cog.js", import.meta.url)).replace(/js$/, "ts"))};
const [path, pause] = process.argv.slice(2);
let stage = "write";
try {
  const writer = await createCog({ path, widthPx: 256, heightPx: 256, dtype: "uint8", bands: [{ name: "noise" }], blockPx: 64 });
  let state = 1;
  for (let top = 0; top < 256; top += 64) {
    const data = new Uint8Array(256 * 64).map(() => (state = Math.imul(state, 48271) >>> 1) >>> 16);
    await writer.write(0, top, { data, widthPx: 256, heightPx: 64 });
    console.log("row", top);
    await new Promise((resolve) => setTimeout(resolve, Number(pause)));
  }
  stage = "finish";
  await writer.finish();
  console.log("whole");
} catch (error) {
  console.log(stage, error.code, error.message);
}
`;

const noShell = process.platform === "win32";
if (noShell) console.warn("skipped: limits of a shell and kill -9 are not for Windows");
describe.skipIf(noShell)("a process that writes a COG", () => {
  let program: string;
  let work: string;
  beforeAll(async () => {
    program = mkdtempSync(join(tmpdir(), "sigmax-cog-child-"));
    writeFileSync(join(program, "child.ts"), CHILD);
    const outfile = join(program, "child.mjs");
    await build({ entryPoints: [join(program, "child.ts")], outfile, bundle: true, platform: "node", format: "esm" });
  });
  afterAll(() => rmSync(program, { recursive: true, force: true }));
  beforeEach(() => {
    work = mkdtempSync(join(tmpdir(), "sigmax-cog-"));
  });
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  // The full raster is 64 KiB of noise, its overviews 20 KiB: the disk ends in the raster, or in the file made of all.
  it.each([
    ["write", 32],
    ["finish", 72],
  ])("is told in %s that the disk takes no more, and leaves nothing", (stage, kibibytes) => {
    const script = `ulimit -f ${kibibytes}; exec "$0" "$@"`;
    const { stdout } = spawnSync(
      "bash",
      ["-c", script, process.execPath, join(program, "child.mjs"), join(work, "map.tif"), "0"],
      {
        encoding: "utf8",
      },
    );
    expect(stdout).toMatch(new RegExp(`^${stage} io .*map\\.tif: cannot be written`, "m"));
    expect(readdirSync(work)).toEqual([]);
  });

  it("leaves nothing when it is killed before the end", async () => {
    const child = spawn(process.execPath, [join(program, "child.mjs"), join(work, "map.tif"), "100"]);
    await once(child.stdout, "data");
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    expect(readdirSync(work)).toEqual([]);
  });
});
