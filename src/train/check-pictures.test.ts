import { expect, it } from "vitest";
import type { IssueKind } from "../report/label-issue.js";
import { pickPictures } from "./check-pictures.js";
import type { LabelIssue } from "./label-check.js";

const issues = (kind: IssueKind, count: number): LabelIssue[] =>
  Array.from({ length: count }, (_, i) => ({
    ...{ file: `${kind}-${i}.png`, label: "a", kind, score: 1 - i / count },
    ...(kind === "duplicate" && { of: `other-${i}.png` }),
  }));

it("shows the worst of every kind, 200 pictures at most, and lets no kind crowd out another", async () => {
  const shown = await pickPictures([...issues("wrong", 1000), ...issues("duplicate", 1000), ...issues("rule", 3)], [], {});
  const count = (kind: IssueKind) => shown.filter((issue) => issue.kind === kind).length;
  expect(count("wrong") + 2 * count("duplicate") + count("rule")).toBeLessThanOrEqual(200);
  expect(count("wrong")).toBeGreaterThan(60);
  expect(count("duplicate")).toBeGreaterThan(60);
  expect(count("rule")).toBe(3);
  expect(shown.filter(({ kind }) => kind === "wrong").map(({ file }) => file)).toEqual(
    Array.from({ length: count("wrong") }, (_, i) => `wrong-${i}.png`),
  );
});
