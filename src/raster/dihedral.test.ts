import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { RGB } from "./bands.js";
import { TURNS, type Turn, turn } from "./dihedral.js";
import { decodeRaster } from "./formats.js";
import type { Raster } from "./raster.js";

const GOLDEN = join(process.env.SIGMAX_GOLDEN ?? "../shared/golden", "preprocess");

interface GeometryCase {
  readonly id: string;
  readonly kind: string;
  readonly source: string;
  readonly op: string;
  readonly width: number;
  readonly height: number;
  readonly sha256OfRGBBytes: string;
}

const TURN_OF: Readonly<Record<string, Turn>> = {
  fliplr: "flipX",
  flipud: "flipY",
  rot90ccw: "rot90",
  rot180: "rot180",
  rot270ccw: "rot270",
  transpose: "transpose",
  transverse: "transverse",
};

function referenceCases(): GeometryCase[] {
  const path = join(GOLDEN, "preprocess.json");
  if (!existsSync(path)) {
    console.warn(`SKIPPED: no reference values at ${path}; set SIGMAX_GOLDEN`);
    return [];
  }
  const { cases }: { cases: GeometryCase[] } = JSON.parse(readFileSync(path, "utf8"));
  return cases.filter(({ kind }) => kind === "geom");
}

describe("turn", () => {
  const cases = referenceCases();
  it.skipIf(cases.length === 0).each(cases)("$id equals NumPy", async ({ source, op, width, height, sha256OfRGBBytes }) => {
    const raster = await decodeRaster(readFileSync(join(GOLDEN, source)), { file: source });
    const turned = turn(raster, TURN_OF[op]);
    expect([turned.widthPx, turned.heightPx]).toEqual([width, height]);
    const interleaved = Uint8Array.from(turned.data, (_, i) => turned.data[(i % 3) * width * height + Math.floor(i / 3)]);
    expect(createHash("sha256").update(interleaved).digest("hex")).toBe(sha256OfRGBBytes);
  });

  const raster: Raster = {
    bands: RGB,
    widthPx: 3,
    heightPx: 2,
    dtype: "uint8",
    data: Uint8Array.from({ length: 18 }, (_, i) => i),
  };

  it("makes 8 different pictures, each undone by one of the others", () => {
    const pictures = TURNS.map((how) => turn(raster, how));
    expect(new Set(pictures.map(({ widthPx, data }) => `${widthPx}: ${data.join()}`)).size).toBe(8);
    for (const picture of pictures) expect(TURNS.map((how) => turn(picture, how))).toContainEqual(raster);
  });

  it("leaves out a georeference that no longer holds", () => {
    const placed: Raster = { ...raster, georeference: { crs: undefined, transform: [0, 1, 0, 0, 0, -1] } };
    expect(turn(placed, "rot90")).not.toHaveProperty("georeference");
    expect(turn(placed, "none")).toBe(placed);
  });
});
