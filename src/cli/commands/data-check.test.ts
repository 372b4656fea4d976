import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeChipSet } from "../../synth/chip-set.js";
import { generateChips } from "../../synth/chips.js";
import type { Terminal } from "../command.js";
import { parseCommandLine } from "../parser.js";
import { dataCheck } from "./data-check.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-cli-check-"));
const single = join(folder, "single");
const multi = join(folder, "multi");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let moved: { readonly file: string; readonly is: string };
let copied: { readonly file: string; readonly of: string };

beforeAll(async () => {
  await writeChipSet(single, generateChips({ task: "multiclass", count: 100, seed: 3 }), { task: "multiclass" });
  await writeChipSet(multi, generateChips({ task: "multilabel", count: 60, seed: 3 }), { task: "multilabel" });
  const images = (label: string) => readdirSync(join(single, label)).sort();
  // A lake in the forest, and a forest that stands in the forest twice.
  const water = images("water")[0];
  copyFileSync(join(single, "water", water), join(single, "forest", `moved-${water}`));
  rmSync(join(single, "water", water));
  moved = { file: `forest/moved-${water}`, is: "water" };
  const forest = images("forest").filter((name) => !name.startsWith("moved"))[3];
  copyFileSync(join(single, "forest", forest), join(single, "forest", `zz-${forest}`));
  copied = { file: `forest/zz-${forest}`, of: `forest/${forest}` };
  writeFileSync(join(single, "water", "broken.png"), "not an image");
});

async function run(...args: string[]) {
  const parsed = parseCommandLine(["data", "check", ...args], [dataCheck], { version: "0", description: "", footer: "" });
  if ("text" in parsed) throw new Error(parsed.text);
  const printed: string[] = [];
  const warnings: string[] = [];
  const terminal: Terminal = {
    signal: new AbortController().signal,
    json: args.includes("--json"),
    print: (line) => printed.push(line),
    say() {},
    onProgress() {},
    onWarning: (warning) => warnings.push(warning),
  };
  await parsed.command.run(parsed.input, terminal);
  return { printed, warnings };
}

async function json(...args: string[]) {
  const { printed, warnings } = await run(...args, "--no-cache", "--json");
  expect(printed.length).toBe(1);
  return { result: JSON.parse(printed[0]), warnings };
}

