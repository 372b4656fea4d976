/** A band of a sensor. */
export interface SensorBand {
  /** As its product names it: "B08", "5". */
  readonly id: string;
  /** Common name as in STAC's extension EO. */
  readonly name: string;
  readonly sees: "land" | "air" | "heat" | "pan";
}

const band = (id: string, name: string, sees: SensorBand["sees"] = "land"): SensorBand => ({ id, name, sees });

/**
 * Bands of Sentinel-2's MSI; their place is the `band_id` of the metadata. Sentinel-2 Products Specification Document
 * (S2-PDGS-TAS-DI-PSD), table of spectral bands.
 */
export const MSI: readonly SensorBand[] = [
  band("B01", "coastal", "air"),
  band("B02", "blue"),
  band("B03", "green"),
  band("B04", "red"),
  band("B05", "rededge1"),
  band("B06", "rededge2"),
  band("B07", "rededge3"),
  band("B08", "nir"),
  band("B8A", "nir08"),
  band("B09", "nir09", "air"),
  band("B10", "cirrus", "air"),
  band("B11", "swir16"),
  band("B12", "swir22"),
];

const TM = [band("1", "blue"), band("2", "green"), band("3", "red"), band("4", "nir"), band("5", "swir16")];
const TM_SWIR22 = band("7", "swir22");

const OLI = [
  band("1", "coastal", "air"),
  band("2", "blue"),
  band("3", "green"),
  band("4", "red"),
  band("5", "nir"),
  band("6", "swir16"),
  band("7", "swir22"),
  band("8", "pan", "pan"),
  band("9", "cirrus", "air"),
];

/** Sensors of Landsat by the tag SENSOR_ID. Landsat 8-9 C2 L2 Science Product Guide (LSDS-1619) and 4-7 (LSDS-1618), tables of bands. */
export const LANDSAT_SENSORS: Readonly<Record<string, readonly SensorBand[]>> = {
  TM: [...TM, band("6", "lwir", "heat"), TM_SWIR22],
  ETM: [...TM, band("6", "lwir", "heat"), TM_SWIR22, band("8", "pan", "pan")],
  OLI,
  OLI_TIRS: [...OLI, band("10", "lwir11", "heat"), band("11", "lwir12", "heat")],
};
