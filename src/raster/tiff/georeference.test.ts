import { describe, expect, it } from "vitest";
import { memoryBytes } from "../bytes/bytes.js";
import { readDirectories } from "./directory.js";
import { georeferenceOf } from "./georeference.js";
import { plainTags, type TiffPage, tiffBytes } from "./tiff-file.cases.js";

async function transformOf(
  tags: TiffPage["tags"],
  onWarning?: (message: string) => void,
  beside?: Parameters<typeof georeferenceOf>[1],
) {
  const page = { tags: { ...plainTags(1, 1), ...tags }, blocks: [new Uint8Array(1)] };
  const [directory] = await readDirectories(memoryBytes(tiffBytes([page]), "scene.tif"));
  return (await georeferenceOf(directory, beside, onWarning))?.transform;
}

const doubles = (...values: number[]) => ({ doubles: values });
const TIE = { tiePoints: doubles(0, 0, 0, 500, 900, 0) };
const MATRIX = { transformation: doubles(10, 1, 0, 700, 2, -10, 0, 800, 0, 0, 0, 0, 0, 0, 0, 1) };
const OF_MATRIX = [700, 10, 1, 800, 2, -10];

describe("where an image lies", () => {
  it("is said by scale and tie point, else by a matrix", async () => {
    expect(await transformOf({ ...TIE, pixelScale: doubles(10, 20, 0) })).toEqual([500, 10, 0, 900, 0, -20]);
    expect(await transformOf({ ...TIE, ...MATRIX, pixelScale: doubles(10, 20, 0) })).toEqual([500, 10, 0, 900, 0, -20]);
    expect(await transformOf(MATRIX)).toEqual(OF_MATRIX);
    expect(await transformOf({ ...TIE, ...MATRIX })).toEqual(OF_MATRIX);
  });

  it("is said by the matrix where the scale is 0, and by nothing without one", async () => {
    for (const scale of [doubles(0, 0, 0), doubles(10, 0, 0), doubles(0, 10, 0)]) {
      expect(await transformOf({ ...TIE, ...MATRIX, pixelScale: scale })).toEqual(OF_MATRIX);
      await expect(transformOf({ ...TIE, pixelScale: scale })).rejects.toMatchObject({ code: "bad-file" });
    }
  });

  it("is not said by control points, which is told", async () => {
    const warnings: string[] = [];
    const ties = { tiePoints: doubles(...TIE.tiePoints.doubles, 1, 1, 0, 510, 890, 0) };
    expect(await transformOf(ties, (warning) => warnings.push(warning))).toBeUndefined();
    expect(warnings[0]).toContain("gdalwarp");
  });
});
