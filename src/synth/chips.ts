import { UserError } from "../errors.js";
import { createRandom, type Random } from "../random.js";
import type { Raster } from "../raster/raster.js";
import type { Task } from "../task.js";
import { COVERS, type Cover } from "./ground.js";
import { type SceneBand, SEASONS, type SeasonName } from "./materials.js";
import type { GeneratedScene } from "./render.js";
import { generateScene } from "./scene.js";

/** A chip cut from a generated scene, with the labels that its truth gives. */
export interface GeneratedChip {
  readonly raster: Raster;
  /** In class order; exactly one for multiclass, none to all for multilabel. */
  readonly labels: readonly string[];
  /** File name, unique in its set: the group, then the place of the top left corner. */
  readonly name: string;
  /** The scene it comes from. Chips of one scene lie side by side: keep them in one part of a split. */
  readonly group: string;
  readonly xPx: number;
  readonly yPx: number;
  /** Share of the chip that each cover takes, 0 to 1; for multiclass, gardens and streets of villages count as urban. */
  readonly shares: Readonly<Record<Cover, number>>;
}

/** What makes a label, per task: the shares that count, and the least share of each class. */
interface LabelRule {
  readonly layer: "truth" | "use";
  /** Class → least share of the chip. Below half of it the class is absent; between them a chip is unclear and left out. */
  readonly leastShare: Readonly<Partial<Record<Cover, number>>>;
  /** How often each class is wanted, against the others; "" is a chip without a label. */
  readonly wanted: Readonly<Record<string, number>>;
}

/** How each task labels chips. Shares are of the whole chip. */
export const LABEL_RULES: Readonly<Record<Task, LabelRule>> = {
  multilabel: {
    layer: "truth",
    leastShare: { forest: 0.1, field: 0.1, water: 0.06, road: 0.03, urban: 0.03 },
    wanted: { forest: 1, field: 1, water: 0.7, road: 0.9, urban: 0.7, "": 0.2 },
  },
  multiclass: {
    layer: "use",
    leastShare: { grass: 0.65, forest: 0.65, field: 0.65, water: 0.65, urban: 0.65 },
    wanted: { grass: 1, forest: 1, field: 1, water: 1, urban: 1 },
  },
};

/** The classes of a chip set, in order. Roads are never wide enough to be the one class of a chip. */
export function chipClasses(task: Task): Cover[] {
  return COVERS.filter((cover) => cover in LABEL_RULES[task].leastShare);
}

/** What chips to make. */
export interface ChipOptions {
  readonly task: Task;
  readonly count: number;
  readonly seed: number;
  readonly sizePx?: number;
  readonly bands?: readonly SceneBand[];
}

const CHIPS_PER_SCENE = 20;
const SCENE_PX = 448;
const STEP_PX = 8;

/**
 * Generates chips, scene after scene, lazily: every scene has its own season, light and air, and gives at most 20 chips that do
 * not overlap. The class that is furthest behind is served first, so that the set is balanced as far as the land allows.
 *
 * @throws UserError `usage` if the count or the size makes no sense
 */
export function* generateChips({
  task,
  count,
  seed,
  sizePx = 64,
  bands = ["red", "green", "blue"],
}: ChipOptions): Generator<GeneratedChip> {
  if (!Number.isInteger(count) || count < 0) throw new UserError("usage", `count: ${count} is not a number of chips`);
  if (!(Number.isInteger(sizePx) && sizePx >= 16 && sizePx <= SCENE_PX / 4)) {
    throw new UserError("usage", `sizePx: ${sizePx} is not a size for a generated chip`, {
      hint: `Choose a whole number from 16 to ${SCENE_PX / 4}.`,
    });
  }
  const served = new Map<string, number>();
  for (let index = 0, made = 0; made < count; index++) {
    const group = `generated-${String(index).padStart(3, "0")}`;
    const random = createRandom(seed, `chips/${task}/${group}`);
    const scene = generateScene({
      widthPx: SCENE_PX,
      heightPx: SCENE_PX,
      seed: random.int(2 ** 31),
      bands,
      ...weather(task, random),
    });
    for (const candidate of choose(scene, task, sizePx, served, random)) {
      if (made++ === count) return;
      const { xPx, yPx, labels, shares } = candidate;
      const name = `${group}_x${String(xPx).padStart(3, "0")}_y${String(yPx).padStart(3, "0")}.png`;
      yield { raster: cutOut(scene.raster, xPx, yPx, sizePx), labels, name, group, xPx, yPx, shares };
    }
  }
}

// Object.keys forgets the key type of an object that is complete by construction.
const SEASON_NAMES = Object.keys(SEASONS) as SeasonName[];

