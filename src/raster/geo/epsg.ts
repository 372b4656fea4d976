import { readFileSync } from "node:fs";

/** What the table of the EPSG register says of one system. */
export interface EpsgRow {
  readonly kind: "projected" | "geographic";
  readonly name: string;
  /** Its formula, where there is one. */
  readonly proj4: string | undefined;
  /** Why the formula cannot be used, where it cannot. */
  readonly why: string | undefined;
}

let table: string | undefined;

/**
 * Looks a code up in the table that `scripts/epsg.mjs` makes of the EPSG register; undefined where it is not there. The table is
 * read when it is first needed.
 */
export function epsgRow(code: number): EpsgRow | undefined {
  table ??= readTable();
  const found = table.indexOf(`\n${code}\t`);
  if (found < 0) return undefined;
  const [, kind, name, proj4, why] = table.slice(found + 1, table.indexOf("\n", found + 1)).split("\t");
  return {
    kind: kind === "geographic" ? kind : "projected",
    name,
    proj4: proj4 === "" ? undefined : proj4,
    why: why === "" ? undefined : why,
  };
}

/** Whoever bundles sigmax and leaves the table behind can open all files, but project only what is known without it. */
function readTable(): string {
  try {
    return readFileSync(new URL("epsg.tsv", import.meta.url), "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
