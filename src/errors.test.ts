import { describe, expect, it } from "vitest";
import { nearest } from "./errors.js";

describe("the nearest word", () => {
  it.each([
    ["primry", ["primary", "cloudy"], "primary"],
    ["trian", ["train", "data"], "train"],
    ["--haed", ["--head", "--seed"], "--head"],
    ["Forest", ["forest", "field"], "forest"],
    ["xyz", ["forest", "field"], undefined],
    ["a", [], undefined],
  ])("to %s among %j is %s", (word, known, expected) => {
    expect(nearest(word, known)).toBe(expected);
  });
});
