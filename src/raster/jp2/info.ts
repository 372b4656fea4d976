import type { RasterDType } from "../raster.js";
import type { OpenRasterOptions, RasterBand, RasterInfo } from "../reader.js";
import { nameBands } from "../tiff/bands.js";
import type { Companions } from "../tiff/companions.js";
import { nodataOf, withPam } from "../tiff/info.js";
import type { Jp2File } from "./boxes.js";
import type { MainHeader } from "./codestream.js";
import { georeferenceOfJp2 } from "./georeference.js";
import { sizeOfLevel } from "./tiles.js";

const SRGB = 16;
const GREY = 17;
const COLOURS: readonly RasterBand["colour"][] = ["red", "green", "blue"];
/** A level is made until its sides are no longer, as GDAL does. */
const SMALL_PX = 128;

/** Samples of up to 8 bits with a sign have no type of their own. */
export function dtypeOf({ bits, signed }: MainHeader): RasterDType {
  if (signed) return "int16";
  return bits > 8 ? "uint16" : "uint8";
}

/**
 * What a JPEG 2000 file says of itself, and what is said beside it.
 *
 * @throws UserError `usage` for names that do not fit its bands, `bad-file` for a place that is none
 */
export async function infoOfJp2(
  name: string,
  { file, header, companions }: { file: Jp2File; header: MainHeader; companions: Partial<Companions> },
  { bandNames, onWarning }: Pick<OpenRasterOptions, "bandNames" | "onWarning">,
): Promise<RasterInfo> {
  const { notes } = companions;
  const dtype = dtypeOf(header);
  const metadata = withPam({ file: {}, bands: new Map() }, notes);
  const bands = nameBands(coloursOf(file, header), metadata, bandNames, name);
  const nodata = nodataOf({ dtype, tag: undefined }, bands, notes, onWarning);
  const alpha = bands.some(({ colour }) => colour === "alpha");
  return {
    file: name,
    ...sizeOfLevel(header, 0),
    dtype,
    stored: `${header.signed ? "" : "u"}int${header.bits}`,
    bands,
    nodata,
    validity: nodata !== undefined ? "nodata" : alpha ? "alpha" : "all",
    georeference: await georeferenceOfJp2(name, file, companions, onWarning),
    levels: levelsOf(header),
    block: {
      widthPx: Math.min(header.tileWidth, header.right - header.tileLeft),
      heightPx: Math.min(header.tileHeight, header.bottom - header.tileTop),
    },
    compression: header.reversible ? "JPEG 2000, reversible" : "JPEG 2000",
    categories: notes?.categories,
    palette: file.palette,
    metadata: metadata.file,
  };
}

function levelsOf(header: MainHeader): RasterInfo["levels"] {
  const levels = [sizeOfLevel(header, 0)];
  for (let level = 1; level <= header.halvings; level++) {
    const { widthPx, heightPx } = levels[level - 1];
    if (widthPx <= SMALL_PX && heightPx <= SMALL_PX) break;
    levels.push(sizeOfLevel(header, level));
  }
  return levels;
}

/** What channels are said to be; else what the colour space makes of the first ones. */
function coloursOf({ channels, colourSpace, palette }: Jp2File, { components }: MainHeader): readonly RasterBand["colour"][] {
  const isColour = colourSpace === SRGB && components >= COLOURS.length;
  return Array.from({ length: components }, (_, component) => {
    if (palette !== undefined) return component === 0 ? "palette" : "undefined";
    const channel = channels.get(component);
    if (channel !== undefined && channel.type !== 0) return channel.type <= 2 ? "alpha" : "undefined";
    const place = channel === undefined || channel.colour === 0 ? component : channel.colour - 1;
    if (isColour) return COLOURS[place] ?? "undefined";
    return colourSpace === GREY && components === 1 ? "grey" : "undefined";
  });
}
