import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => join("src", name));

/** Module names that a file imports, also for types and lazily. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return modulesIn(text);
}

function modulesIn(text: string): string[] {
  const pattern = /^(?:import|export)\b[^;"]*from\s+"([^"]+)"|^import\s+"([^"]+)"|\bimport\("([^"]+)"\)/gm;
  return [...text.matchAll(pattern)].map(([, from, bare, lazy]) => from ?? bare ?? lazy);
}

/** The same, without imports that vanish when compiled. */
function valueImportsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8").replace(/^(?:import|export) type [^;]*;/gm, "");
  return modulesIn(text);
}

/** The package of a module; "#name" is a package that package.json resolves by platform. */
const packageOf = (module: string) => nameOf(module.replace(/^#/, ""));
const nameOf = (name: string) => (name.startsWith("@") ? name.split("/").slice(0, 2).join("/") : name.split("/")[0]);

/** Where each third-party package enters. Generated files and their schema runtime belong together. */
const DOORS: Readonly<Record<string, readonly string[]>> = {
  "@bufbuild/protobuf": [
    "src/onnx/onnx_pb.ts",
    "src/onnx/proto.ts",
    "src/report/tensorboard/tfevents_pb.ts",
    "src/report/tensorboard/proto.ts",
  ],
  "@hpcc-js/wasm-zstd": ["src/raster/zstd-wasm.ts"],
  "@cornerstonejs/codec-openjpeg": ["src/raster/jp2/openjpeg.ts"],
  "@node-rs/crc32": ["src/crc32.ts"],
  commander: ["src/cli/parser.ts"],
  "csv-parse": ["src/data/csv.ts"],
  "hyparquet-writer": ["src/map/write-geoparquet.ts"],
  lerc: ["src/raster/tiff/codecs/lerc-wasm.ts"],
  "node-sqlite3-wasm": ["src/data/vector/geopackage-task.ts"],
  "onnxruntime-node": ["src/runtime/native.ts"],
  // ort.ts has the types that both builds share.
  "onnxruntime-web": ["src/runtime/wasm.ts", "src/runtime/ort.ts"],
  proj4: ["src/raster/geo/project.ts"],
  sharp: ["src/raster/formats/sharp.ts"],
  zod: [
    "src/json-file.ts",
    "src/model/manifest.ts",
    "src/map/chip/class-table.ts",
    "src/map/area/design-file.ts",
    "src/report/change-data.ts",
  ],
};

describe("the architecture", () => {
  it("every third-party package enters through its door", () => {
    const entries = new Map<string, Set<string>>();
    for (const file of sources) {
      for (const name of importsOf(file)) {
        if (name.startsWith(".") || name.startsWith("node:")) continue;
        entries.set(packageOf(name), (entries.get(packageOf(name)) ?? new Set()).add(file));
      }
    }
    for (const [name, files] of entries) expect(DOORS[name] ?? [], name).toEqual(expect.arrayContaining([...files]));
    expect([...entries.keys()].sort()).toEqual(Object.keys(DOORS).sort());
  });

  it("runtime dependencies have a decision record, and package.json lists exactly those that are used", () => {
    const { dependencies, optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const listed = Object.keys({ ...dependencies, ...optionalDependencies });
    expect(listed.sort()).toEqual(Object.keys(DOORS).sort());
    const records = readdirSync(join(root, "docs/decisions"))
      .map((name) => readFileSync(join(root, "docs/decisions", name), "utf8"))
      .join("\n");
    for (const name of listed) expect(records, `docs/decisions says nothing of ${name}`).toContain(name);
  });

  it("nothing that sigmax/browser reaches imports Node or native code", () => {
    const reached = new Set<string>();
    const queue = ["src/browser.ts"];
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
      if (reached.has(file)) continue;
      reached.add(file);
      for (const name of valueImportsOf(file)) {
        expect(name, file).not.toMatch(/^node:|^sharp|^onnxruntime-node/);
        if (name.startsWith(".")) queue.push(relative(root, join(root, dirname(file), name.replace(/\.js$/, ".ts"))));
      }
    }
    expect(reached.size).toBeGreaterThan(10);
  });

  it("the version in the source is the version of the package", async () => {
    const { VERSION } = await import("sigmax");
    expect(VERSION).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
  });
});
