import { rmSync } from "node:fs";
import { basename, resolve } from "node:path";
import { UserError } from "../../errors.js";
import { type ClassifierFile, preprocessOf } from "../../model/classifier.js";
import type { PixelFitness } from "../../model/pixel-fitness.js";
import { readClassifier } from "../../model/read-classifier.js";
import { refuseFolder, writeFolder } from "../../output-folder.js";
import type { WorkOptions } from "../../progress.js";
import type { Preprocess } from "../../raster/preprocess.js";
import type { RasterReader } from "../../raster/reader.js";
import { openScene, type Scene, type SceneInput } from "../../raster/scene/open.js";
import type { RuntimeChoice } from "../../runtime/session.js";
import { VERSION } from "../../version.js";
import { cellGeoreference, cellsItem } from "../cells.js";
import { openClip } from "../clip.js";
import { decideScene, journalPath } from "../decide-scene.js";
import { bandsFor, bandsNeeded, type CellSizes, cellsFor, checkPixels, checkScale, fittingBands } from "../fitness.js";
import type { Journal } from "../journal.js";
import type { MapMode } from "../mode.js";
import { type ContentMark, contentMark, markItem, readingOf, sha256 } from "../provenance.js";
import { cellHectares, checkUnit } from "./cell-hectares.js";
import { datesOf, type SceneDate } from "./dates.js";
import { refuseTooManyCells, transitionsOf } from "./decide.js";
import { bringToOneGrid } from "./one-grid.js";
import { type ChangeFiles, type ChangeSummary, drawnNames, writeChange } from "./products.js";
import { matched, matchRadiometry, type RadiometricMatch } from "./radiometry.js";
import { changeRules, defaultRules } from "./rules.js";

const MOST_DATES = 100;

export interface ChangeOptions extends WorkOptions, CellSizes {
  readonly classifier: string | ClassifierFile;
  /** Two or more of one place, from the first date to the last. */
  readonly scenes: readonly (string | SceneInput)[];
  /** When they were taken: years or ISO days. Default what the scenes say. */
  readonly dates?: readonly string[] | undefined;
  /** A folder; it appears whole. */
  readonly out: string;
  /** Named questions, "deforestation: forest -> field|grass". Default those of deforestation and urbanisation that the classes allow. */
  readonly rules?: readonly string[] | undefined;
  /** Probability that a cell keeps its class, or a label its presence, from one date to the next. */
  readonly stay?: number | undefined;
  /** Probability from which a change is decided. */
  readonly confidence?: number | undefined;
  /** Changes of fewer hectares that hang together are taken back: the minimum mapping unit. Default a cell. */
  readonly unitHectares?: number | undefined;
  /** Whether dates are brought to the colours of the one that is most like what the classifier learnt from. Default yes. */
  readonly match?: boolean | undefined;
  /** GeoJSON or GeoPackage: cells whose middle is not inside its polygons have no answer. */
  readonly clip?: string | undefined;
  readonly mode?: MapMode | undefined;
  readonly threads?: number | undefined;
  readonly runtime?: RuntimeChoice | undefined;
  readonly force?: boolean | undefined;
  /** How to make this again, for the report. */
  readonly command?: string | undefined;
}

export interface ChangeResult extends ChangeSummary {
  readonly folder: string;
  readonly files: ChangeFiles;
}

/** What is known of one date before its cells are decided. */
interface DatedScene {
  readonly date: SceneDate;
  readonly scene: Scene;
  /** On the grid that all share, and in the colours of the reference. */
  readonly reader: RasterReader;
  readonly bands: readonly number[];
  readonly mark: ContentMark;
  readonly match: (RadiometricMatch & { readonly to: string }) | undefined;
}

/**
 * Says what changed between scenes of one place: a classifier decides the cells of every date on one grid, a model of transitions
 * decides the dates of each cell together, and rules give changes their names. Rows that are done are kept beside the folder, so that
 * a change that was interrupted goes on; the same command gives the same bytes.
 *
 * @throws UserError `usage`, `not-found`, `bad-file`, `bad-model`, `bad-data` where scenes do not fit each other or the classifier,
 *   `limit`, `exists`, `io`, `aborted`
 */
