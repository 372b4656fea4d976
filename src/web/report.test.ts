import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { hasBrowser, reportBrowser } from "../../test/report-browser.js";
import { buildScript, HOSTILE_NAMES } from "../../test/report-fixture.js";
import { wholeRun } from "../../test/run-fixture.js";
import { scoresOf } from "../learn/metrics/counts.js";
import { fixed } from "../report/format.js";
import { outcomesAt } from "../report/run/thresholds.js";
import { renderRunReport } from "../report/run.js";
import type { RunReport } from "../report/run-data.js";
import { TASKS } from "../task.js";

describe.skipIf(!hasBrowser("the report of a run"))("report.html of a run in a browser", () => {
  const browser = reportBrowser();
  const script = buildScript("report");

  async function open(data: RunReport, options: Parameters<typeof browser.open>[1] = {}): Promise<Page> {
    const html = renderRunReport(data, { script });
    return browser.open(html, { viewport: { width: 1280, height: 900 }, ...options });
  }
  const shownRows = (page: Page) =>
    page.$$eval("dialog [data-image]", (items) => items.map((item) => Number((item as HTMLElement).dataset.image))); // data-image stands on HTML

  /** What the page should say of label k at a threshold, from the data and not from the page. */
  function expected({ predictions, classes }: RunReport, k: number, threshold: number) {
    const { labels, probabilities } = predictions!;
    const outcomes = outcomesAt({ labels, values: probabilities, classes: classes.length }, k, threshold);
    const { precision, recall, fbeta } = scoresOf(outcomes.tp, outcomes.fp, outcomes.fn);
    const f2 = scoresOf(outcomes.tp, outcomes.fp, outcomes.fn, { beta: 2 }).fbeta;
    return { outcomes, scores: [precision, recall, fbeta, f2].map((value) => fixed(value)) };
  }
  const scoresIn = (page: Page, k: number) =>
    page.$$eval(`tr[data-label="${k}"] [data-score]`, (cells) => cells.map((cell) => cell.textContent));

  it("starts from the numbers that the page has without scripts, and follows a dragged threshold", async () => {
    const data = wholeRun();
    const page = await open(data);
    const threshold = data.perLabel![1].threshold!;
    expect(await scoresIn(page, 1)).toEqual(expected(data, 1, threshold).scores);
    expect(Number(await page.textContent('[data-mean="f1"]'))).toBeCloseTo(data.test.f1Macro, 3);

    await page.locator('[data-threshold="1"]').scrollIntoViewIfNeeded();
    const slider = (await page.locator('[data-threshold="1"]').boundingBox())!;
    const middle = slider.y + slider.height / 2;
    const handle = 8 + threshold * (slider.width - 16);
    await page.mouse.move(slider.x + handle, middle);
    await page.mouse.down();
    await page.mouse.move(slider.x + slider.width * 0.8, middle, { steps: 5 });
    await page.mouse.up();
    const moved = Number(await page.textContent('tr[data-label="1"] [data-value]'));
    expect(moved).toBeGreaterThan(0.7);
    const after = expected(data, 1, moved);
    expect(after.scores).not.toEqual(expected(data, 1, threshold).scores);
    expect(await scoresIn(page, 1)).toEqual(after.scores);
    expect(await page.textContent('[data-cell="fn:1:0"]')).toBe(String(after.outcomes.fn));
    expect(JSON.parse((await page.textContent("#chosen-thresholds"))!).river).toBe(moved);

    await page.focus('[data-threshold="1"]');
    await page.keyboard.press("ArrowLeft");
    expect(await page.textContent('tr[data-label="1"] [data-value]')).toBe(fixed(moved - 0.001));
    await page.click('[data-set="tuned"]');
    expect(await scoresIn(page, 1)).toEqual(expected(data, 1, threshold).scores);
    await page.click('[data-set="half"]');
    for (const k of data.classes.keys()) expect(await scoresIn(page, k)).toEqual(expected(data, k, 0.5).scores);
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });

  it("shows the images of a clicked cell, of outcomes and of labels together", async () => {
    const data = wholeRun();
    const { labels, probabilities } = data.predictions!;
    const K = data.classes.length;
    const page = await open(data);
    const given = (row: number, k: number) => probabilities[row * K + k] >= data.perLabel![k].threshold!;
    const rows = data.predictions!.images.map((_, row) => row);

    await page.click('[data-cell="fp:2:0"]');
    const imagined = rows.filter((row) => labels[row * K + 2] === 0 && given(row, 2));
    expect(imagined.length).toBeGreaterThan(3);
    expect((await shownRows(page)).sort((a, b) => a - b)).toEqual(imagined);
    expect(await page.textContent("dialog h2")).toBe(`field: given and not there ${imagined.length} images`);
    expect(await page.locator("dialog img").count()).toBe(imagined.length);
    await page.click("dialog [data-close]");
    expect(await page.locator("dialog[open]").count()).toBe(0);

    await page.click('[data-cell="together:0:3"]');
    const both = rows.filter((row) => labels[row * K] === 1 && given(row, 3));
    expect(Number(await page.textContent('[data-cell="together:0:3"] .as-count'))).toBe(both.length);
    expect((await shownRows(page)).sort((a, b) => a - b)).toEqual(both);
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });

  it("is at home with a keyboard: arrows move, Enter opens, Escape closes and gives the focus back", async () => {
    const data = wholeRun({ task: "multiclass", images: 400 });
    const { labels, probabilities } = data.predictions!;
    const K = data.classes.length;
    const page = await open(data);
    const focused = () => page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset.cell); // HTML alone has data-cell

    await page.focus('[data-cell="pair:0:0"]');
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    expect(await focused()).toBe("pair:1:2");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    expect(await focused()).toBe("pair:0:2");
    expect(await page.getAttribute('[data-cell="pair:0:2"]', "aria-label")).toMatch(/^forest, taken for field: \d+$/);
    expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe("solid");

    await page.keyboard.press("Enter");
    const argmax = (row: number) => {
      const values = Array.from({ length: K }, (_, k) => probabilities[row * K + k]);
      return values.indexOf(Math.max(...values));
    };
    const rows = data.predictions!.images.flatMap((_, row) => (labels[row * K] === 1 && argmax(row) === 2 ? [row] : []));
    expect(rows.length).toBeGreaterThan(0);
    expect((await shownRows(page)).sort((a, b) => a - b)).toEqual(rows);
    await page.keyboard.press("Escape");
    expect(await page.locator("dialog[open]").count()).toBe(0);
    expect(await focused()).toBe("pair:0:2");
    // One stop of the Tab key for the whole matrix.
    await page.keyboard.press("Tab");
    expect(await focused()).toBeUndefined();

    await page.click("[data-shares]");
    const share = Math.round((100 * rows.length) / 100);
    expect(await page.locator('[data-cell="pair:0:2"] > :visible').textContent()).toBe(String(share));
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });

  it("tells how many answers remain, and how many are right, from a probability on", async () => {
    const page = await open(wholeRun({ task: "multiclass" }));
    const row = page.locator("#labels table").last().locator("tbody tr").nth(4);
    expect(await row.locator("th").textContent()).toBe("0.90");
    await page.locator("#abstain").fill("0.9");
    expect(await page.textContent('[data-abstain="answered"]')).toBe(await row.locator("td").first().textContent());
    expect(await page.textContent('[data-abstain="accuracy"]')).toBe(await row.locator("td").last().textContent());
    await page.close();
  });

  it("brings one label's curves forward, by pointer and by keyboard", async () => {
    const page = await open(wholeRun());
    await page.hover('[data-pick="3"]');
    expect(await page.locator(".label-curve.chosen").count()).toBe(2);
    await page.focus('[data-pick="1"]');
    expect(await page.$$eval(".label-curve.chosen", (groups) => groups.map((group) => group.getAttribute("data-curve")))).toEqual(
      ["1", "1"],
    );
    await page.keyboard.press("Enter");
    expect(await page.getAttribute('[data-pick="1"]', "aria-pressed")).toBe("true");
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });

  it.each(TASKS)("runs nothing that a name or a file says (%s)", async (task) => {
    const data = wholeRun({ task, classes: HOSTILE_NAMES });
    const page = await open({
      ...data,
      run: HOSTILE_NAMES[0],
      dataset: HOSTILE_NAMES[1],
      command: HOSTILE_NAMES[1],
      warnings: HOSTILE_NAMES,
    });
    for (const cell of await page.locator("[data-cell]").all()) {
      if ((await cell.textContent()) === "" || (await cell.textContent()) === "0") continue;
      await cell.dispatchEvent("click");
      expect(await page.locator("dialog[open] [data-image]").count()).toBeGreaterThan(0);
      expect(await page.locator("dialog :is(script, b b, [onerror], [onmouseover])").count()).toBe(0);
      await page.keyboard.press("Escape");
    }
    expect(await page.locator("body b > b, [onerror], [onmouseover], script:not([type])").count()).toBe(1);
    if (task === "multilabel") {
      const copied = JSON.parse((await page.textContent("#chosen-thresholds"))!);
      expect(Object.keys(copied)).toEqual(HOSTILE_NAMES);
    }
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });

  it.each(TASKS)("fits a narrow phone, and has no cell or text that leaves the page (%s)", async (task) => {
    const page = await open(wholeRun({ task, classes: ["a very long name of a class that never ends", ..."bcdefghijkl"] }), {
      viewport: { width: 400, height: 800 },
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(400);
    await page.close();
  });

  it("follows the system into the dark with readable text", async () => {
    const page = await open(wholeRun(), { colorScheme: "dark" });
    const contrasts = await page.evaluate(() => {
      const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
      const luminance = (colour: string) => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = Array.from(context.getImageData(0, 0, 1, 1).data, (byte) => {
          const c = byte / 255;
          return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const background = (element: Element | null): string => {
        if (element === null) return "white";
        const colour = getComputedStyle(element).backgroundColor;
        return colour === "rgba(0, 0, 0, 0)" ? background(element.parentElement) : colour;
      };
      return Array.from(
        document.querySelectorAll("main p, main td, main th, h1, .lead, .contents a, .number, button, dd, dt"),
        (element) => {
          const [a, b] = [luminance(getComputedStyle(element).color), luminance(background(element))].sort((x, y) => y - x);
          return { text: element.textContent, ratio: (a + 0.05) / (b + 0.05) };
        },
      ).filter(({ ratio }) => ratio < 4.5);
    });
    expect(contrasts).toEqual([]);
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(20, 23, 28)");
    await page.close();
  });

  it("prints all there is to read and nothing to click, dark on white", async () => {
    const page = await open(wholeRun(), { colorScheme: "dark" });
    await page.emulateMedia({ media: "print" });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe("rgb(255, 255, 255)");
    expect(await page.locator("button:visible, input:visible, nav:visible").count()).toBe(0);
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    expect(await page.getByText("all labels of an image right").first().isVisible()).toBe(true);
    expect((await page.pdf()).length).toBeGreaterThan(20_000);
    await page.close();
  });

  it("is whole without scripts: tables, figures and pictures", async () => {
    const page = await open(wholeRun(), { javaScriptEnabled: false });
    expect(await page.locator("button:visible:not([data-pick]), input:visible").count()).toBe(0);
    expect(await page.locator("table.thresholds").isVisible()).toBe(true);
    expect(await page.locator("#mistakes img:visible").count()).toBeGreaterThan(5);
    await page.close();
  });
});
