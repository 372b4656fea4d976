// Compiles src/ to dist/ and copies its table, then bundles what runs inside reports.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, existsSync, rmSync } from "node:fs";

rmSync("dist", { recursive: true, force: true });
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "tsconfig.build.json"], { stdio: "inherit" });
copyFileSync("src/raster/geo/epsg.tsv", "dist/raster/geo/epsg.tsv");
const { buildSync } = await import("esbuild");
buildSync({
  entryPoints: ["src/web/change.ts", "src/web/playground.ts", "src/web/report.ts"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  outdir: "dist/report/assets",
});
if (existsSync("dist/cli/main.js")) chmodSync("dist/cli/main.js", 0o755);