export async function changeScenes(options: ChangeOptions): Promise<ChangeResult> {
  const { out, runtime, force = false, signal, onWarning } = options;
  checkSettings(options);
  refuseFolder(out, { force, marker: MARKER });
  const classifier = await readClassifier(options.classifier, { runtime, signal });
  const { manifest } = classifier;
  const preprocess = preprocessOf(manifest, classifier.file);
  drawnNames(manifest);
  const rules = options.rules ? changeRules(options.rules, manifest.classes, { onWarning }) : defaultRules(manifest.classes);
  const scenes: Scene[] = [];
  const journals: Journal[] = [];
  try {
    const needs = (names: readonly string[]) => bandsNeeded(names, preprocess);
    const metersPerPixel = manifest.pixels?.metersPerPixel ?? undefined;
    for (const scene of options.scenes) {
      const input = typeof scene === "string" ? { scene } : scene;
      scenes.push(await openScene(input, { needs, metersPerPixel, onWarning, signal }));
    }
    const dates = datesOf(scenes, options.dates, { onWarning });
    const one = await bringToOneGrid(scenes, {
      ...{ metersPerPixel, chipPx: options.chipPx ?? manifest.pixels?.chipPx },
      ...{ values: preprocess.values, onWarning },
    });
    checkScale(one.scenes[0].info, manifest, classifier.file, onWarning);
    const cells = cellsFor(options, one.scenes[0].info, manifest, classifier.file);
    refuseTooManyCells(cells, manifest.classes.length, scenes.length);
    const hectares = await cellHectares(one.scenes[0].info, cells);
    if (options.unitHectares !== undefined) checkUnit(options.unitHectares, hectares);
    const clip = options.clip === undefined ? undefined : await openClip(options.clip, one.scenes[0].info, onWarning);
    const { wanted, outside } = clip?.cells(cells) ?? { wanted: () => true, outside: 0 };
    const dated = await datedScenes(options, { scenes, readers: one.scenes, dates, preprocess, classifier });
    const mode = options.mode ?? "auto";
    for (const { reader, bands, scene, mark, match, date } of dated) {
      const { journal } = await decideScene(
        { scene: reader, bands, cells, classes: manifest.classes.length, wanted },
        {
          ...{ mode, classifier, preprocess, threads: options.threads, runtime, signal, onWarning, out },
          onProgress: (progress) => options.onProgress?.({ ...progress, stage: `${progress.stage} ${date.label}` }),
          journal: journalPath(out, journals.length + 1),
          inputs: {
            ...{ classifier: sha256(classifier.bytes), scene: mark, ...readingOf(scene), match },
            ...{ grid: reader.info.georeference, clip: clip?.sha256 },
          },
        },
      );
      journals.push(journal);
    }
    const notes = [...one.notes, ...dated.flatMap(notesOf)];
    const result = await writeFolder(out, { force, marker: MARKER }, (folder) =>
      writeChange({
        ...{ folder, classifier, journals, cells, hectares, outside, rules, dates, notes, signal, onWarning },
        title: `${basename(resolve(out))}: ${dates[0].label} to ${dates[dates.length - 1].label}`,
        readers: dated.map(({ reader }) => reader),
        scenes: dated.map(({ scene, mark }) => ({ file: basename(scene.info.file), mark, ...generatedBy(scene) })),
        georeference: cellGeoreference(cells, one.scenes[0].info.georeference),
        ...transitionsOf(manifest.task, { classes: manifest.classes.length, dates: dates.length }, options),
        unitHectares: options.unitHectares,
        match: dated.some(({ match }) => match !== undefined),
        command: options.command ?? "",
        metadata: { ...metadataOf(classifier, dated), ...cellsItem(cells, one.scenes[0].info) },
      }),
    );
    for (const journal of journals.splice(0)) journal.remove();
    // Those of dates that an earlier, interrupted run had more of.
    for (let date = scenes.length + 1; date <= MOST_DATES; date++) rmSync(journalPath(out, date), { force: true });
    return { folder: out, ...result };
  } catch (error) {
    for (const journal of journals) journal.close();
    throw error;
  } finally {
    for (const scene of scenes) await scene.close();
  }
}

/** What says that a folder is ours and may be replaced. */
const MARKER = "change.json";

function checkSettings({ scenes, stay, confidence, unitHectares }: ChangeOptions): void {
  if (scenes.length < 2 || scenes.length > MOST_DATES) {
    throw new UserError("usage", `${scenes.length} scene${scenes.length === 1 ? "" : "s"}: change is between 2 and more dates`, {
      hint: `Give 2 to ${MOST_DATES} scenes of one place, the earliest first: sigmax change <classifier> 1985.tif 2020.tif --out change/`,
    });
  }
  const refuse = (what: string, hint: string) => new UserError("usage", what, { hint });
  for (const [flag, value] of Object.entries({ stay, confidence })) {
    if (value === undefined || (value > 0 && value < 1)) continue;
    throw refuse(`--${flag} ${value}: is no probability above 0 and below 1`, "Leave it out, or say one: 0.8.");
  }
  if (unitHectares !== undefined && !(unitHectares > 0)) {
    throw refuse(`--unit ${unitHectares}: is no area`, "Say how many hectares a change has to have at least.");
  }
}