describe("single labels", () => {
  it("finds what was planted: a wrong label, a duplicate, an unreadable image; one line of JSON, worst first", async () => {
    const { result } = await json(single, "--backbone", "stats");
    const { issues, images } = result;
    const scores = issues.map(({ score }: { score: number }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(new Set(issues.map(({ kind }: { kind: string }) => kind))).toEqual(new Set(["wrong", "duplicate"]));
    const rank = issues.findIndex(({ file }: { file: string }) => file === moved.file);
    expect(rank).toBeGreaterThanOrEqual(0);
    expect(rank).toBeLessThan(10);
    expect(issues[rank]).toMatchObject({ kind: "wrong", label: "forest" });
    const duplicates = issues.filter(({ kind }: { kind: string }) => kind === "duplicate");
    expect(duplicates).toMatchObject([{ conflict: false, score: 0.1 }]);
    expect([duplicates[0].file, duplicates[0].of].sort()).toEqual([copied.file, copied.of].sort());
    expect(images.length).toBe(101);
    for (const { quality } of images) expect(quality >= 0 && quality <= 1).toBe(true);
    expect(result.unreadable.map(({ file }: { file: string }) => file)).toEqual(["water/broken.png"]);
  });

  it("writes a page and a table, and does not overwrite the page", async () => {
    const out = join(folder, "check.html");
    const { printed } = await run(single, "--backbone", "stats", "--l2", "0.1", "--no-cache", "--out", out);
    const text = printed.join("\n");
    expect(text).toContain("score  kind");
    expect(text).toContain(out);
    const page = readFileSync(out, "utf8");
    expect(page).toContain("Probably wrong");
    expect(page).toContain("data:image/jpeg;base64,");
    await expect(run(single, "--backbone", "stats", "--l2", "0.1", "--no-cache", "--out", out)).rejects.toThrow("exists already");
  });

  it("the same picture under two labels is worse than under one", async () => {
    const data = join(folder, "conflict");
    for (const label of ["field", "forest"]) mkdirSync(join(data, label), { recursive: true });
    for (const label of ["field", "forest"]) {
      const files = readdirSync(join(single, label)).filter((name) => !/^(zz|moved)/.test(name));
      for (const name of files.slice(0, 8)) copyFileSync(join(single, label, name), join(data, label, name));
    }
    const [first, second] = readdirSync(join(data, "forest"));
    copyFileSync(join(data, "forest", first), join(data, "field", "contradicts.png"));
    copyFileSync(join(data, "forest", second), join(data, "forest", "repeats.png"));
    const { result } = await json(data, "--backbone", "stats", "--l2", "0.1");
    const duplicates = result.issues.filter(({ kind }: { kind: string }) => kind === "duplicate");
    expect(
      duplicates
        .slice(0, 2)
        .map(({ file }: { file: string }) => file)
        .sort(),
    ).toEqual(["field/contradicts.png", `forest/${first}`]);
    expect(duplicates[1].score).toBeGreaterThanOrEqual(0.5);
    expect(duplicates[2]).toMatchObject({ conflict: false, score: 0.1 });
  });
});

describe("several labels", () => {
  it("takes rules, and gives every image a quality", async () => {
    const labels = join(multi, "labels.csv");
    const [, ...rows] = readFileSync(labels, "utf8").trim().split(/\r?\n/);
    const classes = [...new Set(rows.flatMap((row) => row.split(",")[1].split(" ").filter(Boolean)))].sort();
    const together = rows.map((row) => row.split(",")[1].split(" ")).find((tags) => tags.length > 1) ?? classes;
    const { result } = await json(
      multi,
      "--labels",
      labels,
      "--backbone",
      "stats",
      "--rule",
      `${together[0]} excludes ${together[1]}`,
    );
    const broken = result.issues.filter(({ kind }: { kind: string }) => kind === "rule");
    expect(broken.length).toBeGreaterThan(0);
    expect(broken[0]).toMatchObject({ score: 1, rule: `${together[0]} excludes ${together[1]}` });
    expect(result.images.length).toBe(60);
  });
});

describe("little data", () => {
  const tiny = (counts: Readonly<Record<string, number>>) => {
    const data = mkdtempSync(join(folder, "tiny-"));
    for (const [label, count] of Object.entries(counts)) {
      mkdirSync(join(data, label));
      const files = readdirSync(join(single, "forest")).filter((name) => !/^(zz|moved)/.test(name));
      for (const name of files.slice(0, count)) copyFileSync(join(single, "forest", name), join(data, label, name));
    }
    return data;
  };

  it.each([[{ one: 1 }], [{ one: 3, two: 1 }], [{ one: 10 }], [{ one: 4, two: 4 }]])(
    "%j: duplicates alone, and a warning",
    async (counts) => {
      const { result, warnings } = await json(tiny(counts), "--backbone", "stats");
      expect(warnings.some((warning) => warning.startsWith("Too little to learn from"))).toBe(true);
      expect(result.images.length).toBe(Object.values(counts).reduce((sum, count) => sum + count, 0));
      expect(result.issues.every(({ kind }: { kind: string }) => kind === "duplicate")).toBe(true);
    },
  );

  it("a class too small to be judged is named, and its images are left in peace", async () => {
    const data = tiny({ few: 2 });
    for (const label of ["field", "water"]) {
      mkdirSync(join(data, label));
      const files = readdirSync(join(single, label)).filter((name) => name.startsWith("generated"));
      for (const name of files.slice(0, 9)) copyFileSync(join(single, label, name), join(data, label, name));
    }
    const { result, warnings } = await json(data, "--backbone", "stats", "--l2", "0.1");
    expect(warnings).toContain("Too few examples to judge the labels of: few.");
    expect(result.issues.filter(({ label }: { label: string }) => label === "few")).toEqual([]);
  });
});
