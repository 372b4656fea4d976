import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crsOfEpsg } from "../geo/crs.js";
import type { Raster } from "../raster.js";
import { newSamples } from "../samples.js";
import { encodeGeoTiff } from "../write/tiff.js";

/** A side of all scenes here, in metres. */
const SIDE_METERS = 480;

export interface FakeBand extends Partial<Pick<Raster, "dtype" | "nodata" | "scaling">> {
  readonly name?: string;
  readonly meters: number;
  readonly value: (column: number, row: number) => number;
  readonly metadata?: Readonly<Record<string, string>>;
  /** How far east of the others it begins. */
  readonly eastMeters?: number;
}

/** Writes one band in UTM as a GeoTIFF, and the folders above it. */
export async function writeBand(path: string, { name = "band1", meters, value, metadata, eastMeters = 0, ...band }: FakeBand) {
  const side = SIDE_METERS / meters;
  const { dtype = "uint16" } = band;
  const data = newSamples(dtype, side * side);
  for (let i = 0; i < data.length; i++) data[i] = value(i % side, Math.floor(i / side));
  const transform = [500_000 + eastMeters, meters, 0, 9_000_000, 0, -meters] as const;
  const raster: Raster = {
    ...{ bands: [name], widthPx: side, heightPx: side, dtype, data },
    georeference: { crs: crsOfEpsg(32718), transform },
    ...(band.nodata !== undefined && { nodata: band.nodata }),
    ...(band.scaling && { scaling: band.scaling }),
  };
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, await encodeGeoTiff(raster, metadata && { metadata }));
  return path;
}

/** The tags of `MTD_MSIL2A.xml` and `MTD_MSIL1C.xml` that are read, as they stand there. */
export function safeMetadata({ level = "2A", baseline = "05.09", quantification = "10000", offsets = [] as readonly string[] }) {
  const [value, list, offset] =
    level === "2A"
      ? ["BOA_QUANTIFICATION_VALUE", "BOA_ADD_OFFSET_VALUES_LIST", "BOA_ADD_OFFSET"]
      : ["QUANTIFICATION_VALUE", "Radiometric_Offset_List", "RADIO_ADD_OFFSET"];
  const lines = offsets.map((number, id) => `<${offset} band_id="${id}">${number}</${offset}>`);
  return `<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-${level}_User_Product xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level-${level}.xsd">
  <n1:General_Info>
    <Product_Info>
      <PRODUCT_START_TIME>2023-08-09T15:06:19.024Z</PRODUCT_START_TIME>
      <PROCESSING_BASELINE>${baseline}</PROCESSING_BASELINE>
      <Product_Organisation><IMAGE_FILE>../../../../etc/passwd</IMAGE_FILE></Product_Organisation>
    </Product_Info>
    <Product_Image_Characteristics>
      <QUANTIFICATION_VALUES_LIST><${value} unit="none">${quantification}</${value}></QUANTIFICATION_VALUES_LIST>
      <${list}>${lines.join("")}</${list}>
    </Product_Image_Characteristics>
  </n1:General_Info>
</n1:Level-${level}_User_Product>
`;
}

export const OFFSETS_FROM_04: readonly string[] = new Array(13).fill("-1000");

/** A product of level 2A: 10 m red and nir, 20 m red, nir08, swir16 and SCL (a cloud in the upper left), 60 m coastal. */
export async function writeSafe(folder: string, metadata: string) {
  const images = join(folder, "GRANULE/L2A_T18LWR/IMG_DATA");
  const image = (resolution: number, band: string, value: FakeBand["value"], dtype: Raster["dtype"] = "uint16") =>
    writeBand(join(images, `R${resolution}m/T18LWR_20230809_${band}_${resolution}m.jp2`), { meters: resolution, value, dtype });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "MTD_MSIL2A.xml"), metadata);
  // The last column was not measured.
  await image(10, "B04", (column, row) => (column === 47 ? 0 : 1500 + column + 100 * (row % 2)));
  await image(10, "B08", (column) => (column === 47 ? 0 : 4000));
  await image(20, "B04", () => 9999);
  await image(20, "B8A", () => 4100);
  await image(20, "B11", (column) => 2000 + 10 * column);
  await image(20, "SCL", (column, row) => (column < 4 && row < 4 ? 9 : 4), "uint8");
  await image(60, "B01", () => 1200);
  return folder;
}

