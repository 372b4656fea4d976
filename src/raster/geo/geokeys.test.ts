import { describe, expect, it } from "vitest";
import { crsOfEpsg, sameCrs } from "./crs.js";
import { crsOfGeoKeys, isPixelPoint, parseGeoKeys } from "./geokeys.js";

const NONE = { doubles: [], texts: new Uint8Array() };
const utf8 = (text: string) => new TextEncoder().encode(text);
/** [key, code] pairs as a GeoKeyDirectory. */
const directory = (...codes: readonly (readonly [number, number])[]) => [
  1,
  1,
  0,
  codes.length,
  ...codes.flatMap(([key, code]) => [key, 0, 1, code]),
];

describe("GeoKeys", () => {
  it("name a system of the table", () => {
    const keys = parseGeoKeys(directory([1024, 1], [1025, 2], [3072, 32718]), NONE);
    expect(isPixelPoint(keys)).toBe(true);
    expect(crsOfGeoKeys(keys)).toMatchObject({ epsg: 32718, name: "WGS 84 / UTM zone 18S", kind: "projected", metersPerUnit: 1 });
    expect(crsOfGeoKeys(parseGeoKeys(directory([1024, 2], [2048, 4326]), NONE))).toMatchObject({
      epsg: 4326,
      kind: "geographic",
    });
  });

  it("name a projected system though their model is user-defined, as Esri's do", () => {
    const keys = parseGeoKeys(directory([1024, 32767], [3072, 26918]), NONE);
    expect(crsOfGeoKeys(keys)).toMatchObject({ epsg: 26918, kind: "projected", metersPerUnit: 1 });
  });

  it.each([3, 32767])("of the model %i do not name the geographic system that theirs is made from", (model) => {
    const keys = parseGeoKeys(directory([1024, model], [2048, 4326], [3072, 32767]), NONE);
    expect(crsOfGeoKeys(keys)).toMatchObject({ epsg: undefined, kind: "unknown" });
  });

  it("of an unknown system are kept and told", () => {
    const warnings: string[] = [];
    const keys = parseGeoKeys(directory([1024, 1], [3072, 65000], [3076, 9003]), NONE);
    const crs = crsOfGeoKeys(keys, (warning) => warnings.push(warning));
    expect(crs).toMatchObject({ epsg: 65000, name: "EPSG:65000", proj4: undefined, metersPerUnit: 1200 / 3937, geoKeys: keys });
    expect(warnings[0]).toContain("EPSG:65000");
  });

  it("of a user's own system give its name and unit", () => {
    const keys = parseGeoKeys([1, 1, 0, 3, 1024, 0, 1, 1, 3072, 0, 1, 32767, 1026, 34737, 8, 0], {
      doubles: [],
      texts: utf8("My grid|"),
    });
    expect(crsOfGeoKeys(keys)).toMatchObject({ epsg: undefined, name: "My grid", kind: "projected", proj4: undefined });
  });

  it("have names in any alphabet, of bytes that are UTF-8 or else Latin-1, one by one", () => {
    const texts = Uint8Array.of(...utf8("Kraków|"), 0x4d, 0xfc, 0x6e, 0x7c);
    const keys = parseGeoKeys([1, 1, 0, 2, 1026, 34737, 8, 0, 2049, 34737, 4, 8], { doubles: [], texts });
    expect([...keys.values()]).toEqual(["Kraków", "Mün"]);
  });

  it("that all point at one long text are not all read", () => {
    const warnings: string[] = [];
    const texts = new Uint8Array(60_000).fill(0x7c).fill(0x78, 59_999);
    const entries = Array.from({ length: 60_000 }, (_, key) => [key, 34737, 60_000, 0]).flat();
    const keys = parseGeoKeys([1, 1, 0, 60_000, ...entries], { doubles: [], texts }, (warning) => warnings.push(warning));
    expect(keys.size).toBe(1);
    expect(warnings).toHaveLength(1);
  });

  it("that are measures stay lists, also where one is a whole number", () => {
    const keys = parseGeoKeys([1, 1, 0, 3, 1024, 0, 1, 1, 3077, 34736, 1, 1, 3080, 34736, 1, 0], {
      doubles: [117, 2],
      texts: utf8(""),
    });
    expect(keys.get(3080)).toEqual([117]);
    expect(crsOfGeoKeys(keys)).toMatchObject({ metersPerUnit: 2 });
  });

  it("that are cut off or point nowhere are left out and told", () => {
    const warnings: string[] = [];
    const warn = (warning: string) => warnings.push(warning);
    expect(parseGeoKeys([1, 1, 0, 3, 1024, 0, 1, 1], NONE, warn).size).toBe(1);
    expect(parseGeoKeys([1, 1], NONE, warn).size).toBe(0);
    expect(parseGeoKeys([1, 1, 0, 1, 1026, 34737, 90, 5], NONE, warn).size).toBe(0);
    expect(parseGeoKeys([1, 1, 0, 1, 2057, 34736, 1, 7], NONE, warn).size).toBe(0);
    expect(warnings).toHaveLength(4);
    expect(crsOfGeoKeys(new Map())).toBeUndefined();
  });
});

