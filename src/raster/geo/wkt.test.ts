import { describe, expect, it } from "vitest";
import { crsOfText } from "./wkt.js";

// As GDAL writes them, shortened inside.
const GEOGCS =
  'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]';
const UTM_1 = `PROJCS["WGS 84 / UTM zone 18S",${GEOGCS},UNIT["metre",1,AUTHORITY["EPSG","9001"]],AXIS["Northing",NORTH],AUTHORITY["EPSG","32718"]]`;
const UTM_2 = 'PROJCRS["WGS 84 / UTM zone 18S",BASEGEOGCRS["WGS 84"],USAGE[BBOX[-80,-78,0,-72]],\n    ID["EPSG",32718]]\n';
const FEET = `PROJCS["mine",${GEOGCS},UNIT["US survey foot",0.304800609601219,AUTHORITY["EPSG","9003"]]]`;
const LAEA_2 = 'PROJCRS["unknown",CS[Cartesian,2],AXIS["(N)",north,ORDER[2],LENGTHUNIT["metre",1,ID["EPSG",9001]]]]';

describe("a reference system in words", () => {
  it.each([
    [GEOGCS, 4326],
    [UTM_1, 32718],
    [UTM_2, 32718],
    ["EPSG:3857", 3857],
    [" epsg:25832\n", 25832],
  ])("has the code of the whole: %s", (text, epsg) => {
    expect(crsOfText(text, expect.fail)).toMatchObject({ epsg, proj4: expect.stringContaining("+proj") });
  });

  it.each([
    [FEET, { epsg: undefined, name: "mine", kind: "projected", metersPerUnit: 0.304800609601219 }],
    [LAEA_2, { epsg: undefined, name: "unknown", kind: "projected", metersPerUnit: 1 }],
    ['LOCAL_CS["ours"]', { epsg: undefined, name: "ours", kind: "unknown", metersPerUnit: undefined }],
    ["EPSG:65000", { epsg: 65000, name: "EPSG:65000", kind: "unknown" }],
  ])("that nothing is known of is kept and told: %s", (text, expected) => {
    const warnings: string[] = [];
    expect(crsOfText(text, (warning) => warnings.push(warning))).toMatchObject({ ...expected, proj4: undefined });
    expect(warnings).toHaveLength(1);
  });

  it.each(["", "unknown", "EPSG:", "+proj=utm +zone=18"])("is none: %j", (text) => {
    expect(crsOfText(text)).toBeUndefined();
  });

  it("is read in linear time", () => {
    const start = performance.now();
    for (const part of ['ID["EPSG",1]', 'UNIT["a', "ID[   ", "A"]) crsOfText(`A["b",${part.repeat(200_000)}`);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
