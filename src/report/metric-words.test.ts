import { describe, expect, it } from "vitest";
import { compareFixture, runFixture } from "../../test/report-fixture.js";
import { wholeRun } from "../../test/run-fixture.js";
import type { LabelsFrom } from "../data/provenance.js";
import { METRIC_ROWS } from "../learn/metrics/rows.js";
import { TASKS } from "../task.js";
import { renderCompareReport } from "./compare.js";
import { renderCompareText } from "./compare-text.js";
import { metricKey, wordsOf } from "./metric-words.js";
import { renderRunReport } from "./run.js";

const RULE: LabelsFrom = { kind: "rule", source: "forest: ndvi > 0.6" };
const RASTER: LabelsFrom = { kind: "raster", source: "worldcover.tif" };

/** What a person reads of a page. */
const textOf = (page: string) => page.replace(/<(style|script)[ >].*?<\/\1>/gs, "").replace(/<[^>]*>/g, "");
const runText = (data: Parameters<typeof renderRunReport>[0]) => textOf(renderRunReport(data, { script: "void 0;" }));

describe("scores against labels that no person gave", () => {
  it("have no metric with accuracy in its name", () => {
    for (const metric of Object.keys(METRIC_ROWS)) {
      expect(`${wordsOf(metric, RULE).label} ${metricKey(metric, RULE)}`).not.toMatch(/accuracy/i);
      expect(metricKey(metric)).toBe(metric);
    }
    expect(wordsOf("accuracy").label).toBe("accuracy");
  });

  it.each(TASKS)("are agreement with what made them in the report of a run (%s), and never accuracy", (task) => {
    const data = wholeRun({ task });
    const text = runText({ ...data, labelsFrom: RULE });
    expect(text).toContain("Agreement with the rule");
    expect(text).toContain("a rule made the labels (forest: ndvi &gt; 0.6)");
    expect(text).not.toMatch(/accuracy|How good is it|rightly, likely/i);
    expect(runText({ ...data, labelsFrom: RASTER })).toContain("Agreement with worldcover.tif");
    expect(runText(data)).not.toMatch(/agreement with/i);
  });

  it("have their head without a test image, too", () => {
    expect(runText({ ...runFixture(), test: {}, labelsFrom: RULE })).toContain("Agreement with the rule");
  });

  it.each(TASKS)("are so in comparisons (%s)", (task) => {
    const data = compareFixture({ task });
    expect(textOf(renderCompareReport({ ...data, labelsFrom: RULE }, { script: "" }))).toContain("agreement with the rule");
    expect(renderCompareText({ ...data, labelsFrom: RASTER })).toContain("all scores are agreement with worldcover.tif");
    expect(renderCompareText(data)).not.toContain("agreement");
  });
});
