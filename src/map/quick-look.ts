import { basename } from "node:path";
import { RGB } from "../raster/bands.js";
import { drawText, shortenText, textHeight, textWidth } from "../raster/bitmap-text.js";
import { fillPolygon, fillRectangle, frameRectangle, type Paint } from "../raster/drawing.js";
import { shownBands, toPicture } from "../raster/picture.js";
import type { Raster } from "../raster/raster.js";
import type { RasterReader } from "../raster/reader.js";
import { readReduced } from "../raster/reduced.js";
import { type PixelWindow, resize } from "../raster/resample.js";
import type { CellGrid } from "./cells.js";
import { classColours, NO_LABEL_COLOUR } from "./colours.js";
import { northOf, type ScaleBar, scaleBar } from "./map-key.js";
import { KEY, type Layout, layoutOf, NAME_PX, SWATCH, SWATCH_GAP_PX, scaleOf, TEXT, TITLE } from "./quick-look-layout.js";

const PAPER: Paint = [255, 255, 255];
const INK: Paint = [34, 38, 44];
const FAINT: Paint = [112, 118, 126];
const LINE: Paint = [150, 155, 162];
/** Where there is no answer: lines over a ground that no class has. */
const HATCH: Paint = [168, 172, 178];
const HATCH_GROUND: Paint = [236, 238, 240];
const HATCH_PITCH_PX = 8;
const HATCH_LINE_PX = 2;
const BAR_HEIGHT_PX = 8;
const NO_ANSWER = "no answer";
const NO_LABEL = "no label";

export interface QuickLookOptions {
  readonly scene: RasterReader;
  readonly cells: CellGrid;
  readonly classes: readonly string[];
  /** Whether a cell may have no label: its number is one more than that of the last class. */
  readonly withNoLabel: boolean;
  readonly classifierSha256: string;
  readonly signal?: AbortSignal | undefined;
}

/** A picture of a scene and its map for people to look at, no longer than 1,600 px on a side. */
export interface QuickLook {
  /** Takes the rows of cells from the first to the last: 0 without an answer, else the number of the class from 1 on. */
  row(drawn: Uint16Array): void;
  /** @throws UserError what reading the scene throws; `aborted` */
  finish(): Promise<Raster>;
}

interface Entry {
  readonly name: string;
  readonly colour: Paint | undefined;
  readonly cells: number;
}

export function openQuickLook(options: QuickLookOptions): QuickLook {
  const { scene, cells, classes, withNoLabel } = options;
  const names = [...classes, ...(withNoLabel ? [NO_LABEL] : []), NO_ANSWER];
  const layout = layoutOf(scene.info, names);
  const { widthPx, heightPx } = layout.map;
  const shown = new Uint16Array(widthPx * heightPx);
  const cellOf = (length: number, of: number) =>
    Uint32Array.from({ length }, (_, i) => Math.floor(Math.floor(((i + 0.5) * of) / length) / cells.stridePx));
  const columns = cellOf(widthPx, scene.info.widthPx);
  const rows = cellOf(heightPx, scene.info.heightPx);
  const counts = new Float64Array(classes.length + 2);
  let [row, y] = [0, 0];
  return {
    row(drawn) {
      for (const number of drawn) counts[number]++;
      for (; y < heightPx && rows[y] === row; y++) {
        for (let x = 0; x < widthPx; x++) shown[y * widthPx + x] = drawn[columns[x]];
      }
      row++;
    },
    async finish() {
      const colours = [undefined, ...classColours(classes), NO_LABEL_COLOUR];
      const page = blank(layout.page);
      const entries = names.map((name, i) => {
        const number = (i + 1) % names.length;
        return { name, colour: colours[number], cells: counts[number] };
      });
      await drawScene(page, layout, options);
      drawMap(page, layout, shown, colours, cells);
      drawLegend(page, layout, entries, cells.columns * cells.rows);
      await drawKey(page, layout, scene);
      const { title, foot } = layout;
      const name = shortenText(basename(scene.info.file), title.widthPx, TITLE);
      drawText(page, name, { x: title.leftPx, y: title.topPx, scale: TITLE, colour: INK });
      const small = `classifier ${options.classifierSha256.slice(0, 8)}`;
      drawText(page, small, { x: foot.leftPx, y: foot.topPx, scale: TEXT, colour: FAINT });
      return page;
    },
  };
}

function blank({ widthPx, heightPx }: Layout["page"]): Raster {
  const page: Raster = { bands: RGB, widthPx, heightPx, dtype: "uint8", data: new Uint8Array(3 * widthPx * heightPx) };
  fillRectangle(page, { leftPx: 0, topPx: 0, widthPx, heightPx }, PAPER);
  return page;
}

function drawCaption(page: Raster, text: string, { leftPx, topPx, widthPx }: PixelWindow): void {
  drawText(page, shortenText(text, widthPx, TEXT), { x: leftPx, y: topPx, scale: TEXT, colour: FAINT });
}

async function drawScene(page: Raster, { scene: place, sceneCaption }: Layout, { scene, signal }: QuickLookOptions) {
  const all = scene.info.bands.filter(({ colour }) => colour !== "alpha").map(({ name }) => name);
  const names = shownBands(all);
  const bands = names.map((name) => scene.info.bands.findIndex((band) => band.name === name));
  const { widthPx, heightPx } = place;
  const reduced = await readReduced(scene, { bands, widthPx, heightPx, signal });
  const fitted = resize(reduced, { widthPx, heightPx, interpolation: "nearest" });
  const { data } = toPicture(fitted);
  const px = widthPx * heightPx;
  paint(page, place, (i) => (fitted.valid?.[i] === 0 ? undefined : [data[i], data[px + i], data[2 * px + i]]));
  drawCaption(page, `scene: ${names.join(", ")}`, sceneCaption);
}

