import { expect, it } from "vitest";
import { type CheckReport, renderCheckReport } from "./check.js";

const report: CheckReport = {
  dataset: "photos",
  images: new Array(3).fill(0),
  classes: ["field", "forest"],
  issues: [{ kind: "wrong" }, { kind: "wrong" }, { kind: "missing" }, { kind: "duplicate" }, { kind: "rule" }],
  shown: [
    { file: "a.png", label: "field", kind: "wrong", score: 0.9, suggested: "forest", thumbnail: "data:image/png;base64,AAAA" },
    { file: "b.png", label: "forest", kind: "missing", score: 0.8 },
    { file: "c.png", label: "field", kind: "duplicate", score: 0.6, of: "d.png", conflict: true },
    { file: "e.png", label: "field", kind: "rule", score: 1, rule: "field excludes forest" },
  ],
  inseparable: [{ classes: ["field", "forest"], images: 20, confused: 0.5, auc: 0.5 }],
  confused: [],
  probablyWrong: 1,
  unreadable: [],
  warnings: [],
  backbone: "rcf",
  command: "sigmax data check photos",
  version: "0",
};

it("groups issues by kind, says how many there are and why each is one", () => {
  const page = renderCheckReport(report);
  for (const text of ["Probably wrong", "Probably missing", "Duplicates", "Broken rules", "The worst 1 of 2 are shown."])
    expect(page).toContain(text);
  expect(page.indexOf("Probably wrong")).toBeLessThan(page.indexOf("Probably missing"));
  expect(page).toContain("labelled differently");
  expect(page).toContain("cannot be told apart better than by chance");
});

it("loads nothing, and can be walked with the keyboard", () => {
  const page = renderCheckReport(report);
  expect(page).toContain("default-src 'none'");
  expect(page).not.toMatch(/(?:src|href)="(?!data:|#)/);
  expect(page.match(/<li tabindex="0">/g)?.length).toBe(4);
});

it("names from files cannot become markup", () => {
  const hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
  const page = renderCheckReport({
    ...report,
    dataset: hostile,
    command: hostile,
    classes: [hostile],
    warnings: [hostile],
    unreadable: [{ file: hostile, reason: hostile }],
    shown: (["wrong", "missing", "duplicate", "rule"] as const).map((kind) => ({
      ...{ file: hostile, label: hostile, kind, score: 1, suggested: hostile, of: hostile, rule: hostile },
      conflict: kind === "duplicate",
    })),
    inseparable: [{ classes: [hostile, hostile], images: 1, confused: 0, auc: 0 }],
  });
  expect(page).not.toContain("<script>alert");
  expect(page).not.toContain("<img src=x");
  expect(page.match(/<script>/g)?.length).toBe(1);
});

it("says so where nothing was found", () => {
  const page = renderCheckReport({ ...report, issues: [], shown: [], inseparable: [], probablyWrong: 0 });
  expect(page).toContain("Nothing found");
});
