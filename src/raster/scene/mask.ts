import { existsSync } from "node:fs";
import { basename } from "node:path";
import { UserError } from "../../errors.js";
import { type Grid, gridOf, sameGrid } from "../grid.js";
import type { RasterReader } from "../reader.js";
import type { PixelWindow } from "../resample.js";
import { gridded } from "../warp.js";
import { sampleWindows } from "./scaling.js";

/** What a mask's numbers mean. */
interface MaskForm {
  readonly what: string;
  readonly isMasked: (code: number) => boolean;
  /** A file of this name, or a band. */
  readonly called: RegExp;
}

/**
 * Nodata, saturated or defective, dark, shadow, vegetation, bare, water, unclassified, cloud medium and high, cirrus, snow: 0 to 11.
 * What is saturated or defective was measured by nobody, though no cloud covers it.
 */
const SCL_CLEAR = new Set([2, 4, 5, 6, 7, 11]);
/** Bits 0 to 4 of QA_PIXEL: fill, dilated cloud, cirrus, cloud, cloud shadow. Snow, bit 5, is land. */
const QA_MASKED = 0b11111;

/** Kinds of masks: Sentinel-2's scene classification, Landsat Collection 2's quality band, and any raster that is 0 where it is clear. */
export const MASKS = {
  scl: {
    what: "clouds, cirrus, shadows and defective pixels by SCL",
    isMasked: (code) => !SCL_CLEAR.has(code),
    called: /(^|[^a-z])scl([^a-z]|$)/i,
  },
  qa_pixel: {
    what: "clouds, cirrus and shadows by QA_PIXEL",
    isMasked: (code) => !((code & QA_MASKED) === 0),
    called: /(^|[^a-z])qa_pixel([^a-z]|$)/i,
  },
  binary: { what: "what is not 0", isMasked: (code) => code !== 0, called: /^(?!)/ },
} as const satisfies Record<string, MaskForm>;

export type MaskKind = keyof typeof MASKS;
const KINDS = Object.keys(MASKS) as MaskKind[]; // its keys are the kinds

/** The mask of a scene, in words and as pixels. */
export interface SceneMask {
  readonly kind: MaskKind;
  readonly file: string;
  /** Of the file, from 0. */
  readonly band: number;
  /** "clouds, cirrus and shadows by QA_PIXEL, from LC08_QA_PIXEL.TIF". */
  readonly words: string;
  /** 1 where a pixel of the scene does not count, `[H, W]`. */
  masked(window: PixelWindow, signal: AbortSignal | undefined): Promise<Uint8Array>;
}

/** The kind that a name of a file or a band says. */
export function maskKindOf(name: string): MaskKind | undefined {
  return KINDS.find((kind) => MASKS[kind].called.test(name));
}

/** `--mask scl:file.tif` names the kind before the file. @throws UserError `usage` for a kind that there is not */
export function parseMask(text: string): { readonly path: string; readonly kind: MaskKind | undefined } {
  const kind = KINDS.find((one) => text.startsWith(`${one}:`));
  if (kind !== undefined) return { path: text.slice(kind.length + 1), kind };
  // Neither an address nor a drive of Windows.
  const [, other, path] = /^(\w{2,}):(?!\/\/)(.+)$/.exec(text) ?? [];
  if (other === undefined || existsSync(text)) return { path: text, kind };
  throw new UserError("usage", `--mask ${text}: there is no kind of mask "${other}"`, {
    hint: `Write --mask ${KINDS.map((one) => `${one}:${path}`).join(", or ")} (0 is clear); or the file alone if its name or numbers say it.`,
  });
}

/**
 * A mask on the grid of a scene, each pixel of which takes the nearest code. Where the mask does not reach, nobody knows: masked.
 *
 * @param grid of the scene; undefined where it lies nowhere, then the mask has to be as large
 * @param options.kind where it is known; else it is told by name, by names of its values, or by them
 * @throws UserError `bad-data` for a file that is no mask, whose kind cannot be told, or that does not fit
 */
export async function openMask(
  reader: RasterReader,
  grid: Grid | undefined,
  scene: { readonly widthPx: number; readonly heightPx: number },
  options: { readonly kind?: MaskKind | undefined; readonly band?: number | undefined } = {},
): Promise<SceneMask> {
  const { info } = reader;
  const { band = 0 } = options;
  const kind = options.kind ?? (await foundKind(reader, band));
  const form: MaskForm = MASKS[kind];
  const codes = codesOf(reader, band);
  const alike = info.widthPx === scene.widthPx && info.heightPx === scene.heightPx;
  if (grid === undefined && !alike) {
    throw new UserError(
      "bad-data",
      `${info.file}: ${info.widthPx} × ${info.heightPx} pixels mask no scene of ${scene.widthPx} × ${scene.heightPx} that lies nowhere`,
      { hint: "Give a mask of the same size, or a scene that says where it lies." },
    );
  }
  const placed = grid === undefined || sameGrid(gridOf(info), grid) ? codes : gridded(codes, grid, { resampling: "nearest" });
  return {
    kind,
    file: info.file,
    band,
    words: `${form.what}, from ${basename(info.file)}`,
    async masked(window, signal) {
      const { data, valid } = await placed.read({ window, bands: [0], signal });
      const masked = new Uint8Array(data.length);
      for (let i = 0; i < data.length; i++) if (valid?.[i] === 0 || form.isMasked(data[i])) masked[i] = 1;
      return masked;
    },
  };
}

/** One band as numbers of which all count, so that what is not valid on another grid lies outside. */
function codesOf(reader: RasterReader, band: number): RasterReader {
  const { nodata: _, ...info } = reader.info;
  return {
    info: { ...info, bands: [info.bands[band]], nodata: undefined, validity: "all" },
    async read(options = {}) {
      const { nodata: _none, valid: _all, ...raster } = await reader.read({ ...options, bands: [band], validity: false });
      return raster;
    },
    close: () => reader.close(),
  };
}

/** A tenth of a scene with few clouds. */
const LOOKED_AT = { sidePx: 512, along: 4 };

async function foundKind(reader: RasterReader, band: number): Promise<MaskKind> {
  const { info } = reader;
  if (info.bands.length !== 1) {
    throw new UserError("bad-data", `${info.file}: has ${info.bands.length} bands, where a mask has one`, {
      hint: "Give a raster of one band: SCL, QA_PIXEL, or one that is 0 where it is clear.",
    });
  }
  const named = maskKindOf(basename(info.file)) ?? maskKindOf(info.bands[band].name);
  if (named !== undefined) return named;
  const categories = info.categories ?? [];
  if (/cloud/i.test(categories[8] ?? "") && /cloud/i.test(categories[9] ?? "")) return "scl";
  const values = new Set<number>();
  for (const { data } of await sampleWindows(reader, band, LOOKED_AT)) for (const value of data) values.add(value);
  // One of them is 0, and there are no others: whatever the other is, it is the mask.
  if (values.size === 2 && values.has(0)) return "binary";
  throw new UserError("bad-data", `${info.file}: nothing says what its numbers mask`, {
    hint: `Say it: --mask ${KINDS.map((kind) => `${kind}:${basename(info.file)}`).join(", or ")} (0 is clear).`,
  });
}
