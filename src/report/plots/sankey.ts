import { clip } from "../format.js";
import { type Html, html } from "../html.js";
import { at, svg } from "./axes.js";

/** So much that went from one class to another. */
export interface Flow {
  readonly before: string;
  readonly after: string;
  readonly value: number;
}

/** Flows that are drawn one by one, and what was put together of the others. */
export interface MergedFlows {
  readonly flows: readonly Flow[];
  /** By class: what came to it in all, drawn or not. */
  readonly reached: ReadonlyMap<string, number>;
  /** Of each class before: too small to be drawn. */
  readonly others: readonly { readonly before: string; readonly value: number }[];
  /** How many flows are in `others`. */
  readonly merged: number;
}

/** Thinner flows of changed classes cannot be seen. */
const THINNEST_PX = 1;
const MOST_FLOWS = 60;
const FLOWS_PX = 340;
const SIDE = 200;
const MIDDLE = 360;
const NODE = 12;
const GAP = 12;
/** Room for a line of text beside each node. */
const LEAST_SLOT = 15;
const TOP = 30;
/** Thinner bands and nodes are drawn so. */
const LEAST_BAND = 0.6;
const UNKNOWN_COLOUR = "#9aa1ab";
const OTHER = "other changes";

/** Puts together the changes that are too small to be seen, where they are several; what stayed as it was is always drawn. */
export function mergeSmallFlows(all: readonly Flow[]): MergedFlows {
  const flows = all.filter(({ value }) => value > 0);
  const total = flows.reduce((sum, { value }) => sum + value, 0);
  const reached = new Map<string, number>();
  for (const { after, value } of flows) reached.set(after, (reached.get(after) ?? 0) + value);
  const isChange = ({ before, after }: Flow) => before !== after;
  const changes = flows.filter(isChange).sort((a, b) => b.value - a.value);
  const small = changes.filter(({ value }, i) => i >= MOST_FLOWS || (value / total) * FLOWS_PX < THINNEST_PX);
  if (small.length < 2) return { flows, reached, others: [], merged: 0 };
  const hidden = new Set(small);
  const sums = new Map<string, number>();
  for (const { before, value } of small) sums.set(before, (sums.get(before) ?? 0) + value);
  return {
    flows: flows.filter((flow) => !hidden.has(flow)),
    reached,
    others: Array.from(sums, ([before, value]) => ({ before, value })),
    merged: small.length,
  };
}

/** A band of the diagram; without an end it goes to the other changes. */
interface Band {
  readonly before: string;
  readonly after: string | undefined;
  readonly value: number;
}

interface Node {
  readonly name: string;
  readonly value: number;
  readonly y: number;
  readonly height: number;
}

export interface SankeyOptions {
  readonly title: string;
  readonly description: string;
  readonly flows: MergedFlows;
  /** Of the classes from top to bottom. */
  readonly order: readonly string[];
  /** #rrggbb by class. */
  readonly colours: ReadonlyMap<string, string>;
  readonly sides: readonly [left: string, right: string];
  /** A value with its unit. */
  readonly words: (value: number) => string;
}

/**
 * What became of each class: classes of the first date at the left, of the last at the right, bands between them as high as their area.
 * What stayed is pale.
 */
