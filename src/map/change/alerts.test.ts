import { expect, test } from "vitest";
import { alertValue } from "./alerts.js";

test.each([
  // Examples of the coding as Global Forest Watch explains it.
  { day: "2015-01-01", percent: 80, value: 20_001 },
  { day: "2015-02-24", percent: 95, value: 30_055 },
  { day: "2020-01-21", percent: 50, value: 21_847 },
  { day: "2021-06-01", percent: 99, value: 42_344 },
])("a loss seen on $day at $percent % is $value", ({ day, percent, value }) => {
  expect(alertValue(day, percent)).toBe(value);
});

test("days before 2015 have no number", () => {
  expect(alertValue("2014-12-31", 99)).toBeUndefined();
  expect(alertValue("1985-07-01", 99)).toBeUndefined();
  expect(alertValue("2042-05-19", 99)).toBeUndefined();
});
