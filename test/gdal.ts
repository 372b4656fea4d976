import { spawnSync } from "node:child_process";

/** Has GDAL's Python bindings where it is installed for the system. */
const PYTHON = "/usr/bin/python3";

/** Whether GDAL can be asked; says so where it cannot, since its checks are then skipped. */
export const HAS_GDAL = spawnSync(PYTHON, ["-c", "import osgeo.gdal, osgeo.gdal_array"]).status === 0;
if (!HAS_GDAL) console.warn(`skipped: ${PYTHON} has no osgeo (Debian: gdal-bin, python3-gdal); nothing is compared with GDAL`);

/**
 * Runs lines of Python that set `answer`, with `gdal`, `numpy` and the arguments as `args`; gives the answer back through JSON.
 * GDAL's errors are raised.
 *
 * @throws Error with what Python printed
 */
export function askGdal(code: string, ...args: readonly string[]): unknown {
  const program = `import json, sys, numpy\nfrom osgeo import gdal\ngdal.UseExceptions()\nargs = sys.argv[1:]\n${code}\nprint(json.dumps(answer))`;
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-c", program, ...args], { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.slice(stdout.lastIndexOf("\n", stdout.length - 2) + 1));
}
