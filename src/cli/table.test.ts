import { expect, it } from "vitest";
import { metricTable } from "./table.js";

it("heads scores against labels that no person gave with what made those, and calls nothing accuracy", () => {
  const columns = { test: { accuracy: 0.9, top3Accuracy: 1 } };
  const table = metricTable(columns, { labelsFrom: { kind: "rule", source: "forest: ndvi > 0.6" } });
  expect(table.split("\n")[0]).toBe("agreement with the rule");
  expect(table).not.toMatch(/accuracy/i);
  expect(metricTable(columns)).toMatch(/^ +test\naccuracy /);
});
