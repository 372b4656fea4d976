import { LAND_VALUE } from "../../land.js";
import type { Canvas } from "./canvas.js";
import { hashed, seedOf } from "./hashing.js";
import { type Parcel, parcelFinder } from "./parcels.js";
import { mixLand, type Palette, type Spectrum } from "./spectra.js";

/** How two spectra alternate over a piece of land; both classes below draw from the same colours. */
interface Look {
  /** Where the texture is at its crest, and in its trough. */
  readonly crest: Spectrum;
  readonly trough: Spectrum;
  /** Rows, in turns a pixel. */
  readonly turns: number;
  readonly phase: number;
}

/** A mixture of soil and plants. */
interface Mixture {
  readonly green: number;
  readonly dry: number;
  readonly lush: number;
  readonly tone: number;
  /** By how much crest and trough differ from the mean, in tone and in greenness. */
  readonly toneSwing: number;
  readonly greenSwing: number;
}

const SINE_STEPS = 1024;
const SINE = Float32Array.from({ length: SINE_STEPS }, (_, k) => Math.sin((2 * Math.PI * k) / SINE_STEPS));
/** Sine of so many turns. */
const sine = (turns: number) => SINE[Math.floor(turns * SINE_STEPS) & (SINE_STEPS - 1)];

/** What may stand in a field: anything from soil to a dense crop. Each row: up to which draw it is taken, then the mixture from three more. */
const CROPS: readonly {
  readonly upTo: number;
  readonly mixture: (a: number, b: number, c: number) => Omit<Mixture, `${string}Swing`>;
}[] = [
  { upTo: 0.4, mixture: (a, b, c) => ({ green: 0.5 + 0.48 * a, dry: b, lush: 0.75 * c, tone: 0.86 + 0.28 * b }) },
  { upTo: 0.72, mixture: (a, b, c) => ({ green: 0.3 * a * a, dry: c, lush: 0, tone: 0.85 + 0.35 * b }) },
  { upTo: 0.86, mixture: (a, b, c) => ({ green: 0.86 + 0.14 * a, dry: 0.4, lush: 0.4 + 0.6 * c, tone: 0.55 + 0.3 * b }) },
  { upTo: 1, mixture: (a, b, c) => ({ green: 0.22 + 0.36 * a, dry: 0.7 * c, lush: 0.5, tone: 0.8 + 0.3 * b }) },
];
/** Share of the fields whose crop looks as on the date before. */
const SAME_CROP = 0.2;

const ROW_PX = [4.3, 5.8] as const;
/** How much of the noise's swing makes a turn from crest to trough. */
const PATCH_TURNS = 0.5;
const STONE_TURNS = 0.45;
const HEDGE_PX = 1.6;

/** Paints fields in rows, grass in patches and bare ground in stones: colours of all three overlap, textures do not. */
export function paintOpenLand(canvas: Canvas): void {
  const { country, date, palette, leftPx, topPx, widthPx, heightPx, cover, planes, mottle, grain, moisture, scratch } = canvas;
  const parcels = parcelFinder(country.farmland);
  const { field, grass, bare } = LAND_VALUE;
  const tilled = new Map<Parcel, Look>();
  const meadows = new Map<Parcel, Look>();
  const lookOf = (looks: Map<Parcel, Look>, parcel: Parcel, make: typeof fieldLook): Look => {
    const known = looks.get(parcel);
    if (known !== undefined) return known;
    const look = make(parcel, date, palette);
    looks.set(parcel, look);
    return look;
  };
  let parcel: Parcel | undefined;
  let ofField: Look | undefined;
  let ofMeadow: Look | undefined;
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      const class_ = cover[at];
      if (class_ === bare) {
        const swing = sine(STONE_TURNS * grain[at]);
        const wet = moisture[at];
        const depth = 0.27 + 0.1 * mottle[at];
        mixLand(
          scratch,
          palette,
          0.12 + 0.26 * wet + 0.07 * swing,
          Math.min(1, Math.max(0, 0.5 + wet)),
          0.3,
          1 + 0.2 * wet + depth * swing,
        );
        for (let band = 0; band < planes.length; band++) planes[band][at] = scratch[band];
        continue;
      }
      if (class_ !== field && class_ !== grass) continue;
      const worldX = leftPx + x;
      const worldY = topPx + y;
      const found = parcels.find(worldX, worldY);
      if (found !== parcel) {
        parcel = found;
        ofField = undefined;
        ofMeadow = undefined;
      }
      let share: number;
      let look: Look;
      if (class_ === field) {
        ofField ??= lookOf(tilled, found, fieldLook);
        look = ofField;
        const across = worldX * found.cos + worldY * found.sin;
        share = 0.5 + 0.5 * sine(look.turns * across + look.phase + 0.12 * mottle[at]);
        if (parcels.isAtEdge(HEDGE_PX)) share = 0.35 + 0.4 * grain[at];
      } else {
        ofMeadow ??= lookOf(meadows, found, meadowLook);
        look = ofMeadow;
        share = 0.5 + 0.5 * sine(PATCH_TURNS * mottle[at]);
      }
      const tone = 1 + 0.05 * grain[at] + 0.1 * moisture[at];
      const { crest, trough } = look;
      for (let band = 0; band < planes.length; band++) {
        planes[band][at] = tone * (trough[band] + (crest[band] - trough[band]) * share);
      }
    }
  }
}

function fieldLook({ id }: Parcel, date: number, palette: Palette): Look {
  // The date on which this crop came up.
  let sown = date;
  while (sown > 0 && hashed(sown, 5, id) < SAME_CROP) sown--;
  const own = seedOf(sown, 1, id);
  const draw = hashed(0, 0, own);
  const crop = CROPS.find(({ upTo }) => draw < upTo) ?? CROPS[0];
  const mixture = crop.mixture(hashed(0, 1, own), hashed(0, 2, own), hashed(0, 3, own));
  const swings = { toneSwing: 0.25 + 0.15 * hashed(0, 4, own), greenSwing: 0.22 * hashed(0, 5, own) };
  return {
    ...spectraOf({ ...mixture, ...swings }, palette),
    turns: 1 / (ROW_PX[0] + (ROW_PX[1] - ROW_PX[0]) * hashed(0, 6, id)),
    phase: hashed(0, 7, id),
  };
}

function meadowLook({ id }: Parcel, date: number, palette: Palette): Look {
  const own = seedOf(date, 2, id);
  const mixture = {
    green: 0.52 + 0.3 * hashed(0, 1, id) + 0.16 * hashed(0, 2, own),
    dry: 0.3 + 0.7 * hashed(0, 3, own),
    lush: 0.6 * hashed(0, 4, id),
    tone: 0.86 + 0.26 * hashed(0, 5, own),
    toneSwing: 0.13 + 0.17 * hashed(0, 6, id),
    greenSwing: 0.05 + 0.16 * hashed(0, 7, id),
  };
  return { ...spectraOf(mixture, palette), turns: 0, phase: 0.25 * hashed(0, 8, id) };
}

function spectraOf({ green, dry, lush, tone, toneSwing, greenSwing }: Mixture, palette: Palette) {
  const crest = new Float64Array(palette.soil.length);
  const trough = new Float64Array(palette.soil.length);
  mixLand(crest, palette, green + greenSwing, dry, lush, tone * (1 + toneSwing));
  mixLand(trough, palette, green - greenSwing, dry, lush, tone * (1 - toneSwing));
  return { crest, trough };
}
