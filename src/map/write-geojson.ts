import { openAtomicFile } from "../files.js";
import type { FeatureFile, FeatureFileOptions, PolygonFeature } from "./polygon-features.js";

/** Text is held back until there is so much. */
const HELD_CHARACTERS = 2 ** 18;
/** Numbers of a ring that become text at once. */
const PIECE = 2 ** 13;

/** The polygons of a map as GeoJSON. @throws UserError `io` */
export async function openGeoJson(path: string, options: FeatureFileOptions): Promise<FeatureFile> {
  const { write, ...file } = await openFeatureCollection(path, options);
  return {
    ...file,
    write: ({ classId, className, cells, scores, rings }: PolygonFeature) =>
      // By hand, since an object would put scores of classes like "10" first.
      write(`{"class_id":${classId},"class_name":${JSON.stringify(className)},"scores":${scores},"cells":${cells}}`, rings),
  };
}

/** GeoJSON that is being written. */
export interface FeatureCollectionFile extends Pick<FeatureFile, "finish" | "discard"> {
  /** @param properties JSON @param rings as of `PolygonFeature` @throws UserError `io` */
  write(properties: string, rings: readonly Float64Array[]): Promise<void>;
}

/**
 * A FeatureCollection (RFC 7946), a feature a line. Coordinates that are not longitude and latitude say so as GeoJSON of 2008 did,
 * where their system has a code.
 * What it was made of stands in a member of its own, which readers that do not know it pass over (RFC 7946, 6.1).
 *
 * @throws UserError `io`
 */
export async function openFeatureCollection(path: string, { crs, metadata }: FeatureFileOptions): Promise<FeatureCollectionFile> {
  const file = await openAtomicFile(path);
  const code = crs?.own?.epsg;
  const system = code === undefined ? "" : `"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::${code}"}},\n`;
  let held = `{"type":"FeatureCollection",\n${system}"metadata":${JSON.stringify(metadata)},\n"features":[`;
  let separator = "\n";
  const put = async (text: string) => {
    held += text;
    if (held.length < HELD_CHARACTERS) return;
    await file.write(Buffer.from(held));
    held = "";
  };
  return {
    async write(properties, rings) {
      await put(`${separator}{"type":"Feature","properties":${properties},"geometry":{"type":"Polygon","coordinates":[`);
      separator = ",\n";
      for (const [i, ring] of rings.entries()) {
        await put(i === 0 ? "[" : ",[");
        for (let from = 0; from < ring.length; from += PIECE) await put(`${from === 0 ? "" : ","}${pairs(ring, from)}`);
        await put("]");
      }
      await put("]}}");
    },
    async finish() {
      await file.write(Buffer.from(`${held}\n]}\n`));
      await file.finish();
    },
    discard: () => file.discard(),
  };
}

function pairs(ring: Float64Array, from: number): string {
  let text = `[${ring[from]},${ring[from + 1]}]`;
  for (let at = from + 2; at < Math.min(from + PIECE, ring.length); at += 2) text += `,[${ring[at]},${ring[at + 1]}]`;
  return text;
}
