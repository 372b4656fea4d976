import { defineConfig } from "vitest/config";

const built = (file: string) => new URL(`./dist/${file}`, import.meta.url).pathname;

export default defineConfig({
  // Tests of public behaviour see what users see: the compiled package under its name.
  resolve: { alias: { "sigmax/browser": built("browser.js"), "sigmax/onnx": built("onnx/index.js"), sigmax: built("index.js") } },
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    // Only what hangs shall meet them: a training of half a minute takes three on a machine with other work.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: "forks",
    maxWorkers: 2,
  },
});
