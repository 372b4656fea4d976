/** What to do with a JPEG 2000 file that is not read, or not read fast. */
export const CONVERT_JP2 = "Convert it: gdal_translate -co COMPRESS=DEFLATE in.jp2 out.tif";
