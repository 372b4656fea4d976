import { basename } from "node:path";
import { drawText, shortenText, textHeight, textWidth } from "../raster/bitmap-text.js";
import type { Paint } from "../raster/drawing.js";
import { toPicture } from "../raster/picture.js";
import type { Raster } from "../raster/raster.js";
import type { RasterReader } from "../raster/reader.js";
import { readShown } from "../raster/shown.js";
import type { CellGrid } from "./cells.js";
import { classColours, NO_LABEL_COLOUR } from "./colours.js";
import { blankPage, drawCaption, drawKey, FAINT, INK, paintPlace } from "./page-drawing.js";
import { type Layout, layoutOf, NAME_PX, SWATCH, SWATCH_GAP_PX, scaleOf, TEXT, TITLE } from "./quick-look-layout.js";

const NO_ANSWER = "no answer";
const CLIPPED = "outside or no answer";
const NO_LABEL = "no label";

export interface QuickLookOptions {
  readonly scene: RasterReader;
  readonly cells: CellGrid;
  readonly classes: readonly string[];
  /** Whether a cell may have no label: its number is one more than that of the last class. */
  readonly withNoLabel: boolean;
  /** Cells outside of what is mapped: shares are of the others. */
  readonly outside: number;
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
  /** Whether its colour also stands for what is outside: then it gets no share. */
  readonly isOutside: boolean;
}

export function openQuickLook(options: QuickLookOptions): QuickLook {
  const { scene, cells, classes, withNoLabel, outside } = options;
  const names = [...classes, ...(withNoLabel ? [NO_LABEL] : []), outside > 0 ? CLIPPED : NO_ANSWER];
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
      const page = blankPage(layout.page);
      const entries = names.map((name, i) => {
        const number = (i + 1) % names.length;
        return { name, colour: colours[number], cells: counts[number], isOutside: number === 0 && outside > 0 };
      });
      await drawScene(page, layout, options);
      drawMap(page, layout, shown, colours, cells);
      drawLegend(page, layout, entries, cells.columns * cells.rows - outside);
      const { georeference, widthPx, heightPx } = scene.info;
      if (georeference !== undefined) {
        await drawKey(page, layout.key, { widthPx, heightPx, ...georeference }, scaleOf(scene.info, layout));
      }
      const { title, foot } = layout;
      const name = shortenText(basename(scene.info.file), title.widthPx, TITLE);
      drawText(page, name, { x: title.leftPx, y: title.topPx, scale: TITLE, colour: INK });
      const small = `classifier ${options.classifierSha256.slice(0, 8)}`;
      drawText(page, small, { x: foot.leftPx, y: foot.topPx, scale: TEXT, colour: FAINT });
      return page;
    },
  };
}

async function drawScene(page: Raster, { scene: place, sceneCaption }: Layout, { scene, signal }: QuickLookOptions) {
  const { widthPx, heightPx } = place;
  const shown = await readShown(scene, { widthPx, heightPx, signal });
  const { data } = toPicture(shown);
  const px = widthPx * heightPx;
  paintPlace(page, place, (i) => (shown.valid?.[i] === 0 ? undefined : [data[i], data[px + i], data[2 * px + i]]));
  drawCaption(page, `scene: ${shown.bands.join(", ")}`, sceneCaption);
}

function drawMap(
  page: Raster,
  { map, mapCaption }: Layout,
  shown: Uint16Array,
  colours: readonly (Paint | undefined)[],
  { stridePx }: CellGrid,
): void {
  paintPlace(page, map, (i) => colours[shown[i]]);
  drawCaption(page, `map: cells of ${stridePx} px`, mapCaption);
}

/** Where not all lines fit, those with the most cells. */
function drawLegend(page: Raster, { entries: places }: Layout, all: readonly Entry[], cells: number): void {
  const entries = all.filter(({ colour, cells: count }) => colour !== undefined || count > 0);
  const most = [...entries].sort((a, b) => b.cells - a.cells).slice(0, places.length - 1);
  const shown = entries.length <= places.length ? entries : entries.filter((entry) => most.includes(entry));
  shown.forEach(({ name, colour, cells: count, isOutside }, i) => {
    const { leftPx, topPx, widthPx } = places[i];
    paintPlace(page, { leftPx, topPx, ...SWATCH }, () => colour);
    const y = topPx + (SWATCH.heightPx - textHeight(TEXT)) / 2;
    const x = leftPx + SWATCH.widthPx + SWATCH_GAP_PX;
    drawText(page, shortenText(name, NAME_PX, TEXT), { x, y, scale: TEXT, colour: INK });
    if (isOutside) return;
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
