import { describe, expect, it } from "vitest";
import { escapeXml, gdalMetadata } from "./gdal-metadata.js";
import { categorySidecar, sidecarPath } from "./sidecar.js";

describe("GDAL's metadata", () => {
  it("has items of the file, then notes of the bands, values escaped twice", () => {
    const text = gdalMetadata({ A: "x < y" }, [{ name: "nir", scaling: { scale: 0.5, offset: -1 } }, { name: "red" }]);
    expect(text.split("\n")).toEqual([
      "<GDALMetadata>",
      '  <Item name="A">x &amp;lt; y</Item>',
      '  <Item name="DESCRIPTION" sample="0" role="description">nir</Item>',
      '  <Item name="OFFSET" sample="0" role="offset">-1</Item>',
      '  <Item name="SCALE" sample="0" role="scale">0.5</Item>',
      '  <Item name="DESCRIPTION" sample="1" role="description">red</Item>',
      "</GDALMetadata>",
      "",
    ]);
  });

  it("has nothing that XML cannot hold", () => {
    expect(escapeXml("a\0b\u001b[31m\ud800\uffff\té\n")).toBe("a\ufffdb\ufffd[31m\ufffd\ufffd\té\n");
  });
});

describe("the sidecar", () => {
  it("names classes in the order of their values", () => {
    expect(sidecarPath("a/map.tif")).toBe("a/map.tif.aux.xml");
    expect(categorySidecar(["none", "a & b"])).toContain("<Category>none</Category>\n      <Category>a &amp; b</Category>");
  });
});
