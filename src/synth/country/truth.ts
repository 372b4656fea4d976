import { LAND } from "../../land.js";
import { type Country, RESOLUTION_METERS } from "./country.js";
import { shiftOf } from "./sensing.js";
import { COUNTRY_BANDS, type CountryBand } from "./spectra.js";

const K = LAND.length;
const SQUARE_METERS_PER_HECTARE = 10_000;

/** Counts classes of every date and transitions between dates that follow each other, window by window. */
export interface TruthCounter {
  /** The classes of one window, by date. */
  add(classes: readonly Uint8Array[]): void;
  /** Pixels of each class, by date. */
  readonly pixels: readonly (readonly number[])[];
  /** Pixels that were class i on one date and j on the next, at i · K + j. */
  readonly transitions: readonly (readonly number[])[];
}

export function countTruth(dates: number): TruthCounter {
  const pixels = Array.from({ length: dates }, () => new Array<number>(K).fill(0));
  const transitions = Array.from({ length: dates - 1 }, () => new Array<number>(K * K).fill(0));
  return {
    pixels,
    transitions,
    add(classes) {
      classes.forEach((values, date) => {
        const next = classes[date + 1];
        for (let at = 0; at < values.length; at++) {
          const index = values[at] - 1;
          pixels[date][index]++;
          if (next !== undefined) transitions[date][index * K + next[at] - 1]++;
        }
      });
    },
  };
}

/** What `truth.json` holds. Dates count from 1, as in the names of the files. */
export interface CountryTruth {
  readonly version: 1;
  readonly generated: true;
  readonly sizePx: number;
  readonly seed: number;
  readonly resolutionMeters: number;
  readonly epsg: number;
  readonly bands: readonly CountryBand[];
  readonly dates: readonly {
    readonly date: number;
    readonly areas: Readonly<Record<string, { readonly pixels: number; readonly hectares: number }>>;
    /**
     * How the scene differs from an exact one: pixel (x, y) shows the place (x + eastPx, y + southPx), and stored reflectance is
     * gain · reflectance + offset.
     */
    readonly shift: {
      readonly eastPx: number;
      readonly southPx: number;
      readonly gains: Readonly<Record<string, number>>;
      readonly offsets: Readonly<Record<string, number>>;
    };
  }[];
  /** Every pair of classes that occurs between a date and the next, also unchanged ones. */
  readonly transitions: readonly {
    readonly from: number;
    readonly to: number;
    readonly pairs: readonly {
      readonly before: string;
      readonly after: string;
      readonly pixels: number;
      readonly hectares: number;
    }[];
  }[];
}

export function countryTruth(
  country: Country,
  { bands, shift }: { readonly bands: readonly CountryBand[]; readonly shift: number },
  { pixels, transitions }: TruthCounter,
): CountryTruth {
  const { sizePx, seed, epsg } = country;
  const area = (count: number) => ({ pixels: count, hectares: (count * RESOLUTION_METERS ** 2) / SQUARE_METERS_PER_HECTARE });
  const byBand = (values: readonly number[]) => {
    return Object.fromEntries(bands.map((band) => [band, values[COUNTRY_BANDS.indexOf(band)]]));
  };
  return {
    ...{ version: 1, generated: true, sizePx, seed, resolutionMeters: RESOLUTION_METERS, epsg, bands },
    dates: pixels.map((counts, date) => {
      const { eastPx, southPx, gains, offsets } = shiftOf(country, date, shift);
      return {
        date: date + 1,
        areas: Object.fromEntries(LAND.map(({ name }, index) => [name, area(counts[index])])),
        shift: { eastPx, southPx, gains: byBand(gains), offsets: byBand(offsets) },
      };
    }),
    transitions: transitions.map((counts, date) => ({
      from: date + 1,
      to: date + 2,
      pairs: counts.flatMap((count, index) => {
        const [before, after] = [LAND[Math.floor(index / K)].name, LAND[index % K].name];
        return count === 0 ? [] : [{ before, after, ...area(count) }];
      }),
    })),
  };
}
