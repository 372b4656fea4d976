import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { buildScript, compareFixture, HOSTILE_NAMES, runFixture, THUMBNAIL } from "../../test/report-fixture.js";
import { renderCompareReport } from "./compare.js";
import { renderCompareText } from "./compare-text.js";
import { docFigures } from "./doc-figures.js";
import { renderPlaygroundPage } from "./playground.js";
import { renderRunReport } from "./run.js";
import type { RunReport } from "./run-data.js";

const SCRIPT = "void 0;";

/** Whatever stands outside of `<style>` and `<script>`, which are ours. */
const bodyOf = (page: string) => page.replace(/<(style|script)>.*?<\/\1>/gs, "");
const renderRun = (run: RunReport) => renderRunReport(run, { script: SCRIPT });

function expectHarmless(page: string): void {
  const body = bodyOf(page);
  expect(body).not.toMatch(/<(script|iframe|object|b>bold)/i);
  expect(
    body
      .match(/<img [^>]*>/g)
      ?.every((tag) => tag.includes(`src="${THUMBNAIL}"`) && !/ on\w+=/.test(tag.replace(/"[^"]*"/g, '""'))),
  ).toBe(true);
  // Outside quoted attribute values, nothing may look like an event handler inside a tag.
  expect(body.replace(/"[^"]*"/g, '""')).not.toMatch(/<[a-z][^>]* on\w+=/i);
  expect(body).toContain("__proto__");
  expect(body).toContain("&lt;img src=x onerror=alert(1)&gt;");
}

describe("report.html of a run", () => {
  it("shows metrics beside the baseline and chance, mistakes, and how to do it again", () => {
    const page = renderRun(runFixture());
    for (const text of [
      ">0.839<",
      ">0.543<",
      ">0.333<",
      "1\u202f234",
      "at 0.99",
      '<pre id="command">sigmax train forest</pre>',
      "0.01 (taken)",
      "<i>no label</i>",
    ]) {
      expect(page).toContain(text);
    }
    expect(bodyOf(page)).not.toMatch(/NaN|undefined|\[object/);
  });

  it("marks the lower of two losses as the better", () => {
    expect(renderRun(runFixture())).toMatch(/<td class="best">0.500<\/td><td class="">1.250<\/td>/);
  });

  it("escapes hostile names wherever they stand", () => {
    expectHarmless(renderRun(runFixture({ classes: HOSTILE_NAMES })));
  });

  it("refuses a thumbnail that is not an inline image", () => {
    const run = runFixture();
    const mistakes = [{ ...run.mistakes[0], thumbnail: "https://example.org/x.png" }];
    expect(() => renderRun({ ...run, mistakes })).toThrow(RangeError);
  });
});

describe("compare.html", () => {
  it("opens with the playground and tells every part of the story", () => {
    const page = renderCompareReport(compareFixture(), { script: SCRIPT });
    const order = [
      'id="playground"',
      'id="words"',
      'id="metrics"',
      'id="images"',
      'id="calibration"',
      'id="disagreement"',
      'id="which"',
    ];
    const places = order.map((id) => page.indexOf(id));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    for (const text of [
      "31 training images",
      "An image with no label",
      "An image with several labels",
      "A tie",
      ">0.845<",
      "tuned thresholds",
    ]) {
      expect(page).toContain(text);
    }
    expect(bodyOf(page)).not.toMatch(/NaN|undefined|\[object/);
  });

  it("marks what the paired interval tells apart, not what is merely higher", () => {
    const page = renderCompareReport(compareFixture(), { script: SCRIPT });
    const row = (metric: string) => page.slice(page.indexOf(`<th scope="row">${metric}`)).split("</tr>")[0];
    expect(row("mean average precision")).toContain('<td class="best">0.845</td>');
    expect(row("mean average precision")).toMatch(/sigmoid<\/span> is better/);
    expect(row("calibration error")).not.toContain('class="best"');
    expect(row("calibration error")).toContain("not told apart");
  });

  it("tells of sigmoid's sets on single-label data", () => {
    const page = renderCompareReport(compareFixture({ task: "multiclass" }), { script: SCRIPT });
    expect(page).toContain("When sigmoid says: none of these");
    expect(page).toContain("the highest probability");
    expect(page).toContain("No training image had to be left out");
  });

  it("shows of many classes only those that matter on an image", () => {
    const classes = Array.from({ length: 60 }, (_, k) => `class ${k}`);
    const page = renderCompareReport(compareFixture({ classes }), { script: SCRIPT });
    expect(page).toContain("51 more classes");
  });

  it("escapes hostile names wherever they stand", () => {
    expectHarmless(renderCompareReport(compareFixture({ classes: HOSTILE_NAMES }), { script: SCRIPT }));
  });

  it("survives a test part without images", () => {
    expect(renderCompareReport({ ...compareFixture(), images: [] }, { script: SCRIPT })).toContain("holds no image to compare");
  });
});

describe("the comparison in a terminal", () => {
  it.each(["multilabel", "multiclass"] as const)("fits 40 lines of 100 columns (%s)", (task) => {
    const lines = renderCompareText(compareFixture({ task })).split("\n");
    expect(lines.length).toBeLessThanOrEqual(41);
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(100);
  });

  it("calls a head better, and marks it, only where the interval does not hold 0", () => {
    const text = renderCompareText(compareFixture());
    expect(text).toMatch(/ {2}mean average precision +0\.812 +\*0\.845 +−0\.033 \(−0\.050 … −0\.016\) +sigmoid is better\n/);
    expect(text).toMatch(/ {2}calibration error \(ECE\) +0\.188 +0\.155 +\+0\.033 \(−0\.004 … \+0\.070\) +not told apart\n/);
    const titles = text.split("\n").find((line) => /^Without a threshold +softmax +sigmoid /.test(line))!;
    const line = text.split("\n").find((other) => other.includes("mean average precision"))!;
    expect(line.indexOf("0.845") + 5).toBe(titles.indexOf("sigmoid") + 7);
  });

  it("has no escape codes unless asked, and never those of a file name", () => {
    const hostile = compareFixture({ classes: ["a\u001b[31m", "b\u202E", "c\nd"] });
    expect(renderCompareText(hostile).replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(renderCompareText(hostile, { colour: true })).toContain("\u001b[34m   softmax\u001b[0m");
  });
});

describe("the generated pages of docs/", () => {
  it("hold the playground as it is now", () => {
    const committed = readFileSync("docs/playground.html", "utf8");
    expect(committed === renderPlaygroundPage({ script: buildScript("playground") }), "run npm run docs:playground").toBe(true);
  });

  it.each(docFigures())("hold the figure %s as it is now", (file, svg) => {
    expect(readFileSync(join("docs/figures", file), "utf8")).toBe(svg);
  });
});
