import { describe, expect, it } from "vitest";
import type { Command } from "./command.js";
import { integer, list } from "./command.js";
import { parseCommandLine } from "./parser.js";

const command: Command = {
  name: "train",
  summary: "train",
  examples: [],
  arguments: [
    { name: "data", describe: "folder" },
    { name: "more", describe: "more", optional: true, variadic: true },
  ],
  flags: {
    seed: { value: "n", describe: "seed", parse: integer(0) },
    groupBy: { value: "column", describe: "group" },
    cache: { value: "folder", describe: "cache" },
    noCache: { describe: "no cache" },
    classes: { value: "a,b", describe: "classes", parse: list },
    label: { value: "x", describe: "repeatable", repeatable: true },
    imageDir: { value: "folder", describe: "as retrain.py has it", flag: "--image_dir" },
  },
  run: () => Promise.resolve(),
};
const about = { version: "1.2.3", description: "d", footer: "f" };
const parse = (...argv: string[]) => parseCommandLine(argv, [command, { ...command, name: "data inspect" }], about);

describe("the command line parser", () => {
  it("gives flags under their JSON keys, read by their row of the table", () => {
    const flags = [
      "--seed",
      "7",
      "--group-by",
      "place",
      "--classes",
      "b, a",
      "--label",
      "x",
      "--label",
      "y",
      "--image_dir",
      "z",
      "--no-cache",
    ];
    expect(parse("train", "folder", "a", "b", ...flags)).toMatchObject({
      input: {
        arguments: ["folder", ["a", "b"]],
        flags: { seed: 7, groupBy: "place", classes: ["b", "a"], label: ["x", "y"], imageDir: "z", noCache: true },
      },
    });
  });

  it("leaves flags out that were not given", () => {
    expect(parse("data", "inspect", "folder")).toMatchObject({ command: { name: "data inspect" }, input: { flags: {} } });
    const parsed = parse("train", "folder");
    expect("input" in parsed && Object.keys(parsed.input.flags)).toEqual([]);
  });

  it("answers with text where text is asked for", () => {
    expect(parse("--version")).toEqual({ text: "1.2.3\n" });
    expect(parse("train", "--help")).toMatchObject({ text: expect.stringContaining("--image_dir") });
    expect(parse()).toMatchObject({ text: expect.stringContaining("train") });
    expect(parse("data")).toMatchObject({ text: expect.stringContaining("inspect") });
  });

  it.each([
    [["trian", "x"], "train"],
    [["train", "x", "--sed", "1"], "--seed"],
    [["train", "x", "--seed", "-1"], "whole number"],
    [["train", "x", "--seed"], "seed"],
    [["data", "inspekt", "x"], "inspect"],
  ])("%j is refused with a hint", (argv, hint) => {
    try {
      parse(...argv);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: "usage" });
      expect(`${(error as Error).message} ${(error as { hint?: string }).hint}`).toContain(hint);
    }
  });
});
