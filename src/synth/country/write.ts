import { join } from "node:path";
import { mapInOrder } from "../../concurrency.js";
import { writeFileAtomic } from "../../files.js";
import { LAND } from "../../land.js";
import { writeFolder } from "../../output-folder.js";
import type { WorkOptions } from "../../progress.js";
import { crsOfEpsg } from "../../raster/geo/crs.js";
import type { PixelWindow } from "../../raster/resample.js";
import { type CogOptions, createCog, type RasterWriter } from "../../raster/write/cog.js";
import { type Country, type CountryOptions, createCountry } from "./country.js";
import { openCrew, type PaintedDate } from "./crew.js";
import { COUNTRY_BANDS } from "./spectra.js";
import { type CountryTruth, countryTruth, countTruth } from "./truth.js";

/** What to generate, and where to. */
export interface WriteCountryOptions extends CountryOptions, WorkOptions {
  /** The folder; it appears whole or not at all. */
  readonly out: string;
  /** How many of red, green, blue, nir, swir16, swir22, in this order. Default 4. */
  readonly bands?: number | undefined;
  /** Each 0 for nothing, 1 for what the command line's switch does. */
  readonly haze?: number | undefined;
  readonly shift?: number | undefined;
  readonly clouds?: number | undefined;
  /** Replaces a folder that this function wrote. */
  readonly force?: boolean | undefined;
  /** Default one per core. */
  readonly threads?: number | undefined;
}

/** What was written. */
export interface WrittenCountry {
  readonly folder: string;
  readonly scenes: readonly string[];
  readonly classes: readonly string[];
  /** Empty without clouds. */
  readonly clouds: readonly string[];
  readonly truth: CountryTruth;
}

/** Says that a folder is ours and may be replaced. */
const MARKER = "truth.json";
const BLOCK_PX = 512;

/**
 * Writes a generated country: for every date `scene-N.tif` (uint16, reflectance · 10000), `classes-N.tif` (the truth, with colours
 * and category names) and with clouds `clouds-N.tif` (SCL codes); `classes.json`, and `truth.json` with areas and transitions.
 * Memory is bounded whatever the size; the same options give the same bytes whatever the number of threads.
 *
 * @throws UserError `exists` if the folder holds something, `limit` for a size out of bounds, `io`, `aborted`
 */
export function writeCountry(options: WriteCountryOptions): Promise<WrittenCountry> {
  const { out, sizePx, seed, dates = 1, haze = 0, shift = 0, clouds = 0, force = false, signal, onProgress } = options;
  const bands = COUNTRY_BANDS.slice(0, options.bands ?? 4);
  if (bands.length !== (options.bands ?? 4) || bands.length === 0) {
    throw new RangeError(`a country has 1 to ${COUNTRY_BANDS.length} bands, not ${options.bands}`);
  }
  const country = createCountry({ sizePx, seed, dates });
  const numbers = Array.from({ length: dates }, (_, date) => date + 1);
  return writeFolder(out, { force, marker: MARKER }, async (folder) => {
    const windows = windowsOf(sizePx);
    const view = { bands, haze, shift, clouds };
    const counter = countTruth(dates);
    const outputs: DateWriters[] = [];
    const crew = await openCrew({ sizePx, seed, dates, view }, { windows: windows.length, threads: options.threads });
    try {
      for (const number of numbers) outputs.push(await openDate(folder, country, number, view, signal));
      let done = 0;
      const painting = mapInOrder(
        windows,
        crew.concurrency,
        async (window) => ({ window, painted: await crew.paint(window) }),
        signal,
      );
      for await (const { window, painted } of painting) {
        for (const [date, output] of outputs.entries()) await output.write(window, painted[date]);
        counter.add(painted.map(({ classes }) => classes));
        onProgress?.({ stage: "generate", done: ++done, total: windows.length, unit: "windows" });
      }
      for (const output of outputs) await output.finish();
    } finally {
      await crew.close();
      for (const output of outputs) await output.close();
    }
    const truth = countryTruth(country, view, counter);
    const json = (value: unknown) => Buffer.from(`${JSON.stringify(value, undefined, 2)}\n`);
    writeFileAtomic(join(folder, "classes.json"), json({ version: 1, classes: CLASSES }));
    writeFileAtomic(join(folder, MARKER), json(truth));
    const named = (kind: string) => numbers.map((number) => join(out, `${kind}-${number}.tif`));
    return { folder: out, scenes: named("scene"), classes: named("classes"), clouds: clouds > 0 ? named("clouds") : [], truth };
  });
}

