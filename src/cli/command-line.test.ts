import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { type Command, flagName, integer, list } from "./command.js";
import { commandOf } from "./command-line.js";
import { COMMANDS } from "./commands.js";
import { parseCommandLine } from "./parser.js";

const command: Command = {
  name: "data paint",
  summary: "",
  examples: [],
  arguments: [
    { name: "data", describe: "folder" },
    { name: "more", describe: "files", variadic: true, optional: true },
  ],
  flags: {
    seed: { value: "n", describe: "seed", parse: integer(0) },
    groupBy: { value: "column", describe: "group" },
    classes: { value: "a,b", describe: "classes", parse: list },
    label: { value: "x", describe: "repeatable", repeatable: true },
    noCache: { describe: "a switch" },
    imageDir: { value: "folder", describe: "as retrain.py has it", flag: "--image_dir" },
  },
  run: () => Promise.resolve(),
};

function inputOf(argv: readonly string[]) {
  const parsed = parseCommandLine(argv, [command], { version: "0", description: "", footer: "" });
  if ("text" in parsed) throw new Error(parsed.text);
  return parsed.input;
}

const CASES: readonly (readonly [what: string, argv: readonly string[], line: string])[] = [
  ["plain words", ["photos/", "--seed", "7"], "sigmax data paint photos/ --seed 7"],
  ["spaces", ["my photos", "--group-by", "a b"], "sigmax data paint 'my photos' --group-by 'a b'"],
  ["quotes", ["it's", "--group-by", '"x"'], `sigmax data paint 'it'\\''s' --group-by '"x"'`],
  [
    "what a shell would expand",
    ["~/$HOME/*", "--group-by", "(\\d+)_!`ls`"],
    "sigmax data paint '~/$HOME/*' --group-by '(\\d+)_!`ls`'",
  ],
  ["lists", ["x", "--classes", "dry, very wet"], "sigmax data paint x --classes 'dry,very wet'"],
  ["switches", ["x", "--no-cache", "--json"], "sigmax data paint x --no-cache --json"],
  ["flags given several times", ["x", "--label", "a", "--label", "b,c"], "sigmax data paint x --label a --label b,c"],
  ["several arguments", ["x", "y", "z w"], "sigmax data paint x y 'z w'"],
  ["flags spelled otherwise", ["x", "--image_dir", "i"], "sigmax data paint x --image_dir i"],
  ["an empty value", ["x", "--group-by", ""], "sigmax data paint x --group-by ''"],
  ["arguments that look like flags", ["--seed", "1", "--", "-x", "--y"], "sigmax data paint --seed 1 -- -x --y"],
  ["several lines", ["a\nb"], "sigmax data paint 'a\nb'"],
];

describe("the command line of an input", () => {
  it.each(CASES)("is quoted: %s", (_what, argv, line) => {
    expect(commandOf(command, inputOf(["data", "paint", ...argv]))).toBe(line);
  });

  it.each(CASES)("gives the same input when a shell runs it: %s", (_what, argv, line) => {
    const words = execFileSync("sh", ["-c", `sigmax() { printf '%s\\0' "$@"; }; ${line}`], { encoding: "utf8" });
    expect(inputOf(words.split("\0").slice(0, -1))).toEqual(inputOf(["data", "paint", ...argv]));
  });

  it("spells every flag of every command as it is typed", () => {
    for (const { name, flags } of COMMANDS) {
      const input = { arguments: [], flags: Object.fromEntries(Object.keys(flags).map((key) => [key, true])) };
      const words = commandOf({ name, flags }, input).split(" ");
      for (const [key, flag] of Object.entries(flags)) expect(words).toContain(flagName(key, flag));
    }
  });
});
