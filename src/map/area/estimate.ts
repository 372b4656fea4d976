import { dirname, join } from "node:path";
import { findColumn, refuseTwice } from "../../data/columns.js";
import { parseCsv } from "../../data/csv.js";
import { readLabelFile } from "../../data/documents.js";
import { normalizedLabel, placeOf } from "../../data/labels.js";
import { decodeText, quoted } from "../../data/text.js";
import { nearest, UserError } from "../../errors.js";
import { type AreaEstimate, type Estimate, estimateAreas, type SampleGroup, type Stratum } from "../../learn/area-estimate.js";
import { Z95 } from "../../learn/wilson.js";
import type { AccuracyEstimate, AreaEstimates, EstimatedArea } from "../../report/area-estimates.js";
import type { Task } from "../../task.js";
import { changeRules } from "../change/rules.js";
import { contentMark } from "../provenance.js";
import { type Answer, type Answers, readAnswers } from "./answers.js";
import { type AreaDesign, DESIGN_FILE, labelColumns, readDesign } from "./design-file.js";
import { type Asked, type CheckedSample, type Question, questionsOf, type StratumContents } from "./questions.js";
import { openStratifiedMap } from "./strata.js";

export interface AreaEstimateFileOptions {
  /** The filled table; `design.json` stands beside it. */
  readonly sample: string;
  /** Instead of a design: a table with the columns `stratum` and `hectares`. */
  readonly areas?: string | undefined;
  /** With `areas`: whether a cell may have several labels. Default multiclass. */
  readonly task?: Task | undefined;
  /** Classes that labels may name beside those of the map. */
  readonly classes?: readonly string[] | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** A sample that has been checked, whoever drew it. */
interface Survey extends Asked {
  readonly task: Task;
  readonly named: readonly { readonly name: string; readonly hectares: number; readonly cells?: number | undefined }[];
  readonly drawn: readonly number[];
  readonly counted: Counted;
}

interface Counted {
  readonly cells: number | undefined;
  readonly hectares: number;
  readonly areas: readonly Pick<AreaDesign["counted"]["areas"][number], "of" | "name" | "date" | "hectares">[];
}

/**
 * Estimates areas and accuracies from a sample that somebody has checked (Stehman 2014; strata that are the classes of the map: Olofsson et al.
 * 2014), with intervals of 95 %. Samples without an answer are taken to be like the others of their stratum.
 *
 * @throws UserError `not-found`, `bad-file`, `bad-data` naming line and value where the table does not belong to the design, or a stratum
 *   without an answer
 */
export function estimateAreaOf(options: AreaEstimateFileOptions): AreaEstimates {
  const survey = options.areas === undefined ? designed(options) : tabled(options, options.areas);
  const { named, samples, drawn, task, onWarning } = { ...survey, onWarning: options.onWarning };
  const answered = named.map(() => 0);
  for (const sample of samples) if (hasAnswer(sample)) answered[sample.stratum]++;
  const silent = named.find(({ hectares }, h) => hectares > 0 && answered[h] === 0);
  if (silent !== undefined) {
    throw new UserError("bad-data", `${options.sample}: no sample of the stratum ${quoted(silent.name)} has an answer`, {
      hint: "Answer samples of every stratum, two at the least: areas on the ground cannot be told without.",
    });
  }
  const notes: string[] = [];
  const unanswered = drawn.reduce((sum, count, h) => sum + count - answered[h], 0);
  if (unanswered > 0) {
    notes.push(
      `${unanswered} of ${drawn.reduce((sum, count) => sum + count, 0)} samples have no answer: they are taken to be like the others of their stratum, which is wrong where they are the hard ones`,
    );
  }
  let overall: AccuracyEstimate | null = null;
  const classes: EstimatedArea[] = [];
  for (const question of questionsOf(task, survey)) {
    const { estimate, why, found } = asked(question, survey);
    if (estimate !== undefined && question.isWhole) overall = accuracyOf(estimate.overall);
    for (const note of estimate?.notes ?? []) if (!notes.includes(note)) notes.push(note);
    for (const { value, name } of question.told) {
      const samplesFound = found[value];
      classes.push(estimatedArea({ question, value, name, estimate, why, samples: samplesFound, survey }));
    }
  }
  for (const note of notes) onWarning?.(note);
  return {
    ...{ version: 1, confidenceLevel: 0.95, overall, dates: survey.dates, classes },
    strata: named.map(({ name, hectares }, h) => ({
      ...{ name, hectares, samples: drawn[h], unanswered: drawn[h] - answered[h] },
    })),
    notes,
  };
}

/** Whether something is said of every date: what became of a cell is not known where one is open. */
function hasAnswer({ found }: CheckedSample): boolean {
  return found.every((labels) => labels.some((label) => label >= 0));
}

/** What samples say of a question; of one that a stratum has no answer to, why nothing. */
function asked(question: Question, { named, strata, samples }: Survey) {
  const groups: SampleGroup[] = [];
  const found = question.values.map(() => 0);
  for (const sample of samples) {
    const value = question.found(sample);
    if (value === undefined) continue;
    groups.push({ stratum: sample.stratum, mapped: question.mapped(sample), found: value, count: 1 });
    found[value]++;
  }
  const areas = named.map(
    ({ name, hectares, cells }, h): Stratum => ({ name, area: hectares, cells, mapped: question.mappedIn(strata[h]) }),
  );
  try {
    return { estimate: estimateAreas({ strata: areas, classes: question.values.length, samples: groups }), why: null, found };
  } catch (error) {
    // Of a sample with answers, one question may have none in some stratum.
    if (!(error instanceof UserError)) throw error;
    return { estimate: undefined, why: error.message, found };
  }
}

function estimatedArea({
  question,
  value,
  name,
  estimate,
  why,
  samples,
  survey: { counted },
}: {
  readonly question: Question;
  readonly value: number;
  readonly name: string;
  readonly estimate: AreaEstimate | undefined;
  readonly why: string | null;
  readonly samples: number;
  readonly survey: Survey;
}): EstimatedArea {
  const { of, date } = question;
  const own = counted.areas.find((area) => area.of === of && area.name === name && area.date === date);
  const known = {
    of,
    name,
    date,
    samples,
    countedHectares: own?.hectares ?? null,
    countedInterval: binomial(own?.hectares, counted),
  };
  if (estimate === undefined) {
    return { ...known, hectares: null, standardError: null, interval: null, users: null, producers: null, why };
  }
  const share = estimate.shares[value];
  const [users, producers] = [estimate.users[value], estimate.producers[value]];
  const { area } = estimate;
  const interval = estimate.intervals[value];
  return {
    ...known,
    hectares: share.value === undefined ? null : share.value * area,
    standardError: share.standardError === undefined ? null : share.standardError * area,
    interval: interval === undefined ? null : [interval[0] * area, interval[1] * area],
    users: accuracyOf(users),
    producers: accuracyOf(producers),
    why: share.why ?? users.why ?? producers.why ?? null,
  };
}

function accuracyOf({ value, standardError }: Estimate): AccuracyEstimate | null {
  return value === undefined ? null : { value, standardError: standardError ?? null };
}

/** What counting alone would claim: p ± z √(p (1 − p) / N), as if all N cells were independent and the map never wrong. */
function binomial(hectares: number | undefined, counted: Counted): readonly [number, number] | null {
  if (hectares === undefined || counted.cells === undefined) return null;
  const share = hectares / counted.hectares;
  const reach = Z95 * Math.sqrt(Math.max(0, share * (1 - share)) / counted.cells);
  return [Math.max(0, share - reach) * counted.hectares, Math.min(1, share + reach) * counted.hectares];
}

function designed({ sample, classes: others = [] }: AreaEstimateFileOptions): Survey {
  const design = readDesign(join(dirname(sample), DESIGN_FILE));
  const classes = [...design.classes, ...others.map(normalizedLabel).filter((name) => !design.classes.includes(name))];
  const answers = readAnswers(sample, { task: design.task, columns: labelColumns(design.dates), classes });
  const byId = matched(answers, design);
  const indexOf = new Map(design.strata.map(({ name }, h) => [name, h]));
  const samples = design.samples.flatMap(({ id, stratum, mapped, labels, rules }): CheckedSample[] => {
    const answer = byId.get(id);
    const h = indexOf.get(stratum);
    if (answer === undefined || h === undefined) return [];
    return [{ stratum: h, mapped, mappedLabels: labels ?? undefined, rules, found: answer.labels }];
  });
  return {
    ...{ task: design.task, classes, dates: design.dates, samples, counted: design.counted },
    rules: changeRules(design.rules, design.classes),
    strata: design.strata,
    named: design.strata,
    drawn: design.strata.map((one) => one.samples),
  };
}

/**
 * Looks whether a sample was drawn from the change in a folder, as it is now.
 *
 * @throws UserError `bad-data` where it was drawn from anything else
 */
export async function refuseOtherMap(sample: string, folder: string): Promise<void> {
  const design = readDesign(join(dirname(sample), DESIGN_FILE));
  const map = await openStratifiedMap(folder);
  const { text } = await contentMark(map.files).finally(map.close);
  if (text === design.map.hash) return;
  throw new UserError(
    "bad-data",
    `${sample}: was not drawn from the maps that are in ${folder} now, but from ${design.map.file}`,
    {
      hint: "Give the folder that the sample was drawn from; if the change was made anew, draw a sample anew.",
    },
  );
}

/** Rows by id. @throws UserError `bad-data` for an id that was not drawn, and a stratum that is not the sample's */
function matched({ file, rows }: Answers, { samples }: AreaDesign): ReadonlyMap<string, Answer> {
  const strata = new Map(samples.map(({ id, stratum }) => [id, normalizedLabel(stratum)]));
  for (const { id, line, stratum } of rows) {
    const drawn = strata.get(id);
    if (drawn === undefined) {
      const meant = nearest(id, strata.keys());
      throw new UserError("bad-data", `${placeOf(file, line)}: no sample ${quoted(id)} was drawn`, {
        hint: `${meant === undefined ? "" : `Did you mean ${quoted(meant)}? `}Samples that somebody adds by hand are not random: leave them out.`,
      });
    }
    if (stratum !== undefined && stratum !== drawn) {
      throw new UserError(
        "bad-data",
        `${placeOf(file, line)}: the sample ${quoted(id)} was drawn from ${quoted(drawn)}, not ${quoted(stratum)}`,
        {
          hint: "The stratum is what the map said when the sample was drawn; what you found belongs into the column of labels.",
        },
      );
    }
  }
  return new Map(rows.map((row) => [row.id, row]));
}

const MOST_STRATA = 100_000;

function tabled({ sample, task = "multiclass", classes: given }: AreaEstimateFileOptions, areas: string): Survey {
  const named = readAreas(areas);
  const answers = readAnswers(sample, { task, columns: labelColumns([""]), classes: given });
  const indexOf = new Map(named.map(({ name }, h) => [name, h]));
  const drawn = named.map(() => 0);
  const hasMap = answers.rows.some(({ mapped }) => mapped !== undefined);
  // A class that the map has and nobody found is a class all the same.
  const ofMap = answers.rows.flatMap(({ mapped, stratum }) => [mapped ?? stratum ?? ""]);
  const isClasses = !hasMap && named.every(({ name }) => answers.classes.includes(name));
  const classes = [...new Set([...answers.classes, ...(hasMap ? ofMap.filter((name) => name !== "") : [])])];
  const samples = answers.rows.map(({ line, stratum, mapped, labels }): CheckedSample => {
    const h = stratum === undefined ? undefined : indexOf.get(stratum);
    if (stratum === undefined || h === undefined) {
      const meant = nearest(stratum ?? "", indexOf.keys());
      throw new UserError("bad-data", `${placeOf(sample, line)}: ${areas} has no area of the stratum ${quoted(stratum ?? "")}`, {
        hint:
          meant === undefined
            ? `Its strata are ${[...indexOf.keys()].slice(0, 8).join(", ")}.`
            : `Did you mean ${quoted(meant)}?`,
      });
    }
    drawn[h]++;
    const said = hasMap ? mapped || undefined : classes.includes(stratum) ? stratum : undefined;
    const found = labels.map((one) => extended(one, classes.length));
    return { stratum: h, mapped: said === undefined ? undefined : [said], mappedLabels: undefined, rules: [], found };
  });
  const strata = named.map(({ name }): StratumContents => ({ mapped: isClasses ? [[name]] : undefined, rules: undefined }));
  const total = named.reduce((sum, { hectares }) => sum + hectares, 0);
  const ofStrata = named.map(({ name, hectares }) => ({ of: "class" as const, name, date: 0, hectares }));
  const counted: Counted = { cells: undefined, hectares: total, areas: hasMap ? [] : ofStrata };
  return { task, classes, dates: [""], rules: [], samples, strata, named, drawn, counted };
}

/** With a no for each class that was not known when labels were read; where nothing is known, it is not of these either. */
function extended(labels: Int8Array, length: number): Int8Array {
  const out = new Int8Array(length).fill(labels.every((label) => label < 0) ? -1 : 0);
  out.set(labels);
  return out;
}

/** As people and programs write areas, "1.5e6" too; of hexadecimal and other spellings nobody knows whether they are meant. */
const PLAIN_DECIMAL = /^\+?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** @throws UserError `bad-data` naming the line of what is no area, or a stratum that stands twice */
function readAreas(path: string): readonly { readonly name: string; readonly hectares: number }[] {
  const { header, rows } = parseCsv(decodeText(readLabelFile(path), path), path, { shortRows: "refused" });
  refuseTwice(header, ["stratum", "hectares"], path);
  const [stratum, hectares] = [findColumn(header, ["stratum"]), findColumn(header, ["hectares"])];
  const hint = "Write a table with the columns stratum and hectares, one row for each stratum.";
  if (stratum < 0 || hectares < 0) {
    throw new UserError("bad-data", `${path}: no column ${quoted(stratum < 0 ? "stratum" : "hectares")}`, { hint });
  }
  if (rows.length === 0 || rows.length > MOST_STRATA) throw new UserError("bad-data", `${path}: ${rows.length} strata`, { hint });
  const seen = new Set<string>();
  return rows.map(({ line, cells }) => {
    const name = normalizedLabel(cells[stratum]);
    const area = PLAIN_DECIMAL.test(cells[hectares]) ? Number(cells[hectares]) : Number.NaN;
    if (name === "" || seen.has(name)) {
      throw new UserError(
        "bad-data",
        `${placeOf(path, line)}: the stratum ${quoted(name)} ${name === "" ? "has no name" : "stands twice"}`,
        { hint },
      );
    }
    if (!Number.isFinite(area)) {
      throw new UserError("bad-data", `${placeOf(path, line)}: ${quoted(cells[hectares])} are no hectares`, { hint });
    }
    seen.add(name);
    return { name, hectares: area };
  });
}
