import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readJsonFile } from "./json-file.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-json-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("readJsonFile", () => {
  const schema = z.object({ classes: z.array(z.object({ name: z.string().min(1), value: z.number() })) });
  const read = (json: unknown) => {
    const path = join(folder, "table.json");
    writeFileSync(path, JSON.stringify(json));
    return readJsonFile(path, { schema, otherwise: "no table", maxBytes: 10_000, hint: "Write one." });
  };

  it("gives what fits", () => {
    expect(read({ classes: [{ name: "a", value: 1 }] })).toEqual({ classes: [{ name: "a", value: 1 }] });
  });

  it("says in one line which parts do not, the first of them", () => {
    const wrong = (count: number) => ({ classes: Array.from({ length: count }, () => ({ name: "a", value: "x" })) });
    const fault = (i: number) => `classes[${i}].value: Invalid input: expected number, received string`;
    expect(() => read(wrong(2))).toThrow(
      expect.objectContaining({
        code: "bad-data",
        message: `${join(folder, "table.json")}: is no table: ${fault(0)}; ${fault(1)}`,
        hint: "Write one.",
      }),
    );
    expect(() => read(wrong(5))).toThrow(`${fault(2)}; and 2 more`);
    expect(() => read([])).toThrow("is no table: Invalid input: expected object, received array");
  });
});
