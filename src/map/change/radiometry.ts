import { type Pairs, type RobustLine, robustLines } from "../../learn/robust-lines.js";
import type { BandScaling, Raster } from "../../raster/raster.js";
import type { RasterInfo, RasterReader } from "../../raster/reader.js";
import { besides, integerRange } from "../../raster/samples.js";
import { missingSamples } from "../../raster/values.js";
import { BLOCK_PX, pairedBlocks } from "./paired-blocks.js";

/** How the numbers of one band become those that the reference would have. */
export interface BandMatch {
  readonly name: string;
  /** Of stored numbers: gain · number + offset. */
  readonly gain: number;
  readonly offset: number;
  /** Unchanged pixels it rests on. */
  readonly pixels: number;
  /** Of what is left between the two dates in blocks of 4 × 4 of them, in stored numbers. */
  readonly rmse: number;
  /** Of the same. */
  readonly correlation: number;
}

export interface RadiometricMatch {
  readonly bands: readonly BandMatch[];
}

/** Why two dates are not matched: to be told, and gone on without. */
export interface Unmatched {
  readonly refused: string;
}

export interface MatchOptions {
  /** Indices into the bands of both; all but alpha by default. */
  readonly bands?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Fewer blocks that were measured on both dates say nothing. */
const LEAST_BLOCKS = 100;
const LEAST_CORRELATION = 0.5;
/** Another sun or sensor changes numbers by less. */
const MOST_GAIN = 5;
/** So many blocks may leave the type's numbers. */
const MOST_CLIPPED = 0.01;

/**
 * Finds for each band the line that brings the numbers of one date to those of another, by what did not change between them: robust
 * lines through means of 4 × 4 pixels all over the two (`robust-lines.ts`), after Canty & Nielsen (2008), who weight pixels by the
 * chance that they did not change, and Schott et al. (1988), who spoke of pseudo-invariant features first. Where both say how numbers
 * become reflectance, reflectance is what is matched. The same scenes give the same match; up to about a third may have changed.
 *
 * @param other on the grid of the reference, with its bands in its order
 * @throws RangeError for readers of different sizes; UserError what reading throws; `aborted`
 */
export async function matchRadiometry(
  reference: RasterReader,
  other: RasterReader,
  { bands: asked, signal }: MatchOptions = {},
): Promise<RadiometricMatch | Unmatched> {
  const [to, from] = [reference.info, other.info];
  if (to.widthPx !== from.widthPx || to.heightPx !== from.heightPx) {
    throw new RangeError(`${from.file} is not on the grid of ${to.file}`);
  }
  const bands = asked ?? to.bands.flatMap(({ colour }, band) => (colour === "alpha" ? [] : [band]));
  const refuse = (why: string) => ({ refused: `${from.file} is not matched to ${to.file}: ${why}` });
  const units = bands.map((band) => unitChange(to.bands[band].scaling, from.bands[band].scaling));
  if (units.includes(undefined)) return refuse("how the numbers of one become reflectance is known, of the other it is not");
  const blocks = await pairedBlocks(reference, other, { bands, signal });
  if (blocks.count < LEAST_BLOCKS) {
    return refuse(`only ${blocks.count} blocks of ${BLOCK_PX} × ${BLOCK_PX} pixels were measured on both dates`);
  }
  const y = blocks.reference.map((values, place) =>
    values.map((value) => value * (units[place]?.scale ?? 1) + (units[place]?.offset ?? 0)),
  );
  const pairs = { x: blocks.other, y };
  const found = robustLines(pairs);
  const names = bands.map((band) => from.bands[band].name);
  const why = unusable(found.lines, names) ?? outOfRange(pairs, found.lines, names, from);
  if (why !== undefined) return refuse(why);
  const pixels = found.count * BLOCK_PX ** 2;
  return { bands: found.lines.map((line, place) => ({ name: names[place], ...line, pixels })) };
}

/** What brings stored numbers of one scaling to those of another; undefined where only one is known. */
function unitChange(from: BandScaling | undefined, to: BandScaling | undefined): BandScaling | undefined {
  if (from === undefined && to === undefined) return { scale: 1, offset: 0 };
  if (from === undefined || to === undefined) return undefined;
  return { scale: from.scale / to.scale, offset: (from.offset - to.offset) / to.scale };
}

function unusable(lines: readonly RobustLine[], names: readonly string[]): string | undefined {
  const words = lines.flatMap(({ gain, correlation }, place) => {
    // Not a number is no correlation either.
    if (!(correlation >= LEAST_CORRELATION))
      return [`${names[place]} of the two hardly goes together (correlation ${correlation.toFixed(2)})`];
    if (gain > MOST_GAIN || gain < 1 / MOST_GAIN) return [`the gain of ${names[place]} would be ${Number(gain.toPrecision(3))}`];
    return [];
  });
  return words.length === 0 ? undefined : words.join("; ");
}

/** Numbers of a type cannot become what it does not hold. */
function outOfRange(
  { x }: Pairs,
  lines: readonly RobustLine[],
  names: readonly string[],
  { dtype }: RasterInfo,
): string | undefined {
  const range = integerRange(dtype);
  if (range === undefined) return undefined;
  const place = lines.findIndex(({ gain, offset }, band) => {
    // Below 0 of an unsigned type lies haze taken off dark water, which is 0.
    const above = x[band].reduce((sum, value) => sum + (gain * value + offset > range[1] + 0.5 ? 1 : 0), 0);
    return above > MOST_CLIPPED * x[band].length;
  });
  return place < 0 ? undefined : `${names[place]} would leave the numbers of ${dtype}`;
}

/**
 * A date with the numbers that the reference would have: gain · number + offset in the bands that are matched.
 * Whole numbers are rounded and held in their type; what was not measured stays as it is, and what was never becomes nodata
 * but the number beside it. Overviews are matched like the raster. Closing it closes the source.
 */
export function matched(reader: RasterReader, match: RadiometricMatch): RasterReader {
  const { info } = reader;
  const places = new Map(match.bands.map(({ name }, place) => [name, place]));
  return {
    info,
    async read(options = {}) {
      // Without knowing what was measured, nobody knows what to leave alone.
      const raster = await reader.read({ ...options, validity: true });
      const { widthPx, heightPx, data } = raster;
      const missing = missingSamples(raster);
      for (const [order, name] of raster.bands.entries()) {
        const place = places.get(name);
        if (place === undefined) continue;
        const [start, end] = [order * widthPx * heightPx, (order + 1) * widthPx * heightPx];
        matchPlane(data.subarray(start, end), match.bands[place], {
          ...{ dtype: raster.dtype, nodata: raster.nodata },
          missing: missing?.subarray(start, end),
        });
      }
      return raster;
    },
    close: () => reader.close(),
  };
}

interface MatchedPlane extends Pick<Raster, "dtype"> {
  readonly nodata: number | undefined;
  /** 1 for what was not measured, `[H, W]`. */
  readonly missing: Uint8Array | undefined;
}

function matchPlane(plane: Raster["data"], { gain, offset }: BandMatch, { dtype, nodata, missing }: MatchedPlane): void {
  const range = integerRange(dtype);
  const never = dtype === "float32" && nodata !== undefined ? Math.fround(nodata) : nodata;
  for (let at = 0; at < plane.length; at++) {
    if (missing?.[at] === 1) continue;
    const value = gain * plane[at] + offset;
    plane[at] = range === undefined ? value : Math.min(Math.max(Math.floor(value + 0.5), range[0]), range[1]);
    if (plane[at] === never) plane[at] = besides(never, range);
  }
}
