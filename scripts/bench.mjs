// npm run bench -- <name> [--json]: bundles bench/<name>.bench.ts, runs it against dist/, prints its figures and one JSON line.
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const names = readdirSync("bench").flatMap((file) => (file.endsWith(".bench.ts") ? [file.slice(0, -".bench.ts".length)] : []));
const [name, ...flags] = process.argv.slice(2);
if (!names.includes(name) || flags.some((flag) => flag !== "--json")) {
  console.error(`usage: npm run bench -- <${names.join("|")}> [--json]`);
  process.exit(2);
}
if (!existsSync("dist/index.js")) {
  console.error("build first: npm run build");
  process.exit(1);
}
// Beside node_modules, so that the bundle finds the packages it leaves out.
const folder = mkdtempSync(join("dist", ".bench-"));
try {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [`bench/${name}.bench.ts`],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
    // Without the paths of tsconfig.json: "sigmax" is the compiled package, as for users.
    tsconfigRaw: "{}",
    logLevel: "warning",
  });
  const { run } = await import(pathToFileURL(outfile).href);
  const result = await run();
  const machine = `${cpus().length} cores, ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
  if (!flags.includes("--json")) console.error(JSON.stringify({ ...result, machine }, null, 2));
  console.log(JSON.stringify({ name, ratios: result.ratios, figures: result.figures, machine }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
