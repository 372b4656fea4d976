import type { Random } from "../random.js";
import { boxAround, distanceToRibbon, type Point, type Size } from "./geometry.js";
import { COVER, type Ground, paint } from "./ground.js";
import type { Tree } from "./meadow.js";
import type { River } from "./river.js";
import { createRoad, type Road } from "./roads.js";

/** A round settlement: gardens and streets with houses along them. */
export interface Village {
  readonly at: Point;
  readonly radiusPx: number;
  /** Direction of its streets, radians. */
  readonly streetAngle: number;
}

/** Up to `count` villages that touch neither each other nor much of a river. */
export function createVillages(size: Size, count: number, rivers: readonly River[], random: Random): Village[] {
  const villages: Village[] = [];
  for (let attempt = 0; attempt < 30 * count && villages.length < count; attempt++) {
    const [x, y] = [size.widthPx * (0.05 + 0.9 * random.next()), size.heightPx * (0.05 + 0.9 * random.next())];
    const radiusPx = 48 + 34 * random.next();
    const dry = rivers.every((river) => distanceToRibbon(river, x, y) > 0.7 * radiusPx);
    const apart = villages.every((other) => Math.hypot(x - other.at[0], y - other.at[1]) > radiusPx + other.radiusPx);
    if (dry && apart) villages.push({ at: [x, y], radiusPx, streetAngle: Math.PI * random.next() });
  }
  return villages;
}

/** A grid of streets, a little crooked, cut to the village's circle. */
export function createStreets({ at, radiusPx, streetAngle }: Village, random: Random): Road[] {
  const streets: Road[] = [];
  const lay = (angle: number, offset: number, bend: number) => {
    const half = Math.sqrt(Math.max(0, radiusPx ** 2 - offset ** 2)) * (0.75 + 0.2 * random.next());
    if (half < 18) return;
    const points = Array.from({ length: 9 }, (_, k): Point => {
      const along = half * (k / 4 - 1);
      const aside = offset + bend * Math.cos(along / 30);
      return [
        at[0] + along * Math.cos(angle) - aside * Math.sin(angle),
        at[1] + along * Math.sin(angle) + aside * Math.cos(angle),
      ];
    });
    streets.push(createRoad(points, "street", random));
  };
  const block = 27 + 7 * random.next();
  const start = (random.next() - 0.5) * block;
  for (let offset = start - 3 * block; offset < radiusPx; offset += block) lay(streetAngle, offset, 2.5 * random.normal());
  const crossings = 1 + random.int(2);
  for (let k = 0; k < crossings; k++) {
    lay(streetAngle + Math.PI / 2, ((k + 0.5) / crossings - 0.5) * 1.3 * radiusPx + 5 * random.normal(), 0);
  }
  return streets;
}

/** Trees in the gardens. */
export function createGardenTrees({ at, radiusPx }: Village, random: Random): Tree[] {
  return Array.from({ length: Math.round(radiusPx ** 2 / 45) }, (): Tree => {
    const distance = radiusPx * Math.sqrt(random.next());
    const angle = 2 * Math.PI * random.next();
    return {
      at: [at[0] + distance * Math.cos(angle), at[1] + distance * Math.sin(angle)],
      radiusPx: 1.1 + 1.5 * random.next(),
    };
  });
}

/** Gardens: lawn, trodden earth and paved yards, in place of whatever was there. */
export function paintVillages(ground: Ground, villages: readonly Village[]): void {
  const { widthPx, grain, mottle, broad, cover, use } = ground;
  for (const { at, radiusPx } of villages) {
    const box = boxAround([at], 1.4 * radiusPx, ground);
    for (let y = box.top; y <= box.bottom; y++) {
      for (let x = box.left; x <= box.right; x++) {
        const pixel = y * widthPx + x;
        const reach = radiusPx * (1 + 0.1 * mottle[pixel] + 0.25 * broad[pixel]);
        if (Math.hypot(x - at[0], y - at[1]) > reach) continue;
        const worn = 0.2 + 0.8 * mottle[pixel] + 0.35 * grain[pixel];
        paint(ground, pixel, "grass", worn > 0.6 ? "paving" : "bare", worn, 1 + 0.12 * grain[pixel]);
        cover[pixel] = COVER.grass;
        use[pixel] = COVER.urban;
      }
    }
  }
}
