import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { generateChips, openClassifier, type Prediction, train, writeChipSet } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const CHROMIUM = process.env.SIGMAX_CHROMIUM ?? "/usr/bin/chromium";
const present = existsSync(CHROMIUM);
const NETWORK = join(process.env.SIGMAX_DATA ?? "../shared/data", "onnx/mobilenet_v2_035_224_features.onnx");
if (!existsSync(NETWORK)) console.warn(`SKIPPED: ${NETWORK} is not there: normalised bands are not tested in the browser`);

/** Which classifiers are compared, by name. */
const PLAIN = [
  { name: "one", task: "multiclass", count: 80, options: {} },
  { name: "several", task: "multilabel", count: 80, options: { backbone: "stats", views: 8 } },
] as const;
const STRETCHED = {
  name: "stretched",
  task: "multiclass",
  count: 40,
  options: { backbone: NETWORK, preprocessing: { normalize: "stretch" } },
} as const;
const RUNS = existsSync(NETWORK) ? [...PLAIN, STRETCHED] : PLAIN;
if (!present) console.warn(`SKIPPED: ${CHROMIUM} is not there: the browser is not tested`);

const root = resolve(import.meta.dirname, "..");
const work = mkdtempSync(join(tmpdir(), "sigmax-browser-"));
const at = (...names: string[]) => join(work, ...names);
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** What the page does: decode with the browser, predict with sigmax. Text, since it runs there and not here. */
const PAGE_SCRIPT = `
  import { openClassifier, rasterFromImageData } from "/sigmax.js";
  globalThis.predictAll = async (name, count) => {
    const classifier = await openClassifier(new Uint8Array(await (await fetch("/" + name + ".onnx")).arrayBuffer()), { wasmFolder: location.origin });
    const rasters = [];
    for (let i = 0; i < count; i++) {
      const bitmap = await createImageBitmap(await (await fetch("/" + name + "-" + i + ".png")).blob());
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      context.drawImage(bitmap, 0, 0);
      rasters.push(rasterFromImageData(context.getImageData(0, 0, bitmap.width, bitmap.height)));
    }
    return classifier.predict(rasters);
  };
`;

/** Files by the last part of their address; nothing else is served. */
function serve(files: ReadonlyMap<string, string>) {
  const types: Readonly<Record<string, string>> = {
    js: "text/javascript",
    wasm: "application/wasm",
    mjs: "text/javascript",
    png: "image/png",
    html: "text/html",
  };
  const server = createServer((request, response) => {
    const name = basename(request.url ?? "");
    const path = files.get(name);
    if (path === undefined) {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, { "content-type": types[name.split(".").at(-1) ?? ""] ?? "application/octet-stream" })
      .end(path === "" ? '<!doctype html><title>test</title><script type="module" src="/page.js"></script>' : readFileSync(path));
  });
  return new Promise<{ address: string; close: () => void }>((ready) =>
    server.listen(0, "127.0.0.1", () =>
      ready({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() }),
    ),
  );
}

describe.skipIf(!present)("sigmax/browser", () => {
  const files = new Map<string, string>([["page.html", ""]]);
  const runs: { classifier: string; images: string[] }[] = [];

  beforeAll(async () => {
    for (const { name, task, count, options } of RUNS) {
      const { folder, labelsFile } = await writeChipSet(at(name), generateChips({ task, count, seed: 5, sizePx: 72 }), {
        task,
      });
      const { classifier } = await train({ data: folder, labels: labelsFile, out: at(`run-${name}`), ...options });
      const images = readdirSync(folder, { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".png"))
        .slice(0, 4)
        .map((name) => join(folder, name));
      files.set(`${name}.onnx`, classifier);
      images.forEach((path, i) => {
        files.set(`${name}-${i}.png`, path);
      });
      runs.push({ classifier, images });
    }
    mkdirSync(at("bundle"));
    await build({
      entryPoints: [join(root, "dist/browser.js")],
      outfile: at("bundle", "sigmax.js"),
      bundle: true,
      platform: "browser",
      format: "esm",
      logLevel: "error",
    });
    files.set("sigmax.js", at("bundle", "sigmax.js"));
    writeFileSync(at("bundle", "page.js"), PAGE_SCRIPT);
    files.set("page.js", at("bundle", "page.js"));
    const runtime = join(root, "node_modules/onnxruntime-web/dist");
    for (const name of readdirSync(runtime))
      if (/^ort-wasm-simd-threaded\.(wasm|mjs)$/.test(name)) files.set(name, join(runtime, name));
  });

  it("gives the probabilities of Node within 1e-4, for the same classifier and the same PNG", async () => {
    const server = await serve(files);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    });
    try {
      const page = await browser.newPage();
      await page.goto(`${server.address}/page.html`);
      await page.waitForFunction("globalThis.predictAll !== undefined");
      for (const [r, { name }] of RUNS.entries()) {
        const there = (await page.evaluate(`predictAll(${JSON.stringify(name)}, ${runs[r].images.length})`)) as Prediction[]; // as page.js says
        const classifier = await openClassifier(runs[r].classifier);
        const here = await classifier.predict(runs[r].images);
        await classifier.close();
        expect(there).toHaveLength(here.length);
        here.forEach(({ probabilities, labels }, i) => {
          expect(there[i].labels).toEqual(labels);
          probabilities.forEach((p, k) => {
            expect(Math.abs(there[i].probabilities[k] - p)).toBeLessThan(1e-4);
          });
        });
      }
    } finally {
      await browser.close();
      server.close();
    }
  });
});
