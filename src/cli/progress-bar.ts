import { printableLines } from "../printable.js";
import type { Progress } from "../progress.js";

export interface ProgressPrinter {
  show(progress: Progress): void;
  /** Writes a line, or several, above the bar. What would steer the terminal is taken out. */
  line(text: string): void;
  /** Ends the bar, so that the next output starts on a line of its own. */
  finish(): void;
}

interface Screen {
  readonly isTerminal: boolean;
  readonly columns: number;
  write(text: string): void;
  /** Milliseconds, monotonic. */
  now(): number;
}

const REFRESH_MS = 100;
/** Cells of the bar at most. */
const BAR = 24;
const BETWEEN_REMARKS = " · ";

/** A bar with time left and rate on a terminal; one line per finished stage, and per milestone of it, elsewhere. */
export function createProgressPrinter(screen: Screen): ProgressPrinter {
  let stage: string | undefined;
  let startedMs = 0;
  let startedDone = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  let latest: Progress | undefined;
  let drawn = false;

  /** What was done before the stage began, by a run that was stopped, took none of its time. */
  const perSecond = ({ done }: Progress, now: number) =>
    now > startedMs ? ((done - startedDone) * 1000) / (now - startedMs) : 0;
  const clear = () => {
    if (drawn) screen.write("\r\x1b[2K");
    drawn = false;
  };
  const finishStage = () => {
    if (latest === undefined) return;
    clear();
    const now = screen.now();
    screen.write(`${summary(latest, now - startedMs, perSecond(latest, now))}\n`);
    latest = undefined;
    stage = undefined;
  };
  return {
    show(progress) {
      const now = screen.now();
      if (progress.stage !== stage) {
        finishStage();
        stage = progress.stage;
        startedMs = now;
        startedDone = progress.done;
      }
      latest = progress;
      if (progress.total !== undefined && progress.done >= progress.total) {
        finishStage();
      } else if (screen.isTerminal && now - drawnMs >= REFRESH_MS) {
        drawnMs = now;
        drawn = true;
        screen.write(`\r\x1b[2K${bar(progress, perSecond(progress, now), Math.max(20, screen.columns - 1))}`);
      } else if (!screen.isTerminal && progress.isMilestone === true) {
        screen.write(`${milestone(progress, perSecond(progress, now))}\n`);
      }
    },
    line(text) {
      clear();
      screen.write(`${printableLines(text)}\n`);
    },
    finish: finishStage,
  };
}

/** One line of at most so many columns: words become short where they do not fit, then the last remarks go. */
function bar(progress: Progress, perSecond: number, columns: number): string {
  const { stage, total, unit = "steps", note } = progress;
  const left = timeLeft(progress, perSecond);
  const remarks = note?.split(BETWEEN_REMARKS) ?? [];
  // One rate is enough, and images tell more than steps.
  if (perSecond > 0 && !remarks.some((remark) => remark.endsWith("/s"))) remarks.push(`${rate(perSecond)} ${unit}/s`);
  const forms = [
    { start: `${stage.padEnd(10)}  `, numbers: [count(progress), left], gap: "  ", shown: remarks, leastBar: 8 },
    ...Array.from({ length: remarks.length + 1 }, (_, dropped) => ({
      start: `${stage} `,
      numbers: [share(progress), left],
      gap: " ",
      shown: remarks.slice(0, remarks.length - dropped),
      leastBar: 4,
    })),
  ];
  for (const { start, numbers, gap, shown, leastBar } of forms) {
    const end = joined("  ", joined(gap, ...numbers), joined(BETWEEN_REMARKS, ...shown));
    const room = columns - start.length - end.length;
    if (total === undefined && room >= 0) return `${start}${end}`;
    const cells = Math.min(BAR, room - gap.length);
    if (total !== undefined && cells >= leastBar) {
      const filled = Math.floor((cells * progress.done) / total);
      return `${start}${"█".repeat(filled)}${"░".repeat(cells - filled)}${gap}${end}`;
    }
  }
  return joined(" ", stage, share(progress), left).slice(0, columns);
}

function milestone(progress: Progress, perSecond: number): string {
  const left = timeLeft(progress, perSecond);
  return `${progress.stage.padEnd(10)}  ${joined(", ", count(progress), left)}${inBrackets(progress.note)}`;
}

function summary({ stage, done, unit = "", note }: Progress, elapsedMs: number, perSecond: number): string {
  const speed = unit !== "" && elapsedMs > 200 && perSecond > 0 ? `, ${rate(perSecond)} ${unit}/s` : "";
  return `${stage.padEnd(10)}  ${`${done} ${unit}`.trim()} in ${duration(elapsedMs)}${speed}${inBrackets(note)}`;
}

function share({ done, total }: Progress): string {
  return total === undefined ? `${done}` : `${done}/${total}`;
}

function count(progress: Progress): string {
  return `${share(progress)} ${progress.unit ?? ""}`.trim();
}

/** What there is of some words. */
function joined(gap: string, ...words: readonly (string | undefined)[]): string {
  return words.filter((word) => word !== undefined && word !== "").join(gap);
}

function inBrackets(note: string | undefined): string {
  return note === undefined ? "" : ` (${note})`;
}

/** "3.0 s left", "45 s left", "12 min left", "2.1 h left"; undefined where nobody can tell. An estimate deserves no more digits. */
function timeLeft({ done, total }: Progress, perSecond: number): string | undefined {
  if (total === undefined || perSecond <= 0) return undefined;
  const seconds = (total - done) / perSecond;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s left`;
  if (seconds < 99.5) return `${Math.round(seconds)} s left`;
  if (seconds < 99.5 * 60) return `${Math.round(seconds / 60)} min left`;
  return `${(seconds / 3600).toFixed(1)} h left`;
}

function rate(perSecond: number): string {
  return perSecond >= 10 ? Math.round(perSecond).toString() : perSecond.toPrecision(2);
}

/** "0.4 s", "12 s", "3 min 20 s", "2 h 5 min". */
export function duration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
