import { describe, expect, it } from "vitest";
import { renderInspection } from "./inspect.js";
import type { BandHistogram, InspectionReport } from "./inspect-data.js";
import { brief, valueHistogram } from "./plots/histogram.js";

const HOSTILE = '<img src=x onerror=alert(1)>"\u202Egpj.exe';
const PIXEL = "data:image/jpeg;base64,AAAA";
const band: BandHistogram = {
  ...{ band: "red", dtype: "uint8", images: 3, lowest: 0, highest: 255, mean: 100, deviation: 20, zero: 0.2, saturated: 0.004 },
  histogram: { from: 0, to: 255, shares: [0.25, 0, 0.75] },
};
const REPORT: InspectionReport = {
  ...{ name: "chips", source: "folders", task: "multilabel", samples: 12_345, labelled: 3, sizes: "all 3 are 8×8", lookedAt: 3 },
  classes: [
    { name: "forest", yes: 2, parts: { train: 1, test: 1 } },
    { name: "field", yes: 1, parts: { train: 1, test: 0 } },
  ],
  together: [
    [2, 1],
    [1, 1],
  ],
  before: [band],
  after: {
    backbone: "net.onnx",
    steps: ["8×8 PNG", "×1/127.5 − 1", "net.onnx"],
    values: [{ ...band, mean: -0.2, histogram: { from: -1, to: 1, shares: [1, 0] } }],
    expected: { words: "values from −1 to 1", range: [-1, 1], usual: true },
  },
  pictures: [{ file: "a.png", labels: ["forest"], kind: "8×8 uint8 PNG", before: PIXEL, after: PIXEL }],
  findings: [{ kind: "turned", message: "Images stored turned, 1 of 3: …", files: ["a.png"] }],
  unreadable: [{ file: "bad.png", reason: "bad.png: cut off" }],
  version: "1.2.3",
};

describe("renderInspection", () => {
  it("shows the chain, the findings, the pictures, the values, the classes and the pairs, offline", () => {
    const page = renderInspection(REPORT);
    for (const text of [
      "×1/127.5 − 1",
      "Images stored turned, 1 of 3",
      "1 image cannot be read",
      "20 % zero",
      "values from −1 to 1",
      "Labels that come together",
    ])
      expect(page).toContain(text);
    expect(page.match(/<img /g)).toHaveLength(2);
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/https?:\/\//);
    expect(page).not.toMatch(/ style="/); // the policy forbids them
  });

  it("leaves out what there is nothing of", () => {
    const { after: _, ...rest } = REPORT;
    const bare = { ...rest, classes: [], together: [], before: [], pictures: [], findings: [], unreadable: [], sizes: "" };
    const page = renderInspection({ ...bare, lookedAt: 0 });
    for (const text of ["From the file", "Before and after", "Classes", "come together", "Values"])
      expect(page).not.toContain(`<h2>${text}`);
    expect(page).toContain("Nothing was found in 0 images.");
    expect(
      renderInspection({
        ...REPORT,
        together: [
          [2, 0],
          [0, 1],
        ],
      }),
    ).not.toContain("come together");
  });

  it("disarms hostile names everywhere", () => {
    const page = renderInspection({
      ...REPORT,
      name: HOSTILE,
      classes: [
        { name: HOSTILE, yes: 1 },
        { name: "b", yes: 1 },
      ],
      sizes: HOSTILE,
      before: [
        { ...band, band: HOSTILE },
        { ...band, band: "constructor" },
      ],
      after: { ...REPORT.after!, steps: [HOSTILE], expected: { ...REPORT.after!.expected, words: HOSTILE } },
      pictures: [{ file: HOSTILE, labels: [HOSTILE], kind: HOSTILE, before: PIXEL }],
      findings: [{ kind: "turned", message: HOSTILE, files: [HOSTILE] }],
      unreadable: [{ file: HOSTILE, reason: HOSTILE }],
    });
    expect(page).not.toContain("<img src=x");
    expect(page.match(/&lt;img src=x/g)!.length).toBeGreaterThan(8);
    expect(() =>
      renderInspection({ ...REPORT, pictures: [{ ...REPORT.pictures[0], before: "https://example.org/x.png" }] }),
    ).toThrow("inline image");
  });

  it("lists at most 20 files of a finding and 60 classes", () => {
    const files = Array.from({ length: 1000 }, (_, i) => `f${i}.png`);
    const classes = Array.from({ length: 200 }, (_, k) => ({ name: `class${k}`, yes: 1 }));
    const page = renderInspection({ ...REPORT, classes, together: [], findings: [{ kind: "turned", message: "many", files }] });
    expect(page).toContain("f19.png");
    expect(page).not.toContain("f20.png");
    expect(page).toContain("and 980 more");
    expect(page).toContain("and 140 more classes");
  });
});

describe("valueHistogram", () => {
  it("shades where values are expected, also outside of what there is", () => {
    const { markup } = valueHistogram({ title: "t", band: "red", ...band.histogram, mean: 100, expected: [-1, 1] });
    expect(markup).toContain('class="expected"');
    expect(markup).not.toContain("NaN");
    expect(markup).toContain("−1");
  });

  it("draws nothing that is no number where there are no values", () => {
    expect(valueHistogram({ title: "t", band: "x", from: 0, to: 0, shares: [0, 0], mean: Number.NaN }).markup).not.toContain(
      "NaN",
    );
    expect([brief(Number.NaN), brief(-0.12345)]).toEqual(["–", "−0.123"]);
  });
});