/** A day like any other: season, sun, haze and sensor differ between scenes. One label needs rivers as wide as a chip. */
function weather(task: Task, random: Random) {
  return {
    season: SEASON_NAMES[random.int(SEASON_NAMES.length)],
    azimuthDegrees: 110 + 140 * random.next(),
    elevationDegrees: 32 + 26 * random.next(),
    haze: 0.02 + 0.33 * random.next() ** 1.5,
    illumination: 0.25 * random.next(),
    exposure: 0.7 * 2 ** random.next(),
    noise: 1 + 3 * random.next(),
    balance: 0.05,
    forestShare: 0.3 + 0.15 * random.next(),
    fieldShare: 0.28 + 0.14 * random.next(),
    riverWidthPx: task === "multiclass" ? 55 + 35 * random.next() : 16 + 22 * random.next(),
    villageDensity: 14,
  };
}

interface Candidate {
  readonly xPx: number;
  readonly yPx: number;
  readonly labels: readonly Cover[];
  readonly shares: Readonly<Record<Cover, number>>;
}

function choose(scene: GeneratedScene, task: Task, sizePx: number, served: Map<string, number>, random: Random): Candidate[] {
  const { wanted } = LABEL_RULES[task];
  let open = random.shuffle(candidatesOf(scene, task, sizePx));
  const chosen: Candidate[] = [];
  while (chosen.length < CHIPS_PER_SCENE && open.length > 0) {
    const need = (label: string) => (served.get(label) ?? 0) / (wanted[label] ?? 1);
    const hungriest = Object.keys(wanted).sort((a, b) => need(a) - need(b));
    const label = hungriest.find((name) => open.some((candidate) => isOf(candidate, name)));
    const pick = open.find((candidate) => label !== undefined && isOf(candidate, label));
    if (pick === undefined) break;
    chosen.push(pick);
    for (const name of pick.labels.length > 0 ? pick.labels : [""]) served.set(name, (served.get(name) ?? 0) + 1);
    open = open.filter(({ xPx, yPx }) => Math.abs(xPx - pick.xPx) >= sizePx || Math.abs(yPx - pick.yPx) >= sizePx);
  }
  return chosen;
}

function isOf({ labels }: Candidate, name: string): boolean {
  return name === "" ? labels.length === 0 : labels.some((label) => label === name);
}

/** Every window on a grid of 8 px whose labels are clear. */
function candidatesOf(scene: GeneratedScene, task: Task, sizePx: number): Candidate[] {
  const { layer } = LABEL_RULES[task];
  const { widthPx, heightPx } = scene.raster;
  const sums = COVERS.map((_, cover) => summedArea(scene[layer], cover, widthPx, heightPx));
  const candidates: Candidate[] = [];
  for (let yPx = 0; yPx + sizePx <= heightPx; yPx += STEP_PX) {
    for (let xPx = 0; xPx + sizePx <= widthPx; xPx += STEP_PX) {
      const top = yPx * (widthPx + 1) + xPx;
      const bottom = top + sizePx * (widthPx + 1);
      const share = (cover: number) => {
        const sum = sums[cover];
        return (sum[bottom + sizePx] - sum[bottom] - sum[top + sizePx] + sum[top]) / sizePx ** 2;
      };
      const shares = { grass: share(0), forest: share(1), field: share(2), water: share(3), road: share(4), urban: share(5) };
      const labels = labelsOf(shares, task);
      if (labels !== undefined) candidates.push({ xPx, yPx, labels, shares });
    }
  }
  return candidates;
}

/** The labels that shares of cover give, or undefined where they are unclear: a class is neither there nor absent. */
export function labelsOf(shares: Readonly<Record<Cover, number>>, task: Task): Cover[] | undefined {
  const { leastShare } = LABEL_RULES[task];
  const labels: Cover[] = [];
  for (const cover of COVERS) {
    const least = leastShare[cover];
    if (least === undefined) continue;
    if (shares[cover] >= least) labels.push(cover);
    else if (task === "multilabel" && shares[cover] > least / 2) return undefined;
  }
  return task === "multiclass" && labels.length !== 1 ? undefined : labels;
}

/** Sums over all pixels above and to the left, `[H + 1, W + 1]`: any window's count is four look-ups (Crow 1984). */
function summedArea(map: Uint8Array, value: number, widthPx: number, heightPx: number): Uint32Array {
  const stride = widthPx + 1;
  const sums = new Uint32Array(stride * (heightPx + 1));
  for (let y = 0; y < heightPx; y++) {
    let row = 0;
    for (let x = 0; x < widthPx; x++) {
      if (map[y * widthPx + x] === value) row++;
      sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + row;
    }
  }
  return sums;
}

function cutOut({ bands, widthPx, heightPx, data }: Raster, xPx: number, yPx: number, sizePx: number): Raster {
  const out = new Uint8Array(bands.length * sizePx * sizePx);
  for (let band = 0; band < bands.length; band++) {
    for (let y = 0; y < sizePx; y++) {
      const from = (band * heightPx + yPx + y) * widthPx + xPx;
      out.set(data.subarray(from, from + sizePx), (band * sizePx + y) * sizePx);
    }
  }
  return { bands, widthPx: sizePx, heightPx: sizePx, dtype: "uint8", data: out };
}
