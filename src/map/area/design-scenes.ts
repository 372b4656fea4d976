import { UserError } from "../../errors.js";
import type { WorkOptions } from "../../progress.js";
import { checkProjectable } from "../../raster/geo/project.js";
import { gridOf } from "../../raster/grid.js";
import { openScene, type Scene } from "../../raster/scene/open.js";
import { mappingOf } from "../../raster/warp.js";
import { contentMark } from "../provenance.js";
import type { DrawnCell } from "./draw.js";
import { foundScene, type StratifiedMap } from "./strata.js";

type DatedMap = Pick<StratifiedMap, "file" | "dates" | "scenes" | "sceneMarks">;
type SceneWork = Pick<WorkOptions, "signal" | "onWarning">;

/**
 * Opens the scenes to show, one for each date: those that are given, or else those that the change names, where they are still there and
 * the same. None where there are no pictures. They are the caller's to close.
 *
 * @throws UserError `usage` where they are not one for each date, or one is the scene of the other date; as `openScene`
 */
export async function openShownScenes(
  map: DatedMap,
  given: readonly string[] | undefined,
  { signal, onWarning }: SceneWork,
): Promise<readonly Scene[]> {
  const isGiven = given !== undefined && given.length > 0;
  const scenes: Scene[] = [];
  try {
    for (const file of isGiven ? oneForEachDate(map, given) : namedScenes(map, onWarning)) {
      scenes.push(await openScene({ scene: file }, { onWarning, signal }));
    }
    if (isGiven) await refuseSwapped(map, scenes, signal);
    else await dropStrangers(map, scenes, { signal, onWarning });
    return scenes;
  } catch (error) {
    for (const scene of scenes) await scene.close();
    throw error;
  }
}

function oneForEachDate({ dates }: DatedMap, given: readonly string[]): readonly string[] {
  if (given.length === dates.length) return given;
  throw new UserError("usage", `${given.length} scenes for a map of ${dates.length === 1 ? "one date" : "two dates"}`, {
    hint: dates.length === 1 ? "Give --scene." : "Give --before and --after.",
  });
}

function namedScenes(map: DatedMap, onWarning: WorkOptions["onWarning"]): readonly string[] {
  const found = map.scenes.map((scene) => foundScene(map.file, scene));
  const missing = found.indexOf(undefined);
  if (missing < 0) return found.filter((file) => file !== undefined);
  onWarning?.(`${map.scenes[missing]}: is not where it was, so there are no pictures; give --before and --after`);
  return [];
}

/** Takes out scenes that were found by their name and are others than those that were compared. */
async function dropStrangers(map: DatedMap, scenes: Scene[], { signal, onWarning }: SceneWork): Promise<void> {
  for (const [date, { files, info }] of scenes.entries()) {
    if ((await contentMark(files, signal)).text === map.sceneMarks[date]) continue;
    onWarning?.(
      `${info.file}: is another file than the one that was compared, so there are no pictures; give --before and --after`,
    );
    for (const scene of scenes.splice(0)) await scene.close();
    return;
  }
}

/** Another scene of a date may be sharper than the one that was compared; that of the other date is never meant. */
async function refuseSwapped({ dates, sceneMarks }: DatedMap, scenes: readonly Scene[], signal: AbortSignal | undefined) {
  // A map of one date does not say which scene it was made from.
  if (sceneMarks.length < 2) return;
  for (const [date, { files, info }] of scenes.entries()) {
    const { text } = await contentMark(files, signal);
    const other = sceneMarks.indexOf(text);
    if (other < 0 || text === sceneMarks[date]) continue;
    throw new UserError("usage", `${FLAGS[date]} ${info.file}: is the scene of ${dates[other]}, not of ${dates[date]}`, {
      hint: `The scene of ${dates[0]} belongs to --before, that of ${dates[1]} to --after.`,
    });
  }
}

const FLAGS = ["--before", "--after"] as const;

/**
 * Looks whether scenes show the cells that are asked about, by the middles of these.
 *
 * @throws UserError `usage` for a scene that covers none of them; `bad-data` where one cannot be laid over the map
 */
export async function checkCoverage(
  map: Pick<StratifiedMap, "info">,
  scenes: readonly Scene[],
  cells: readonly Pick<DrawnCell, "column" | "row">[],
  onWarning: WorkOptions["onWarning"],
): Promise<void> {
  const grid = gridOf(map.info);
  for (const { info } of scenes) {
    const own = gridOf(info);
    if (grid.crs !== undefined || own.crs !== undefined)
      checkProjectable(grid.crs, own.crs, { from: map.info.file, to: info.file });
    const points = Float64Array.from(cells.flatMap(({ column, row }) => [column + 0.5, row + 0.5]));
    (await mappingOf(grid, own))(points);
    const covered = cells.filter((_, i) => {
      const [x, y] = [points[2 * i], points[2 * i + 1]];
      // NaN, for a cell that has no place in the system of the scene, is nowhere.
      return x >= 0 && y >= 0 && x < info.widthPx && y < info.heightPx;
    }).length;
    if (covered === 0) {
      throw new UserError("usage", `${info.file}: covers none of the ${cells.length} cells of the sample in ${map.info.file}`, {
        hint: "Give a scene of the place that the map is of.",
      });
    }
    if (covered < cells.length) {
      onWarning?.(
        `${info.file}: covers only ${covered} of the ${cells.length} cells of the sample; pictures of the others are grey`,
      );
    }
  }
}
