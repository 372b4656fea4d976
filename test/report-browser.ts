import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

const CHROMIUM = process.env.SIGMAX_CHROMIUM ?? "/usr/bin/chromium";
const ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

/** Whether there is a browser; says loudly what is skipped without one. */
export function hasBrowser(what: string): boolean {
  const present = existsSync(CHROMIUM);
  if (!present) console.warn(`SKIPPED: ${what} in a browser: no ${CHROMIUM}`);
  return present;
}

/** Pages in a browser of the tests around the call. */
export interface ReportBrowser {
  /** Opens a page in a file of its own. */
  open(html: string, options?: Parameters<Browser["newPage"]>[0]): Promise<Page>;
  /** What the page opened last printed, threw, asked, or wanted from elsewhere: nothing, in a report. */
  complaints(): readonly string[];
}

/** Call it inside `describe`. */
export function reportBrowser(): ReportBrowser {
  const folder = mkdtempSync(join(tmpdir(), "sigmax-page-"));
  let browser: Browser;
  let complaints: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    complaints: () => complaints,
    async open(html, options = {}) {
      const path = join(folder, "report.html");
      writeFileSync(path, html);
      const page = await browser.newPage(options);
      const heard: string[] = [];
      complaints = heard;
      page.on("console", (message) => heard.push(message.text()));
      page.on("pageerror", (error) => heard.push(error.message));
      page.on("dialog", (dialog) => heard.push(`dialog ${dialog.message()}`));
      page.on("request", (request) => {
        const isPage = request.url().startsWith("file:") && request.isNavigationRequest();
        if (!isPage && !request.url().startsWith("data:")) heard.push(`request ${request.url()}`);
      });
      await page.goto(pathToFileURL(path).href);
      return page;
    },
  };
}
