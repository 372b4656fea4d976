import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { sigmax } from "./command-line.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-terminal-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const NAME = "a\u001b[2J\u202egpj.csv";
const SHOWN = "a\ufffd[2J\ufffdgpj.csv";

it.each([
  ["there", (path: string) => writeFileSync(path, "nothing\n")],
  ["missing", () => {}],
])("the name of a file that is %s cannot steer the terminal through an error", (_state, make) => {
  const path = join(work, NAME);
  make(path);
  const { status, stderr, stdout } = sigmax("data", "inspect", work, "--labels", path);
  expect(status).toBe(1);
  expect(stderr).toContain(SHOWN);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not come
  expect(stderr + stdout).not.toMatch(/[\u001b\u202e]/);
  rmSync(path, { force: true });
});
