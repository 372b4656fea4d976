import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildScript, compareFixture, HOSTILE_NAMES } from "../../test/report-fixture.js";
import { renderCompareReport } from "../report/compare.js";

const CHROMIUM = "/usr/bin/chromium";
const present = existsSync(CHROMIUM);
if (!present) console.warn(`SKIPPED: the playground in a browser: no ${CHROMIUM}`);

describe.skipIf(!present)("compare.html in a browser", () => {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-playground-"));
  const script = buildScript("playground");
  let browser: Browser;
  let complaints: string[] = [];

  beforeAll(async () => {
    const args = [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ];
    browser = await chromium.launch({ executablePath: CHROMIUM, args });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(classes: readonly string[]): Promise<Page> {
    const path = join(folder, "compare.html");
    writeFileSync(path, renderCompareReport(compareFixture({ classes }), { script }));
    const page = await browser.newPage();
    complaints = [];
    page.on("console", (message) => complaints.push(message.text()));
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("dialog", (dialog) => complaints.push(`dialog ${dialog.message()}`));
    page.on("request", (request) => {
      if (!/^(file|data):/.test(request.url())) complaints.push(`request ${request.url()}`);
    });
    await page.goto(pathToFileURL(path).href);
    return page;
  }
  const number = async (page: Page, selector: string) => Number(await page.textContent(selector));

  it("follows the keyboard and the clicked targets, without an error, a violation or a request", async () => {
    const page = await open(["forest", "river", "field", "road"]);
    expect(await page.textContent('[data-sum="softmax"]')).toBe("1.000");
    const before = await number(page, '[data-sum="sigmoid"]');

    await page.focus('[aria-label="Logit of road"]');
    for (let press = 0; press < 20; press++) await page.keyboard.press("ArrowRight");
    expect(await page.textContent('[data-logit-value="3"]')).toBe("−1.00");
    expect(await page.textContent('[data-sum="softmax"]')).toBe("1.000");
    expect(await number(page, '[data-sum="sigmoid"]')).toBeGreaterThan(before + 0.2);
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Logit of road");

    const loss = await number(page, '[data-loss="sigmoid"]');
    await page.click('[aria-label="road is true"]');
    expect(await number(page, '[data-loss="sigmoid"]')).toBeCloseTo(loss + 1, 2);
    for (const label of ["forest", "river", "road"]) await page.uncheck(`[aria-label="${label} is true"]`);
    expect(await page.textContent('[data-loss="softmax"]')).toBe("–");

    await page.focus('[aria-label="Temperature"]');
    await page.keyboard.press("Home");
    expect(await page.textContent("[data-temperature-value]")).toBe("0.10");
    expect(await number(page, '[data-sum="sigmoid"]')).toBeCloseTo(2, 3);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("plays with the logits of a real image", async () => {
    const page = await open(["forest", "river", "field", "road"]);
    const card = page.locator(".image-card").first();
    const sum = await card.locator("tfoot tr").first().locator("td").last().textContent();
    await card.getByText("Play with sigmoid").click();
    expect(await page.textContent('[data-sum="sigmoid"]')).toBe(sum);
    await page.click('[data-preset="2"]');
    expect(await page.textContent('[data-part="sigmoid"] .verdict')).toContain("no label at all");
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("shows hostile names as text and runs nothing of them", async () => {
    const page = await open(HOSTILE_NAMES);
    expect(await page.textContent(".controls bdi")).toBe(HOSTILE_NAMES[0]);
    await page.locator(".image-card button").first().click();
    expect(await page.locator(".controls bdi").allTextContents()).toEqual(HOSTILE_NAMES);
    expect(await page.locator('img:not([src^="data:"])').count()).toBe(0);
    expect(await page.locator("script").count()).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it("is narrow enough for a telephone", async () => {
    const page = await open(["forest", "river", "field", "road"]);
    await page.setViewportSize({ width: 380, height: 800 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(380);
    await page.close();
  });
});
