import { describe, expect, it } from "vitest";
import { parseWorldFile, worldFilePaths } from "./world-file.js";

describe("world files", () => {
  it("are looked for under the names that GDAL looks for", () => {
    const names = (path: string) => worldFilePaths(path).filter((_, index) => index % 2 === 0);
    expect(names("a.b/scene.x.tif")).toEqual(["a.b/scene.x.tfw", "a.b/scene.x.tifw", "a.b/scene.x.wld"]);
    expect(names("scene.TIFF")).toEqual(["scene.tfw", "scene.tiffw", "scene.wld"]);
    expect(names("a.b/scene")).toEqual(["a.b/scene.wld"]);
    expect(worldFilePaths("s.tif").slice(0, 2)).toEqual(["s.tfw", "s.TFW"]);
  });

  it("place the middle of the upper left pixel, rotated too, with a comma or lines of any kind", () => {
    expect(parseWorldFile("2\n0\n0\n-2\n101\n199\n")).toEqual([100, 2, 0, 200, 0, -2]);
    expect(parseWorldFile("\r\n2,0\r\n0.5\r\n0.25\r\n-2\r\n101\r\n199")).toEqual([99.875, 2, 0.25, 199.75, 0.5, -2]);
    expect(parseWorldFile("0\n1\n1\n0\n5\n5\n")).toEqual([4.5, 0, 1, 4.5, 1, 0]);
  });

  it.each(["", "2 0 0 -2 101 199", "2\n0\n0\n-2\n101\n", "abc\n0\n0\n-2\n1\n1", "0\n0\n0\n0\n1\n1", "1e400\n0\n0\n-2\n1\n1"])(
    "are none: %j",
    (text) => {
      expect(parseWorldFile(text)).toBeUndefined();
    },
  );
});
