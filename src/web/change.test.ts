import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { changeFixture, changePictures, DATE_COLOURS, LAYER_COLOUR } from "../../test/change-fixture.js";
import { hasBrowser, reportBrowser } from "../../test/report-browser.js";
import { buildScript, HOSTILE_NAMES } from "../../test/report-fixture.js";
import { encodePng } from "../raster/encode.js";
import { animatedPng } from "../raster/formats/apng.js";
import { decodeRaster } from "../raster/formats.js";
import { renderChange } from "../report/change.js";
import type { ChangeReportData } from "../report/change-data.js";

describe.skipIf(!hasBrowser("the report of a change"))("change.html in a browser", () => {
  const browser = reportBrowser();
  const script = buildScript("change");

  async function open(data: ChangeReportData, options: Parameters<typeof browser.open>[1] = {}): Promise<Page> {
    const html = renderChange({ data, pictures: await changePictures(data), files: [] }, { script });
    return browser.open(html, { viewport: { width: 900, height: 700 }, ...options });
  }

  /** Colours of the map as they are seen, at shares [x, y] of it. */
  async function seen(page: Page, ...places: readonly (readonly [x: number, y: number])[]) {
    const shot = await decodeRaster(await page.locator("[data-view]").screenshot(), { file: "screenshot" });
    return places.map(([x, y]) => {
      const at = Math.floor(y * shot.heightPx) * shot.widthPx + Math.floor(x * shot.widthPx);
      return [0, 1, 2].map((band) => shot.data[band * shot.widthPx * shot.heightPx + at]);
    });
  }
  const [RED, BLUE, YELLOW] = DATE_COLOURS.map((colour) => [...colour]);

  it("is swiped by keyboard and by pointer, shows the layer as asked, and compares the dates that are chosen", async () => {
    const page = await open(changeFixture({ dates: ["1985", "2000", "2010"] }));
    const tags = () => page.locator("[data-tag]").allTextContents();
    expect(await tags()).toEqual(["1985", "2010"]);
    expect(await seen(page, [0.1, 0.8], [0.45, 0.8], [0.55, 0.8], [0.9, 0.8])).toEqual([RED, RED, YELLOW, YELLOW]);

    await page.focus("[data-divide]");
    for (let i = 0; i < 20; i++) await page.keyboard.press("ArrowRight");
    expect(await seen(page, [0.55, 0.8], [0.65, 0.8])).toEqual([RED, YELLOW]);
    expect(await page.getAttribute("[data-divide]", "aria-valuetext")).toBe("1985 on the left 60 %, 2010 on the right");

    const view = (await page.locator("[data-view]").boundingBox())!;
    const y = view.y + 0.8 * view.height;
    await page.mouse.move(view.x + 0.5 * view.width, y);
    await page.mouse.down();
    await page.mouse.move(view.x + 0.8 * view.width, y, { steps: 2 });
    await page.mouse.up();
    expect(Math.round(Number(await page.inputValue("[data-divide]")))).toBe(80);
    // The first place is 10 … 16 of 60 columns, 5 … 9 of 40 rows.
    const changed = [13 / 60, 7 / 40] as const;
    const [left, right, mixed] = await seen(page, [0.75, 0.8], [0.85, 0.8], changed);
    expect([left, right]).toEqual([RED, YELLOW]);
    mixed.forEach((value, band) => {
      expect(Math.abs(value - (0.8 * LAYER_COLOUR[band] + 0.2 * RED[band]))).toBeLessThan(3);
    });
    await page.focus("[data-opacity]");
    await page.keyboard.press("End");
    await page.selectOption('[data-choose="after"]', "1");
    expect(await tags()).toEqual(["1985", "2000"]);
    expect(await seen(page, changed, [0.9, 0.8])).toEqual([[...LAYER_COLOUR], BLUE]);
    await page.uncheck("[data-layer-on]");
    expect(await seen(page, changed)).toEqual([RED]);

    // All that is shown one at a time stands beside each other on paper.
    expect(await page.locator(".sides").isVisible()).toBe(false);
    await page.emulateMedia({ media: "print" });
    expect(await page.locator(".sides figure:visible").count()).toBe(4);
    expect(await page.locator("[data-view], .map-tools").filter({ visible: true }).count()).toBe(0);
    expect(await page.locator(".place button:visible").count()).toBe(3);
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });

  it("goes to a place that is chosen, outlines it, and tells of it", async () => {
    const page = await open(changeFixture());
    await page.click('[data-place="1"]');
    const [left, top, wide, high] = await viewBox(page);
    expect([left + wide / 2, top + high / 2]).toEqual([13, 8]); // as near to 13, 7 as the edge lets it
    expect([wide, high]).toEqual([24, 16]);
    const outline = page.locator("[data-outline] .inner");
    expect(await Promise.all(["x", "y", "width", "height"].map((name) => outline.getAttribute(name)))).toEqual([
      "10",
      "5",
      "6",
      "4",
    ]);
    expect(await outline.isVisible()).toBe(true);
    expect(await page.getAttribute('[data-place="1"]', "aria-pressed")).toBe("true");
    const told = (await page.textContent("[data-chosen]"))!;
    for (const part of ["forest", "field", "400", "loss of forest", "-8.40000, -74.50000"]) expect(told).toContain(part);

    await page.focus('[data-place="2"]');
    await page.keyboard.press("Enter");
    expect(await page.getAttribute('[data-place="1"]', "aria-pressed")).toBe("false");
    expect(await page.textContent("[data-chosen]")).toContain("urban");
    await page.click('[data-zoom="whole"]');
    expect(await viewBox(page)).toEqual([0, 0, 60, 40]);
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });

  it("zooms and moves by keyboard, wheel and dragging, and lets the page scroll otherwise", async () => {
    const page = await open(changeFixture());
    await page.locator("[data-view]").scrollIntoViewIfNeeded();
    const scrolled = () => page.evaluate(() => scrollY);
    const view = (await page.locator("[data-view]").boundingBox())!;
    await page.mouse.move(view.x + view.width / 4, view.y + view.height / 4);
    const before = await scrolled();
    await page.mouse.wheel(0, 40);
    await expect.poll(scrolled).toBeGreaterThan(before);
    expect(await viewBox(page)).toEqual([0, 0, 60, 40]);

    await page.focus("[data-view]");
    expect(await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)).toBe("solid");
    await page.keyboard.press("+");
    const [x, , wide] = await viewBox(page);
    expect([x + wide / 2, 60 / wide].map((value) => Number(value.toFixed(3)))).toEqual([30, 1.6]);
    await page.keyboard.press("ArrowLeft");
    const moved = await viewBox(page);
    expect(moved[0]).toBeLessThan(x);
    await page.mouse.wheel(0, -200);
    await expect.poll(async () => (await viewBox(page))[2]).toBeLessThan(moved[2]);

    const share = await page.inputValue("[data-divide]");
    const from = await viewBox(page);
    const box = (await page.locator("[data-view]").boundingBox())!;
    await page.mouse.move(box.x + 0.3 * box.width, box.y + 0.3 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.2 * box.width, box.y + 0.3 * box.height, { steps: 2 });
    await page.mouse.up();
    expect((await viewBox(page))[0]).toBeCloseTo(from[0] + 0.1 * from[2], 1);
    expect(await page.inputValue("[data-divide]")).toBe(share);
    await page.keyboard.press("0");
    expect(await viewBox(page)).toEqual([0, 0, 60, 40]);
    expect(await framesOf(page, ANIMATED)).toEqual(GREYS.map((grey) => ({ grey, milliseconds: 1000 })));
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });

  it("shows all dates and the change beside each other without scripts", async () => {
    const page = await open(changeFixture({ dates: ["1985", "2000", "2010"] }), { javaScriptEnabled: false });
    expect(await page.locator(".sides figure:visible").count()).toBe(4);
    expect(await page.locator("[data-view]").isVisible()).toBe(false);
    expect(await page.locator(".place button:enabled").count()).toBe(0);
    await page.close();
  });

  it("fits a phone, is readable in light and dark, and does nothing that a name tells it to", async () => {
    const page = await open(changeFixture({ classes: HOSTILE_NAMES.slice(0, 4), dates: HOSTILE_NAMES.slice(0, 3) }), {
      viewport: { width: 360, height: 740 },
    });
    for (const [colorScheme, paper] of [
      ["light", "rgb(255, 255, 255)"],
      ["dark", "rgb(20, 23, 28)"],
    ] as const) {
      await page.emulateMedia({ colorScheme });
      expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe(paper);
      expect(await page.evaluate(leastContrast)).toBeGreaterThan(4.5);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    for (const id of [1, 2]) await page.click(`[data-place="${id}"]`);
    await page.selectOption('[data-choose="before"]', "1");
    expect(await page.textContent('[data-tag="before"]')).toBe(HOSTILE_NAMES[1]);
    expect(browser.complaints()).toEqual([]);
    await page.close();
  });
});

