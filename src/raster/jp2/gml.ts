import { type Affine, isFiniteTransform, isSingular, placedTransform } from "../geo/transform.js";
import { crsOfText } from "../geo/wkt.js";
import type { Georeference } from "../raster.js";
import { type XmlElement, xmlElements } from "../tiff/xml.js";

/** "urn:ogc:def:crs:EPSG::32618", "http://www.opengis.net/def/crs/EPSG/0/32618", "EPSG:4326", "…/gml/srs/epsg.xml#4326". */
const EPSG = /EPSG(?:\.xml#|:[\d.]*:|\/[\d.]+\/|:)(\d{1,6})$/i;
const VECTORS = 2;

/**
 * Where a rectified grid of GMLJP2 (OGC 05-047r3) lies; undefined where the text has none.
 *
 * @param onWarning hears of a grid that is there and cannot be used
 */
export function placeInGml(gml: string, onWarning?: (message: string) => void): Georeference | undefined {
  let grid: { origin: readonly number[]; vectors: (readonly number[])[]; srs: string | undefined } | undefined;
  try {
    const vectors: (readonly number[])[] = [];
    let origin: readonly number[] | undefined;
    let srs: string | undefined;
    for (const element of xmlElements(gml)) {
      const name = element.name.replace(/^.*:/, "");
      if (name === "offsetVector" && vectors.length < VECTORS) vectors.push(numbersIn(element));
      // Other points may stand in it, such as the corners of what it covers.
      else if ((name === "pos" || name === "coordinates") && isOrigin(element)) {
        origin ??= numbersIn(element);
        srs ??= element.attributes.get("srsName") ?? element.parent?.attributes.get("srsName");
      }
      if (name === "RectifiedGrid") {
        srs ??= element.attributes.get("srsName");
        if (origin !== undefined) grid = { origin, vectors, srs };
        break;
      }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    onWarning?.(`what it says of its place is no XML (${error.message}) and not used`);
    return undefined;
  }
  if (grid === undefined) return undefined;
  const transform = transformOf(grid);
  if (transform === undefined) {
    onWarning?.("its grid (GMLJP2) is no place and not used");
    return undefined;
  }
  const code = EPSG.exec(grid.srs ?? "")?.[1];
  return { crs: code === undefined ? undefined : crsOfText(`EPSG:${code}`, onWarning), transform };
}

function isOrigin({ parent }: XmlElement): boolean {
  return parent?.name.replace(/^.*:/, "") === "Point" && parent.parent?.name.replace(/^.*:/, "") === "origin";
}

function numbersIn({ text }: XmlElement): readonly number[] {
  return text
    .trim()
    .split(/[\s,]+/)
    .map(Number);
}

/**
 * The origin is the middle of the first pixel; the vectors are a step along a row and down a column. In systems whose first axis
 * runs north, all of them have that first, which shows by columns that run along it.
 */
function transformOf({
  origin,
  vectors,
}: {
  origin: readonly number[];
  vectors: readonly (readonly number[])[];
}): Affine | undefined {
  const [along, down] = vectors;
  if (along === undefined || down === undefined || [origin, along, down].some((numbers) => numbers.length < 2)) return undefined;
  const northFirst = along[0] === 0 && down[1] === 0;
  const [x, y] = northFirst ? [1, 0] : [0, 1];
  const middle: Affine = [origin[x], along[x], down[x], origin[y], along[y], down[y]];
  if (!isFiniteTransform(middle) || isSingular(middle)) return undefined;
  return placedTransform(middle, { leftPx: -0.5, topPx: -0.5 });
}
