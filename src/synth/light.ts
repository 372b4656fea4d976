import type { Size } from "./geometry.js";

/** Where the sun stands. */
export interface Sun {
  /** Clockwise from north, which is up. */
  readonly azimuthDegrees: number;
  /** Above the horizon. */
  readonly elevationDegrees: number;
}

/** What the sun makes of a height map. */
export interface Light {
  /** Brightness of slopes, 1 on flat ground, `[H, W]`. */
  readonly slope: Float32Array;
  /** 1 in the shadow of something, 0 in the sun, between them at the edge; `[H, W]`. */
  readonly shadow: Float32Array;
}

const RELIEF = 0.16;
const LONGEST_SHADOW_PX = 14;

/** Light on a height map: slopes that face the sun are brighter, and whatever rises throws a shadow. */
export function lightOf(heightsPx: Float32Array, { widthPx, heightPx }: Size, sun: Sun): Light {
  const azimuth = (sun.azimuthDegrees * Math.PI) / 180;
  const [toSunX, toSunY] = [Math.sin(azimuth), -Math.cos(azimuth)];
  const risePx = Math.tan((sun.elevationDegrees * Math.PI) / 180);
  const slope = new Float32Array(widthPx * heightPx).fill(1);
  const shadow = new Float32Array(widthPx * heightPx);
  const reach = Math.min(LONGEST_SHADOW_PX, Math.ceil(maximum(heightsPx) / risePx));
  // Steps towards the sun, as offsets of whole pixels: the same for every pixel.
  const steps = Array.from({ length: reach }, (_, k) => ({
    dx: Math.round((k + 1) * toSunX),
    dy: Math.round((k + 1) * toSunY),
    rise: (k + 1) * risePx,
  }));
  for (let y = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++) {
      const at = y * widthPx + x;
      const here = heightsPx[at];
      if (x > 0 && y > 0 && x < widthPx - 1 && y < heightPx - 1) {
        const eastward = heightsPx[at + 1] - heightsPx[at - 1];
        const southward = heightsPx[at + widthPx] - heightsPx[at - widthPx];
        const facing = -(eastward * toSunX + southward * toSunY) * RELIEF;
        slope[at] = 1 + Math.min(0.6, Math.max(-0.55, facing));
      }
      for (const { dx, dy, rise } of steps) {
        const [sx, sy] = [x + dx, y + dy];
        if (sx < 0 || sy < 0 || sx >= widthPx || sy >= heightPx) break;
        const above = heightsPx[sy * widthPx + sx] - here - rise;
        if (above > shadow[at]) shadow[at] = Math.min(1, above);
      }
    }
  }
  return { slope, shadow };
}

function maximum(values: Float32Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}
