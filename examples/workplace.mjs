// A temporary folder for one example, gone when it ends.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "sigmax-example-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** A path in the temporary folder. */
export const at = (...names) => join(folder, ...names);
