import type { Model } from "./model.js";
import { changed, newEntry } from "./proto.js";

/** The `metadata_props` of a model. Values are untrusted text: escape them before showing them in a page. */
export function readMetadata(model: Model): Readonly<Record<string, string>> {
  return Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
}

/** The same model with these entries set and every other one kept. */
export function withMetadata(model: Model, entries: Readonly<Record<string, string>>): Model {
  const kept = model.metadataProps.filter(({ key }) => !Object.hasOwn(entries, key));
  return changed(model, { metadataProps: [...kept, ...Object.entries(entries).map(([key, value]) => newEntry(key, value))] });
}
