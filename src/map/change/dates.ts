import { UserError } from "../../errors.js";
import type { WorkOptions } from "../../progress.js";
import type { Scene } from "../../raster/scene/open.js";

/** When a scene was taken, as far as that is known. */
export interface SceneDate {
  /** "1985", "2000-08-01", "before", "date 3". */
  readonly label: string;
  /** ISO day; of a bare year its middle, 1 July; null where nobody says. */
  readonly day: string | null;
}

const FIRST_YEAR = 1800;
const LAST_YEAR = 2200;
/** What a bare year counts as where a day is needed. */
const MIDDLE_OF_YEAR = "07-01";
/** A day that is given may differ so much from what a product says of itself: composites are of seasons. */
const MOST_DAYS_OFF = 400;
const DAY_MS = 86_400_000;

/**
 * The dates of scenes: those given, else what their products say; what nobody says is "before" and "after", or "date 1" and so on. A
 * bare year is labelled as it is, and counts as its 1 July where a day is needed.
 *
 * Tags that may say when a scene was taken, and may as well say when it was written, give no date; where nobody says more and they run
 * backwards, that is told.
 *
 * @param given ISO days ("2000-08-01") or years ("2000"), one for each scene
 * @throws UserError `usage` for what is no date, or another number of them than of scenes; `bad-data` where dates do not ascend, or
 *   contradict what a product says
 */
export function datesOf(
  scenes: readonly Pick<Scene, "info" | "date">[],
  given?: readonly string[],
  { onWarning }: Pick<WorkOptions, "onWarning"> = {},
): readonly SceneDate[] {
  const dates = given === undefined ? statedDates(scenes) : givenDates(scenes, given);
  checkOrder(
    scenes.map(({ info }) => info.file),
    dates,
  );
  if (given === undefined) warnOfTags(scenes, onWarning);
  return dates;
}

function statedDates(scenes: readonly Pick<Scene, "date">[]): readonly SceneDate[] {
  return scenes.map(({ date }, place) => {
    if (date !== undefined) return { label: date, day: date };
    return { label: scenes.length === 2 ? ["before", "after"][place] : `date ${place + 1}`, day: null };
  });
}

function givenDates(scenes: readonly Pick<Scene, "info" | "date">[], given: readonly string[]): readonly SceneDate[] {
  if (given.length !== scenes.length) {
    throw new UserError("usage", `--dates ${given.join(",")}: ${given.length} dates for ${scenes.length} scenes`, {
      hint: "Give one for each scene, in their order: --dates 1985,2000.",
    });
  }
  return given.map((text, place) => {
    const date = parseDate(text);
    checkStated(date, scenes[place]);
    return date;
  });
}

function parseDate(written: string): SceneDate & { readonly day: string } {
  const text = written.trim();
  const [, year, day] = /^(\d{4})(-\d{2}-\d{2})?$/.exec(text) ?? [];
  const refuse = (why: string) =>
    new UserError("usage", `--dates: "${text}" ${why}`, {
      hint: "Write years or days: --dates 1985,2000 or --dates 1985-07-08,2000-08-01.",
    });
  if (year === undefined) throw refuse("is no year or day");
  if (Number(year) < FIRST_YEAR || Number(year) > LAST_YEAR) throw refuse(`is not from ${FIRST_YEAR} to ${LAST_YEAR}`);
  const iso = day === undefined ? `${year}-${MIDDLE_OF_YEAR}` : text;
  // What the calendar lacks becomes no date, or another one.
  const time = Date.parse(iso);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== iso) throw refuse("is not in the calendar");
  return { label: text, day: iso };
}

/** @throws UserError `bad-data` where a scene says that it is of quite another date: scenes, or dates, are in a wrong order */
function checkStated({ label, day }: SceneDate & { readonly day: string }, { info, date }: Pick<Scene, "info" | "date">): void {
  if (date === undefined || Math.abs(Date.parse(day) - Date.parse(date)) <= MOST_DAYS_OFF * DAY_MS) return;
  throw new UserError("bad-data", `${info.file}: was taken on ${date}, as it says; --dates says ${label}`, {
    hint: "Are the scenes, or the dates, in the wrong order? Both go from the earliest to the latest.",
  });
}

/**
 * @param files names of the scenes, for what is said of them
 * @throws UserError `bad-data` where dates that are known do not ascend
 */
function checkOrder(files: readonly string[], dates: readonly SceneDate[]): void {
  const known = dates.flatMap(({ label, day }, place) => (day === null ? [] : [{ label, day, file: files[place] }]));
  for (const [place, after] of known.slice(1).entries()) {
    const before = known[place];
    const isYear = [before, after].some(({ label }) => label.length === 4);
    const isUnclear = isYear && before.day.slice(0, 4) === after.day.slice(0, 4);
    if (before.day < after.day && !isUnclear) continue;
    const pair = `${before.file} (${before.label}) and ${after.file} (${after.label})`;
    if (isUnclear || before.day === after.day) {
      throw new UserError("bad-data", `${pair}: are of one ${isUnclear ? "year" : "day"}, so nobody knows what came first`, {
        hint: "Give the day of each: --dates 2000-03-15,2000-09-20; each later than the one before.",
      });
    }
    throw new UserError("bad-data", `${pair}: the second is earlier than the first`, {
      hint: "Give the scenes from the earliest to the latest, and --dates in the same order.",
    });
  }
}

/** Items of metadata with a day, by what it is the day of: days of different things are not compared. */
const DAY_ITEMS: readonly (readonly string[])[] = [["ACQUISITION_DATE", "DATE_ACQUIRED"], ["TIFFTAG_DATETIME"]];

function warnOfTags(scenes: readonly Pick<Scene, "info" | "date">[], onWarning: WorkOptions["onWarning"]): void {
  if (scenes.every(({ date }) => date !== undefined)) return;
  for (const items of DAY_ITEMS) {
    const stated = scenes.flatMap(({ info }) => {
      const item = items.find((name) => dayOf(info.metadata[name]) !== undefined);
      const day = item === undefined ? undefined : dayOf(info.metadata[item]);
      return item === undefined || day === undefined ? [] : [{ file: info.file, item, day }];
    });
    const late = stated.findIndex(({ day }, i) => i > 0 && day < stated[i - 1].day);
    // Where all say when they were taken, it does not matter when they were written.
    if (late < 0 && stated.length === scenes.length) return;
    if (late < 0) continue;
    const [before, after] = [stated[late - 1], stated[late]].map(({ file, item, day }) => `${file} (${item} ${day})`);
    onWarning?.(
      `the scenes' own dates run backwards: ${before} stands before ${after}; if they are in the wrong order, what was lost is shown as gained. Give --dates to say when each was taken`,
    );
    return;
  }
}

/** ISO day of "2020-08-01", "20200801", or "2020:08:01 12:00:00", as TIFF writes it; undefined of anything else. */
function dayOf(text: string | undefined): string | undefined {
  const [, year, month, day] = /^\s*(\d{4})[-:/]?(\d{2})[-:/]?(\d{2})(?!\d)/.exec(text ?? "") ?? [];
  const iso = `${year}-${month}-${day}`;
  return year === undefined || Number.isNaN(Date.parse(iso)) ? undefined : iso;
}
