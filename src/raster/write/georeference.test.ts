import { describe, expect, it } from "vitest";
import type { Crs } from "../geo/crs.js";
import { georeferenceTags } from "./georeference.js";

const CRS: Crs = { epsg: undefined, name: "mine", kind: "projected", proj4: undefined, metersPerUnit: 1, geoKeys: undefined };
const tagsOf = (crs: Crs) =>
  Object.fromEntries(
    georeferenceTags({ crs, transform: [0, 1, 0, 0, 0, -1] }).map(({ id, values }) => [id, Array.from(values)] as const),
  );

describe("GeoKeys as they are written", () => {
  it("keep measures doubles, whole numbers too", () => {
    const tags = tagsOf({ ...CRS, geoKeys: new Map<number, number | number[]>([[1024, 1]]).set(3080, [117]) });
    expect(tags[34735]).toEqual([1, 1, 0, 2, 1024, 0, 1, 1, 3080, 34736, 1, 0]);
    expect(tags[34736]).toEqual([117]);
  });

  it("are refused where a code is none, and name a system whose code they cannot hold", () => {
    expect(() => tagsOf({ ...CRS, geoKeys: new Map([[3080, -74.5]]) })).toThrow(RangeError);
    expect(tagsOf({ ...CRS, epsg: 102_100 })[34735]).toEqual([1, 1, 0, 3, 1024, 0, 1, 32767, 1025, 0, 1, 1, 1026, 34737, 5, 0]);
  });
});