export function sankey({ title, description, flows, order, colours, sides, words }: SankeyOptions): Html {
  const drawn: readonly Band[] = [...flows.flows, ...flows.others.map((other) => ({ ...other, after: undefined }))];
  const total = drawn.reduce((sum, { value }) => sum + value, 0);
  const scale = total > 0 ? FLOWS_PX / total : 0;
  const left = column(drawn, ({ before }) => before, order, scale);
  const right = column(drawn, ({ after }) => after, order, scale);
  const ends = [...left.values(), ...right.values()].map(({ y, height }) => y + Math.max(height, LEAST_SLOT));
  const colourOf = (name: string | undefined) => (name === undefined ? undefined : colours.get(name)) ?? UNKNOWN_COLOUR;

  // Bands leave and reach their nodes in the order of the nodes at the other end, so that few of them cross.
  const sorted = [...drawn].sort(
    (a, b) => left.get(a.before)!.y - left.get(b.before)!.y || right.get(a.after)!.y - right.get(b.after)!.y,
  );
  const leaving = new Map(Array.from(left, ([key, { y }]) => [key, y]));
  const reaching = new Map(Array.from(right, ([key, { y }]) => [key, y]));
  const bands = sorted.map(({ before, after, value }) => {
    const thick = value * scale;
    const [from, to] = [leaving.get(before)!, reaching.get(after)!];
    leaving.set(before, from + thick);
    reaching.set(after, to + thick);
    const stays = before === after;
    const path = html`<path class="band ${stays ? "stays" : "moves"}" d="${bandPath(from, to, Math.max(thick, LEAST_BAND))}" fill="${colourOf(before)}"><title>${before} → ${after ?? OTHER}: ${words(value)}</title></path>`;
    return { stays, path };
  });
  const node = (colour: string, { name, value, y, height }: Node, x: number, [textX, anchor]: readonly [number, string]) =>
    html`<rect class="node" x="${x}" y="${at(y)}" width="${NODE}" height="${at(Math.max(height, LEAST_BAND))}" fill="${colour}"/><text class="${anchor}" x="${textX}" y="${at(y + Math.max(height, LEAST_SLOT) / 2 + 4)}">${clip(name, 16)} <tspan class="quiet">${words(value)}</tspan></text>`;
  const leftNodes = Array.from(left, ([key, one]) => node(colourOf(key), one, SIDE, [SIDE - 8, "end"]));
  const rightNodes = Array.from(right, ([key, one]) => {
    const value = (key === undefined ? undefined : flows.reached.get(key)) ?? one.value;
    return node(colourOf(key), { ...one, value }, SIDE + MIDDLE - NODE, [SIDE + MIDDLE + 8, ""]);
  });
  return svg(
    { width: SIDE + MIDDLE + SIDE, height: Math.ceil(Math.max(TOP, ...ends)) + 8, title },
    html`<desc>${description}</desc>
<text class="quiet" x="${SIDE}" y="16">${clip(sides[0], 24)}</text><text class="quiet end" x="${SIDE + MIDDLE}" y="16">${clip(sides[1], 24)}</text>
${bands.filter(({ stays }) => stays).map(({ path }) => path)}${bands.filter(({ stays }) => !stays).map(({ path }) => path)}
${leftNodes}${rightNodes}`,
  );
}

/** The nodes of one side from top to bottom; other changes are the last. */
function column<Key extends string | undefined>(
  bands: readonly Band[],
  keyOf: (band: Band) => Key,
  order: readonly string[],
  scale: number,
): ReadonlyMap<Key, Node> {
  const values = new Map<Key, number>();
  for (const band of bands) values.set(keyOf(band), (values.get(keyOf(band)) ?? 0) + band.value);
  const rank = (key: Key) => {
    const place = key === undefined ? -1 : order.indexOf(key);
    return key === undefined ? order.length + 1 : place < 0 ? order.length : place;
  };
  let y = TOP;
  return new Map(
    [...values]
      .sort(([a], [b]) => rank(a) - rank(b))
      .map(([key, value]) => {
        const placed = { name: key ?? OTHER, value, y, height: value * scale };
        y += Math.max(placed.height, LEAST_SLOT) + GAP;
        return [key, placed];
      }),
  );
}

/** A band of one thickness from the left nodes at height `from` to the right ones at height `to`. */
function bandPath(from: number, to: number, thick: number): string {
  const [x0, x1, middle] = [SIDE + NODE, SIDE + MIDDLE - NODE, SIDE + MIDDLE / 2];
  const [a, b, c, d] = [from, to, to + thick, from + thick].map(at);
  return `M${x0} ${a}C${middle} ${a} ${middle} ${b} ${x1} ${b}V${c}C${middle} ${c} ${middle} ${d} ${x0} ${d}Z`;
}
