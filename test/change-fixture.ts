import { encodePng, encodeTransparentPng } from "../src/raster/encode.js";
import type { AreaEstimates, EstimatedArea } from "../src/report/area-estimates.js";
import type { ChangePictures } from "../src/report/change/pictures.js";
import type { ChangeReportData } from "../src/report/change-data.js";
import type { Task } from "../src/task.js";

const COLOURS = ["#3b6fb6", "#1e5c32", "#96c462", "#dec454", "#b0967c", "#46464c", "#ce5448"];

/** A comparison of imaginary dates on 60 × 40 cells of 4 ha, with a place for every number asked for. */
export function changeFixture({
  classes = ["water", "forest", "field", "urban"],
  dates = ["1985", "2020"],
  task = "multiclass",
  places = 3,
}: {
  classes?: readonly string[];
  dates?: readonly string[];
  task?: Task;
  places?: number;
} = {}): ChangeReportData {
  const [water, forest, field, urban] = classes;
  const hectares = 4;
  const flow = (before: string, after: string, cells: number) => ({ before, after, cells, hectares: hectares * cells });
  return {
    version: 1,
    title: `Changes around ${forest}`,
    task,
    generated: false,
    classifier: { file: `${forest}.onnx`, sha256: "c".repeat(64), agreementWith: null },
    dates: dates.map((label, i) => ({
      label,
      day: i === 0 ? null : `${label}-08-01`,
      scene: `${label}.tif`,
      sha256: `${i}`.repeat(64),
      picture: `date-${i}.png`,
    })),
    cells: { columns: 60, rows: 40, metersWide: 200, metersHigh: 200, hectares },
    classes: classes.map((name, k) => ({ name, colour: COLOURS[k % COLOURS.length] })),
    counts: { cells: 2400, noAnswer: 123, changed: 321, undecided: 45, belowUnit: 67 },
    rules: [
      {
        name: `loss of ${forest}`,
        rule: `${forest} -> ${field}|${urban}`,
        colour: "#d1495b",
        file: "loss.tif",
        cells: 290,
        hectares: 1160,
      },
      { name: "new buildings", rule: `* -> ${urban}`, colour: "#edae49", file: "new-buildings.tif", cells: 101, hectares: 404 },
    ],
    areas: dates.flatMap((_, date) =>
      classes.map((name, k) => ({ date, name, cells: 500 + 10 * k + date, hectares: hectares * (500 + 10 * k + date) })),
    ),
    transitions: [
      flow(water, water, 500),
      flow(forest, forest, 800),
      flow(forest, field, 200),
      flow(forest, urban, 90),
      flow(field, field, 600),
      flow(field, urban, 11),
      flow(field, water, 2),
      flow(urban, water, 1),
      flow(urban, urban, 73),
    ],
    places: Array.from({ length: places }, (_, i) => ({
      id: i + 1,
      before: forest,
      after: i % 2 === 0 ? field : urban,
      rules: [`loss of ${forest}`],
      hectares: 400 / (i + 1),
      longitude: -74.5 - i / 1000,
      latitude: -8.4 + i / 1000,
      when: dates.length > 2 ? `between ${dates[0]} and ${dates[1]}` : null,
      score: 0.9,
      box: [10 + (i % 40), 5 + (i % 30), 16 + (i % 40), 9 + (i % 30)] as const,
    })),
    settings: {
      stay: 0.95,
      confidence: 0.9,
      unitCells: 2,
      unitHectares: 8,
      match: true,
      notes: [`${dates[1]}.tif: brought to the grid of ${dates[0]}.tif, bilinear`],
    },
    command: `sigmax change ${forest}.onnx ${dates.map((label) => `${label}.tif`).join(" ")} --out change`,
    changePicture: "change.png",
  };
}

/** Date i in a colour of its own; the change layer green in the box of the first place. */
export async function changePictures({ dates, places, changePicture, cells }: ChangeReportData): Promise<ChangePictures> {
  const { columns: widthPx, rows: heightPx } = cells;
  const px = widthPx * heightPx;
  const filled = (colour: readonly number[]) =>
    ({
      bands: ["red", "green", "blue"],
      widthPx,
      heightPx,
      dtype: "uint8",
      data: Uint8Array.from({ length: 3 * px }, (_, i) => colour[Math.floor(i / px)]),
    }) as const;
  const [left, top, right, bottom] = places[0]?.box ?? [0, 0, 0, 0];
  const alpha = Uint8Array.from({ length: px }, (_, i) => {
    const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
    return x >= left && x < right && y >= top && y < bottom ? 255 : 0;
  });
  const pictures = new Map<string, Uint8Array>();
  for (const [i, { picture }] of dates.entries()) pictures.set(picture, await encodePng(filled(DATE_COLOURS[i % 4])));
  return pictures.set(changePicture, await encodeTransparentPng(filled(LAYER_COLOUR), alpha));
}

/** Colours of the pictures of {@link changePictures}. */
export const DATE_COLOURS = [
  [200, 40, 40],
  [40, 40, 200],
  [200, 200, 40],
  [120, 120, 120],
] as const;
export const LAYER_COLOUR = [40, 200, 40] as const;

/** What a checked sample might say of {@link changeFixture}. */
export function estimatesFixture(data: ChangeReportData): AreaEstimates {
  const of = (kind: EstimatedArea["of"], name: string, date: number | null, counted: number): EstimatedArea => ({
    of: kind,
    name,
    date,
    countedHectares: counted,
    countedInterval: [counted - 7, counted + 7],
    hectares: 1.25 * counted,
    standardError: 0.1 * counted,
    interval: [1.05 * counted, 1.45 * counted],
    users: { value: 0.876, standardError: 0.021 },
    producers: { value: 0.765, standardError: null },
    samples: 55,
    why: null,
  });
  // A sample is asked about the first and the last date.
  const last = data.dates.length - 1;
  const dates = [data.dates[0].label, data.dates[last].label];
  const asked = data.areas.filter(({ date }) => date === 0 || date === last);
  return {
    version: 1,
    confidenceLevel: 0.95,
    overall: { value: 0.912, standardError: 0.01 },
    dates,
    classes: [
      ...data.rules.map((rule) => of("rule", rule.name, null, rule.hectares)),
      ...asked.map((area) => of("class", area.name, area.date === 0 ? 0 : 1, area.hectares)),
    ],
    strata: [
      { name: "stable", hectares: 8000, samples: 150, unanswered: 3 },
      { name: data.rules[0].name, hectares: 1160, samples: 60, unanswered: 0 },
    ],
    notes: [`few samples of ${data.classes[3].name}`],
  };
}
