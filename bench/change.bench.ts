import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { changeScenes, chipScene, LAND, train, writeCountry } from "sigmax";
import { openRaster } from "../src/raster/reader.js";

const SIZE_PX = 1536;
const CHIP_PX = 64;
/** Chips to learn from overlap: there are four times as many, which is worth more than any setting of the model. */
const LEARNT_STRIDE_PX = 32;
/** Of countries; nothing was tuned on any of them. */
const SEEDS = [9501, 9502, 9503];
/** The share of a cell that one class covers, before and after, from which it counts as pure. */
const PURE = 0.6;
const TARGETS = { clean: 0.9, haze: 0.8, date: 0.85, flicker: 0.01 };
/** Of haze, gain, offset and the grid's error that `sigmax synth` knows. */
const SKIES = { clean: { haze: 0, shift: 0 }, haze: { haze: 1, shift: 1 } } as const;
const CLEARED: ReadonlySet<string> = new Set(["field", "grass", "urban", "bare"]);
/** Files of a change, and what they are to say. */
const QUESTIONS = {
  deforestation: (before: string, after: string) => before === "forest" && CLEARED.has(after),
  urbanisation: (before: string, after: string) => before !== "urban" && after === "urban",
} as const;
type Question = keyof typeof QUESTIONS;

/** Cells by what was said and what is true. */
type Hits = Record<"found" | "invented" | "missed", number>;

/**
 * Generated countries that nobody tuned anything on. `clean` and `haze`: chips of the first date teach a classifier, which looks for change
 * on the later ones; the worse F1 of deforested and of newly built cells between the first two dates ÷ 0.9, and ÷ 0.8 with haze and
 * shifted numbers, which are matched. `date` and `flicker` are of four clean dates: the share of changed cells whose date is right ÷ 0.85, and
 * 0.01 ÷ the share of cells that stay what they are and are shown as another class on the last date than on the first. Ratios and figures
 * of "elsewhere" are of classifiers that have seen no date of the country, but learnt in another one. The class of a cell is that of most of its pixels.
 */
