import { readOldHistogram } from "./histogram.js";
import { PLUGINS, type PluginName, type PluginValues } from "./plugins.js";
import { decodeEvent, type Event, type Summary_Value } from "./proto.js";
import { decodeRecord } from "./record.js";
import { numbersOf } from "./tensor.js";
import type { Logged, ScalarEvent } from "./writer.js";

/** What an event file holds, as far as it can be trusted. */
export interface EventFile {
  /** "brain.Event:2"; undefined where the file does not say. */
  readonly fileVersion: string | undefined;
  readonly scalars: readonly ScalarEvent[];
  /** What the other plugins show, in the order of the file. */
  readonly plugins: { readonly [P in PluginName]: readonly Logged<PluginValues[P]>[] };
  /** Values of other plugins (texts, graphs), and values that are not what their plugin shows. */
  readonly passedOver: readonly { readonly tag: string; readonly step: number }[];
  /** Why reading stopped before the end of the file; undefined for a whole one. */
  readonly damage: string | undefined;
}

/** Where each plugin's values are gathered. */
type Shelves = { readonly [P in PluginName]: Logged<PluginValues[P]>[] };

/**
 * Reads an event file up to the first damaged record, as TensorBoard does: a file that is still being written ends in half a
 * record, and what comes before is good. Never throws: `damage` says what was wrong and where. Byte fields are views of `bytes`.
 */
export function readEvents(bytes: Uint8Array, { file }: { readonly file: string }): EventFile {
  const scalars: ScalarEvent[] = [];
  const plugins: Shelves = { histograms: [], images: [], pr_curves: [], hparams: [] };
  const passedOver: { tag: string; step: number }[] = [];
  /** The first value of a tag says whose it is. */
  const owners = new Map<string, NonNullable<Summary_Value["metadata"]>>();
  let fileVersion: string | undefined;
  let damage: string | undefined;
  for (let offset = 0; offset < bytes.length; ) {
    const found = eventAt(bytes, offset);
    if (typeof found === "string") {
      damage = `${file}: ${found} at byte ${offset}; only what stands before it was read`;
      break;
    }
    const { event, end } = found;
    offset = end;
    if (event.what.case === "fileVersion") fileVersion = event.what.value;
    if (event.what.case !== "summary") continue;
    const { wallTime } = event;
    const step = Number(event.step);
    for (const value of event.what.value.value) {
      const { tag } = value;
      if (value.metadata !== undefined) owners.set(tag, value.metadata);
      const scalar = scalarOf(value, owners.get(tag)?.pluginData?.pluginName);
      if (scalar !== undefined) scalars.push({ tag, step, value: scalar, wallTime });
      else if (!shelve(plugins, value, owners.get(tag), { tag, step, wallTime })) passedOver.push({ tag, step });
    }
  }
  return { fileVersion, scalars, plugins, passedOver, damage };
}

function eventAt(bytes: Uint8Array, offset: number): { event: Event; end: number } | string {
  const record = decodeRecord(bytes, offset);
  if (typeof record === "string") return record;
  try {
    return { event: decodeEvent(record.payload), end: record.end };
  } catch {
    return "a record that is not an event";
  }
}

/** A number as TensorFlow 1 and sigmax write it, or as TensorFlow 2 does. */
function scalarOf({ value }: Summary_Value, plugin: string | undefined): number | undefined {
  if (value.case === "simpleValue") return value.value;
  if (value.case !== "tensor" || plugin !== "scalars") return undefined;
  const numbers = numbersOf(value.value);
  return numbers?.shape.length === 0 ? numbers.data[0] : undefined;
}

/** Puts a value where its plugin's values are; false if it is not one. */
function shelve(
  shelves: Shelves,
  { value }: Summary_Value,
  metadata: Summary_Value["metadata"],
  at: Omit<Logged<unknown>, "value">,
): boolean {
  if (value.case === "histo") return put(shelves.histograms, readOldHistogram(value.value), at);
  if (value.case === "image") {
    const { width, height, encodedImageString } = value.value;
    return put(shelves.images, { widthPx: width, heightPx: height, encoded: [encodedImageString] }, at);
  }
  const plugin = metadata?.pluginData;
  if (value.case !== "tensor" || plugin === undefined) return false;
  const { value: tensor } = value;
  const { content } = plugin;
  const read = <P extends PluginName>(name: P) => put(shelves[name], PLUGINS[name].read(tensor, content), at);
  try {
    return isPlugin(plugin.pluginName) && read(plugin.pluginName);
  } catch {
    return false;
  }
}

function put<T>(shelf: Logged<T>[], value: T | undefined, at: Omit<Logged<unknown>, "value">): boolean {
  if (value !== undefined) shelf.push({ ...at, value });
  return value !== undefined;
}

function isPlugin(name: string): name is PluginName {
  return Object.hasOwn(PLUGINS, name);
}
