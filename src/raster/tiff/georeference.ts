import { UserError } from "../../errors.js";
import type { GeoKeys } from "../geo/crs.js";
import { crsOfGeoKeys, isPixelPoint, parseGeoKeys } from "../geo/geokeys.js";
import { type Affine, isFiniteTransform, isSingular, placedTransform } from "../geo/transform.js";
import { crsOfText } from "../geo/wkt.js";
import type { Georeference } from "../raster.js";
import type { Companions } from "./companions.js";
import { bytesOf, type Directory, numbersOf } from "./directory.js";

/** An entry of a matrix or a scale that is not there counts as 0. */
const at = (values: Float64Array, index: number): number => values[index] ?? 0;

/**
 * Where the image of a directory lies, as GDAL finds it: from the notes beside the file; else from its tags, pixel scale and tie
 * point before the matrix; else from a world file. Undefined where nothing says it; a reference system without a place is none.
 *
 * @throws UserError `bad-file` for tags whose place is not finite, or in which all pixels lie on a line
 */
export async function georeferenceOf(
  directory: Directory,
  { notes, world }: Partial<Pick<Companions, "notes" | "world">> = {},
  onWarning?: (message: string) => void,
): Promise<Georeference | undefined> {
  const keyNumbers = numbersOf(directory, "geoKeyDirectory");
  const params = { doubles: numbersOf(directory, "geoDoubles") ?? [], texts: bytesOf(directory, "geoTexts") ?? new Uint8Array() };
  const keys = keyNumbers === undefined ? undefined : parseGeoKeys(keyNumbers, params, onWarning);
  // The transform of a world file is of corners already, whatever the keys say.
  const transform = notes?.transform ?? cornersOf(directory, keys, onWarning) ?? (await world?.());
  if (transform === undefined) {
    const ties = numbersOf(directory, "tiePoints");
    if (ties !== undefined && ties.length > 6) {
      onWarning?.("it is placed by ground control points only: warp it first, gdalwarp in.tif out.tif");
    }
    return undefined;
  }
  const noted = notes?.srs === undefined ? undefined : crsOfText(notes.srs, onWarning);
  if (notes?.srs !== undefined && noted === undefined) onWarning?.("the reference system beside it is no WKT and not used");
  return { crs: noted ?? (keys === undefined ? undefined : crsOfGeoKeys(keys, onWarning)), transform };
}

/** The transform that the tags give, of the corners of pixels as GDAL's are. */
function cornersOf(directory: Directory, keys: GeoKeys | undefined, onWarning?: (message: string) => void): Affine | undefined {
  const transform = transformOf(directory, onWarning);
  if (transform === undefined) return undefined;
  if (!isFiniteTransform(transform) || isSingular(transform)) {
    const what = isFiniteTransform(transform) ? "lays all pixels on a line or a point" : "is not finite";
    throw new UserError("bad-file", `${directory.source.name}: its georeference ${what}: ${transform.join(", ")}`, {
      hint: "Place it anew: gdal_translate -a_ullr <left> <top> <right> <bottom> in.tif out.tif",
    });
  }
  const isMiddle = keys !== undefined && isPixelPoint(keys);
  return isMiddle ? placedTransform(transform, { leftPx: -0.5, topPx: -0.5 }) : transform;
}

function transformOf(directory: Directory, onWarning?: (message: string) => void): Affine | undefined {
  const scale = numbersOf(directory, "pixelScale");
  const ties = numbersOf(directory, "tiePoints");
  const matrix = matrixOf(directory);
  if (scale !== undefined && ties !== undefined && ties.length >= 6) {
    // A scale of 0 is none where there is a matrix, as with GDAL; alone it is damage.
    if (matrix !== undefined && (at(scale, 0) === 0 || at(scale, 1) === 0)) return matrix;
    // GDAL takes a scale below 0 as one above: rows run south.
    if (at(scale, 1) < 0) onWarning?.(`its pixel scale is ${at(scale, 1)} downwards; rows are taken to run south`);
    const [sx, sy] = [at(scale, 0), -Math.abs(at(scale, 1))];
    return [ties[3] - ties[0] * sx, sx, 0, ties[4] - ties[1] * sy, 0, sy];
  }
  return matrix;
}

function matrixOf(directory: Directory): Affine | undefined {
  const matrix = numbersOf(directory, "transformation");
  if (matrix === undefined || matrix.length < 8) return undefined;
  return [at(matrix, 3), at(matrix, 0), at(matrix, 1), at(matrix, 7), at(matrix, 4), at(matrix, 5)];
}
