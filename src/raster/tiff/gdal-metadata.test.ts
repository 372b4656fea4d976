import { describe, expect, it } from "vitest";
import { parseGdalMetadata, scalingOf } from "./gdal-metadata.js";

describe("GDAL's metadata", () => {
  it("is sorted into what is said of the file and of its bands", () => {
    const { file, bands } = parseGdalMetadata(`<GDALMetadata>
      <Item name="SENSOR">a &amp;lt; b</Item>
      <Item name="INTERLEAVE" domain="IMAGE_STRUCTURE">PIXEL</Item>
      <Item name="DESCRIPTION" sample="0" role="description">nir</Item>
      <Item name="COLORINTERP" sample='1' role='colorinterp'>Red</Item>
      <Item name="SCALE" sample="0" role="scale">0.0001</Item>
      <Item name="OFFSET" sample="1" role="offset">-0.1</Item>
      <Item name="OFFSET" sample="0" role="offset">none</Item>
      <Item name="UNITTYPE" sample="0" role="unittype">m</Item>
    </GDALMetadata>`);
    expect(file).toEqual({ SENSOR: "a < b" });
    expect(bands.get(0)).toEqual({ description: "nir", scale: 0.0001, unit: "m" });
    expect(bands.get(1)).toEqual({ colour: "Red", offset: -0.1 });
    expect(scalingOf(bands.get(0))).toEqual({ scale: 0.0001, offset: 0 });
    expect(scalingOf(bands.get(1))).toEqual({ scale: 1, offset: -0.1 });
    expect(scalingOf(bands.get(2))).toBeUndefined();
  });

  it("opens no entity and expands none", () => {
    const { file } = parseGdalMetadata(
      '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><GDALMetadata><Item name="a">&e;</Item></GDALMetadata>',
    );
    expect(file).toEqual({ a: "&e;" });
  });

  it("has characters by number, and texts that are not escaped", () => {
    const { file } = parseGdalMetadata(
      '<GDALMetadata><Item name="a&#233;">&amp;#233; &#x3b1;</Item><Item name="b"><![CDATA[x < y &amp; z]]></Item></GDALMetadata>',
    );
    expect(file).toEqual({ aé: "é α", b: "x < y & z" });
  });

  it("takes time that grows with its length alone", () => {
    const start = performance.now();
    expect(parseGdalMetadata(`<r>${`<Item ${"a".repeat(4000)}/>`.repeat(2000)}</r>`).file).toEqual({});
    expect(performance.now() - start).toBeLessThan(8000);
  });

  it("that is no XML says nothing, in no time, and is told", () => {
    const warnings: string[] = [];
    const warn = (warning: string) => warnings.push(warning);
    for (const xml of ["<Item ".repeat(100_000), '<Item name="a">x</Item><Item name="b">cut o']) {
      expect(parseGdalMetadata(xml, warn).file).toEqual({});
    }
    expect(warnings).toHaveLength(2);
    expect(parseGdalMetadata('<Item name="__proto__">x</Item><Item sample="0" role="toString">x</Item>').bands.get(0)).toEqual(
      {},
    );
  });
});
