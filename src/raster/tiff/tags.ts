/** The tags that are read and written (TIFF 6.0, GeoTIFF 1.1, GDAL), by number. All others are passed over unread. */
export const TAGS = {
  subfileType: 254,
  width: 256,
  height: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  planarConfiguration: 284,
  dateTime: 306,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileHeight: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  extraSamples: 338,
  sampleFormat: 339,
  jpegTables: 347,
  pixelScale: 33550,
  tiePoints: 33922,
  transformation: 34264,
  geoKeyDirectory: 34735,
  geoDoubles: 34736,
  geoTexts: 34737,
  gdalMetadata: 42112,
  gdalNodata: 42113,
  lercParameters: 50674,
} as const;

export type TagName = keyof typeof TAGS;

/** What the values of a tag are: whole numbers where it is not said. */
export const TAG_VALUES: Readonly<Partial<Record<TagName, "numbers" | "bytes">>> = {
  dateTime: "bytes",
  jpegTables: "bytes",
  pixelScale: "numbers",
  tiePoints: "numbers",
  transformation: "numbers",
  geoDoubles: "numbers",
  geoTexts: "bytes",
  gdalMetadata: "bytes",
  gdalNodata: "bytes",
};
