import { describe, expect, it } from "vitest";
import { runFixture } from "../../test/report-fixture.js";
import { wholeRun } from "../../test/run-fixture.js";
import { createRandom } from "../random.js";
import { TASKS } from "../task.js";
import { type EmbeddedRun, embedRun, LEVELS, levelOf } from "./run/embedded.js";
import { answeredFrom } from "./run/thresholds.js";
import { THUMBNAIL_BYTES, thumbnailOrder } from "./run/thumbnail-order.js";
import { renderRunReport } from "./run.js";

const SCRIPT = "void 0;";
const render = (data: Parameters<typeof renderRunReport>[0]) => renderRunReport(data, { script: SCRIPT });
const bodyOf = (page: string) => page.replace(/<(style|script)[ >].*?<\/\1>/gs, "");
const headings = (page: string) => [...page.matchAll(/<h2>([^<]*)<\/h2>/g)].map(([, text]) => text);
const dataOf = (page: string): EmbeddedRun => JSON.parse(page.match(/id="run-data">(.*?)<\/script>/s)![1]);

/** A picture of a given number of characters. */
const pictureOf = (characters: number) => `data:image/jpeg;base64,${"A".repeat(characters - 23)}`;

describe("report.html of a run", () => {
  it.each(TASKS)("has every section that has data (%s), each in the contents, and no number that is none", (task) => {
    const page = render(wholeRun({ task }));
    expect(headings(page)).toHaveLength(13);
    for (const [, id] of page.matchAll(/<a href="#([^"]+)"/g)) expect(page).toContain(`id="${id}"`);
    expect(bodyOf(page)).not.toMatch(/NaN|undefined|\[object|Infinity/);
  });

  it("leaves out what was not measured", () => {
    expect(headings(render(runFixture()))).toEqual([
      "How good is it?",
      "What is taken for what",
      "Label by label",
      "Most confident mistakes",
      "The images",
      "How it was made",
      "Again",
    ]);
    expect(render(runFixture())).not.toContain("run-data");
  });

  it("says what the interval means, and shows thresholds at 0.5, the baseline and guessing beside the run", () => {
    const data = wholeRun();
    const page = render({
      ...data,
      intervals: { ...data.intervals, f1Macro: [0.101, 0.202] },
      atHalf: { ...data.atHalf, f1Macro: 0.303 },
    });
    for (const text of ["0.101 to 0.202", "95 times in 100", ">0.303<", "baseline “stats”", "guessing"])
      expect(page).toContain(text);
  });

  it("shows the backbone as it came beside one that was fine-tuned, and nothing of it elsewhere", () => {
    const data = wholeRun({ task: "multiclass" });
    const page = render({ ...data, frozen: { accuracy: 0.414 } });
    for (const text of ["not fine-tuned, reaches 41 in 100", '<th scope="col">the backbone, not fine-tuned</th>', ">0.414<"])
      expect(page).toContain(text);
    expect(render(data)).not.toContain("fine-tuned");
  });

  it("claims neither that an evaluation's images were new nor how many images of its training had a label", () => {
    const data = wholeRun();
    expect(render(data)).toContain("that it had never seen");
    const evaluated = render({ ...data, unseen: false, classCounts: { ...data.classCounts, train: [], validation: [] } });
    expect(evaluated).not.toContain("that it had never seen");
    expect(evaluated).not.toContain(">validation</th>");
  });

  it("says nothing of intervals where nothing was tested", () => {
    const page = render({ ...runFixture(), test: {}, intervals: {}, baseline: {}, chance: {} });
    expect(page).toContain("there was no image to test on");
    expect(page).not.toContain("95 times in 100");
  });

  it("takes ten right answers of ten as no proof", () => {
    const counts = { train: 40, validation: 4, test: 10 };
    const page = render({ ...runFixture(), counts, test: { accuracy: 1 }, intervals: { accuracy: [1, 1] } });
    expect(page).not.toContain("likely between");
    expect(page).toContain("up to 25.9\u202f%");
  });

  it("names the rules that the metrics keep where labels are counted one by one", () => {
    const page = render({ ...wholeRun({ task: "multilabel" }), rules: ["a <excludes> b"] });
    expect(page.match(/a &lt;excludes&gt; b/g)).toHaveLength(2);
    expect(page).not.toContain("a <excludes> b");
  });

  it("says by its numbers that calibration kept the ranking, and does not say so when it did not", () => {
    const data = wholeRun();
    expect(render(data)).toContain("The ranking did not change");
    const { before } = data.calibration!;
    const calibration = { ...data.calibration!, before: { ...before, ranking: { mapMacro: 0.7 } } };
    expect(render({ ...data, calibration })).not.toContain("The ranking did not change");
  });

  it("stays below 8 MB for 10,000 test images with 17 labels and more thumbnails than fit", () => {
    const classes = Array.from({ length: 17 }, (_, k) => `agriculture ${k}`);
    const thumbnail = pictureOf(5500);
    const data = wholeRun({ classes, images: 10_000, thumbnailOf: () => thumbnail });
    const explained = Array.from({ length: 300 }, () => ({ ...data.explained![0], cam: thumbnail }));
    const issues = Array.from({ length: 3000 }, () => ({ ...data.labelIssues![0], thumbnail }));
    const groups = Array.from({ length: 40 }, () => data.mistakeGroups![0]);
    const page = render({ ...data, explained, labelIssues: issues, mistakeGroups: groups });
    expect(Buffer.byteLength(page)).toBeGreaterThan(THUMBNAIL_BYTES);
    expect(Buffer.byteLength(page)).toBeLessThan(8e6);
    expect(Object.keys(dataOf(page).thumbnails).length).toBeGreaterThan(500);
  });

  it.each(TASKS)("does not explode with 1,000 classes (%s)", (task) => {
    const classes = Array.from({ length: 1000 }, (_, k) => `class ${k}`);
    const page = render(wholeRun({ task, classes, images: 400 }));
    expect(Buffer.byteLength(page)).toBeLessThan(3e6);
    expect(page).toContain("800 more labels are not shown");
  });

  it("embeds each thumbnail once, and none that stands in the page", () => {
    const data = wholeRun({ thumbnailOf: (row) => pictureOf(200 + row) });
    const page = render(data);
    const { thumbnails } = dataOf(page);
    const shown = new Set([...page.matchAll(/data-row="(\d+)"/g)].map(([, row]) => Number(row)));
    expect(shown.size).toBeGreaterThan(10);
    expect(new Set([...shown, ...Object.keys(thumbnails).map(Number)]).size).toBe(120);
    for (const row of shown) expect(thumbnails).not.toHaveProperty(String(row));
  });

  it("keeps the thumbnails of mistakes where there are not bytes for all", () => {
    const data = wholeRun({ thumbnailOf: () => pictureOf(1000) });
    const { thumbnails } = embedRun(data, new Set([0]), 5500)!;
    expect(Object.keys(thumbnails)).toHaveLength(5);
    const { labels, probabilities } = data.predictions!;
    for (const row of Object.keys(thumbnails).map(Number)) {
      const wrong = data.perLabel!.some(({ threshold }, k) => {
        const label = labels[row * 4 + k];
        return label >= 0 && (label === 1) !== probabilities[row * 4 + k] >= threshold!;
      });
      expect(wrong).toBe(true);
    }
  });

  it("is the same, byte for byte, every time", () => {
    const data = wholeRun({ images: 500 });
    expect(render(data)).toBe(render(data));
  });
});

describe("probabilities in the page", () => {
  it("stand on their side of every threshold and within a step of themselves", () => {
    const random = createRandom(1, "levels");
    const cases = Array.from({ length: 20_000 }, () => random.next()).flatMap((threshold) => {
      const near = threshold + (random.next() - 0.5) / LEVELS;
      return [threshold, Math.min(1, Math.max(0, near)), random.next(), 0, 1].map((p) => ({ threshold, p }));
    });
    const wrong = cases.filter(({ threshold, p }) => {
      const value = levelOf(p, [0.5, threshold]) / LEVELS;
      return (
        value >= threshold !== p >= threshold ||
        (value >= 0.5 !== p >= 0.5 && Math.abs(threshold - 0.5) > 1 / LEVELS) ||
        Math.abs(value - p) > 1.6 / LEVELS
      );
    });
    expect(wrong).toEqual([]);
    expect(levelOf(1, [0.5, 1])).toBe(LEVELS);
    expect(levelOf(0.5, [0.5, 0])).toBe(32_768);
  });
});

describe("the order of thumbnails", () => {
  it("begins with mistakes, one of each combination at a time, the most confident first", () => {
    // Two classes; rows: right 0.9, wrong 0.6, wrong 0.8 (same combination), wrong the other way 0.7, right 0.95.
    const labels = [1, 0, 1, 0, 1, 0, 0, 1, 1, 0];
    const decisions = [1, 0, 0, 1, 0, 1, 1, 0, 1, 0];
    const probabilities = [0.9, 0.1, 0.4, 0.6, 0.2, 0.8, 0.7, 0.3, 0.95, 0.05];
    expect(thumbnailOrder(labels, decisions, probabilities, 2)).toEqual([2, 3, 1, 4, 0]);
  });
});

describe("answering only when sure", () => {
  it("counts what is answered and what of it is right", () => {
    const answers = [0.5, 0.7, 0.9, 0.99].map((confidence, i) => ({ confidence, right: i % 2 === 1 }));
    expect(answeredFrom(answers, 0.7)).toEqual({ answered: 0.75, accuracy: 2 / 3 });
    expect(answeredFrom(answers, 1)).toEqual({ answered: 0, accuracy: Number.NaN });
  });
});