interface DatedOptions {
  readonly scenes: readonly Scene[];
  readonly readers: readonly RasterReader[];
  readonly dates: readonly SceneDate[];
  readonly preprocess: Preprocess;
  readonly classifier: ClassifierFile;
}

/**
 * Looks whether each scene fits the classifier, and brings the others to the colours of the one that is most like what it learnt from,
 * unless that is not wanted.
 */
async function datedScenes(
  { match = true, signal, onWarning }: ChangeOptions,
  { scenes, readers, dates, preprocess, classifier }: DatedOptions,
): Promise<readonly DatedScene[]> {
  for (const scene of scenes) fittingBands(scene, preprocess, classifier);
  // On the grid they all have the order of the first scene's.
  const bands = bandsFor(readers[0].info, preprocess, classifier.file);
  const checked = { bands, manifest: classifier.manifest, preprocess, signal };
  const looks: (PixelFitness | undefined)[] = [];
  for (const reader of readers) looks.push(await checkPixels(reader, checked));
  const reference = likest(looks);
  const dated: DatedScene[] = [];
  for (const [i, scene] of scenes.entries()) {
    const pair = { reference: readers[reference], other: readers[i] };
    const found = match && i !== reference ? await matchOf({ ...pair, bands, signal, onWarning }) : undefined;
    const reader = found === undefined ? readers[i] : matched(readers[i], found);
    // Of what stays as it is, the pixels were looked at already.
    const look = found === undefined ? looks[i] : await checkPixels(reader, checked);
    if (look?.warning) onWarning?.(look.warning);
    const mark = await contentMark(scene.files, signal);
    dated.push({ date: dates[i], scene, reader, bands, mark, match: found && { ...found, to: dates[reference].label } });
  }
  return dated;
}

/** Of the pixels that the best measured date has, a date needs so many to be what others are brought to. */
const LEAST_MEASURED = 0.8;

/** The date of which the fewest pixels are unlike those of the training, in its strangest band; the first where nobody knows. */
function likest(looks: readonly (PixelFitness | undefined)[]): number {
  const most = Math.max(...looks.map((look) => look?.pixels ?? 0));
  const strangeness = looks.map((look) => {
    if ((look?.pixels ?? 0) < LEAST_MEASURED * most) return Number.POSITIVE_INFINITY;
    return Math.max(0, ...(look?.bands ?? []).map(({ below, above }) => below + above));
  });
  return strangeness.indexOf(Math.min(...strangeness));
}

interface MatchedScenes extends Pick<WorkOptions, "signal" | "onWarning"> {
  readonly reference: RasterReader;
  readonly other: RasterReader;
  readonly bands: readonly number[];
}

async function matchOf(scenes: MatchedScenes): Promise<RadiometricMatch | undefined> {
  const { reference, other, bands, signal, onWarning } = scenes;
  const found = await matchRadiometry(reference, other, { bands, signal });
  if (!("refused" in found)) return found;
  onWarning?.(found.refused);
  return undefined;
}

function notesOf({ date, scene, match }: DatedScene): readonly string[] {
  const gains = match?.bands.map(
    ({ name, gain, offset }) => `${name} × ${gain.toPrecision(4)} ${offset < 0 ? "−" : "+"} ${Math.abs(offset).toPrecision(4)}`,
  );
  return [
    ...scene.notes.map((note) => `${date.label}: ${note}`),
    ...(gains === undefined ? [] : [`${date.label}: brought to the colours of ${match?.to}: ${gains.join(", ")}`]),
  ];
}

function generatedBy({ info }: Scene): { readonly generated: boolean } {
  return { generated: info.metadata.SIGMAX_GENERATED !== undefined };
}

function metadataOf(classifier: ClassifierFile, dated: readonly DatedScene[]): Readonly<Record<string, string>> {
  return {
    SIGMAX_VERSION: VERSION,
    SIGMAX_CLASSIFIER: basename(classifier.file),
    SIGMAX_CLASSIFIER_SHA256: sha256(classifier.bytes),
    ...Object.assign(
      {},
      ...dated.map(({ scene, mark, date }, i) => ({
        [`SIGMAX_SCENE_${i + 1}`]: basename(scene.info.file),
        [`SIGMAX_DATE_${i + 1}`]: date.label,
        ...markItem(`SIGMAX_SCENE_${i + 1}`, mark),
      })),
    ),
  };
}