/** The tags of an MTL that are read, with those of the same names that are not. */
export function landsatTags({ level = "L2SP", sun = "52.5", multiplier = "2.75e-05" }) {
  const bands = ["1", "2", "3", "4", "5", "6", "7", "8"];
  const rescaling = (mult: string, add: string) =>
    Object.fromEntries(
      bands.flatMap((id) => [
        [`REFLECTANCE_MULT_BAND_${id}`, mult],
        [`REFLECTANCE_ADD_BAND_${id}`, add],
      ]),
    );
  return {
    PRODUCT_CONTENTS: { PROCESSING_LEVEL: level, FILE_NAME_BAND_4: "../../../etc/passwd" },
    IMAGE_ATTRIBUTES: { SPACECRAFT_ID: "LANDSAT_8", SENSOR_ID: "OLI_TIRS", DATE_ACQUIRED: "2020-08-08", SUN_ELEVATION: sun },
    ...(level.startsWith("L2") && {
      LEVEL2_SURFACE_REFLECTANCE_PARAMETERS: rescaling(multiplier, "-0.2"),
      LEVEL2_SURFACE_TEMPERATURE_PARAMETERS: { TEMPERATURE_MULT_BAND_ST_B10: "0.00341802", TEMPERATURE_ADD_BAND_ST_B10: "149.0" },
    }),
    LEVEL1_RADIOMETRIC_RESCALING: rescaling("2.0000E-05", "-0.100000"),
  };
}

export function landsatText(tags: Readonly<Record<string, Readonly<Record<string, string>> | false>>): string {
  const groups = Object.entries(tags).map(([group, lines]) =>
    [
      `  GROUP = ${group}`,
      ...Object.entries(lines).map(([tag, value]) => `    ${tag} = ${Number.isNaN(Number(value)) ? `"${value}"` : value}`),
      `  END_GROUP = ${group}`,
    ].join("\n"),
  );
  return `GROUP = LANDSAT_METADATA_FILE\n${groups.join("\n")}\nEND_GROUP = LANDSAT_METADATA_FILE\nEND\n`;
}

const SCENE = "LC08_006066_20200808_02_T1";

/** A folder of Landsat 8: red, nir, swir16 and QA_PIXEL of 30 m; of level 2 with heat, of level 1 with pan of 15 m. */
export async function writeLandsat(folder: string, { metadata = "", ending = "txt", level = 2 } = {}) {
  const file = (band: string) => join(folder, `${SCENE}_${band}.TIF`);
  const prefix = level === 2 ? "SR_B" : "B";
  await writeBand(file(`${prefix}4`), { meters: 30, value: (column) => 8000 + column });
  await writeBand(file(`${prefix}5`), { meters: 30, value: () => 18_000 });
  await writeBand(file(`${prefix}6`), { meters: 30, value: () => 12_000 });
  if (level === 2) await writeBand(file("ST_B10"), { meters: 30, value: () => 44_000 });
  else await writeBand(file("B8"), { meters: 15, value: () => 9000 });
  // Clear land; then in the first row one pixel for each bit from fill to snow.
  await writeBand(file("QA_PIXEL"), {
    meters: 30,
    value: (column, row) => 21_824 - 64 + (row === 0 && column < 6 ? 2 ** column : 0),
  });
  writeFileSync(join(folder, `${SCENE}_MTL.${ending}`), metadata);
  return folder;
}