const CLASSES = LAND.map(({ name, colour }, index) => {
  return { value: index + 1, name, colour: `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}` };
});

/** Names of the values of a class raster; 0 is no truth. */
const CATEGORIES = ["no truth", ...LAND.map(({ name }) => name)];
const PALETTE = [[0, 0, 0] as const, ...LAND.map(({ colour }) => colour)];

/** Categories of a scene classification layer, by code. */
const SCL_CATEGORIES =
  "nodata,saturated,dark,cloud shadow,vegetation,not vegetated,water,unclassified,cloud medium probability,cloud high probability,thin cirrus,snow".split(
    ",",
  );
const SCL_PALETTE = [
  "000000",
  "ff0000",
  "2f2f2f",
  "643200",
  "00a000",
  "ffe65a",
  "0000ff",
  "808080",
  "c0c0c0",
  "ffffff",
  "64c8ff",
  "ff96ff",
].map(
  (hex): readonly [number, number, number] =>
    [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as [number, number, number], // three of them
);

interface DateWriters {
  write(window: PixelWindow, painted: PaintedDate): Promise<void>;
  finish(): Promise<void>;
  close(): Promise<void>;
}

async function openDate(
  folder: string,
  { sizePx, seed, epsg, transform }: Country,
  number: number,
  { bands, haze, shift, clouds }: { bands: readonly string[]; haze: number; shift: number; clouds: number },
  signal: AbortSignal | undefined,
): Promise<DateWriters> {
  const metadata = {
    SIGMAX_GENERATED: "by sigmax synth: no real place",
    SIGMAX_SYNTH: JSON.stringify({ size: sizePx, seed, date: number, haze, shift, clouds }),
  };
  const common = {
    ...{ widthPx: sizePx, heightPx: sizePx, nodata: 0, blockPx: BLOCK_PX, metadata, signal },
    georeference: { crs: crsOfEpsg(epsg), transform },
  };
  const writers: RasterWriter[] = [];
  const open = async (kind: string, about: Pick<CogOptions, "dtype" | "bands" | "palette" | "categories">) => {
    const writer = await createCog({ ...common, ...about, path: join(folder, `${kind}-${number}.tif`) });
    writers.push(writer);
    return writer;
  };
  const close = async () => {
    for (const writer of writers) await writer.close();
  };
  try {
    const scaling = { scale: 0.0001, offset: 0 };
    const scene = await open("scene", { dtype: "uint16", bands: bands.map((name) => ({ name, scaling })) });
    const classes = await open("classes", {
      ...{ dtype: "uint8", bands: [{ name: "class" }], palette: PALETTE, categories: CATEGORIES },
    });
    const scl = clouds > 0 && {
      dtype: "uint8" as const,
      bands: [{ name: "scl" }],
      palette: SCL_PALETTE,
      categories: SCL_CATEGORIES,
    };
    const sky = scl === false ? undefined : await open("clouds", scl);
    return {
      async write({ leftPx, topPx, widthPx, heightPx }, painted) {
        await scene.write(leftPx, topPx, { data: painted.scene, widthPx, heightPx });
        await classes.write(leftPx, topPx, { data: painted.classes, widthPx, heightPx });
        if (painted.clouds !== undefined) await sky?.write(leftPx, topPx, { data: painted.clouds, widthPx, heightPx });
      },
      async finish() {
        for (const writer of writers) await writer.finish();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Windows of a block each, in Morton order: four neighbours follow each other on every level, so that overviews wait for little. */
function windowsOf(sizePx: number): PixelWindow[] {
  const count = Math.ceil(sizePx / BLOCK_PX);
  const windows: PixelWindow[] = [];
  const visit = (column: number, row: number, side: number) => {
    if (column >= count || row >= count) return;
    if (side === 1) {
      const [leftPx, topPx] = [column * BLOCK_PX, row * BLOCK_PX];
      const widthPx = Math.min(BLOCK_PX, sizePx - leftPx);
      windows.push({ leftPx, topPx, widthPx, heightPx: Math.min(BLOCK_PX, sizePx - topPx) });
      return;
    }
    const half = side / 2;
    for (const [right, down] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ])
      visit(column + right * half, row + down * half, half);
  };
  visit(0, 0, 2 ** Math.ceil(Math.log2(count)));
  return windows;
}
