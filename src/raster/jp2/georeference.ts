import { UserError } from "../../errors.js";
import { memoryBytes } from "../bytes/bytes.js";
import type { Georeference } from "../raster.js";
import type { Companions } from "../tiff/companions.js";
import { type Directory, readDirectories } from "../tiff/directory.js";
import { georeferenceOf } from "../tiff/georeference.js";
import type { Jp2File } from "./boxes.js";
import { placeInGml } from "./gml.js";

/**
 * Where an image lies, as GDAL finds it: from the notes beside the file; else from the TIFF in it (GeoJP2); else from its GML;
 * else from a world file. A place inside that cannot be read is passed over.
 *
 * @param onWarning hears of what is passed over
 * @throws UserError as `georeferenceOf` where what stands beside the file is no place
 */
export async function georeferenceOfJp2(
  name: string,
  { geoTiff, gml }: Pick<Jp2File, "geoTiff" | "gml">,
  { notes, world }: Partial<Pick<Companions, "notes" | "world">>,
  onWarning?: (message: string) => void,
): Promise<Georeference | undefined> {
  const inside = (await inTiff(name, geoTiff, onWarning)) ?? (gml === undefined ? undefined : placeInGml(gml, onWarning));
  const last = inside === undefined ? world : async () => inside.transform;
  const placed = await beside(name, { notes, ...(last && { world: last }) }, onWarning);
  return placed && { crs: placed.crs ?? inside?.crs, transform: placed.transform };
}

async function inTiff(
  name: string,
  bytes: Uint8Array | undefined,
  onWarning?: (message: string) => void,
): Promise<Georeference | undefined> {
  if (bytes === undefined) return undefined;
  try {
    const [directory] = await readDirectories(memoryBytes(bytes, name), onWarning);
    return await georeferenceOf(directory, {}, onWarning);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onWarning?.(`what it says of its place (GeoJP2) cannot be read and is not used: ${error.message}`);
    return undefined;
  }
}

/** What notes and a world file say, by the rules for a TIFF without tags. */
function beside(
  name: string,
  companions: Partial<Pick<Companions, "notes" | "world">>,
  onWarning?: (message: string) => void,
): Promise<Georeference | undefined> {
  const none: Directory = {
    source: memoryBytes(new Uint8Array(), name),
    little: true,
    entries: new Map(),
    values: new Map(),
    bytes: new Map(),
    keep: () => {},
  };
  return georeferenceOf(none, companions, onWarning);
}
