import { defineConfig } from "vitest/config";

const built = (file: string) => new URL(`./dist/${file}`, import.meta.url).pathname;

export default defineConfig({
  // Tests of public behaviour see what users see: the compiled package under its name.
  resolve: { alias: { "sigmax/browser": built("browser.js"), "sigmax/onnx": built("onnx/index.js"), sigmax: built("index.js") } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