export async function run() {
  const figures: Record<string, number> = {};
  const hits: Record<string, Hits> = {};
  const cells = { here: newDatedCells(), elsewhere: newDatedCells() };
  const folder = mkdtempSync(join(tmpdir(), "sigmax-change-"));
  try {
    for (const sky of ["clean", "haze"] as const) {
      let foreign: string | undefined;
      for (const seed of SEEDS) {
        const dates = sky === "clean" ? 4 : 2;
        const out = join(folder, `${seed}-${sky}`);
        const { scenes, classes } = await writeCountry({ out, sizePx: SIZE_PX, seed, dates, ...SKIES[sky] });
        const truth = await Promise.all(classes.map(cellsOf));
        const own = await learn(out, scenes[0], classes[0]);
        for (const [place, classifier] of Object.entries({ here: own, elsewhere: foreign })) {
          if (classifier === undefined) continue;
          const two = `${out}-two`;
          await changeScenes({ classifier, scenes: scenes.slice(0, 2), out: two, force: true });
          const of = place === "here" ? sky : `${sky}, elsewhere`;
          for (const question of ["deforestation", "urbanisation"] as const) await judge(hits, { of, question, out: two, truth });
          if (sky === "haze") continue;
          const four = `${out}-four`;
          await changeScenes({ classifier, scenes, out: four, force: true });
          await judgeDates(cells[place as keyof typeof cells], four, truth); // the keys above
        }
        foreign = own;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const [name, counts] of Object.entries(hits)) {
    figures[`F1 ${name}`] = f1(counts);
    figures[`${name}, true`] = counts.found + counts.missed;
  }
  for (const [place, { changed, dated, stable, flickering }] of Object.entries(cells)) {
    Object.assign(figures, { [`date right, ${place}`]: dated / changed, [`changed cells, ${place}`]: changed });
    figures[`flicker, ${place}`] = flickering / stable;
  }
  const worse = (of: string) => Math.min(figures[`F1 deforestation, ${of}`], figures[`F1 urbanisation, ${of}`]);
  const ratios = {
    clean: worse("clean") / TARGETS.clean,
    haze: worse("haze") / TARGETS.haze,
    ...datedRatios(cells.here),
    clean_elsewhere: worse("clean, elsewhere") / TARGETS.clean,
    haze_elsewhere: worse("haze, elsewhere") / TARGETS.haze,
    ...Object.fromEntries(Object.entries(datedRatios(cells.elsewhere)).map(([name, ratio]) => [`${name}_elsewhere`, ratio])),
  };
  return { ratios, figures };
}

function datedRatios({ changed, dated, stable, flickering }: ReturnType<typeof newDatedCells>) {
  return {
    date: dated / changed / TARGETS.date,
    // One cell of all, where there is none: a ratio needs a number.
    flicker: TARGETS.flicker / (Math.max(1, flickering) / stable),
  };
}

function newDatedCells() {
  return { changed: 0, dated: 0, stable: 0, flickering: 0 };
}

/** Learns from chips of a scene. @returns path of the classifier */
async function learn(name: string, scene: string, classes: string): Promise<string> {
  const chips = await chipScene({
    ...{ scene, fromRaster: classes, sizePx: CHIP_PX, stridePx: LEARNT_STRIDE_PX, out: `${name}-chips` },
  });
  const { classifier } = await train({ data: chips.folder, labels: chips.largest, out: `${name}-run` });
  return classifier;
}

/** The cells of one date. */
interface TrueCells {
  /** By cell, row by row: the name of the class of most pixels. */
  readonly names: readonly string[];
  /** By cell: the share of its pixels that are of that class. */
  readonly shares: readonly number[];
}

async function cellsOf(classes: string): Promise<TrueCells> {
  const raster = await openRaster(classes);
  const [names, shares]: [string[], number[]] = [[], []];
  try {
    const { data, widthPx, heightPx } = await raster.read();
    for (let topPx = 0; topPx < heightPx; topPx += CHIP_PX) {
      for (let leftPx = 0; leftPx < widthPx; leftPx += CHIP_PX) {
        const counts = new Uint32Array(LAND.length + 1);
        for (let y = 0; y < CHIP_PX; y++) {
          for (let x = 0; x < CHIP_PX; x++) counts[data[(topPx + y) * widthPx + leftPx + x]]++;
        }
        const largest = counts.indexOf(Math.max(...counts));
        names.push(LAND[largest - 1].name);
        shares.push(counts[largest] / CHIP_PX ** 2);
      }
    }
  } finally {
    await raster.close();
  }
  return { names, shares };
}

async function valuesOf(file: string): Promise<ArrayLike<number>> {
  const raster = await openRaster(file);
  try {
    return (await raster.read()).data;
  } finally {
    await raster.close();
  }
}

/** Counts what a rule said of every cell between the first two dates. */
async function judge(
  hits: Record<string, Hits>,
  { of, question, out, truth }: { of: string; question: Question; out: string; truth: readonly TrueCells[] },
): Promise<void> {
  const said = await valuesOf(join(out, `${question}.tif`));
  const [before, after] = truth;
  before.names.forEach((name, cell) => {
    const isTrue = QUESTIONS[question](name, after.names[cell]);
    const isSaid = said[cell] === 1;
    if (!isTrue && !isSaid) return;
    const isPure = before.shares[cell] >= PURE && after.shares[cell] >= PURE;
    for (const key of [`${question}, ${of}`, ...(isPure ? [`${question}, ${of}, pure cells`] : [])]) {
      hits[key] ??= { found: 0, invented: 0, missed: 0 };
      hits[key][isTrue && isSaid ? "found" : isSaid ? "invented" : "missed"]++;
    }
  });
}

function f1({ found, invented, missed }: Hits): number {
  return found / (found + (invented + missed) / 2);
}

/** Counts changed cells, those whose date is right, and stable cells that are shown as changed from the first date to the last. */
async function judgeDates(cells: ReturnType<typeof newDatedCells>, out: string, truth: readonly TrueCells[]) {
  const when = await valuesOf(join(out, "when.tif"));
  const last = truth.length - 1;
  truth[0].names.forEach((first, cell) => {
    const names = truth.map((date) => date.names[cell]);
    if (names.every((name) => name === first)) {
      cells.stable++;
      if (when[cell] !== 0) cells.flickering++;
    } else if (first !== names[last]) {
      // The number of the date from which on a cell is what it is in the end, the first date being 1.
      let since = last;
      while (names[since - 1] === names[last]) since--;
      cells.changed++;
      if (when[cell] === since + 1) cells.dated++;
    }
  });
}
