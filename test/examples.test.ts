import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const folder = resolve(import.meta.dirname, "../examples");
const examples = readdirSync(folder).filter((name) => /^\d+-.*\.mjs$/.test(name));

describe("the examples", () => {
  it.each(examples)(
    "%s runs to its end",
    (name) => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name)], {
        encoding: "utf8",
        timeout: 240_000,
      });
      expect(stderr).toBe("");
      expect(status).toBe(0);
      expect(stdout).not.toBe("");
    },
    240_000,
  );

  it("the README of the examples names each of them", () => {
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    for (const name of examples) expect(readme).toContain(name);
  });
});
