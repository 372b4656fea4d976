import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { openRaster } from "../src/raster/reader.js";
import { plainTags, type TiffPage, tiffBytes } from "../src/raster/tiff/tiff-file.cases.js";
import { askGdal, HAS_GDAL } from "./gdal.js";

const work = mkdtempSync(join(tmpdir(), "sigmax-geotiff-read-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function samplesOf(path: string): Promise<readonly number[]> {
  const reader = await openRaster(path);
  try {
    return [...(await reader.read({ bands: reader.info.bands.map((_, band) => band) })).data];
  } finally {
    await reader.close();
  }
}

const READ = "answer = gdal.Open(args[0]).ReadAsArray().ravel().tolist()";

describe.skipIf(!HAS_GDAL)("a GeoTIFF, read as GDAL reads it", () => {
  it.each<[width: number, height: number, bands: number, type: string, ...options: string[]]>([
    [1, 1, 3, "Byte", "TILED=YES"],
    [10, 10, 4, "Float64", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=DEFLATE"],
    [1000, 16, 4, "Float32", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "COMPRESS=LZW"],
    [3, 200, 20, "UInt16", "TILED=YES", "BLOCKXSIZE=512", "BLOCKYSIZE=512", "INTERLEAVE=BAND", "COMPRESS=DEFLATE"],
    [5, 5, 1, "Int16", "TILED=YES", "BLOCKXSIZE=4096", "BLOCKYSIZE=4096", "COMPRESS=DEFLATE"],
  ])("that is smaller than its tiles: %i × %i pixels in %i bands of %s, %s", async (width, height, bands, type, ...options) => {
    const path = join(work, "small.tif");
    const theirs = askGdal(
      `width, height, bands = [int(a) for a in args[1:4]]
d = gdal.GetDriverByName("GTiff").Create(args[0], width, height, bands, gdal.GetDataTypeByName(args[4]), args[5:])
d.WriteArray((numpy.arange(width * height * bands).reshape(bands, height, width) % 251))
d = None
${READ}`,
      path,
      ...[width, height, bands, type].map(String),
      ...options,
    );
    expect(await samplesOf(path)).toEqual(theirs);
  });

  it.each<[why: string, page: TiffPage]>([
    [
      "with rows below the image",
      {
        tags: { ...plainTags(2, 2), compression: [8], rowsPerStrip: [8] },
        blocks: [deflateSync(Uint8Array.from({ length: 16 }, (_, i) => i))],
      },
    ],
    [
      "with a few bytes left over",
      { tags: { ...plainTags(2, 2), compression: [8] }, blocks: [deflateSync(Uint8Array.from({ length: 7 }, (_, i) => i))] },
    ],
  ])("whose Deflate strips hold more than its rows: %s", async (_, page) => {
    const path = join(work, "surplus.tif");
    writeFileSync(path, tiffBytes([page]));
    expect(await samplesOf(path)).toEqual(askGdal(READ, path));
  });

  const PLACED = "d.SetGeoTransform([500000, 30, 0, 9000000, 0, -30])";
  const IN_UTM = "s = osr.SpatialReference()\ns.ImportFromEPSG(32718)\nd.SetSpatialRef(s)";
  const NOTED =
    "b = d.GetRasterBand(1)\nb.SetNoDataValue(-1)\nb.SetScale(2)\nb.SetOffset(1)\nb.SetDescription('inside')\nb.SetUnitType('m')";
  const WORLD = "2\n0.5\n0.25\n-2\n101\n199\n";
  const GEOTRANSFORM = "<GeoTransform> 1.0e+02, 1.0, 0.0, 2.0e+02, 0.0, -2.0</GeoTransform>";
  const SRS =
    '<SRS>GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433],AUTHORITY["EPSG","4326"]]</SRS>';
  const BAND =
    "<Description>beside</Description><NoDataValue>7</NoDataValue><Offset>5</Offset><Scale>0.5</Scale><UnitType>ft</UnitType><ColorInterp>Red</ColorInterp>";
  const pam = (xml: string) => `<PAMDataset>${xml}</PAMDataset>`;
  const ofBand = (xml: string) => `<PAMRasterBand band="1">${xml}</PAMRasterBand>`;

  it.each<[why: string, made: readonly string[], files: Readonly<Record<string, string>>]>([
    ["nothing", [PLACED, IN_UTM, NOTED], {}],
    ["notes of everything", [PLACED, IN_UTM, NOTED], { "tif.aux.xml": pam(SRS + GEOTRANSFORM + ofBand(BAND)) }],
    ["notes where it says nothing itself", [], { "tif.aux.xml": pam(SRS + GEOTRANSFORM + ofBand(BAND)) }],
    ["a system by its code", [PLACED], { "tif.aux.xml": pam("<SRS>EPSG:3857</SRS>") }],
    ["another system", [PLACED, IN_UTM], { "tif.aux.xml": pam(SRS) }],
    ["another place", [PLACED, IN_UTM], { "tif.aux.xml": pam(GEOTRANSFORM) }],
    ["a place that is none", [PLACED, IN_UTM], { "tif.aux.xml": pam("<GeoTransform>1,2,3</GeoTransform>") }],
    ["another scale", [NOTED], { "tif.aux.xml": pam(ofBand("<Scale>0.5</Scale>")) }],
    ["a scale", [PLACED], { "tif.aux.xml": pam(ofBand("<Scale>0.5</Scale>")) }],
    ["notes that are no XML", [PLACED, NOTED], { "tif.aux.xml": pam(`${GEOTRANSFORM}<`) }],
    ["a world file", [], { tfw: WORLD }],
    ["a world file for its system", [IN_UTM], { TFW: WORLD }],
    ["a world file of a long name", [], { tifw: WORLD }],
    ["a world file of any raster", [], { wld: WORLD }],
    ["several world files", [], { tfw: WORLD, tifw: `9${WORLD}`, wld: `8${WORLD}` }],
    ["a world file it does not need", [PLACED], { tfw: WORLD }],
    ["a world file and notes", [], { tfw: WORLD, "tif.aux.xml": pam(GEOTRANSFORM) }],
    ["a world file that is none", [], { tfw: "2 0 0 -2 101 199" }],
    ["a world file of middles already", ['d.SetMetadataItem("AREA_OR_POINT", "Point")', IN_UTM], { tfw: WORLD }],
  ])("has beside it: %s", async (_, made, files) => {
    const folder = mkdtempSync(join(work, "beside-"));
    const path = join(folder, "scene.tif");
    for (const [extension, text] of Object.entries(files)) writeFileSync(join(folder, `scene.${extension}`), text);
    const answer = askGdal(
      `import os
from osgeo import osr
gdal.PushErrorHandler("CPLQuietErrorHandler")
d = gdal.GetDriverByName("GTiff").Create(args[0] + ".tmp", 4, 3, 1, gdal.GDT_Int16)
${made.join("\n")}
d = None
os.rename(args[0] + ".tmp", args[0])
d = gdal.Open(args[0])
b = d.GetRasterBand(1)
t, s = d.GetGeoTransform(can_return_null=True), d.GetSpatialRef()
answer = [t and list(t), s and t and int(s.GetAuthorityCode(None)), b.GetNoDataValue(), b.GetScale(), b.GetOffset(), b.GetDescription(), b.GetUnitType(), gdal.GetColorInterpretationName(b.GetColorInterpretation())]`,
      path,
    );
    const reader = await openRaster(path);
    await reader.close();
    const { georeference, nodata, bands } = reader.info;
    const [{ scaling, description, unit, colour }] = bands;
    expect([
      georeference?.transform ?? null,
      georeference?.crs?.epsg ?? null,
      nodata ?? null,
      scaling?.scale ?? null,
      scaling?.offset ?? null,
      description ?? "",
      unit ?? "",
      colour === "grey" ? "Gray" : "Red",
    ]).toEqual(answer);
  });
});