describe("reference systems by EPSG code", () => {
  it.each([
    [32601, "WGS 84 / UTM zone 1N", "+proj=utm +zone=1 +datum=WGS84"],
    [32760, "WGS 84 / UTM zone 60S", "+proj=utm +zone=60 +south"],
    [25832, "ETRS89 / UTM zone 32N", "+zone=32"],
    [31983, "SIRGAS 2000 / UTM zone 23S", "+zone=23 +south"],
    [3857, "WGS 84 / Pseudo-Mercator", "+proj=merc"],
    [4326, "WGS 84", "+proj=longlat"],
    [3035, "ETRS89-extended / LAEA Europe", "+proj=laea"],
    [4269, "NAD83", "+proj=longlat"],
    [2229, "NAD83 / California zone 5 (ftUS)", "+units=us-ft"],
  ])("%i is %s", (epsg, name, proj4) => {
    expect(crsOfEpsg(epsg)).toMatchObject({ epsg, name, proj4: expect.stringContaining(proj4) });
  });

  it("are the same by code", () => {
    expect(crsOfEpsg(32661)?.name).toBe("WGS 84 / UPS North (N,E)");
    expect(crsOfEpsg(32661.5)).toBeUndefined();
    expect([32600, 65000, 0, -1].map((code) => crsOfEpsg(code)?.proj4)).toEqual(Array(4).fill(undefined));
    expect(sameCrs(crsOfEpsg(4326), crsOfEpsg(4326))).toBe(true);
    expect(sameCrs(crsOfEpsg(4326), crsOfEpsg(3857))).toBe(false);
    expect(sameCrs(undefined, undefined)).toBe(false);
  });

  it("that only a file knows are the same where it says the same of both", () => {
    const own = (name: string) => ({
      ...crsOfEpsg(4326)!,
      epsg: undefined,
      proj4: undefined,
      geoKeys: new Map<number, number | string>([
        [1024, 1],
        [1026, name],
      ]),
    });
    expect(sameCrs(own("My grid"), own("My grid"))).toBe(true);
    expect(sameCrs(own("My grid"), own("Your grid"))).toBe(false);
    expect(sameCrs({ ...own("My grid"), geoKeys: undefined }, { ...own("My grid"), geoKeys: undefined })).toBe(false);
  });

  it("have the unit of their coordinates in metres", () => {
    const units = [2229, 2222, 32718, 4326, 2136].map((code) => crsOfEpsg(code)?.metersPerUnit);
    expect(units).toEqual([1200 / 3937, 0.3048, 1, undefined, 0.304799710181509]);
  });

  it("that cannot be projected have a name all the same", () => {
    expect(crsOfEpsg(26710)).toMatchObject({ name: "NAD27 / UTM zone 10N", proj4: undefined, metersPerUnit: 1 });
  });
});
