import { describe, expect, it } from "vitest";
import { linear, ticks } from "./axes.js";
import { bar, probabilityBars } from "./bars.js";
import { confusionTable } from "./confusion.js";
import { sigmoidCurve } from "./curve.js";
import { figureFile } from "./figure-file.js";
import { learningCurves } from "./lines.js";
import { reliabilityDiagram } from "./reliability.js";

const widths = (markup: string, tone: string) =>
  [...markup.matchAll(new RegExp(`class="${tone}"[^>]*? width="([^"]*)"`, "g"))].map(([, width]) => Number(width));

describe("axes", () => {
  it("have round ticks that cover the range", () => {
    expect(ticks(0, 1)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(-8, 8, 8)).toEqual([-8, -6, -4, -2, 0, 2, 4, 6, 8]);
    expect(ticks(0, 4000, 6)).toEqual([0, 1000, 2000, 3000, 4000]);
    expect(ticks(3, 3)).toEqual([3]);
    expect(ticks(0, Number.POSITIVE_INFINITY)).toEqual([0]);
  });

  it("map linearly, an empty range to the middle", () => {
    expect(linear(0, 10, 100, 0)(2.5)).toBe(75);
    expect(linear(1, 1, 0, 10)(1)).toBe(5);
  });
});

describe("bars", () => {
  it("are as long as their values, and stay on their track", () => {
    expect([0.25, 7, -1, Number.NaN].map((value) => widths(bar(value, "softmax").markup, "softmax")[0])).toEqual([25, 100, 0, 0]);
  });

  it("come in groups, with numbers, a legend and escaped labels", () => {
    const { markup } = probabilityBars({
      title: "t",
      labels: ["<b>"],
      series: [
        { name: "softmax", tone: "softmax", values: [0.5] },
        { name: "sigmoid", tone: "sigmoid", values: [Number.NaN] },
      ],
      threshold: 0.5,
    });
    expect(markup).toContain("&lt;b&gt;");
    expect(markup).toContain(">0.500<");
    expect(markup).toContain(">–<");
    expect(markup).toContain('class="dashed"');
    expect(widths(markup, "softmax")).toEqual([11, 190]);
  });
});

describe("a reliability diagram", () => {
  it("draws a dot for every bin that has predictions", () => {
    const bins = [
      { low: 0, high: 0.5, meanConfidence: 0, accuracy: 0, count: 1 },
      { low: 0.5, high: 1, meanConfidence: 1, accuracy: 1, count: 3 },
      { low: 0.2, high: 0.3, meanConfidence: Number.NaN, accuracy: Number.NaN, count: 0 },
    ];
    const { markup } = reliabilityDiagram({ title: "t", tone: "sigmoid", bins });
    expect(markup.match(/<circle/g)).toHaveLength(2);
    expect(markup).toContain('points="46,326 346,26"');
    expect(markup).not.toContain("NaN");
  });

  it("survives having no bins", () => {
    expect(reliabilityDiagram({ title: "t", tone: "softmax", bins: [] }).markup).not.toContain("NaN");
  });
});

describe("a confusion table", () => {
  it("shades the share of each row and outlines the diagonal", () => {
    const { markup } = confusionTable({
      classes: ["a", "<b>"],
      matrix: [
        [9, 1],
        [0, 0],
      ],
    });
    const cell = (count: number, share: number) => `<span class="as-count">${count}</span><span class="as-share">${share}</span>`;
    expect(markup).toContain(`<td class="share-9 right">${cell(9, 90)}</td><td class="share-1">${cell(1, 10)}</td>`);
    expect(markup).toContain('<td class="share-0"></td><td class="share-0 right"></td>');
    expect(markup).toContain("&lt;b&gt;");
  });

  it("lists the largest confusions of many classes instead", () => {
    const classes = Array.from({ length: 100 }, (_, k) => `class ${k}`);
    const matrix = classes.map((_, i) => classes.map((_, j) => (i === j ? 1000 : i === 7 && j === 9 ? 50 : Number(i === 1))));
    const { markup } = confusionTable({ classes, matrix });
    expect(markup.match(/<tr>/g)).toHaveLength(21);
    expect(markup.indexOf("class 7<")).toBeLessThan(markup.indexOf("class 1<"));
    expect(markup).not.toContain("1000");
  });
});

describe("learning curves", () => {
  it("leave out values that are not finite and take a million steps", () => {
    const points = Array.from({ length: 200_000 }, (_, i) => [i, i % 2 ? Number.NaN : 1 / (i + 1)] as const);
    const { markup } = learningCurves({
      title: "t",
      curves: [{ name: "train", tone: "other", points }],
      xLabel: "step",
      yLabel: "loss",
    });
    expect(markup).not.toContain("NaN");
    expect(markup.match(/<polyline/g)).toHaveLength(1);
  });

  it("survive having no points", () => {
    expect(learningCurves({ title: "t", curves: [], xLabel: "x", yLabel: "y" }).markup).not.toContain("NaN");
  });
});

describe("the S-curve", () => {
  it("passes through a half at zero, with each logit on it", () => {
    const { markup } = sigmoidCurve({ title: "t", logits: [{ name: "zero", logit: 0 }] });
    expect(markup).toContain('cx="326" cy="141"');
    expect(markup).toContain("zero: z = 0.00, σ = 0.500");
  });

  it("becomes the step at a low temperature, and keeps far logits in the picture", () => {
    const { markup } = sigmoidCurve({
      title: "t",
      temperature: 0.01,
      logits: [
        { name: "far", logit: -99 },
        { name: "near", logit: 0.1 },
      ],
    });
    expect(markup).toContain('cx="46" cy="256"');
    expect(markup).toContain("near: z = 0.10, σ = 1.000");
  });
});

describe("a figure file", () => {
  it("is SVG that stands alone, with its styles", () => {
    const file = figureFile(sigmoidCurve({ title: "t" }));
    expect(file).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="[^"]+" role="img" aria-label="t">\n<style>/);
    expect(file).toContain("prefers-color-scheme: dark");
  });
});
