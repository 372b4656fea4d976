import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors.js";

/** Built beside this file in the package; in `dist/` when the sources run as they are, in tests. */
const FOLDERS = ["./assets/", "../../dist/report/assets/"];

/** The script of `src/web/<name>.ts`, bundled by the build. @throws UserError `not-found` if sigmax has not been built */
export function bundledScript(name: string): string {
  const paths = FOLDERS.map((folder) => fileURLToPath(new URL(`${folder}${name}.js`, import.meta.url)));
  const path = paths.find((candidate) => existsSync(candidate));
  if (path === undefined) {
    throw new UserError("not-found", `${paths[0]}: the script of the page is missing`, {
      hint: "Run `npm run build`, or reinstall sigmax.",
    });
  }
  return readFileSync(path, "utf8").trimEnd();
}
