import { UserError } from "../../errors.js";
import { gridOf } from "../../raster/grid.js";
import { unscaledIndices } from "../../raster/indices.js";
import { openRaster, type RasterReader } from "../../raster/reader.js";
import type { Scene } from "../../raster/scene/open.js";
import { requireReflectance } from "../../raster/scene/scaling.js";
import { gridded } from "../../raster/warp.js";
import { classesOf } from "./class-table.js";
import { rasterLabeller } from "./from-raster.js";
import { ruleLabeller } from "./from-rules.js";
import type { Labeller } from "./labeller.js";

/** Where labels come from: exactly one of them. */
export interface ChipSource {
  /** A class raster: land cover, another map. */
  readonly fromRaster?: string | undefined;
  /** What the values of `fromRaster` mean: a file, or the name of a known legend. */
  readonly classTable?: string | undefined;
  /** Classes by what their pixels are like: "forest: ndvi > 0.6". */
  readonly rules?: readonly string[] | undefined;
}

/** Opens what the labels of a scene come from. @throws UserError `usage` where nothing or more than one thing is given */
export async function openLabeller({ fromRaster, classTable, rules = [] }: ChipSource, scene: Scene): Promise<Labeller> {
  const given = [fromRaster !== undefined && "--from-raster", rules.length > 0 && "--rule"].filter((flag) => flag !== false);
  if (given.length !== 1) {
    throw new UserError(
      "usage",
      given.length === 0 ? "nothing says what is in the chips" : `${given.join(" and ")} exclude each other`,
      {
        hint: 'Give --from-raster with a map of classes, or --rule "forest: ndvi > 0.6" for each class.',
      },
    );
  }
  if (classTable !== undefined && fromRaster === undefined) {
    throw new UserError("usage", "--class-table says what the values of --from-raster mean, which is not given");
  }
  if (fromRaster === undefined) {
    const bands = scene.info.bands.map(({ name }) => name);
    const [unscaled] = rules.flatMap((rule) => unscaledIndices(rule.slice(rule.indexOf(":") + 1), { bands }));
    if (unscaled !== undefined) requireReflectance(scene.scaling, scene.info.file, `${unscaled} in --rule`);
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

/** The class raster with a pixel for each of the scene's. */
function onGridOf({ info }: RasterReader, classes: RasterReader): RasterReader {
  const alike = info.widthPx === classes.info.widthPx && info.heightPx === classes.info.heightPx;
  const isPlaced = info.georeference !== undefined || classes.info.georeference !== undefined;
  // Two pictures of one size that lie nowhere are taken to belong together.
  return alike && !isPlaced ? classes : gridded(classes, gridOf(info), { resampling: "nearest" });
}
