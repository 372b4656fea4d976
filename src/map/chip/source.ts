import { UserError } from "../../errors.js";
import type { WorkOptions } from "../../progress.js";
import { gridOf } from "../../raster/grid.js";
import { INDICES, indicesIn } from "../../raster/indices.js";
import { openRaster, type RasterReader } from "../../raster/reader.js";
import type { Scene } from "../../raster/scene/open.js";
import { requireReflectance } from "../../raster/scene/scaling.js";
import { bandsRead } from "../../raster/values.js";
import { gridded } from "../../raster/warp.js";
import { classesOf } from "./class-table.js";
import { rasterLabeller } from "./from-raster.js";
import { ruleLabeller } from "./from-rules.js";
import { type Elsewhere, vectorLabeller } from "./from-vector.js";
import type { Labeller } from "./labeller.js";

/** Where labels come from: exactly one of them. */
export interface ChipSource {
  /** A class raster: land cover, another map. */
  readonly fromRaster?: string | undefined;
  /** What the values of `fromRaster` mean: a file, or the name of a known legend. */
  readonly classTable?: string | undefined;
  /** Polygons: GeoJSON or GeoPackage. */
  readonly fromVector?: string | undefined;
  /** The field of `fromVector` that names the class of a polygon. */
  readonly field?: string | undefined;
  /** What is said of ground that no polygon of `fromVector` covers. Default "unknown": nobody looked there. */
  readonly elsewhere?: Elsewhere | undefined;
  /** Classes by what their pixels are like: "forest: ndvi > 0.6". */
  readonly rules?: readonly string[] | undefined;
}

/** Flags that say what a source of labels means, and the one that gives it. */
const COMPANIONS = [
  ["classTable", "--class-table says what the values of --from-raster mean", "fromRaster"],
  ["field", "--field names the classes of --from-vector", "fromVector"],
  ["elsewhere", "--elsewhere says what lies outside the polygons of --from-vector", "fromVector"],
] as const;

/** Opens what the labels of a scene come from. @throws UserError `usage` where nothing or more than one thing is given */
export async function openLabeller(sources: ChipSource, scene: Scene, onWarning: WorkOptions["onWarning"]): Promise<Labeller> {
  const { fromRaster, classTable, fromVector, field, elsewhere = "unknown", rules = [] } = sources;
  const given = [
    fromRaster !== undefined && "--from-raster",
    fromVector !== undefined && "--from-vector",
    rules.length > 0 && "--rule",
  ].filter((flag) => flag !== false);
  if (given.length !== 1) {
    throw new UserError(
      "usage",
      given.length === 0 ? "nothing says what is in the chips" : `${given.join(" and ")} exclude each other`,
      {
        hint: 'Give --from-raster with a map of classes, --from-vector with polygons, or --rule "forest: ndvi > 0.6" for each class.',
      },
    );
  }
  for (const [option, meaning, source] of COMPANIONS) {
    if (sources[option] !== undefined && sources[source] === undefined) {
      throw new UserError("usage", `${meaning}, which is not given`);
    }
  }
  if (fromVector !== undefined) {
    if (field === undefined) {
      throw new UserError("usage", `--from-vector ${fromVector}: which field names the class?`, {
        hint: "Give --field <name>.",
      });
    }
    return vectorLabeller({ file: fromVector, field, elsewhere }, scene.info, onWarning);
  }
  if (fromRaster === undefined) {
    requireScales(rules, scene);
    return ruleLabeller(rules, scene.info);
  }
  const reader = await openRaster(fromRaster);
  try {
    return rasterLabeller(onGridOf(scene, reader), classesOf(reader.info, classTable));
  } catch (error) {
    await reader.close();
    throw error;
  }
}

/** @throws UserError `bad-data` where an index in a rule needs reflectance, or would mix it with stored numbers, and nothing says it */
function requireScales(rules: readonly string[], { info, scaling }: Scene): void {
  const bands = info.bands.map(({ name }) => name);
  for (const index of rules.flatMap((rule) => indicesIn(rule.slice(rule.indexOf(":") + 1), { bands }))) {
    const read = bandsRead(index, { bands, where: "--rule" }).map(({ band }) => band);
    const isMixed = read.some((band) => scaling.bands[bands.indexOf(band)] !== undefined);
    if (!INDICES[index].scaleFree || isMixed) requireReflectance(scaling, info.file, `${index} in --rule`, read);
  }
}

/** The class raster with a pixel for each of the scene's. */
function onGridOf({ info }: RasterReader, classes: RasterReader): RasterReader {
  const alike = info.widthPx === classes.info.widthPx && info.heightPx === classes.info.heightPx;
  const isPlaced = info.georeference !== undefined || classes.info.georeference !== undefined;
  // Two pictures of one size that lie nowhere are taken to belong together.
  return alike && !isPlaced ? classes : gridded(classes, gridOf(info), { resampling: "nearest" });
}
