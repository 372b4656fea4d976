import { describe, expect, it } from "vitest";
import type { Progress } from "../progress.js";
import { createProgressPrinter, duration } from "./progress-bar.js";

function screen(isTerminal: boolean, columns = 100) {
  let ms = 0;
  let text = "";
  const printer = createProgressPrinter({ isTerminal, columns, write: (part) => (text += part), now: () => ms });
  return { printer, wait: (by: number) => (ms += by), text: () => text };
}

describe("progress", () => {
  it("shows a bar with rate and time left on a terminal", () => {
    const { printer, wait, text } = screen(true);
    printer.show({ stage: "embed", done: 0, total: 100, unit: "images" });
    wait(1000);
    printer.show({ stage: "embed", done: 25, total: 100, unit: "images", note: "5 from the cache" });
    expect(text()).toContain("25/100 images");
    expect(text()).toContain("25 images/s");
    expect(text()).toContain("3.0 s left");
    expect(text()).toContain("5 from the cache");
  });

  /** What a terminal shows after `done` of `total` in some time. */
  const shown = (columns: number, progress: Progress, ms: number) => {
    const { printer, wait, text } = screen(true, columns);
    printer.show({ ...progress, done: 0 });
    wait(ms);
    printer.show(progress);
    return text().split("\x1b[2K").at(-1)!;
  };
  const training = {
    stage: "train",
    done: 100,
    total: 394,
    unit: "steps",
    note: "loss 0.642 · accuracy 0.912 · 24 images/s · validation loss 0.534",
  };

  it.each([
    [
      140,
      "train       ██████░░░░░░░░░░░░░░░░░░  100/394 steps  7 min left  loss 0.642 · accuracy 0.912 · 24 images/s · validation loss 0.534",
    ],
    [80, "train ██░░░░░░░░░ 100/394 7 min left  loss 0.642 · accuracy 0.912 · 24 images/s"],
    [60, "train █░░░░ 100/394 7 min left  loss 0.642 · accuracy 0.912"],
    [40, "train ███░░░░░░░░░░░ 100/394 7 min left"],
    [20, "train 100/394 7 min "],
  ])("has loss, metric, images/s and time left on a terminal of %i columns, as far as they fit", (columns, line) => {
    expect(shown(columns, training, 140_000)).toBe(line);
    expect(line.length).toBeLessThanOrEqual(Math.max(20, columns - 1));
  });

  it("has all of them at 80 columns in a long training of several labels too", () => {
    const long = {
      ...training,
      done: 1234,
      total: 12_345,
      note: "loss 0.042 · mapMacro 0.512 · 124 images/s · epoch 3 of 30 · validation loss 0.534",
    };
    expect(shown(80, long, 7_200_000)).toBe("train ░░░░░░ 1234/12345 18.0 h left  loss 0.042 · mapMacro 0.512 · 124 images/s");
  });

  it.each([
    [80, "embed       ██████░░░░░░░░░░░░░░░░░░  25/100 images  3.0 s left  25 images/s", undefined],
    [80, "embed       ██░░░░░░  25/100 images  3.0 s left  5 from the cache · 25 images/s", "5 from the cache"],
    [60, "embed ████░░░░░░░░░░░░░ 25/100 3.0 s left  5 from the cache", "5 from the cache"],
  ])("has the speed of what is counted where the note has none: %i columns", (columns, line, note) => {
    const progress = { stage: "embed", done: 25, total: 100, unit: "images", ...(note && { note }) };
    expect(shown(columns, progress, 1000)).toBe(line);
  });

  it("has no bar where nobody knows how much there is", () => {
    expect(shown(80, { stage: "read labels", done: 50, unit: "files" }, 1000)).toBe("read labels  50 files  50 files/s");
    expect(shown(20, { stage: "read labels", done: 50, unit: "files" }, 1000)).toBe("read labels 50");
  });

  it("prints one line per stage elsewhere", () => {
    const { printer, wait, text } = screen(false);
    for (let done = 0; done <= 100; done++) {
      printer.show({ stage: "embed", done, total: 100, unit: "images" });
      wait(10);
    }
    printer.show({ stage: "fit", done: 1, total: 2 });
    printer.finish();
    expect(text()).toBe("embed       100 images in 1.0 s, 100 images/s\nfit         1 in 0.0 s\n");
  });

  it("prints a line per milestone where there is no bar, and none twice", () => {
    const show = (isTerminal: boolean) => {
      const { printer, text } = screen(isTerminal);
      for (let done = 0; done <= 4; done++) {
        printer.show({ stage: "train", done, total: 4, unit: "steps", note: `step ${done}`, isMilestone: done % 2 === 0 });
      }
      printer.finish();
      return text();
    };
    expect(show(false)).toBe(
      "train       0/4 steps (step 0)\ntrain       2/4 steps (step 2)\ntrain       4 steps in 0.0 s (step 4)\n",
    );
    expect(show(true)).not.toContain("2/4 steps (step 2)\n");
  });

  it("tells at a milestone how long it will still take", () => {
    const { printer, wait, text } = screen(false);
    printer.show({ ...training, done: 26 });
    wait(60_000);
    printer.show({ ...training, done: 52, isMilestone: true });
    expect(text()).toBe(`train       52/394 steps, 13 min left (${training.note})\n`);
  });

  it("takes the speed of a stage that goes on from what was done since", () => {
    const { printer, wait, text } = screen(false);
    printer.show({ stage: "train", done: 90, total: 100, unit: "steps" });
    wait(5000);
    printer.show({ stage: "train", done: 100, total: 100, unit: "steps" });
    expect(text()).toBe("train       100 steps in 5.0 s, 2.0 steps/s\n");
  });

  it("writes warnings above the bar", () => {
    const { printer, text } = screen(true);
    printer.show({ stage: "embed", done: 1, total: 100 });
    printer.line("careful");
    expect(text().endsWith("\r\x1b[2Kcareful\n")).toBe(true);
  });

  it("lets no name of a file steer the terminal", () => {
    const { printer, text } = screen(true);
    printer.line("warning: a\u001b[2J\u202egpj.jpg: no image\nsecond line");
    expect(text()).toBe("warning: a\ufffd[2J\ufffdgpj.jpg: no image\nsecond line\n");
  });

  it.each([
    [400, "0.4 s"],
    [9_960, "10 s"],
    [59_600, "1 min 0 s"],
    [200_000, "3 min 20 s"],
    [7_500_000, "2 h 5 min"],
  ])("%i ms is %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });
});
