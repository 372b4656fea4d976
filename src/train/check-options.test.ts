import { describe, expect, it } from "vitest";
import { checkOptions } from "./check-options.js";

describe("options of the library", () => {
  it.each([
    [{ data: "x", out: "y" }],
    [{ data: "x", out: "y", head: "sigmoid", views: 8, seed: 0, threads: undefined, l2: 0.1, signal: undefined }],
  ])("%j may be given", (options) => {
    expect(() => checkOptions(options, ["data", "out"])).not.toThrow();
  });

  it.each([
    [{ data: "x", out: "y", head: "relu" }, "softmax or sigmoid"],
    [{ data: "x", out: "y", views: 3 }, "1 or 8"],
    [{ data: "x", out: "y", seed: -1.5 }, "whole number"],
    [{ data: "x", out: "y", threads: 0 }, "1 or more"],
    [{ data: "x", out: "y", tasks: "multiclass" }, "Did you mean task?"],
    [{ data: "x" }, '"out" is missing'],
    [{ data: "", out: "y" }, "not empty"],
    [{ data: "x", out: "y", l2: Number.NaN }, "0 or more"],
  ])("%j is refused before any work", (options, expected) => {
    try {
      checkOptions(options, ["data", "out"]);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "usage" });
      expect(`${(error as Error).message} ${(error as { hint?: string }).hint}`).toContain(expected);
    }
  });
});
