import { describe, expect, it } from "vitest";
import { HOSTILE_NAMES } from "../../test/report-fixture.js";
import type { Difference } from "./compare-data.js";
import { renderImbalanceReport } from "./compare-imbalance.js";
import type { ImbalanceReport, LabelOutcome, RemedyId } from "./compare-imbalance-data.js";
import { renderImbalanceText } from "./compare-imbalance-text.js";
import { differencePlot } from "./plots/differences.js";

const difference = (id: RemedyId, low: number, high: number, better: RemedyId | null): Difference<RemedyId> => ({
  a: 0.5 + (low + high) / 2,
  b: 0.5,
  difference: (low + high) / 2,
  interval: [low, high],
  better: better === null ? null : better === "none" ? "none" : id,
});

/** Three remedies: class weights help the rarest label, focal loss hurts it, and neither is told apart elsewhere. */
function fixture(names: readonly string[] = ["swamp", "road", "forest"]): ImbalanceReport {
  const labels = names.map((name, place) => ({ name, training: 5 + 1000 * place, test: 2 + place, rare: place === 0 }));
  const remedy = (id: RemedyId, name: string, flags: string, verdict: readonly [number, number, RemedyId | null]) => ({
    id,
    name,
    flags,
    l2: 0.1,
    metrics: { mapMacro: 0.7, mapRare: 0.5, ece: 0.05 },
    intervals: { mapMacro: [0.6, 0.8], mapRare: [0.3, 0.7] } as const,
    differences: id === "none" ? {} : { mapRare: difference(id, ...verdict), mapMacro: difference(id, -0.1, 0.2, null) },
    perLabel: labels.map(
      (_, place): LabelOutcome => ({
        metrics: place === 1 ? { f1: 0.4, recall: 0.3 } : { averagePrecision: 0.61, f1: 0.5, recall: 0.4 },
        differences: id !== "none" && place === 0 ? { averagePrecision: difference(id, ...verdict) } : {},
      }),
    ),
  });
  return {
    dataset: names[0],
    task: "multiclass",
    head: "softmax",
    backbone: "rcf",
    seed: 1,
    counts: { train: 800, validation: 100, test: 9 },
    labels,
    remedies: [
      remedy("none", "cross-entropy", "", [0, 0, null]),
      remedy("balanced", "class weights", "--class-weights balanced", [0.01, 0.09, "balanced"]),
      remedy("focal", "focal", "--loss focal", [-0.3, -0.1, "none"]),
    ],
    command: "sigmax compare land --across imbalance",
    version: "0.0.0",
  };
}

const bodyOf = (page: string) => page.replace(/<style>.*?<\/style>/gs, "");

describe("the page about rare labels", () => {
  const page = bodyOf(renderImbalanceReport(fixture()));
  const rowOf = (from: string, text: string) => page.slice(page.indexOf(text, page.indexOf(from))).split("</tr>")[0];

  it("names the rare labels, rarest first, with the images that have them", () => {
    expect(page).toContain("<bdi>swamp</bdi> (5)");
    const places = ["swamp", "road", "forest"].map((label) => page.indexOf(`<th scope="row"><bdi>${label}`));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(rowOf("Label by label", "<bdi>road")).toContain("<td>1\u202f005</td><td>3</td>");
  });

  it("marks a remedy only where the interval of the paired difference lies on one side of 0", () => {
    const row = rowOf("Label by label", "<bdi>swamp");
    expect(row.match(/▲/g)).toHaveLength(1);
    expect(row.match(/▼/g)).toHaveLength(1);
    expect(rowOf("Label by label", "<bdi>forest")).not.toMatch(/[▲▼]/);
    expect(page.match(/no difference shown/g)).toHaveLength(2);
  });

  it("shows no number where there is none", () => {
    expect(rowOf("Label by label", "<bdi>road")).toContain("<td>–</td>");
    expect(page).not.toMatch(/NaN|undefined|\[object|>false</);
  });

  it("escapes hostile names wherever they stand", () => {
    const hostile = bodyOf(renderImbalanceReport(fixture(HOSTILE_NAMES)));
    expect(hostile).not.toMatch(/<(script|img|iframe|b>bold)/i);
    expect(hostile.replace(/"[^"]*"/g, '""')).not.toMatch(/<[a-z][^>]* on\w+=/i);
    expect(hostile).toContain("&lt;img src=x onerror=alert(1)&gt;");
    expect(hostile).toContain("__proto__");
  });
});

describe("the text about rare labels", () => {
  it("fits 100 columns, keeps names harmless, and counts labels beyond the rarest", () => {
    const names = ["a\u001b[31m", "b\u202E", "c\nd", ...Array.from({ length: 20 }, (_, k) => `label number ${k} of very many`)];
    const text = renderImbalanceText(fixture(names));
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(Math.max(...text.split("\n").map((line) => [...line].length))).toBeLessThanOrEqual(100);
    expect(text).toContain("… and 11 more frequent");
  });

  it("says better and worse with the difference and its interval", () => {
    const text = renderImbalanceText(fixture());
    expect(text).toMatch(/swamp +5 +2 +0\.610 +0\.610 ▲ +0\.610 ▼\n/);
    expect(text).toMatch(/\+0\.050 \(\+0\.010 … \+0\.090\) better\n/);
    expect(text).toMatch(/−0\.200 \(−0\.300 … −0\.100\) worse\n/);
    expect(text).toMatch(/\+0\.050 \(−0\.100 … \+0\.200\)\n/);
  });
});

describe("a plot of differences", () => {
  it("draws a dot on each interval, and survives intervals of no width", () => {
    const { markup } = differencePlot({
      title: "t",
      rows: [
        { label: "told", difference: 0.1, interval: [0.05, 0.15], tone: "truth" },
        { label: "not told", difference: 0, interval: [0, 0], tone: "other" },
      ],
    });
    expect(markup.match(/<circle class="truth"/g)).toHaveLength(1);
    expect(markup.match(/<circle class="other"/g)).toHaveLength(1);
    expect(markup).not.toContain("NaN");
    expect(differencePlot({ title: "t", rows: [] }).markup).not.toContain("NaN");
  });
});