const viewBox = async (page: Page) => (await page.getAttribute("[data-view] > svg", "viewBox"))!.split(" ").map(Number);

/** In the page: the least contrast of words on its paper (WCAG 2.2, relative luminance). */
function leastContrast(): number {
  const bright = (colour: string) => {
    const [r, g, b] = colour.match(/[\d.]+/g)!.map((part) => {
      const c = Number(part) / 255;
      return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = bright(getComputedStyle(document.body).backgroundColor);
  const contrasts = [...document.querySelectorAll("p, li, td, th, h2, a, .place button, .about")].map((element) => {
    const ink = bright(getComputedStyle(element).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
  });
  return Math.min(...contrasts);
}

const GREYS = [10, 90, 200];
const ANIMATED = Promise.all(
  GREYS.map((grey) =>
    encodePng({ bands: ["grey"], widthPx: 2, heightPx: 2, dtype: "uint8", data: new Uint8Array(4).fill(grey) }),
  ),
).then((frames) => animatedPng(frames, { delayMs: 1000 }));

/** The frames of an animated PNG as a browser plays them. */
async function framesOf(page: Page, animated: Promise<Uint8Array>) {
  return page.evaluate(
    async (encoded) => {
      const data = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
      const decoder = new ImageDecoder({ data, type: "image/png" });
      await decoder.tracks.ready;
      const found: { grey: number; milliseconds: number }[] = [];
      for (let frameIndex = 0; frameIndex < decoder.tracks.selectedTrack!.frameCount; frameIndex++) {
        const { image } = await decoder.decode({ frameIndex });
        const context = new OffscreenCanvas(2, 2).getContext("2d")!;
        context.drawImage(image, 0, 0);
        found.push({ grey: context.getImageData(1, 1, 1, 1).data[0], milliseconds: (image.duration ?? 0) / 1000 });
      }
      return found;
    },
    Buffer.from(await animated).toString("base64"),
  );
}
