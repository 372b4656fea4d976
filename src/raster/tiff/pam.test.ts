import { describe, expect, it } from "vitest";
import { parsePam, withNotes } from "./pam.js";

const ofBand = (xml: string, band = 1) => `<PAMDataset><PAMRasterBand band="${band}">${xml}</PAMRasterBand></PAMDataset>`;

describe("GDAL's notes beside a raster", () => {
  it("say where it lies and what it is", () => {
    const { transform, srs, file } = parsePam(`<PAMDataset>
      <SRS dataAxisToSRSAxisMapping="1,2">GEOGCS[&quot;WGS 84&quot;]</SRS>
      <GeoTransform>  1.0e+02,  1.0, 0.0,  2.0e+02,  0.0, -2.0</GeoTransform>
      <Metadata><MDI key="A">x &amp;lt; y</MDI></Metadata>
      <Metadata domain="xml:ESRI" format="xml"><PAMDataset><GeoTransform>0,1,0,0,0,1</GeoTransform></PAMDataset></Metadata>
      <Metadata domain="IMAGE_STRUCTURE"><MDI key="B">y</MDI></Metadata>
    </PAMDataset>`);
    expect(transform).toEqual([100, 1, 0, 200, 0, -2]);
    expect(srs).toBe('GEOGCS["WGS 84"]');
    // Escaped once only, unlike in the tag.
    expect(file).toEqual({ A: "x &lt; y" });
  });

  it("say what each band is", () => {
    const { bands, categories } = parsePam(
      ofBand(
        "<Description>nir</Description><NoDataValue>-1</NoDataValue><Offset>5</Offset><Scale>0.5</Scale><UnitType>m</UnitType><ColorInterp>Red</ColorInterp><CategoryNames><Category>a &amp; b</Category><Category /></CategoryNames>",
        3,
      ),
    );
    expect([...bands]).toEqual([[2, { description: "nir", nodata: "-1", offset: 5, scale: 0.5, unit: "m", colour: "Red" }]]);
    expect(categories).toEqual(["a & b", ""]);
    expect(parsePam("<PAMDataset/>")).toEqual({ bands: new Map(), file: {} });
  });

  it("have nodata to the last digit, where GDAL adds its bytes", () => {
    const xml = ofBand('<NoDataValue le_hex_equiv="000000E0FFFFEFC7">-3.40282346638529E+38</NoDataValue>');
    expect(parsePam(xml).bands.get(0)?.nodata).toBe("-3.4028234663852886e+38");
  });

  it.each(["1,2,3", "0,0,0,0,0,0", "nan,1,0,0,0,1", "0,1,0,0,0,1,2", "1,,0,0,0,1", ""])("of no place are told: %j", (text) => {
    const warnings: string[] = [];
    const xml = `<PAMDataset><GeoTransform>${text}</GeoTransform></PAMDataset>`;
    expect(parsePam(xml, (warning) => warnings.push(warning)).transform).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it("give way to the tag, but for colours", () => {
    const notes = { description: "b", colour: "Blue", scale: 2, offset: 3, unit: "ft", nodata: "0" };
    expect(withNotes({ description: "a", colour: "Red", offset: 1 }, notes)).toEqual({
      ...{ description: "a", colour: "Blue", offset: 1, unit: "ft" },
    });
    expect(withNotes({}, notes)).toEqual({ description: "b", colour: "Blue", scale: 2, offset: 3, unit: "ft" });
    expect(withNotes({ colour: "Red" }, undefined)).toEqual({ colour: "Red" });
  });
});
