import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { decodeRaster, generateChips, writeChipSet } from "sigmax";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sigmax, sigmaxJson } from "./command-line.js";

const CHROMIUM = process.env.SIGMAX_CHROMIUM ?? "/usr/bin/chromium";
const work = mkdtempSync(join(tmpdir(), "sigmax-inspect-"));
const at = (...names: string[]) => join(work, ...names);
afterAll(() => rmSync(work, { recursive: true, force: true }));

let folder = "";
let labels = "";
beforeAll(async () => {
  const task = "multilabel";
  const set = await writeChipSet(at("chips"), generateChips({ task, count: 60, seed: 3, sizePx: 48 }), { task });
  folder = set.folder;
  labels = set.labelsFile!; // written for several labels per image
});

describe("sigmax data inspect", () => {
  it("tells values before and after, and the way to the network, as text and as JSON", () => {
    const { status, stdout } = sigmax("data", "inspect", folder, "--labels", labels);
    expect(status).toBe(0);
    expect(stdout).toContain("pixels of 60 images");
    expect(stdout).toMatch(
      /what happens to them: 48×48 PNG → stretched to 256×256 \(bilinear, antialiased, enlarged 5\.3×\) → .* → rcf/,
    );
    const { pixels, preprocessing, findings } = sigmaxJson(
      "data",
      "inspect",
      folder,
      "--labels",
      labels,
      "--backbone",
      "stats",
      "--images",
      "10",
    );
    expect(pixels.lookedAt).toBe(10);
    expect(pixels.values.map((row: { band: string }) => row.band)).toEqual(["red", "green", "blue"]);
    expect(preprocessing).toMatchObject({ backbone: "stats", expected: { usual: true } });
    expect(findings.map((finding: { kind: string }) => finding.kind)).not.toContain("enlarged");
  });

  it("writes a page and a sheet, and replaces neither without --force", async () => {
    const args = [
      "data",
      "inspect",
      folder,
      "--labels",
      labels,
      "--backbone",
      "stats",
      "--out",
      at("i.html"),
      "--sheet",
      at("s.png"),
    ];
    expect(sigmax(...args).status).toBe(0);
    const again = sigmax(...args);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("exists already")]);
    const page = readFileSync(at("i.html"));
    expect(sigmax(...args, "--force").status).toBe(0);
    expect(readFileSync(at("i.html")).equals(page)).toBe(true); // the same data, the same bytes
    const sheet = await decodeRaster(readFileSync(at("s.png")), { file: "s.png" });
    expect([sheet.widthPx, sheet.heightPx]).toEqual([8 * 150 + 6, 3 * 312 - 18 + 12]);
  });

  it("works for a folder without labels that holds an image nobody can read", () => {
    const mixed = mkdtempSync(at("mixed-"));
    writeFileSync(join(mixed, "bad\u001b[31m.png"), "no image");
    const { status, stdout } = sigmax("data", "inspect", mixed, "--out", at("bad.html"));
    expect(status).toBe(0);
    expect(stdout).toContain("1 of 1 images could not be read");
    expect(stdout).not.toContain("\u001b");
    expect(readFileSync(at("bad.html"), "utf8")).toContain("1 image cannot be read");
  });

  it.skipIf(!existsSync(CHROMIUM))("makes a page that shows its pictures, fits a telephone, and asks for nothing", async () => {
    if (!existsSync(at("i.html"))) throw new Error("the page was not written");
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
    try {
      for (const width of [390, 1200]) {
        const page = await browser.newPage({ viewport: { width, height: 800 } });
        const told: string[] = [];
        page.on("console", (message) => told.push(message.text()));
        page.on("request", (request) => told.push(...(/^(file|data):/.test(request.url()) ? [] : [request.url()])));
        await page.goto(`file://${at("i.html")}`);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(width);
        await page.evaluate("for (const image of document.images) image.loading = 'eager'");
        await page.waitForFunction("[...document.images].every((image) => image.complete)");
        expect(await page.evaluate("[...document.images].filter((image) => image.naturalWidth > 0).length")).toBe(48);
        expect(told).toEqual([]);
      }
    } finally {
      await browser.close();
    }
  });
});