function drawMap(
  page: Raster,
  { map, mapCaption }: Layout,
  shown: Uint16Array,
  colours: readonly (Paint | undefined)[],
  { stridePx }: CellGrid,
): void {
  paint(page, map, (i) => colours[shown[i]]);
  drawCaption(page, `map: cells of ${stridePx} px`, mapCaption);
}

/** Colours every pixel of a place; hatches those that have none. */
function paint(page: Raster, place: PixelWindow, colourOf: (i: number) => Paint | undefined): void {
  const plane = page.widthPx * page.heightPx;
  for (let y = 0, i = 0; y < place.heightPx; y++) {
    let at = (place.topPx + y) * page.widthPx + place.leftPx;
    for (let x = 0; x < place.widthPx; x++, i++, at++) {
      const colour = colourOf(i) ?? ((x + y) % HATCH_PITCH_PX < HATCH_LINE_PX ? HATCH : HATCH_GROUND);
      for (let band = 0; band < 3; band++) page.data[band * plane + at] = colour[band];
    }
  }
  frameRectangle(page, place, LINE);
}

/** Where not all lines fit, those with the most cells. */
function drawLegend(page: Raster, { entries: places }: Layout, all: readonly Entry[], cells: number): void {
  const entries = all.filter(({ colour, cells: count }) => colour !== undefined || count > 0);
  const most = [...entries].sort((a, b) => b.cells - a.cells).slice(0, places.length - 1);
  const shown = entries.length <= places.length ? entries : entries.filter((entry) => most.includes(entry));
  shown.forEach(({ name, colour, cells: count }, i) => {
    const { leftPx, topPx, widthPx } = places[i];
    paint(page, { leftPx, topPx, ...SWATCH }, () => colour);
    const y = topPx + (SWATCH.heightPx - textHeight(TEXT)) / 2;
    const x = leftPx + SWATCH.widthPx + SWATCH_GAP_PX;
    drawText(page, shortenText(name, NAME_PX, TEXT), { x, y, scale: TEXT, colour: INK });
    const share = shareText(count / cells);
    drawText(page, share, { x: leftPx + widthPx - textWidth(share, TEXT), y, scale: TEXT, colour: FAINT });
  });
  if (shown.length < entries.length) {
    const { leftPx, topPx } = places[shown.length];
    const y = topPx + (SWATCH.heightPx - textHeight(TEXT)) / 2;
    drawText(page, `and ${entries.length - shown.length} more`, { x: leftPx, y, scale: TEXT, colour: FAINT });
  }
}

function shareText(share: number): string {
  return share > 0 && share < 0.0005 ? "< 0.1 %" : `${(100 * share).toFixed(1)} %`;
}

async function drawKey(page: Raster, layout: Layout, { info }: RasterReader): Promise<void> {
  const { widthPx, heightPx, georeference } = info;
  if (georeference === undefined) return;
  const grid = { widthPx, heightPx, ...georeference };
  const north = await northOf(grid);
  const { key } = layout;
  const right = key.leftPx + key.widthPx;
  if (north !== undefined) drawNorth(page, right - KEY.arrowPx / 2, key.topPx + KEY.heightPx / 2, north);
  const bar = scaleBar(grid, scaleOf(grid, layout), KEY.barPx);
  if (bar !== undefined) drawBar(page, right - KEY.arrowPx - 20, key.topPx + KEY.heightPx / 2, bar);
}

/** Its right end at `right`, its length written above it. */
function drawBar(page: Raster, right: number, y: number, { lengthPx, label }: ScaleBar): void {
  const widthPx = Math.max(1, Math.round(lengthPx));
  const place = { leftPx: right - widthPx, topPx: y, widthPx, heightPx: BAR_HEIGHT_PX };
  fillRectangle(page, place, INK);
  // Its second half is white inside.
  const half = Math.round(widthPx / 2);
  const inner = { leftPx: place.leftPx + half, topPx: y + 2, widthPx: widthPx - half - 2, heightPx: BAR_HEIGHT_PX - 4 };
  fillRectangle(page, inner, PAPER);
  const x = place.leftPx + Math.round((widthPx - textWidth(label, TEXT)) / 2);
  drawText(page, label, { x, y: y - textHeight(TEXT) - 8, scale: TEXT, colour: INK });
}

/** An arrow around a point, the letter at its tip. */
function drawNorth(page: Raster, x: number, y: number, [right, down]: readonly [number, number]): void {
  const at = (along: number, aside: number) => [x + along * right - aside * down, y + along * down + aside * right] as const;
  const [tip, tail] = [at(18, 0), at(-18, 0)];
  fillPolygon(page, [tip, at(-26, 13), tail, at(-26, -13)], INK);
  fillPolygon(page, [at(12, 1.5), at(-21.5, 10), at(-16, 1.5)], PAPER);
  const [middleX, middleY] = at(31, 0);
  const place = { x: Math.round(middleX - textWidth("N", TEXT) / 2), y: Math.round(middleY - textHeight(TEXT) / 2) };
  drawText(page, "N", { ...place, scale: TEXT, colour: INK });
}
