import type { Random } from "../random.js";
import type { Size } from "./geometry.js";
import type { SceneBand } from "./materials.js";

/** What stands between the land and the numbers: air, optics, electronics. */
export interface Sensor {
  /** Share of the light that haze replaces with its own, 0 to 1. */
  readonly haze: number;
  /** Difference in brightness from one side of the scene to the other, as a share. */
  readonly illumination: number;
  /** Brightness of the whole scene, 1 as usual. */
  readonly exposure: number;
  /** Standard deviation of the noise, in grey levels of 255. */
  readonly noise: number;
  /** Spread of the gain of each band around 1: white balance and calibration. */
  readonly balance: number;
}

interface Optics {
  /** Light that hazy air sends by itself. */
  readonly airlight: number;
  /** How bright shadow is against sun; the blue sky lights it. */
  readonly skylight: number;
  /** Reflectance shown as 255. */
  readonly white: number;
}

/** Haze scatters the short waves most; vegetation needs more headroom in the infrared. */
export const OPTICS: Readonly<Record<SceneBand, Optics>> = {
  blue: { airlight: 0.17, skylight: 0.52, white: 0.33 },
  green: { airlight: 0.155, skylight: 0.42, white: 0.33 },
  red: { airlight: 0.145, skylight: 0.36, white: 0.33 },
  nir: { airlight: 0.12, skylight: 0.3, white: 0.62 },
  swir: { airlight: 0.06, skylight: 0.25, white: 0.5 },
};

/** Display gamma: grey level = 255 · (reflectance / white)^(1/1.7), at 4096 even steps of reflectance up to white. */
const TONE_CURVE = Float32Array.from({ length: 4097 }, (_, step) => 255 * (step / 4096) ** (1 / 1.7));

/** Turns the reflectance of one band `[H, W]` into grey levels, written into `out`. The input is used up. */
export function expose(
  reflectance: Float32Array,
  band: SceneBand,
  scene: Size & { readonly sensor: Sensor; readonly hazeNoise: Float32Array },
  randoms: { readonly scene: Random; readonly noise: Random },
  out: Uint8Array,
): void {
  const { widthPx, heightPx, sensor, hazeNoise } = scene;
  const { airlight, white } = OPTICS[band];
  // The same direction for every band: it is drawn from a stream of its own name.
  const angle = 2 * Math.PI * randoms.scene.fork("illumination").next();
  const gain = sensor.exposure * (1 + sensor.balance * randoms.scene.fork(band).normal());
  const alongX = (sensor.illumination * Math.cos(angle)) / widthPx;
  const alongY = (sensor.illumination * Math.sin(angle)) / heightPx;
  for (let y = 0, at = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, at++) {
      const lit = reflectance[at] * (1 + alongX * (x - widthPx / 2) + alongY * (y - heightPx / 2));
      const veil = sensor.haze * (1 + 0.6 * hazeNoise[at]);
      reflectance[at] = gain * (lit * (1 - veil) + airlight * veil);
    }
  }
  blur(reflectance, widthPx, heightPx);
  const last = TONE_CURVE.length - 1;
  for (let at = 0; at < out.length; at++) {
    const step = (reflectance[at] / white) * last;
    const level = TONE_CURVE[step < last ? step | 0 : last] + sensor.noise * randoms.noise.normal();
    out[at] = level < 0 ? 0 : level > 255 ? 255 : level + 0.5;
  }
}

/** The lens: a 3×3 kernel, [0.16, 0.68, 0.16] each way. The frame's outermost pixels stay. */
function blur(plane: Float32Array, widthPx: number, heightPx: number): void {
  const side = 0.16;
  for (let y = 0; y < heightPx; y++) {
    let before = plane[y * widthPx];
    for (let x = 1, at = y * widthPx + 1; x < widthPx - 1; x++, at++) {
      const here = plane[at];
      plane[at] = side * (before + plane[at + 1]) + (1 - 2 * side) * here;
      before = here;
    }
  }
  const above = plane.slice(0, widthPx);
  for (let y = 1; y < heightPx - 1; y++) {
    for (let x = 0, at = y * widthPx; x < widthPx; x++, at++) {
      const here = plane[at];
      plane[at] = side * (above[x] + plane[at + widthPx]) + (1 - 2 * side) * here;
      above[x] = here;
    }
  }
}
