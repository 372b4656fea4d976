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
const BAR = 24;

/** A bar with rate and time left on a terminal; one line per finished stage, and per milestone of it, elsewhere. */
export function createProgressPrinter(screen: Screen): ProgressPrinter {
  let stage: string | undefined;
  let startedMs = 0;
  let startedDone = 0;
  let drawnMs = Number.NEGATIVE_INFINITY;
  let latest: Progress | undefined;
  let drawn = false;

  const clear = () => {
    if (drawn) screen.write("\r\x1b[2K");
    drawn = false;
  };
  const finishStage = () => {
    if (latest === undefined) return;
    clear();
    screen.write(`${summary(latest, screen.now() - startedMs, startedDone)}\n`);
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
        screen.write(`\r\x1b[2K${bar(progress, now - startedMs, startedDone).slice(0, Math.max(20, screen.columns - 1))}`);
      } else if (!screen.isTerminal && progress.isMilestone === true) {
        screen.write(`${milestone(progress)}\n`);
      }
    },
    line(text) {
      clear();
      screen.write(`${printableLines(text)}\n`);
    },
    finish: finishStage,
  };
}

function bar(progress: Progress, elapsedMs: number, startedDone: number): string {
  const { stage, done, total, unit = "", note } = progress;
  const perSecond = elapsedMs > 0 ? ((done - startedDone) * 1000) / elapsedMs : 0;
  const parts = [stage.padEnd(10)];
  if (total !== undefined && total > 0) {
    const filled = Math.floor((BAR * done) / total);
    parts.push(`${"█".repeat(filled)}${"░".repeat(BAR - filled)}`, `${done}/${total} ${unit}`.trim());
  } else {
    parts.push(`${done} ${unit}`.trim());
  }
  if (perSecond > 0) {
    parts.push(`${rate(perSecond)} ${unit || "steps"}/s`);
    if (total !== undefined) parts.push(`${duration(((total - done) / perSecond) * 1000)} left`);
  }
  if (note !== undefined) parts.push(`(${note})`);
  return parts.join("  ");
}

function milestone({ stage, done, total, unit = "", note }: Progress): string {
  const share = total === undefined ? `${done}` : `${done}/${total}`;
  return `${stage.padEnd(10)}  ${`${share} ${unit}`.trim()}${note === undefined ? "" : ` (${note})`}`;
}

/** What was done before the stage began, by a run that was stopped, took none of its time. */
function summary({ stage, done, unit = "", note }: Progress, elapsedMs: number, startedDone: number): string {
  const perSecond = ((done - startedDone) * 1000) / elapsedMs;
  const speed = unit !== "" && elapsedMs > 200 && perSecond > 0 ? `, ${rate(perSecond)} ${unit}/s` : "";
  return `${stage.padEnd(10)}  ${`${done} ${unit}`.trim()} in ${duration(elapsedMs)}${speed}${note === undefined ? "" : ` (${note})`}`;
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
